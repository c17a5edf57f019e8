"""A curve against the way that the learning rate let the weights go: its sum, not the steps.

Where batches hardly matter, the loss is a function of that way, whatever the schedule (gradient flow). A
schedule that ends makes any curve level off against its steps; against the way a curve that levels off has
arrived, and one that still falls was ended. Where batches matter, the loss falls as the rate does, and
against the way faster and faster: there the way says nothing.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from curvedoctor.features.case import Case
from curvedoctor.features.resample import GRID, progress
from curvedoctor.features.series import Series

#: fewest points; noise as share of the level, and correlation of successive changes,
#: of a curve that batches hardly move
MIN_POINTS, CALM, SMOOTH = 6, 0.01, 0.4
#: share of its peak at which the learning rate has decayed
DECAYED = 0.2
_PLACES = (np.arange(GRID) + 0.5) / GRID


def travelled(case: Case, s: Series) -> Series | None:
    """The curve with its grid on equal shares of the way; None where no decayed rate is logged,
    or where batches matter."""
    schedule, t = case.schedule, s.stats
    if case.lr is None or schedule is None or schedule.restarts or schedule.last > DECAYED * schedule.peak:
        return None
    if t.n < MIN_POINTS or t.noise > CALM * abs(t.end) or t.smoothness < SMOOTH or len(case.lr) < MIN_POINTS:
        return None
    steps = case.lr.steps
    at = progress(steps, float(steps.min()), float(steps.max()))
    rate = np.interp(_PLACES, at, np.nan_to_num(case.lr.values, posinf=0.0, neginf=0.0))
    way = np.cumsum(rate) - rate / 2
    if not rate.sum() > 0:
        return None
    grid = np.interp(_PLACES, way / rate.sum(), s.grid)
    levels = grid.reshape(8, -1).mean(axis=1)
    quickens = levels[5] - levels[7] > levels[3] - levels[5]
    return None if quickens else replace(s, grid=grid)
