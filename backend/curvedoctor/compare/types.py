"""The results of a comparison, plain and immutable: every renderer says the same things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from curvedoctor.model import ParamValue

Where = Literal["below", "within", "above", "unknown"]
Sure = Literal["clear", "likely", "no difference", "not clear"]
OneTask = Literal["known", "likely", "unknown"]
State = Literal["done", "failed", "missing", "unknown"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one run ended."""

    run: str
    #: as logged; None where the curve did not stay finite
    level: float | None
    #: what is compared: log of the loss-like level (difference scale where a level is ≤ 0);
    #: +inf for a bad run
    score: float
    #: id of the curve it was read from
    curve: str
    #: "not finite" or "diverged"; None for a run that ended soundly
    bad: str | None
    #: σ of the outcome from the noise of the curve's last third, on the scale of `score`
    noise: float
    #: epochs (where the log counts them), else None
    epochs: float | None
    params: Mapping[str, ParamValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Effect:
    """One value of a hyperparameter against the best one, over pairs of runs that differ in nothing else."""

    value: ParamValue | None
    best: ParamValue | None
    #: final loss with `value` over that with `best`, and its 95 % interval;
    #: inf where `value` does not converge
    ratio: float
    low: float
    high: float
    pairs: int
    #: pairs in which `best` ended lower
    wins: int
    #: two-sided probability of this or a clearer picture if the values were equal
    p: float
    sure: Sure
    #: "signed-rank" (from 6 pairs on) or "moderated t" (fewer)
    method: str


@dataclass(frozen=True, slots=True)
class Level:
    """One value of a hyperparameter and the runs that had it. Levels as logged."""

    value: ParamValue | None
    runs: int
    bad: int
    #: None where no run ended soundly
    median: float | None
    best: float | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where the best value of a numeric hyperparameter lies, seen from what was tried."""

    where: Where
    #: probability that `where` is right, 0..1
    confidence: float
    why: str
    #: values to try next, ascending
    propose: tuple[float, ...] = ()
    #: "extend", "refine" or "" where the grid is fine enough
    how: str = ""


@dataclass(frozen=True, slots=True)
class Factor:
    """A hyperparameter that differs between the runs."""

    name: str
    #: hyperparameters that always changed together with it: nothing tells them apart
    along: tuple[str, ...]
    levels: tuple[Level, ...]
    best: ParamValue | None
    #: each other value against the best
    effects: tuple[Effect, ...]
    #: None for words, and for numbers with fewer than two values
    place: Place | None
    #: other hyperparameters were the same or at their best: "same" or "each at its own best lr"
    how: str


@dataclass(frozen=True, slots=True)
class Region:
    """The best setting and those that can't be told from it."""

    #: hyperparameter → value of the best setting
    best: Mapping[str, ParamValue | None]
    #: hyperparameter → values that occur among the settings as good as the best
    values: Mapping[str, tuple[ParamValue | None, ...]]
    #: typical level of the best setting, as logged
    level: float | None
    runs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Interaction:
    """How the best lr moves with another hyperparameter (the batch size)."""

    other: str
    #: (value, best lr at it)
    best_lr: tuple[tuple[float, float], ...]
    #: best lr ∝ value ** power; None where one lr is among the best at all of them
    power: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Prolong:
    """A short run and what running on would bring."""

    run: str
    level: float
    #: expected level at `horizon`, with its 80 % interval; as logged
    expected: float
    low: float
    high: float
    #: length it is extrapolated to, as a factor on its own
    horizon: float
    #: probability of being the best of the short runs at the horizon
    chance: float
    worth: bool
    #: where its expected curve crosses that of the present leader, in epochs; None if it never does
    crosses: float | None


@dataclass(frozen=True, slots=True)
class RangeTest:
    """A learning-rate range test and what it suggests."""

    run: str
    suggested: float | None
    rules: Mapping[str, float]
    #: (lr, loss as logged), thinned out
    points: tuple[tuple[float, float], ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the protocol for choosing a learning rate."""

    number: int
    title: str
    state: State
    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """The comparison of one group of siblings."""

    name: str
    #: "val loss", "train loss", "val accuracy" …
    metric: str
    better: Literal["lower", "higher"]
    #: "final" or "best"
    outcome: str
    outcomes: tuple[Outcome, ...]
    factors: tuple[Factor, ...]
    region: Region | None
    interactions: tuple[Interaction, ...]
    prolong: tuple[Prolong, ...]
    #: σ of the score between runs that differ in the seed only; None where no seeds were repeated
    seed_noise: float | None
    #: what limits the comparison, in plain words
    notes: tuple[str, ...] = ()
    #: whether the runs are of one task: where that is only likely, nothing else is more than that;
    #: where it is not known, no value is called better than another
    one_task: OneTask = "known"


@dataclass(frozen=True, slots=True, repr=False)
class Comparison:
    """All that is said of the runs together."""

    groups: tuple[Group, ...]
    range_tests: tuple[RangeTest, ...]
    steps: tuple[Step, ...]
    #: the next step to do, one sentence
    next: str
    runs: int

    def __repr__(self) -> str:
        """The next step to do."""
        return f"<{self.runs} runs compared. Next: {self.next}>"

    def _repr_html_(self) -> str:
        """For notebooks."""
        from curvedoctor.compare.formats.as_html import fragment

        return fragment(self)
