"""Whether a curve still falls where it ends, and how much of what is to be had is still to come."""

from __future__ import annotations

import math

import numpy as np

from curvedoctor.conditions.base import ramp
from curvedoctor.conditions.measures.shape import error_of_mean, lately, mean, relative
from curvedoctor.features.resample import GRID
from curvedoctor.features.series import Series

#: share of the steps that lead upwards where all do
ONLY = 0.9
#: how far above its best logged value the end may be
AT_BEST = (0.05, 0.02)
#: share of the fall over the last half that its two steepest steps may make: more is a drop,
#: as where the rate is cut
DROPS = (0.7, 0.55)


def only_climbs(s: Series) -> bool:
    """Whether nearly every logged value is above the one before, from the first on."""
    return float(np.mean(np.diff(s.y) > 0)) >= ONLY and s.best_index == 0


def falls_to_the_end(s: Series) -> float:
    """How sure it is that the curve falls to the very end, at its best there, and not ever faster."""
    before, last = mean(s, 0.25, 0.5) - mean(s, 0.5, 0.75), lately(s)
    noise = error_of_mean(s, 0.25)
    beyond = ramp(last, 2.0 * noise, 3.5 * noise + 1e-12 * abs(s.stats.end))
    at_best = ramp(relative(s.stats.end - s.stats.low, s.stats.low), *AT_BEST)
    steady = ramp(last - 3 * noise, 1.25 * before, 1.05 * before) if before > 0 else 0.0
    return beyond * at_best * steady * ramp(_drops(s), *DROPS)


def _drops(s: Series) -> float:
    """Share of the fall over the last half that its two steepest steps make; 0 with fewer than six steps."""
    y = s.y if len(s.y) <= GRID else s.grid
    half = y[len(y) // 2 :]
    if len(half) < 7 or half[0] <= half[-1]:
        return 0.0
    return float(-np.sort(np.diff(half))[:2].sum() / (half[0] - half[-1]))


def part(s: Series, gain: float) -> float:
    """What is still to be gained against what was gained, both in logarithms."""
    start, end = max(s.stats.start, s.stats.first), s.stats.end
    if not 0 < end < start:
        return 0.0
    return -math.log(max(1.0 - gain, 1e-3)) / math.log(start / end)
