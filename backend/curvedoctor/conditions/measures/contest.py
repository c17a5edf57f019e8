"""Who wins an adversarial pair for good, by the losses of both sides and how often the discriminator is
right."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curvedoctor.conditions.base import number, percent, ramp
from curvedoctor.features.blocks import median
from curvedoctor.features.pair import Pair
from curvedoctor.features.resample import GRID
from curvedoctor.model import Floats

#: the last part of the run, over which it must hold
STAYS = 0.25
#: loss of a blind guess
GUESS = math.log(2)
#: the loser's loss over the winner's that dozens of times means
APART = (20.0, 60.0)
#: the winner's loss as share of a guess's: next to nothing
NOTHING = (0.16, 0.08)
#: right answers of a discriminator that is never wrong
NEVER_WRONG = (0.965, 0.985)
#: how far above a guess's loss a discriminator is that has lost
LOST = (1.5, 2.0)
#: growth of a critic's loss without a floor over the second half
RUNS_AWAY = (30.0, 100.0)
#: the winner's loss must not have risen by this share within the last quarter, nor the loser's have come back
WAY_BACK = 1.5
#: spread of a loss that rests, as share of its level; the generator's beside a discriminator that rests: −ln
#: D(G(z))
RESTS, CERTAIN = (0.04, 0.02), (4.0, 5.0)
Bools = npt.NDArray[np.bool_]


class Won(NamedTuple):
    """Who won a pair, how sure that is, and in which parts of the run it shows."""

    winner: str
    confidence: float
    shows: Bools
    how: str


def won(pair: Pair) -> Won:
    return max(
        (_by_losses(pair), _by_accuracy(pair), _generator(pair), _runs_away(pair)),
        key=lambda won: won.confidence,
    )


def quarter(grid: Floats) -> Floats:
    return grid[-int(GRID * STAYS) :]


def _by_losses(pair: Pair) -> Won:
    """The discriminator's loss next to nothing, the generator's dozens of times higher."""
    d, g = pair.discriminator, pair.generator
    if min(s.stats.low for s in pair.judged_by) < 0:
        return _none(pair)
    over = g / np.maximum(d, 1e-9)
    late, level = quarter(over), median(quarter(d))
    confidence = 0.95 * _between(float(np.quantile(late, 0.1)), *APART) * ramp(level / GUESS, *NOTHING)
    confidence *= float(_no_way_back(d) and quarter(g)[-4:].mean() >= quarter(g)[:4].mean() / WAY_BACK)
    # smoothed labels leave a loss that nobody gets below: it rests there
    rests = ramp(float(np.quantile(quarter(g), 0.1)), *CERTAIN) * ramp(level / GUESS, 0.8, 0.6) * _rests(d)
    confidence = max(confidence, 0.85 * rests)
    how = _ends(pair)
    if rests:
        return Won(pair.name, confidence, (g >= CERTAIN[0]) & (d <= 0.8 * GUESS), how)
    return Won(pair.name, confidence, (over >= APART[0]) & (d <= NOTHING[0] * GUESS), how)


def _by_accuracy(pair: Pair) -> Won:
    """Right about everything; a loss that says otherwise is believed."""
    right = pair.right
    if right is None:
        return _none(pair)
    level = float(np.quantile(quarter(right), 0.1))
    confidence = 0.9 * ramp(level, *NEVER_WRONG)
    if min(s.stats.low for s in pair.judged_by) >= 0:
        confidence *= ramp(median(quarter(pair.discriminator)) / GUESS, 2 * NOTHING[0], NOTHING[0])
        confidence *= float(_no_way_back(pair.discriminator))
    how = f"it is right in {percent(float(quarter(right).mean()))} of the cases over the last quarter"
    return Won(pair.name, confidence, right >= NEVER_WRONG[0], how)


def _generator(pair: Pair) -> Won:
    """The generator's loss next to nothing while the discriminator does far worse than a guess."""
    d, g = pair.discriminator, pair.generator
    if pair.maker.stats.low < 0 or min(s.stats.low for s in pair.judged_by) < 0:
        return _none(pair)
    over = d / np.maximum(g, 1e-9)
    late = float(np.quantile(quarter(over), 0.1))
    confidence = 0.9 * _between(late, APART[0] / 2, APART[0]) * ramp(median(quarter(g)) / GUESS, *NOTHING)
    confidence *= ramp(median(quarter(d)) / GUESS, *LOST) * float(_no_way_back(g))
    # or wrong more often than a guess is, by the sum of two losses, and nothing moves any more
    asleep = ramp(float(quarter(d).min()) / (2 * GUESS), 1.15, 1.25) * ramp(
        float(quarter(g).max()) / GUESS, 0.6, 0.54
    )
    asleep *= 0.75 * _rests(d) * _rests(g)
    if asleep > confidence:
        return Won("generator", asleep, (d >= 2.3 * GUESS) & (g <= 0.6 * GUESS), _ends(pair))
    return Won("generator", confidence, (over >= APART[0] / 2) & (g <= NOTHING[0] * GUESS), _ends(pair))


def _runs_away(pair: Pair) -> Won:
    """A critic's loss below zero that grows without bound."""
    d = pair.discriminator
    if min(s.stats.low for s in pair.judged_by) >= 0:
        return _none(pair)
    size = np.abs(d)
    middle = median(size[GRID // 4 : GRID // 2])
    end = median(quarter(size))
    growth = end / max(middle, 1e-9, 0.01 * float(size[:3].mean()))
    steady = float(size[-3:].mean()) >= end
    at, to = number(float(d[GRID // 2])), number(float(d[-3:].mean()))
    how = f"its loss grows from around {at} to around {to} over the second half"
    return Won(
        pair.name, 0.85 * _between(growth, *RUNS_AWAY) * float(steady), size >= 10 * max(middle, 1e-9), how
    )


def _none(pair: Pair) -> Won:
    return Won(pair.name, 0.0, np.zeros(GRID, bool), "")


def _between(value: float, low: float, high: float) -> float:
    """`ramp` for factors."""
    return ramp(math.log(max(value, 1e-9)), math.log(low), math.log(high))


def _no_way_back(winner: Floats) -> bool:
    """Whether the winner's loss does not rise again within the last quarter."""
    late = quarter(winner)
    return bool(late[-4:].mean() <= WAY_BACK * late[:4].mean() + 0.01 * GUESS)


def _ends(pair: Pair) -> str:
    d, g = (number(float(y[-3:].mean())) for y in (pair.discriminator, pair.generator))
    return f"the {pair.name}'s loss ends around {d}, the generator's around {g}"


def _rests(y: Floats) -> float:
    """How sure it is that a loss moves no more: its spread over the last quarter."""
    low, level, high = np.quantile(quarter(y), (0.1, 0.5, 0.9))
    return ramp(float((high - low) / max(level, 1e-9)), *RESTS)


def since(shows: Bools) -> int:
    """The first cell from which on it shows nearly always."""
    share = np.cumsum(shows[::-1]) / np.arange(1, len(shows) + 1)
    held = np.flatnonzero((share[::-1] >= 0.9) & shows)
    return int(held[0]) if len(held) else len(shows) - int(GRID * STAYS)
