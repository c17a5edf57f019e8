"""A group of more runs than one job holds: two passes, what lies between them spilled to disk.

The first pass judges each run by itself and leaves its summary. When all have been read, the runs to
which siblings have something to say are read and judged again, with that.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import IO

from curvedoctor.differential.siblings import Trial
from curvedoctor.engine.judge import tried_by_siblings
from curvedoctor.engine.memory import Held
from curvedoctor.engine.options import Options
from curvedoctor.engine.plan import Job, parts
from curvedoctor.engine.pool import Pool, in_order
from curvedoctor.engine.recall import Recall, unit_names
from curvedoctor.engine.record import Sheet, pack_units
from curvedoctor.engine.work import Judged, Key, key_of, sheet
from curvedoctor.features.summary import Summary
from curvedoctor.model import Diagnosis, Problem
from curvedoctor.sources.base import Unit

Pieces = Sequence[tuple[Unit, ...]]
Trials = Mapping[Key, Sequence[Trial]]


def judge_large(
    units: Sequence[Unit], workers: Pool[Job, Judged], recall: Recall, options: Options
) -> Iterator[Diagnosis | Problem]:
    """Diagnoses of the runs of one large group, in their order."""
    pieces = parts(units)
    held: list[Held] = []
    with tempfile.TemporaryFile(prefix="curvedoctor-") as spill:
        trials = yield from _first_pass(pieces, workers, spill)
        spill.seek(0)
        jobs = [_second_look(piece, tried) for piece, tried in zip(pieces, trials, strict=True)]
        again = in_order(workers, (job for job in jobs if job is not None))
        for piece, job in zip(pieces, jobs, strict=True):
            done = _unspilled(spill)
            if job is not None:
                done = _merged(done, next(again), options)
            if done.settled:
                held.append(Held(done.packed, pack_units(piece)))
            yield from done.told()
    if len(held) == len(pieces):
        recall.remember(units, held)


def _first_pass(
    pieces: Pieces, workers: Pool[Job, Judged], spill: IO[bytes]
) -> Generator[Problem, None, list[Trials]]:
    """Judge all, spill the sheets; what siblings have tried, piece by piece."""
    keys: list[tuple[int, Key]] = []
    summaries: list[Summary] = []
    for place, judged in enumerate(in_order(workers, (Job(piece, whole=False) for piece in pieces))):
        yield from judged.problems
        done = judged.sheets.get(pieces[place][0].group, sheet((), ()))
        keys.extend((place, key) for key, _ in judged.summaries)
        summaries.extend(summary for _, summary in judged.summaries)
        pickle.dump(done, spill)
    trials: list[dict[Key, Sequence[Trial]]] = [{} for _ in pieces]
    for (place, key), tried in zip(keys, tried_by_siblings(summaries), strict=True):
        if tried:
            trials[place][key] = tried
    return list(trials)


def _second_look(piece: Sequence[Unit], trials: Trials) -> Job | None:
    names = unit_names(trials)
    units = tuple(unit for unit in piece if unit.run in names)
    return Job(units, whole=False, trials=trials) if units else None


def _unspilled(spill: IO[bytes]) -> Sheet:
    held = pickle.load(spill)  # noqa: S301  # our own temporary file, never shared
    assert isinstance(held, Sheet)
    return held


def _merged(first: Sheet, second: Judged, options: Options) -> Sheet:
    """The first pass's diagnoses, those of the second in place of theirs."""
    items = list(first.told())
    anew = {key_of(d.run): d for s in second.sheets.values() for d in s.told() if isinstance(d, Diagnosis)}
    problems = [item for item in items if isinstance(item, Problem)]
    diagnoses = [anew.get(key_of(item.run), item) for item in items if isinstance(item, Diagnosis)]
    return sheet(diagnoses, problems, options)
