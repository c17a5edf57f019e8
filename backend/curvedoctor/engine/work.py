"""What a worker does: load a job's units, judge them, hand back compact sheets, one per group."""

from __future__ import annotations

import os
import pickle
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import cast

from curvedoctor.engine.gc_paused import gc_paused
from curvedoctor.engine.grouping import Job
from curvedoctor.engine.judge import judge, judge_groups, prepare
from curvedoctor.engine.options import Options
from curvedoctor.engine.record import Curves, GroupResult, pack
from curvedoctor.features.case import Case
from curvedoctor.features.summary import Summary, summarize
from curvedoctor.model import Diagnosis, Problem, Run
from curvedoctor.sources import load_units, wanted
from curvedoctor.sources.base import Unit

#: what tells runs of one group apart
Key = tuple[str, ...]
Loaded = tuple[list[Case], list[Problem]]
#: bytes that spilling leaves free on the disk
ROOM = 1 << 30


@dataclass(frozen=True, slots=True)
class JobResult:
    """What comes back for one job."""

    #: by the name of the group
    results: Mapping[str, GroupResult]
    #: what could not be read, and belongs to no group's files
    problems: tuple[Problem, ...] = ()
    #: after the first pass over a part of a group, one per run
    summaries: tuple[tuple[Key, Summary], ...] = ()
    #: where the first pass left its cases; None if it didn't
    spilled: str | None = None
    #: the cases themselves, where the work is done in the process that asks for it
    kept: Loaded | None = None


def work(job: Job, options: Options) -> JobResult:
    """Load and judge one job, or one pass of it."""
    with gc_paused():
        return _work(job, options)


def _work(job: Job, options: Options) -> JobResult:
    if job.trials is not None:
        cases, problems = cast("Loaded | None", job.kept) or _unspilled(job.spill) or load(job.units, options)
        trials = [job.trials.get(key_of(case.run), ()) for case in cases]
        return _judged(job, judge(cases, options, trials), problems, options)
    cases, problems = load(job.units, options)
    if job.spill is not None:
        summaries = tuple((key_of(case.run), summarize(case)) for case in cases)
        if job.keep:
            return JobResult({}, (), summaries, kept=(cases, problems))
        return JobResult({}, (), summaries, _spilled(job.spill, (cases, problems)))
    return _judged(job, judge_groups(cases, options), problems, options)


def _spilled(path: str, what: Loaded) -> str | None:
    """Leave `what` at `path`, if there is such a place on this machine, with room."""
    with suppress(OSError):
        if shutil.disk_usage(os.path.dirname(path)).free > ROOM:  # noqa: PTH120
            with open(path, "xb") as file:  # noqa: PTH123
                pickle.dump(what, file, protocol=5)
            return path
    return None


def _unspilled(path: str | None) -> Loaded | None:
    """What was left at `path`; None if it is not there. It is gone then."""
    if path is None:
        return None
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            loaded: Loaded = pickle.load(file)  # noqa: S301  # our own, in a directory that only we can enter
        os.unlink(path)  # noqa: PTH108
        return loaded
    except (OSError, EOFError, pickle.UnpicklingError):  # another machine; a disk that is full
        return None


def key_of(run: Run) -> Key:
    """What tells a run from the others of its group."""
    return run.name, run.source, "" if run.origin is None else run.origin.key


def load(units: Sequence[Unit], options: Options) -> Loaded:
    """Cases ordered by group (as the units are) and run, and what could not be read."""
    runs, problems = [], []
    for item in load_units(units, options.read):
        if isinstance(item, Problem):
            problems.append(item)
        else:
            runs.append(item)
    rank = {group: i for i, group in enumerate(dict.fromkeys(unit.group for unit in units))}
    runs.sort(key=lambda run: (rank.get(run.group, len(rank)), run.group, run.name))
    return prepare(runs, options), problems


def keep(diagnosis: Diagnosis, options: Options) -> bool:
    """Whether the run's curves are handed on with their points."""
    if not wanted(diagnosis.run.name, options.read.run, diagnosis.run.run_id):
        return False
    return options.curves == "all" or (options.curves == "sick" and diagnosis.verdict == "sick")


def _judged(
    job: Job,
    diagnoses: Sequence[Diagnosis],
    problems: Sequence[Problem],
    options: Options,
) -> JobResult:
    where = {part: unit.group for unit in job.units for part in unit.places}
    apart: dict[str | None, list[Problem]] = {}
    for problem in problems:
        apart.setdefault(where.get(problem.where), []).append(problem)
    results: dict[str, GroupResult] = {}
    for group, members in groupby(diagnoses, key=lambda diagnosis: diagnosis.run.group):
        results[group] = group_result(list(members), apart.pop(group, ()), options)
    results |= {
        group: group_result((), of_group, options) for group, of_group in apart.items() if group is not None
    }
    return JobResult(results, tuple(apart.get(None, ())))


def group_result(
    diagnoses: Sequence[Diagnosis], problems: Sequence[Problem], options: Options | None = None
) -> GroupResult:
    """Diagnoses of one group, with the curves that are asked for."""
    curves: dict[int, Curves] = {}
    if options is not None:
        curves = {i: d.run.curves for i, d in enumerate(diagnoses) if keep(d, options)}
    every = (*problems, *(p for d in diagnoses for p in (*d.run.problems, *d.problems)))
    return GroupResult(pack(diagnoses, problems), curves, not any(map(_may_pass, every)))


def _may_pass(problem: Problem) -> bool:
    """Permissions, connections, missing packages: reading may succeed the next time."""
    return problem.kind == "unreachable"
