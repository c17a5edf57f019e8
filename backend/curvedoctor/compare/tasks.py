"""Which runs of a group may be compared at all:
losses of different loss functions or tasks have no common scale."""

from __future__ import annotations

import fnmatch
import itertools
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from curvedoctor.advice.one_task import OF_TASK, begun_apart
from curvedoctor.compare.grid import FOLLOW_LR, Grid, params_of
from curvedoctor.compare.types import OneTask, Outcome
from curvedoctor.features.case import Case
from curvedoctor.features.summary import Summary, scored, summarize
from curvedoctor.params.repeats import COUNTS, REPEATS

#: hyperparameters that give a loss its scale, or name what it is measured on
SCALES = ("loss", "n_classes", "dataset")
#: numbers that follow from how many samples there are
_FOLLOW_SAMPLES = COUNTS | {"max_steps"}
#: numbers of samples within this ratio are those of folds of one data set
FOLDS = 1.02
#: runs of a part that another one is held against
LOOKED_AT = 12
#: numbers of classes that a first loss is recognized by, and how near it must be, as share of their logarithm
USUAL, NEAR = (2, 10, 100, 1000), 0.06


def apart(cases: Sequence[Case], metric: str | None) -> list[tuple[list[Case], str]]:
    """(runs whose outcomes are on one scale, what they have in common), the most runs first.

    One part with "" where nothing has to be told apart: all runs agree, or what most log is no loss. Runs
    that don't log what the others differ in stay with the most.
    """
    if 2 * sum(_by_loss(case, metric) for case in cases) <= len(cases):
        return [(list(cases), "")]
    differ = [name for name in SCALES if len({_setting(case, name) for case in cases} - {None}) > 1]
    if not differ:
        return [(list(cases), "")]
    common = {
        name: Counter(measure for case in cases if (measure := _setting(case, name)) is not None).most_common(
            1
        )[0][0]
        for name in differ
    }
    parts: dict[tuple[str, ...], list[Case]] = {}
    for case in cases:
        parts.setdefault(tuple(_setting(case, name) or common[name] for name in differ), []).append(case)
    named = [
        (members, ", ".join(f"{name} {value}" for name, value in zip(differ, key, strict=True)))
        for key, members in parts.items()
    ]
    return sorted(named, key=lambda part: (-len(part[0]), part[1]))


def by_curves(cases: Sequence[Case]) -> list[tuple[list[Case], str]]:
    """(runs that log the same losses, scores and settings, which), the most runs first; one part with "" if
    all do.

    A run that ended before its first evaluation lacks some curves, and the same program may log one more, or
    a setting that others leave out.
    """
    kinds: list[tuple[frozenset[str], list[Case]]] = []
    logged = [(_measured(case), case) for case in cases]
    common = Counter(names for names, _ in logged)
    for names, case in sorted(logged, key=lambda pair: (-common[pair[0]], -len(pair[0]))):
        alike = (
            members
            for known, members in kinds
            if _same_program(names, known)
            and _same_settings(case, members[0])
            and scored(case) in (None, scored(members[0]))
        )
        kind = next(alike, None)
        if kind is None:
            kinds.append((names, [case]))
        else:
            kind.append(case)
    if len(kinds) < 2:
        return [(list(cases), "")]
    order = {id(case): i for i, case in enumerate(cases)}
    named = [(sorted(members, key=lambda c: order[id(c)]), _telling(names)) for names, members in kinds]
    return sorted(named, key=lambda part: -len(part[0]))


def by_data(cases: Sequence[Case]) -> list[tuple[list[Case], str]]:
    """(runs that may be of the same data, what tells them apart), the most runs first; one part with "" where
    nothing does."""
    parts = [
        (some, ", ".join(filter(None, (what, begin))))
        for members, what in _by_samples(cases)
        for some, begin in _by_begin(members)
    ]
    return sorted(parts, key=lambda part: -len(part[0]))


def _by_samples(cases: Sequence[Case]) -> list[tuple[list[Case], str]]:
    """By the number of training samples, unless somebody tried what another number does: then two runs differ
    in nothing else. Who does not log it stays with the most."""
    known = sorted({n for case in cases if (n := case.number("n_train"))})
    size: dict[float, float] = {}
    for low, n in itertools.pairwise([0.0, *known]):
        size[n] = size[low] if low and n < FOLDS * low else n
    tried: dict[object, set[float]] = {}
    parts: dict[float, list[Case]] = {}
    for case in cases:
        if n := case.number("n_train"):
            params = params_of(case)
            rest = frozenset((k, str(v)) for k, v in params.items() if k not in _FOLLOW_SAMPLES | REPEATS)
            tried.setdefault(rest, set()).add(size[n])
            parts.setdefault(size[n], []).append(case)
    if len(parts) < 2 or any(len(sizes) > 1 for sizes in tried.values()):
        return [(list(cases), "")]
    most = max(parts, key=lambda n: len(parts[n]))
    members = {n: {id(case) for case in some} for n, some in parts.items()}
    members[most] |= {id(case) for case in cases if not case.number("n_train")}
    return [([c for c in cases if id(c) in members[n]], f"n_train {n:g}") for n in parts]


