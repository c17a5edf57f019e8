"""A group of more runs than one job holds, in two passes.

The first pass reads all runs, leaves their summaries, and spills what was made of their curves to
disk. When all have been read, the second pass judges them with what their siblings have tried; where a
worker doesn't find what another one spilled (on a cluster, or a full disk), it reads again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from curvedoctor.differential.siblings import Trial
from curvedoctor.engine.judge import tried_by_siblings
from curvedoctor.engine.memory import Held
from curvedoctor.engine.options import Options
from curvedoctor.engine.plan import Job, parts
from curvedoctor.engine.pool import Pool, in_order
from curvedoctor.engine.recall import Recall
from curvedoctor.engine.record import pack_units
from curvedoctor.engine.work import Judged, Key, sheet
from curvedoctor.features.summary import Summary
from curvedoctor.model import Diagnosis, Problem
from curvedoctor.sources.base import Unit


def judge_large(
    units: Sequence[Unit], workers: Pool[Job, Judged], recall: Recall, options: Options
) -> Iterator[Diagnosis | Problem]:
    """Diagnoses of the runs of one large group, in their order."""
    pieces = parts(units)
    held: list[Held] = []
    with tempfile.TemporaryDirectory(prefix="curvedoctor-", ignore_cleanup_errors=True) as folder:
        jobs: Iterator[Job] = (Job(piece, whole=False) for piece in pieces)
        if not options.alone:
            jobs = _second(pieces, list(in_order(workers, _first(pieces, folder))))
        for piece, judged in zip(pieces, in_order(workers, jobs), strict=True):
            yield from judged.problems
            done = judged.sheets.get(units[0].group) or sheet((), ())
            if done.settled and not judged.problems:
                held.append(Held(done.packed, pack_units(piece)))
            yield from done.told()
    if len(held) == len(pieces):
        recall.remember(units, held)


def _first(pieces: Sequence[tuple[Unit, ...]], folder: str) -> Iterator[Job]:
    return (Job(piece, whole=False, spill=str(Path(folder, f"{i}.cases"))) for i, piece in enumerate(pieces))


def _second(pieces: Sequence[tuple[Unit, ...]], read: Sequence[Judged]) -> Iterator[Job]:
    summaries: list[Summary] = [summary for judged in read for _, summary in judged.summaries]
    tried = iter(tried_by_siblings(summaries))
    for piece, judged in zip(pieces, read, strict=True):
        trials: Mapping[Key, Sequence[Trial]] = {key: next(tried) for key, _ in judged.summaries}
        yield Job(piece, whole=False, spill=judged.spilled, trials=trials)
