"""A group of more runs than one job holds, in two passes.

The first pass reads all runs, leaves their summaries, and spills what was made of their curves to
disk; where the work is done in this very process, the first of it is kept at hand. When all have been
read, the second pass judges them with what their siblings have tried; where a worker doesn't find what
another one spilled (on a cluster, or a full disk), it reads again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from curvedoctor.advice.trial import Trial
from curvedoctor.engine.grouping import Job, parts
from curvedoctor.engine.judge import tried_by_siblings
from curvedoctor.engine.options import Options
from curvedoctor.engine.plan import Plan
from curvedoctor.engine.pool import Pool, in_order
from curvedoctor.engine.units import pack_units
from curvedoctor.engine.work import JobResult, Key, group_result
from curvedoctor.features.case import Case
from curvedoctor.features.summary import Summary
from curvedoctor.model import Diagnosis, Problem
from curvedoctor.sources.base import Unit
from curvedoctor.store import Entry

#: bytes of cases that are kept at hand rather than spilled
HELD = 96 << 20
#: bytes per point (step, value, time, progress, value), and per curve
_POINT, _CURVE = 40, 4000


def judge_large(
    units: Sequence[Unit], workers: Pool[Job, JobResult], plan: Plan, options: Options
) -> Iterator[Diagnosis | Problem]:
    """Diagnoses of the runs of one large group, in their order."""
    unit_blocks = parts(units)
    held: list[Entry] = []
    with tempfile.TemporaryDirectory(prefix="curvedoctor-", ignore_cleanup_errors=True) as folder:
        jobs: Iterator[Job] = (Job(block, whole=False) for block in unit_blocks)
        if not options.alone:
            jobs = _second(unit_blocks, _first(unit_blocks, workers, folder))
        for block, result in zip(unit_blocks, in_order(workers, jobs), strict=True):
            yield from result.problems
            done = result.results.get(units[0].group) or group_result((), ())
            if done.settled and not result.problems:
                held.append(Entry(done.packed, pack_units(block)))
            yield from done.items()
    if len(held) == len(unit_blocks):
        plan.remember(units, held)


def _first(
    unit_blocks: Sequence[tuple[Unit, ...]], workers: Pool[Job, JobResult], folder: str
) -> list[JobResult]:
    read: list[JobResult] = []
    held = 0

    def jobs() -> Iterator[Job]:
        for i, block in enumerate(unit_blocks):
            keep = workers.here and held < HELD
            yield Job(block, whole=False, spill=str(Path(folder, f"{i}.cases")), keep=keep)

    for result in in_order(workers, jobs()):
        read.append(result)
        if result.kept is not None:
            held += sum(map(_size, result.kept[0]))
    return read


def _size(case: Case) -> int:
    """Bytes, about: the points, and what was made of each curve."""
    return sum(_CURVE + _POINT * len(curve) for curve in case.run.curves)


def _second(unit_blocks: Sequence[tuple[Unit, ...]], read: Sequence[JobResult]) -> Iterator[Job]:
    summaries: list[Summary] = [summary for result in read for _, summary in result.summaries]
    tried = iter(tried_by_siblings(summaries))
    for block, result in zip(unit_blocks, read, strict=True):
        trials: Mapping[Key, Sequence[Trial]] = {key: next(tried) for key, _ in result.summaries}
        yield Job(block, whole=False, spill=result.spilled, kept=result.kept, trials=trials)
