"""Which hyperparameters differ between runs, and which runs differ in nothing else."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeGuard

import numpy as np

from curvedoctor.compare.types import Outcome
from curvedoctor.features.case import Case
from curvedoctor.features.summary import settings
from curvedoctor.model import ParamValue
from curvedoctor.params.repeats import in_name, not_chosen

#: follow from other hyperparameters
FOLLOWS = frozenset({"n_params", "steps_per_epoch", "n_test"})
#: follow from the lr or from the length of the run, so that they don't stand in the way of judging it
FOLLOW_LR = frozenset({"min_lr", "lr_final_ratio", "warmup_steps", "max_steps", "step_size", "gamma"})
#: of hyperparameters that always change together, the earlier one is named
FIRST = ("lr", "batch_size", "optimizer", "weight_decay", "dropout", "width", "depth", "schedule", "epochs")
#: a hyperparameter with more values than this, most of them used once, was drawn at random
MANY_VALUES = 9


def params_of(case: Case) -> dict[str, ParamValue]:
    """A run's hyperparameters; what the log lacks is read from its name."""
    return settings(case, in_name(case.run.name))


@dataclass(frozen=True, slots=True)
class Grid:
    """Runs by what varies between them."""

    outcomes: tuple[Outcome, ...]
    #: hyperparameters that differ, without those that only go along with another one
    varied: tuple[str, ...]
    #: varied hyperparameter → those that always change together with it
    along: Mapping[str, tuple[str, ...]]

    def value(self, outcome: Outcome, name: str) -> ParamValue | None:
        """The value of a hyperparameter; None where it is not logged."""
        return outcome.params.get(name)

    def values(self, name: str) -> list[ParamValue | None]:
        """All values that were tried: numbers ascending, then words, then "not logged"."""
        return sorted({self.value(o, name) for o in self.outcomes}, key=_order)

    def cells(self, names: Iterable[str]) -> dict[tuple[ParamValue | None, ...], list[Outcome]]:
        """The runs by their values of `names`."""
        members: dict[tuple[ParamValue | None, ...], list[Outcome]] = defaultdict(list)
        names = tuple(names)
        for o in self.outcomes:
            members[tuple(self.value(o, n) for n in names)].append(o)
        return dict(members)


def _order(value: ParamValue | None) -> tuple[int, float, str]:
    if value is None:
        return 2, 0.0, ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return 0, float(value), ""
    return 1, 0.0, str(value)


def grid(outcomes: Sequence[Outcome]) -> Grid:
    """What varies between `outcomes`; values drawn at random are put into half-decades."""
    outcomes = _filled(_binned(outcomes))
    names = sorted(
        {n for o in outcomes for n in o.params} - FOLLOWS - not_chosen(o.params for o in outcomes), key=_rank
    )
    columns = {n: tuple(o.params.get(n) for o in outcomes) for n in names}
    columns = {n: c for n, c in columns.items() if len(set(c)) > 1}
    varied: list[str] = []
    along: dict[str, list[str]] = {}
    for name, column in columns.items():
        leader = next((v for v in varied if _determines(columns[v], column)), None)
        if leader is None:
            varied.append(name)
            along[name] = []
        else:
            along[leader].append(name)
    return Grid(tuple(outcomes), tuple(varied), {n: tuple(a) for n, a in along.items()})


def _rank(name: str) -> tuple[int, str]:
    return (FIRST.index(name) if name in FIRST else len(FIRST), name)


def _determines(leader: Sequence[object], column: Sequence[object]) -> bool:
    """Whether two columns always change together: one to one, and in order where both are numbers."""
    pairs = set(zip(leader, column, strict=True))
    if not len(pairs) == len(set(leader)) == len(set(column)):
        return False
    numbers = [(a, b) for a, b in pairs if isinstance(a, (int, float)) and isinstance(b, (int, float))]
    if len(pairs) < 3 or len(numbers) < len(pairs):
        return True
    ranked = [b for _, b in sorted(numbers)]
    return ranked in (sorted(ranked), sorted(ranked, reverse=True))


def _filled(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """A run that logs hardly any hyperparameters does not differ by that:
    what all others share holds for it too."""
    most = max((len(o.params) for o in outcomes), default=0)
    shared = {}
    for name in {n for o in outcomes for n in o.params}:
        values = {o.params[name] for o in outcomes if name in o.params}
        if len(values) == 1:
            shared[name] = values.pop()
    return [replace(o, params={**shared, **o.params}) if 2 * len(o.params) < most else o for o in outcomes]


def _binned(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Random searches never repeat a value: nearly unique positive numbers become the nearest 10^(k/2)."""
    scattered = []
    for name in {n for o in outcomes for n in o.params}:
        values = [v for o in outcomes if is_number(v := o.params.get(name))]
        if len(set(values)) > max(MANY_VALUES, 0.6 * len(outcomes)):
            scattered.append(name)
    return [
        replace(o, params={n: _near(v) if n in scattered else v for n, v in o.params.items()})
        for o in outcomes
    ]


def _near(value: ParamValue) -> ParamValue:
    if not is_number(value):
        return value
    assert isinstance(value, (int, float))
    return float(f"{10 ** (round(2 * math.log10(value)) / 2):.2g}")


def typical(outcomes: Sequence[Outcome]) -> float:
    """Median score over repetitions; +inf if half of them or more did not stay finite."""
    scores = sorted(o.score for o in outcomes)
    middle = len(scores) // 2
    if len(scores) % 2:
        return scores[middle]
    low, high = scores[middle - 1], scores[middle]
    return (low + high) / 2 if math.isfinite(high) else high


def seed_noise(g: Grid) -> float | None:
    """Pooled σ of the score between runs that differ in the seed only; None without repetitions."""
    squares, freedom = 0.0, 0
    for members in g.cells(g.varied).values():
        scores = np.array([o.score for o in members if o.bad is None])
        if len(scores) > 1:
            squares += float(((scores - scores.mean()) ** 2).sum())
            freedom += len(scores) - 1
    return math.sqrt(squares / freedom) if freedom else None


def is_number(value: ParamValue | None) -> TypeGuard[float]:
    """Whether a value can stand on a logarithmic axis."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0
