"""A loss that falls in its first steps, is thrown back up, and takes long to come down again: what a warm-up
spares, where the first value, far above all that follows, hides it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from curvedoctor.conditions.base import ramp
from curvedoctor.conditions.measures.shape import relative
from curvedoctor.features.blocks import median, medians
from curvedoctor.features.series import Series

#: fewest points that show it; part of the run in which it begins; points whose median is a level
FEWEST, EARLY, AROUND = 40, 0.15, 5
#: how far it is thrown back, as multiple of what it had reached, and in σ of the noise
THROWN, BEYOND = (1.12, 1.3), (4.0, 6.0)
#: share of the run, and points, that it takes to come back, at most and at least
BACK, SOON, STEPS = 0.6, 0.04, 8
#: share of so many first values that it must have come down to before
GAINED, FIRST = 0.93, 3
#: share of its highest value that a loss never is, but where it is lost or found
TINY = 1e-9
#: what it ends at, of what it had reached; what it is thrown back by ever after, in logarithms of the bump
LOWER, AGAIN = 0.95, 0.5


class Bump(NamedTuple):
    """How sure, what had been reached, the height, and the points where it begins and has come back."""

    confidence: float
    low: float
    peak: float
    at: int
    back: int


def bump(s: Series) -> Bump | None:
    """The early bump of a curve; None without one."""
    n = len(s.y)
    if n < FEWEST or float(s.y.min()) <= TINY * float(s.y.max()) or s.curve.role.granularity == "epoch":
        return None
    padded = np.pad(s.y, AROUND // 2, mode="edge")
    calm = medians(np.lib.stride_tricks.sliding_window_view(padded, AROUND))
    early = calm[: max(FEWEST // 2, int(2 * EARLY * n))]
    lows = np.minimum.accumulate(early)
    top = int(np.argmax(early / lows))
    at = int(np.argmin(early[: top + 1]))
    low, peak = float(calm[at]), float(calm[top])
    later = np.flatnonzero(calm[top:] < low)
    gained = at >= FIRST and low <= GAINED * median(s.y[:FIRST])
    if at > EARLY * n or not len(later) or not peak > low or not gained:
        return None
    back = top + int(later[0])
    lasted = back - at
    if not max(STEPS, SOON * n) <= lasted <= BACK * n or s.stats.end > LOWER * low:
        return None
    height, noise = math.log(peak / low), relative(s.stats.noise_early, s.stats.start)
    rest = calm[back:]
    again = float(np.log(rest / np.minimum.accumulate(rest)).max())
    sure = ramp(peak / low, *THROWN) * ramp(height / max(noise, 1e-9), *BEYOND)
    sure *= float(again < AGAIN * height)
    return Bump(sure, low, peak, at, back) if sure > 0 else None
