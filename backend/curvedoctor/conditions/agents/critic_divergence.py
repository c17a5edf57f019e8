"""The critic's loss grows by orders of magnitude while the reward still holds.

Why it matters
    A policy follows its critic: what the critic makes up, the policy will soon chase. A value function that
    feeds on its own overestimates (bootstrapping, function approximation and data of older policies together)
    grows without end.

How it decides
    The value loss ends a hundred times or more above the lowest level that it had kept, beyond what the
    reward accounts for: returns that are ten times larger make a squared error a hundred times larger. (Two
    thousand times, where its root is below a tenth of the largest return: a critic that begins at zero errs
    more before it errs less.) It must have grown through several parts of the run, must be near its highest
    at the end, and the explained variance, if logged, must not be good. Or the values that are predicted (Q)
    have grown tenfold and end five times beyond the largest return ever logged, or twofold and twenty times
    beyond it. Growth that begins after the reward has fallen is no cause of anything, and not told. The onset
    is the last logged point within ten times of the lowest level. A critic that errs from the start by thirty
    times any return sees rewards of another scale.

What to try
    Lower the learning rate, the critic's if it has one of its own; clip the gradient norm; follow with the
    target network more slowly; scale the rewards to order one.

When it is wrong
    A reward that is found late, or scaled anew in the middle of a run, makes errors larger by right: the rise
    of the reward is allowed for, a change of its scale is not.

References
    Sutton and Barto (2018), Reinforcement learning, ch. 11 (the deadly triad). van Hasselt et al. (2018),
    Deep reinforcement learning and the deadly triad. Fujimoto et al. (2018), Addressing function
    approximation error in actor-critic methods.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, number, ramp, times, unjudged
from curvedoctor.conditions.examples import agent
from curvedoctor.conditions.measures.held_back import out_of_scale
from curvedoctor.conditions.measures.returns import cannot_judge, fall, gained, noise_of_part
from curvedoctor.conditions.measures.signals import Signal, median_late, signals
from curvedoctor.features.blocks import median
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Floats, Run, Unjudged

ID = "critic-divergence"
#: decades that the loss ends above its lowest level, beyond what the reward accounts for; the same where its
#: root stays below this share of the largest return:
#: a critic that begins at zero errs more before it errs less
DECADES, FAR, LARGE = (1.6, 2.2), (2.8, 3.4), 0.1
#: parts of the run that are compared
PARTS = 16
#: decades below its highest level within which the end is still there
THERE = 0.7
#: explained variance of a critic that is sound
SOUND = 0.5
#: times the largest return that predicted values end at; the same where they have grown twofold, not tenfold
BEYOND, ABSURD = 5.0, (10.0, 20.0)
#: rise of a reward in units of its noise without which it had nothing to lose
CLEAR = 6.0
#: share of the run by which growth may begin after the reward's fall and still be seen as its companion
LATE = 0.05
ACTIONS = ("lower-lr", "clip-gradients", "bigger-batch")


@dataclass(frozen=True, slots=True)
class _Growth:
    signal: Signal
    confidence: float
    #: level before and at the end, in the signal's unit
    low: float
    end: float
    #: step from which on it grew
    at: float
    what: str


def check(case: Case) -> Finding | Unjudged | None:
    diagnostics = signals(case)
    reason = cannot_judge(case)
    if reason is None and not {"critic", "values"} & diagnostics.keys():
        reason = "neither a value loss nor predicted values are logged"
    if reason is not None:
        return unjudged(ID, reason)
    s = case.reward
    assert s is not None
    of_values = _of_values(diagnostics.get("values"), s, rewards_entropy="entropy" in diagnostics)
    grown = max((_of_loss(diagnostics.get("critic"), s), of_values), key=lambda g: g.confidence if g else 0.0)
    if (
        grown is None
        or grown.confidence < REPORT_FROM
        or (median_late(diagnostics.get("explained")) or 0.0) > SOUND
    ):
        return None
    fell = _fell_at(s)
    slack = LATE * float(s.curve.steps.max() - s.curve.steps.min())
    scaled = ("fix-targets",) if out_of_scale(case) else ()
    return None if fell is not None and grown.at > fell + slack else _finding(s, grown, (*scaled, *ACTIONS))


def _of_loss(signal: Signal | None, s: Series) -> _Growth | None:
    if signal is None or len(signal.y) < PARTS:
        return None
    level = _levels(signal)
    if level is None:
        return None
    lowest = int(np.argmin(level[: -PARTS // 4]))
    end, top = float(level[-2:].mean()), float(level.max())
    since = signal.steps[min(len(signal.y) - 1, int((lowest + 1) * len(signal.y) / PARTS))]
    allowed = 2 * _growth_of_reward(s, float(since))
    grown = end - float(level[lowest]) - allowed
    largest = float(np.abs([s.logged(s.stats.top), s.logged(s.stats.low)]).max())
    enough = DECADES if 10 ** (end / 2) > LARGE * largest else FAR
    confidence = 0.9 * ramp(grown, *enough) * float(top - end < THERE)
    at = np.flatnonzero(np.log10(np.maximum(np.abs(signal.y), 1e-300)) < level[lowest] + 1.0)
    step = float(signal.steps[int(at[-1])] if len(at) else signal.steps[0])
    return _Growth(signal, confidence, 10 ** float(level[lowest]), 10**end, step, "value loss")


def _levels(signal: Signal) -> Floats | None:
    """Median of log10 over each of PARTS parts; None where the loss is zero for long."""
    y = np.abs(signal.y)
    parts = [median(part) for part in np.array_split(y, PARTS)]
    floor = max(median(y) * 1e-12, 1e-300)
    return np.log10(parts) if min(parts) > floor else None


def _growth_of_reward(s: Series, since: float) -> float:
    """Decades that the largest return has grown by since a step; without a return before it,
    no growth is told from none."""
    returns = np.abs(np.array([s.logged(float(v)) for v in s.grid]))
    place = (since - s.step_at(0)) / max(s.step_at(len(s.y) - 1) - s.step_at(0), 1e-300)
    before = float(returns[: max(1, int(place * len(returns)))].max())
    if not before > 0:
        return math.inf
    return math.log10(max(float(returns.max()) / before, 1.0))


def _of_values(signal: Signal | None, s: Series, *, rewards_entropy: bool) -> _Growth | None:
    if signal is None:
        return None
    y = np.abs(signal.y)
    early, end = median(y[: max(3, len(y) // 8)]), median(y[-max(3, len(y) // 8) :])
    most = max(abs(s.logged(s.stats.top)), abs(s.logged(s.stats.low)))
    if not most > 0 or not early > 0:
        return None
    grew = ramp(math.log10(max(end / early, 1e-9)), 0.8, 1.0) * ramp(end / most, BEYOND / 2, BEYOND)
    # what an entropy is worth is part of the values where it is rewarded, and of no return
    absurd = 0.0 if rewards_entropy else float(end > 2 * early) * ramp(end / most, *ABSURD)
    confidence = 0.9 * max(grew, absurd)
    held = np.flatnonzero(y <= most)
    step = float(signal.steps[int(held[-1])] if len(held) else signal.steps[0])
    return _Growth(signal, confidence, early, end, step, "predicted value")


def _fell_at(s: Series) -> float | None:
    found = fall(s)
    clear = found is not None and found.lost >= 0.5 and found.rise > CLEAR * noise_of_part(s)
    return s.step_at(found.at) if found is not None and clear else None


def _finding(s: Series, grown: _Growth, actions: tuple[str, ...]) -> Finding:
    curve = grown.signal.curve
    held = _fell_at(s) is None
    risen = gained(s) > CLEAR * noise_of_part(s)
    then = (
        "and the reward falls with it"
        if not held
        else "while the reward still holds"
        if risen
        else "beside a reward that has not risen"
    )
    said = finding(
        ID, "warning", grown.confidence, None,
        f"The {grown.what} grows {times(grown.end / grown.low)} times from {curve.axis} "
        f"{grown.at:g} on, from {number(grown.low)} to {number(grown.end)}, {then}.",
        actions=actions, low=grown.low, end=grown.end, growth=grown.end / grown.low, reward_holds=held,
    )  # fmt: skip
    last = float(grown.signal.steps[-1])
    return replace(
        said,
        curves=(curve.id, s.curve.id),
        onset=grown.at,
        span=(grown.at, max(grown.at, last)),
        axis=curve.axis,
    )


def _reward(rng: np.random.Generator) -> Floats:
    return np.asarray(100 * (1 - np.exp(-8 * np.linspace(0, 1, 200))) + 3 * rng.standard_normal(200))


def _explodes(rng: np.random.Generator) -> Run:
    loss = np.where(np.arange(200) < 100, 2.0, 2.0 * 1.08 ** (np.arange(200) - 100.0)) * np.exp(
        0.3 * rng.standard_normal(200)
    )
    return agent(_reward(rng), train__critic_loss=loss)


def _overestimates(rng: np.random.Generator) -> Run:
    """Predicted values far beyond any return."""
    q = 3.0 * 1.05 ** np.arange(200.0) * np.exp(0.05 * rng.standard_normal(200))
    return agent(_reward(rng), losses__qf1_values=q)


def _from_the_start(rng: np.random.Generator) -> Run:
    """Nothing is learnt beside a critic that grows without end."""
    loss = 10 * np.geomspace(1, 1e6, 100) * np.exp(0.5 * rng.standard_normal(100))
    return agent(-1300 + 90 * rng.standard_normal(100), train__critic_loss=loss)


def _sound(rng: np.random.Generator) -> Run:
    return agent(
        _reward(rng), train__value_loss=40 * np.exp(-3 * np.linspace(0, 1, 200)) * (1 + 0.2 * rng.random(200))
    )


def _larger_returns(rng: np.random.Generator) -> Run:
    """The returns grow fiftyfold, and squared errors with them."""
    reward = 10 + 490 * np.linspace(0, 1, 200) ** 2
    return agent(reward, train__value_loss=0.02 * reward**2 * np.exp(0.4 * rng.standard_normal(200)))


def _one_spike(rng: np.random.Generator) -> Run:
    loss = 3.0 * np.exp(0.3 * rng.standard_normal(200))
    loss[120:124] *= 1e4
    return agent(_reward(rng), train__value_loss=loss)


CONDITION = Condition(
    id=ID,
    title="critic diverges",
    severity="warning",
    actions=(*ACTIONS, "fix-targets"),
    check=check,
    evidence={
        "low": "lowest level that the value loss (or the predicted value) had kept, in its unit",
        "end": "its level at the end, in its unit",
        "growth": "end over low",
        "reward_holds": "false if the reward falls with it",
    },
    sick=(_explodes, _overestimates, _from_the_start),
    special=True,
    healthy=(_sound, _larger_returns, _one_spike),
    scale_free=False,  # errors are compared with returns
)
