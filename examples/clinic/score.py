"""How good answers are: what a tool says held against the remedies that were really tried.

Two things are told apart. *Alarms* are what is seen: on sick runs they should be there, on healthy ones not.
*Suggestions* are what to try, whatever the verdict: the first should help. What nobody tried is not scored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Protocol

import numpy as np

from curvedoctor.actions import ACTIONS

#: a first prescription that asks before it changes anything
EXPERIMENTS = frozenset({"overfit-one-batch", "run-lr-range-test"})
#: a gain from here down is harm
HURTS = -0.05
#: the change that a range test leads to
AFTER_RANGE_TEST = ("lower-lr", "raise-lr")


class Tried(Protocol):
    """A run whose remedies were tried."""

    @property
    def healthy(self) -> bool | None: ...
    @property
    def sick(self) -> bool: ...
    def helps(self, action: str) -> bool | None:
        """True, False, or None: not known."""

    def saved(self, action: str) -> float | None:
        """Share of the loss that the action saved at best; None: not known."""


@dataclass(frozen=True)
class Answer:
    """What a tool says of one run: whether it raises an alarm,
    and its actions in order with their confidence."""

    alarm: bool
    actions: tuple[tuple[str, float], ...] = ()
    #: expected gain of each action: tenth percentile, median, ninetieth
    gains: tuple[tuple[float, float, float] | None, ...] = ()
    #: the learning rate that the first action names
    rate: float | None = None


@dataclass(frozen=True)
class Score:
    """One row of the tables. Shares 0..1; NaN where nothing was scored."""

    sick: int
    healthy: int
    #: suggestions, over sick runs: the first helps, of those scored; one of the first three, of those
    #: where all three were scored
    first: float
    three: float
    scored: int
    #: mean share of the best known gain that the first leaves
    regret: float
    #: expected calibration error of the first three's confidence
    calibration: float
    #: share of sick and of healthy runs with an alarm
    alarms: float
    false_alarms: float
    #: share of alarms on sick runs whose first suggestion helps
    alarms_help: float
    #: share of runs whose first suggestion is an experiment
    asks: float


def score(runs: Sequence[Tried], answers: Sequence[Answer]) -> Score:
    """Hold answers against outcomes."""
    pairs = list(zip(runs, answers, strict=True))
    sick = [(run, answer) for run, answer in pairs if run.sick]
    well = [answer for run, answer in pairs if run.healthy]
    firsts = [(run.helps(a.actions[0][0]), a.alarm) for run, a in sick if a.actions]
    known = [(helped, alarm) for helped, alarm in firsts if helped is not None]
    return Score(
        sick=len(sick),
        healthy=len(well),
        first=_mean(helped for helped, _ in known),
        three=_mean(one for run, a in sick if a.actions and (one := _one_of(run, a)) is not None),
        scored=len(known),
        regret=_mean(r for r in (regret(run, a) for run, a in sick) if r is not None),
        calibration=calibration_error(
            [
                (p, helped)
                for run, a in pairs
                for action, p in a.actions[:3]
                if (helped := run.helps(action)) is not None
            ]
        ),
        alarms=_mean(a.alarm for _, a in sick),
        false_alarms=_mean(a.alarm for a in well),
        alarms_help=_mean(helped for helped, alarm in known if alarm),
        asks=_mean(a.actions[0][0] in EXPERIMENTS for _, a in sick if a.actions),
    )


def _mean(values: Iterable[float]) -> float:
    found = [float(v) for v in values]
    return float(np.mean(found)) if found else float("nan")


def _one_of(run: Tried, answer: Answer) -> bool | None:
    """Whether one of the first three helps; None unless each of them was tried."""
    helped = [run.helps(action) for action, _ in answer.actions[:3]]
    return None if None in helped else True in helped


def regret(run: Tried, answer: Answer) -> float | None:
    """Share of the best known gain that the first suggestion leaves; None where its own is not known.

    After a range test the better of both directions is taken.
    """
    best = max((g for a in ACTIONS if run.helps(a) and (g := run.saved(a)) is not None), default=0.0)
    if best <= 0 or not answer.actions:
        return None
    first = answer.actions[0][0]
    wanted = AFTER_RANGE_TEST if first == "run-lr-range-test" else (first,)
    known = [g for a in wanted if (g := run.saved(a)) is not None]
    return 1 - min(max(0.0, *known), best) / best if known else None


def calibration_error(sure: Sequence[tuple[float, bool]], bins: int = 10) -> float:
    """Expected calibration error over equally wide bins of confidence (Naeini et al. 2015)."""
    if not sure:
        return float("nan")
    p = np.array([s[0] for s in sure])
    y = np.array([s[1] for s in sure], float)
    at = np.minimum((p * bins).astype(int), bins - 1)
    gaps = [
        abs(p[at == k].mean() - y[at == k].mean()) * np.mean(at == k) for k in range(bins) if (at == k).any()
    ]
    return float(sum(gaps))


def coverage(runs: Sequence[Tried], answers: Sequence[Answer]) -> tuple[float, float, int]:
    """Of the gains of actions that were tried:
    shares below the tenth and the ninetieth percentile told; their number."""
    told = [
        (g, gain)
        for run, answer in zip(runs, answers, strict=True)
        for (action, _), gain in zip(answer.actions, answer.gains, strict=False)
        if gain is not None and (g := run.saved(action)) is not None
    ]
    below = _mean(max(g, 0.0) < gain[0] - 0.005 for g, gain in told)
    return below, _mean(g <= gain[2] + 0.005 for g, gain in told), len(told)


def split(runs: Sequence[Tried], answers: Sequence[Answer], of: Callable[[Tried], str]) -> dict[str, Score]:
    """The score of each kind of run."""
    at: dict[str, list[int]] = defaultdict(list)
    for i, run in enumerate(runs):
        at[of(run)].append(i)
    return {name: score([runs[i] for i in at[name]], [answers[i] for i in at[name]]) for name in sorted(at)}


def per_action(runs: Sequence[Tried], answers: Sequence[Answer]) -> dict[str, tuple[float, int, float, int]]:
    """action → precision as the first, how often that was scored, recall among the first three,
    runs it helps."""
    given: dict[str, list[bool]] = defaultdict(list)
    found: dict[str, list[bool]] = defaultdict(list)
    for run, answer in zip(runs, answers, strict=True):
        said = [a for a, _ in answer.actions[:3]] if run.sick else []
        helped = run.helps(said[0]) if said else None
        if helped is not None:
            given[said[0]].append(helped)
        for action in ACTIONS:
            if run.helps(action):
                found[action].append(action in said)
    return {
        a: (_mean(given[a]), len(given[a]), _mean(found[a]), len(found[a])) for a in sorted({*given, *found})
    }


def direction(found: Sequence[Tried], said: Sequence[Answer]) -> tuple[int, int]:
    """First changes of the learning rate that go the way that helps, and those that go the other way."""
    right = wrong = 0
    for run, answer in zip(found, said, strict=True):
        first = answer.actions[0][0] if answer.actions else ""
        other = {"lower-lr": "raise-lr", "raise-lr": "lower-lr"}.get(first, "")
        right += bool(run.helps(first)) if other else 0
        wrong += bool(other and run.helps(other) and run.helps(first) is False)
    return right, wrong


def tried(found: Sequence[Tried], said: Sequence[Answer]) -> tuple[int, int]:
    """First prescriptions that siblings tried: those that helped,
    and those after which a run ended clearly higher."""
    firsts = [(run, a.actions[0][0]) for run, a in zip(found, said, strict=True) if a.actions]
    helped = sum(run.helps(action) is True for run, action in firsts)
    hurt = sum((run.saved(action) or 0.0) <= HURTS for run, action in firsts if run.helps(action) is False)
    return helped, hurt


def wilson(share: float, n: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's interval for a share of n."""
    if n == 0:
        return 0.0, 1.0
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def percent(share: float) -> str:
    """A share, or a dash where nothing was scored."""
    return "–" if np.isnan(share) else f"{100 * share:.0f} %"
