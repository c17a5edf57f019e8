"""The scan: any number of runs, in bounded memory, on any number of workers, always in the same order.

Groups that fit into one job are judged whole. Of a larger group a first pass leaves each run's
summary and, spilled to disk, its diagnosis; when the whole group has been read, only the runs to
which siblings have something to say are judged again.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import IO

from curvedoctor.engine.judge import Trials, judge, judge_groups, prepare, tried_by_siblings
from curvedoctor.engine.options import Options
from curvedoctor.engine.plan import Job, groups, jobs
from curvedoctor.engine.pool import run_ordered
from curvedoctor.features.case import Case
from curvedoctor.features.summary import Summary, summarize
from curvedoctor.model import Diagnosis, Problem
from curvedoctor.sources import find_all, load_units
from curvedoctor.sources.base import Unit


@dataclass(frozen=True, slots=True)
class Judged:
    """What a worker gives back for one job."""

    diagnoses: tuple[Diagnosis, ...]
    problems: tuple[Problem, ...]
    #: only for parts of a group
    summaries: tuple[Summary, ...] = ()


def scan(
    addresses: Sequence[str], options: Options, progress: Callable[[int], None] | None = None
) -> Iterator[Diagnosis | Problem]:
    """Diagnose every run at `addresses`."""
    done = 0
    for judged in _judged(jobs(groups(find_all(addresses, options.read))), options):
        if isinstance(judged, Problem):
            yield judged
            continue
        yield from judged.problems
        for diagnosis in judged.diagnoses:
            done += 1
            if progress is not None:
                progress(done)
            yield diagnosis


def work(job: Job, options: Options) -> Judged:
    """Load and judge one job (runs in a worker)."""
    cases, problems = _load(job.units, options)
    if job.whole:
        return Judged(tuple(judge_groups(cases, options)), problems)
    summaries = () if options.alone else tuple(map(summarize, cases))
    return Judged(tuple(judge(cases, options)), problems, summaries)


def _load(units: Sequence[Unit], options: Options) -> tuple[list[Case], tuple[Problem, ...]]:
    runs, problems = [], []
    for item in load_units(units, options.read):
        if isinstance(item, Problem):
            problems.append(item)
        else:
            runs.append(item)
    place = {group: i for i, group in enumerate(dict.fromkeys(unit.group for unit in units))}
    runs.sort(key=lambda run: (place.get(run.group, len(place)), run.group, run.name))
    return prepare(runs, options), tuple(problems)


def _judged(planned: Iterable[list[Job] | Problem], options: Options) -> Iterator[Judged | Problem]:
    """Judged jobs and problems in the order of the plan."""
    order: list[int | Problem] = []

    def flat() -> Iterator[Job]:
        for item in planned:
            order.append(item if isinstance(item, Problem) else len(item))
            if not isinstance(item, Problem):
                yield from item

    results = run_ordered(partial(work, options=options), flat(), options.jobs, options.backend)
    first = next(results, None)
    while first is not None or order:
        head = order.pop(0)
        if isinstance(head, Problem):
            yield head
            continue
        assert first is not None
        if head == 1:
            yield first
        else:
            yield from _large(first, results, head, options)
        first = next(results, None)


def _large(first: Judged, results: Iterator[Judged], parts: int, options: Options) -> Iterator[Judged]:
    """A group of several jobs: spilled, then given out with what siblings have tried."""
    with tempfile.TemporaryFile(prefix="curvedoctor-") as spill:
        summaries: list[Summary] = []
        for part in range(parts):
            judged = first if part == 0 else next(results)
            summaries.extend(judged.summaries)
            pickle.dump(judged, spill)
        trials = tried_by_siblings(summaries)
        spill.seek(0)
        for _ in range(parts):
            yield _retold(_unspill(spill), trials, options)


def _unspill(spill: IO[bytes]) -> Judged:
    held = pickle.load(spill)  # noqa: S301  # our own temporary file, never shared
    assert isinstance(held, Judged)
    return held


def _retold(judged: Judged, trials: Trials, options: Options) -> Judged:
    touched = [d.run for d in judged.diagnoses if d.run.name in trials]
    if not touched:
        return judged
    cases = prepare(touched, Options(conditions=options.conditions))
    retold = {d.run.name: d for d in judge(cases, options, trials)}
    return Judged(tuple(retold.get(d.run.name, d) for d in judged.diagnoses), judged.problems)