def _by_begin(cases: Sequence[Case]) -> list[tuple[list[Case], str]]:
    """By where they begin, where no setting can be why (see `advice.one_task`)."""
    parts: list[list[tuple[Case, Summary]]] = []
    for case in cases:
        own = replace(summarize(case), params=params_of(case))
        alike = (
            part for part in parts
            if 2 * sum(begun_apart(own, other) for _, other in part[:LOOKED_AT]) < min(len(part), LOOKED_AT)
        )  # fmt: skip
        if (part := next(alike, None)) is not None:
            part.append((case, own))
        else:
            parts.append([(case, own)])
    if len(parts) < 2:
        return [(list(cases), "")]
    return [([case for case, _ in part], _begin(part[0][1])) for part in parts]


def _begin(first: Summary) -> str:
    level = next(level for level in reversed(first.begun) if level is not None)
    return f"beginning at {level:.3g}"


def one(g: Grid, outcomes: Sequence[Outcome]) -> OneTask:
    """Whether the runs are of one task: known, where at least half of them differ from another in one thing
    only, which is not their data; likely, where one program logged them, by its settings."""
    changed: set[str] = set()
    for name in set(g.varied) - OF_TASK:
        if not FOLLOW_LR.issuperset(g.along[name]):
            continue
        tried: dict[object, dict[object, list[str]]] = {}
        for o in outcomes:
            if (value := o.params.get(name)) is not None:
                others = frozenset(
                    (n, str(v))
                    for n, v in o.params.items()
                    if n not in (name, *g.along[name]) and n not in REPEATS
                )
                tried.setdefault(others, {}).setdefault(value, []).append(o.run)
        changed.update(run for by in tried.values() if len(by) > 1 for same in by.values() for run in same)
    if not g.varied or 2 * len(changed) >= len(outcomes):
        return "known"
    logged = Counter(frozenset(o.params) - REPEATS for o in outcomes)
    return "likely" if 4 * max(logged.values()) >= 3 * len(outcomes) else "unknown"


def _telling(names: frozenset[str]) -> str:
    """The curve that says best what was trained: of a validation, and no plain loss."""
    return min(
        names, key=lambda name: ("val" not in name.lower(), name.lower().endswith("loss"), name), default=""
    )


def _measured(case: Case) -> frozenset[str]:
    """The names of a run's losses, errors, scores and rewards."""
    kinds = ("loss", "accuracy", "error", "reward")
    return frozenset(curve.id for curve in case.run.curves if curve.role.quantity in kinds)


def _same_program(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether what two runs log is mostly the same, or all of what the shorter one does."""
    shared = len(one & other)
    return not one or not other or shared == min(len(one), len(other)) or 2 * shared >= len(one | other)


def _same_settings(one: Case, other: Case) -> bool:
    """Whether two runs log mostly the same hyperparameters, whatever their values."""
    first, second = set(one.params), set(other.params)
    return 2 * len(first & second) >= len(first | second)


def faulty(g: Grid, never: Sequence[str]) -> tuple[str, ...]:
    """Of the runs that were never finite, those whose settings did well elsewhere:
    it was not the settings."""
    broken = []
    for members in g.cells(g.varied).values():
        if any(outcome.bad is None for outcome in members):
            broken += [outcome.run for outcome in members if outcome.run in never]
    return tuple(sorted(broken))


def _setting(case: Case, name: str) -> str | None:
    value = case.params.get(name)
    if value is None and name == "n_classes":
        return _classes(case)
    return None if value is None else str(value)


def _classes(case: Case) -> str | None:
    """How many classes the first step's loss speaks of,
    where it is the logarithm of a usual number of them."""
    if case.train_step is None:
        return None
    first = case.train_step.stats.first
    return next((str(k) for k in USUAL if abs(first - math.log(k)) <= NEAR * math.log(k)), None)


def _by_loss(case: Case, metric: str | None) -> bool:
    if metric is not None:
        matching = sorted(name for name in case.series if fnmatch.fnmatchcase(name, metric))
        if matching:
            return case.series[matching[0]].curve.role.quantity == "loss"
    return case.judged_quantity == "loss"
