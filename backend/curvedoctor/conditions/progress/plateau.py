"""The plateau that a loss begins on, and may never leave."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from curvedoctor.conditions.measures.shape import error_of_mean
from curvedoctor.features.resample import GRID
from curvedoctor.features.series import Series


def unseen(s: Series) -> float:
    """What noise alone moves the best and the mean levels of 64 cells by, in the curve's unit."""
    return max(0.01 * abs(s.stats.start), 3.5 * error_of_mean(s, 1 / 20))


def never_left(s: Series) -> bool:
    """Whether a curve is nowhere further from its start than noise moves it."""
    return max(abs(s.stats.start - s.stats.end), abs(s.stats.start - s.stats.best)) <= unseen(s)


@lru_cache(maxsize=32)
def plateau(s: Series) -> float:
    """Progress up to which the loss stays at its start before a clear fall; 0 if it falls at once.

    Flat: the mean since the start is within 4 % of the later fall (or noise) of the first level.
    """
    t = s.stats
    drop = t.start - t.best
    if drop < 0.15 * abs(t.start) or drop < 8 * error_of_mean(s, 0.05):
        return 0.0
    # the first cells fix the level; noise of one cell is that of 1/GRID of the points
    tolerance = max(0.06 * drop, 2.5 * error_of_mean(s, 1 / GRID))
    if tolerance > 0.25 * drop:
        return 0.0
    gone = np.flatnonzero(s.grid < s.grid[:2].mean() - tolerance)
    first = gone[0] if len(gone) else 0
    rose = s.grid[: first + 1].max() > s.grid[:2].mean() + 0.5 * drop
    return 0.0 if rose or first < 2 else float(first) / GRID
