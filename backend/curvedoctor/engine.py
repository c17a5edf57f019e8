"""From sources to diagnoses: find, load, judge, rank."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING

from curvedoctor.model import Diagnosis, Finding, Problem, Role, Run, Unjudged
from curvedoctor.sources.base import ReadOptions, Unit

if TYPE_CHECKING:
    from curvedoctor.differential.odds import Model
    from curvedoctor.features.case import Case

#: runs that are loaded and judged together
BATCH = 64


@dataclass(frozen=True, slots=True)
class Options:
    """What the user said about diagnosing."""

    read: ReadOptions = field(default_factory=ReadOptions)
    #: judge these conditions only; empty for all
    conditions: tuple[str, ...] = ()
    #: curve id (or shell-style pattern) → role that corrects the inferred one
    roles: Mapping[str, Role] = field(default_factory=dict)
    #: take no evidence from siblings
    alone: bool = False
    #: worker processes; 0 for one per core
    jobs: int = 1
    #: loky, dask or ray
    backend: str = "loky"


def diagnose_sources(
    addresses: Sequence[str],
    options: Options | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Diagnosis | Problem]:
    """Diagnose every run found at `addresses`, ordered by run within each group.

    `progress` is called with the number of runs judged so far. Raises `SourceError` if an address
    can't be read at all.
    """
    options = options or Options()
    done = 0
    for item in _groups(_runs(addresses, options)):
        if isinstance(item, Problem):
            yield item
            continue
        for diagnosis in diagnose_runs(item, options):
            done += 1
            if progress is not None:
                progress(done)
            yield diagnosis


def diagnose_runs(
    runs: Sequence[Run], options: Options | None = None, model: Model | None = None
) -> list[Diagnosis]:
    """Diagnose runs that are in memory; those of one group are each other's siblings.

    `model` stands in for the one that is shipped (calibration judges held-out tasks with it).
    """
    from curvedoctor.differential.odds import with_odds, with_siblings
    from curvedoctor.features.case import build

    options = options or Options()
    cases = with_odds(build([_corrected(run, options) for run in runs]), model)
    if not options.alone:
        groups: dict[str, list[int]] = {}
        for i, case in enumerate(cases):
            groups.setdefault(case.run.group, []).append(i)
        for members in groups.values():
            if len(members) > 1:
                for i, case in zip(members, with_siblings([cases[i] for i in members], model), strict=True):
                    cases[i] = case
    return [_diagnose(case, options) for case in cases]


def _diagnose(case: Case, options: Options) -> Diagnosis:
    from curvedoctor.conditions.base import all_conditions
    from curvedoctor.differential.rank import order, prescribe, verdict
    from curvedoctor.readings import read_all

    known = all_conditions()
    asked = [known[c] for c in options.conditions] if options.conditions else list(known.values())
    findings: list[Finding] = []
    unjudged: list[Unjudged] = []
    judged = 0
    for condition in asked:
        result = condition.check(case)
        if isinstance(result, Unjudged):
            unjudged.append(result)
        else:
            judged += 1
            if result is not None:
                findings.append(result)
    ranked = order(findings)
    return Diagnosis(
        run=case.run,
        verdict=verdict(case, ranked, unjudged, judged),
        findings=ranked,
        prescriptions=prescribe(case, ranked, known),
        readings=read_all(case),
        unjudged=tuple(unjudged),
        problems=case.run.problems,
    )


def _corrected(run: Run, options: Options) -> Run:
    if options.read.params:
        run = replace(run, params={**run.params, **options.read.params})
    if options.roles:
        from curvedoctor.roles import override

        run = replace(run, curves=tuple(override(run.curves, options.roles)))
    return run


def _runs(addresses: Sequence[str], options: Options) -> Iterator[Run | Problem]:
    from curvedoctor.sources import find_all, load_units

    batch: list[Unit] = []
    for unit in find_all(addresses, options.read):
        if isinstance(unit, Problem):
            yield unit
            continue
        batch.append(unit)
        if len(batch) >= BATCH:
            yield from load_units(batch, options.read)
            batch = []
    yield from load_units(batch, options.read)


def _groups(items: Iterable[Run | Problem]) -> Iterator[list[Run] | Problem]:
    """Runs of one group together, problems as they come."""
    runs: list[Run] = []
    for item in items:
        if isinstance(item, Problem):
            yield item
        else:
            runs.append(item)
    runs.sort(key=lambda r: (r.group, r.name))
    for _, members in groupby(runs, key=lambda r: r.group):
        yield list(members)
