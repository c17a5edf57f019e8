"""A loss that jumps up from one point to the next and never comes back: a spike that does not recover."""

from __future__ import annotations

from functools import lru_cache
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
#: points that tell where a curve begins; as shares of that, what a curve that begins anew jumps to, and from
#: what at most; share of the run that it takes to come back
BEGIN, BACK, LEARNT, TAKES = 3, (0.75, 1.5), 0.6, 0.05
#: correlation of ups and downs that are those of the same batches
ALIKE = 0.7
#: points looked at, the last ones
MAX_POINTS = 65536


class StepUp(NamedTuple):
    """The jump: which finite point is the first after it, and the levels before, after, and at the end."""

    point: int
    before: float
    after: float
    end: float


def step_up(case: Case, s: Series) -> StepUp | None:
    """The highest lasting jump of a curve; None where there is none,
    or the learning rate began anew there."""
    jump = _highest(case, s)
    if jump is None:
        return None
    up, w = jump.after - jump.before, _beside(s)
    earlier = median(s.y[max(0, jump.point - 2 * w) : max(1, jump.point - w)])
    lasts = s.x[jump.point] <= 1 - AFTER and jump.end > jump.before + (1 - MADE_GOOD) * up
    return jump if lasts and jump.before - earlier < 0.3 * up else None


def begun_anew(case: Case, s: Series) -> tuple[StepUp, int] | None:
    """The one jump back to where the curve began, and the first point at which most of it is made good;
    None where there is none, or more (stages of a course), or it takes no
    time to speak of, or the same batches come again."""
    jump = _highest(case, s)
    if jump is None:
        return None
    start, back = float(s.y[:BEGIN].mean()), float(s.y[jump.point : jump.point + BEGIN].mean())
    if back < BACK[0] * start or back > BACK[1] * start or jump.before > LEARNT * start:
        return None
    good = np.flatnonzero(s.y[jump.point :] <= jump.before + (1 - MADE_GOOD) * (back - jump.before))
    stages = np.count_nonzero(np.diff(s.y) >= 0.5 * (back - jump.before)) > 1
    again = _same_order(s, jump.point)
    point = jump.point + int(good[0]) if len(good) else len(s.y) - 1
    return (jump, point) if s.x[point] - s.x[jump.point] >= TAKES and not stages and not again else None


def _same_order(s: Series, since: int) -> bool:
    """Whether the points after a place are those from the start over again, ups and downs alike:
    the same batches in the same order, see uneven-batches."""
    n = min(since, len(s.y) - since)
    first, second = (np.diff(np.log(np.maximum(s.y[at + n // 3 : at + n], 1e-300)), 2) for at in (0, since))
    still = n < 3 * BESIDE or not first.std() > 0 or not second.std() > 0
    return not still and float(np.corrcoef(first, second)[0, 1]) >= ALIKE


def _beside(s: Series) -> int:
    return max(BESIDE, round(PART * len(s.y)))


@lru_cache(maxsize=8)  # a jump that lasts and one that begins anew ask for the same
def _highest(case: Case, s: Series) -> StepUp | None:
    """The highest jump from one level to another."""
    if len(s.y) > MAX_POINTS or s.stats.low < 0:
        return None
    y, n, w = s.y, len(s.y), _beside(s)
    if n < 4 * w or (case.schedule is not None and case.schedule.restarts > 0):
        return None
    windows = medians(np.lib.stride_tricks.sliding_window_view(y, w))
    at = np.arange(w, n - w + 1)
    climbs = windows[at] - windows[at - w]
    i = int(at[np.argmax(climbs)])
    i = max(range(max(1, i - w), min(n - 1, i + w)), key=lambda j: float(y[j] - y[j - 1]))
    if i < w or i > n - w:
        return None
    before, after, end = median(y[i - w : i]), median(y[i : i + w]), median(y[-w:])
    noise = MAD_TO_SIGMA * median(np.abs(np.diff(y[max(0, i - 2 * w) : i]))) / np.sqrt(2)
    up = after - before
    if up < max(FAR * noise, HIGH * before) or float(y[i] - y[i - 1]) < 0.5 * up:
        return None
    return StepUp(i, before, after, end)
