"""Where a climb begins, and whether it is a jump."""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.measures.shape import MIN_POINTS
from curvedoctor.features.blocks import median, medians
from curvedoctor.features.series import Series

#: highest over lowest value of a climb that is read in decades
DECADES = 100.0
#: share of the climb above the best within which it has not begun
NEAR = 0.1


def onset(s: Series) -> int:
    """Index of the point with which the last climb starts: after the last within a tenth of it above best.

    A running median of five keeps single points of a noisy curve from moving it; a climb over decades is read
    in decades.
    """
    y = s.y
    if len(y) >= 5 * MIN_POINTS:
        padded = np.pad(y, 2, mode="edge")
        y = medians(np.lib.stride_tricks.sliding_window_view(padded, 5))
    if s.stats.low > 0 and s.stats.top >= DECADES * s.stats.low:
        y = np.log(y)
    low, end = float(y.min()), median(y[-max(1, len(y) // 20) :])
    near = np.flatnonzero(y <= low + NEAR * (end - low))
    at = int(near[-1]) + 1 if len(near) else 0
    return sharpest(s, min(at, len(y) - 1))


def sharpest(s: Series, at: int) -> int:
    """The point of the greatest step around a place, if it is most of the climb: medians blur it by two."""
    around = np.arange(max(1, at - 3), min(len(s.y), at + 4))
    if not len(around):
        return at
    sharp = int(around[np.argmax(s.y[around] - s.y[around - 1])])
    return sharp if sudden(s, sharp) else at


def sudden(s: Series, at: int) -> bool:
    """Whether most of the climb happens from one logged point to the next."""
    if at == 0 or at >= len(s.y):
        return False
    after, near = median(s.y[at:]), median(s.y[max(0, at - MIN_POINTS) : at])
    return after > near and float(s.y[at] - s.y[at - 1]) >= 0.5 * (after - near)
