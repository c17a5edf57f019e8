"""A loss that jumps up from one point to the next and never comes back: a spike that does not recover."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from curvedoctor.features.blocks import median, medians
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.features.statistics import MAD_TO_SIGMA

#: points beside the jump that tell the levels, at least, and as share of the run
BESIDE, PART = 6, 0.03
#: a jump in units of the local noise, and as share of the level
FAR, HIGH = 6.0, 0.1
#: of the jump, what the run may have made good of at the end; and share of the run that must follow it
MADE_GOOD, AFTER = 0.8, 0.15
#: points looked at, the last ones
MOST = 65536


class StepUp(NamedTuple):
    """The jump: which finite point is the first after it, and the levels before, after, and at the end."""

    point: int
    before: float
    after: float
    end: float


def step_up(case: Case, s: Series) -> StepUp | None:
    """The highest lasting jump of a curve; None where there is none,
    or the learning rate began anew there."""
    if len(s.y) > MOST or s.stats.low < 0:
        return None
    y, n = s.y, len(s.y)
    w = max(BESIDE, round(PART * n))
    if n < 4 * w or (case.schedule is not None and case.schedule.restarts > 0):
        return None
    windows = medians(np.lib.stride_tricks.sliding_window_view(y, w))
    at = np.arange(w, n - w + 1)
    climbs = windows[at] - windows[at - w]
    i = int(at[np.argmax(climbs)])
    i = max(range(max(1, i - w), min(n - 1, i + w)), key=lambda j: float(y[j] - y[j - 1]))
    if i < w or i > n - w:
        return None
    before, after, end = (
        median(y[i - w : i]),
        median(y[i : i + w]),
        median(y[-w:]),
    )
    noise = MAD_TO_SIGMA * median(np.abs(np.diff(y[max(0, i - 2 * w) : i]))) / np.sqrt(2)
    up = after - before
    if up < max(FAR * noise, HIGH * before) or float(y[i] - y[i - 1]) < 0.5 * up:
        return None
    earlier = median(y[max(0, i - 2 * w) : max(1, i - w)])
    lasts = s.x[i] <= 1 - AFTER and end > before + (1 - MADE_GOOD) * up and before - earlier < 0.3 * up
    return StepUp(i, before, after, end) if lasts else None
