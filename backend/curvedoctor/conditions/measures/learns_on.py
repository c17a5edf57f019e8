"""Training that goes on to its best while validation gets worse point by point: samples known by heart do
that, steps too large throw both about."""

from __future__ import annotations

from curvedoctor.conditions.measures.shape import in_order, mean
from curvedoctor.features.blocks import median
from curvedoctor.features.case import Case
from curvedoctor.features.resample import GRID
from curvedoctor.features.series import Series

#: how far above its best level training ends that is at its best; share of its level where validation was
#: best that it has come down to; Kendall's tau of validation from there on: three of four pairs in order
AT_BEST, CAME_DOWN, STEADILY = 0.25, 2 / 3, 0.5


def late_above_best(s: Series) -> float:
    """Share by which a curve ends above its best level, a spike among its last points apart."""
    best = s.stats.best if s.stats.n > GRID else s.stats.low
    return late(s) / max(abs(best), 1e-300) - 1.0


def late(s: Series) -> float:
    """The level of the last points, whichever of mean and median is lower."""
    return min(s.stats.end, median(s.y[-max(1, len(s.y) // 10) :]))


def learns_on(case: Case) -> bool:
    """Whether training learnt on and is at its best, while validation rose steadily from its own."""
    train, val = case.coarsest_train, case.val
    if train is None or val is None or train is val:
        return False
    best = float(val.x[val.best_index])
    down = late(train) <= CAME_DOWN * mean(train, best, best + 0.1)
    return down and late_above_best(train) < AT_BEST and in_order(val, best) >= STEADILY
