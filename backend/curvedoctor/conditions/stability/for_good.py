"""Curves that answer the same for ever after they had moved."""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.measures.shape import rising
from curvedoctor.conditions.measures.still import (
    coarse,
    constant_answer,
    rate_gone,
    rests_from,
)
from curvedoctor.conditions.stability.came_to_rest import (
    MANY,
    MIN_POINTS,
    SHARE,
)
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series

#: share of the gain that is lost; share of the start within which nothing was gained;
#: and what counts as having moved
LOST, GAINED, MOVED = 0.5, 0.005, 0.01
#: of the highest value: below it a constant loss is at its floor
FLOOR = 0.02
#: a score that drops by less may be chance on few samples; z of a trend that no noise makes
DROP, TREND = 0.1, 3.0


def collapsed(case: Case) -> Series | None:
    """The finest curve that answers the same for ever, losses before scores; None if none does."""
    known = (case.train_step, case.train, case.val, case.train_score, case.val_score)
    return next((s for s in known if s is not None and _collapsed(case, s)), None)


def _collapsed(case: Case, s: Series) -> bool:
    at, n = rests_from(s.y), len(s.y)
    few = at == 0 or n - at < max(MIN_POINTS, min(MANY, SHARE * n))
    if few or coarse(s.y) or rate_gone(case, float(s.x[at])):
        return False
    level = float(s.y[-1])
    never_moved = at > 1 and float(np.abs(s.y[:at] - level).max()) <= MOVED * level  # see not-learning
    if never_moved or level <= FLOOR * float(s.y.max()):
        return False
    return constant_answer(case, s, level) is not None or _worse(case, s, at)


def _worse(case: Case, s: Series, at: int) -> bool:
    """Whether it rests where it began, or where most gain is lost, and no other curve says otherwise."""
    level, start, best = float(s.y[-1]), float(s.y[0]), float(s.y[:at].min())
    if s.ceiling is not None:
        dropped = level - best >= max(DROP, LOST * (start - best))
        return dropped and not _a_loss_learns(case, s, at)
    lost = start - best > GAINED * start and level >= best + LOST * (start - best)
    if s is case.val:
        return lost and case.finest_train is not None and _lost(case.finest_train)
    return lost or (level >= start * (1 - GAINED) and not _others_go_on(case, s, at))


def _lost(s: Series) -> bool:
    return s.stats.end >= s.stats.best + LOST * max(s.stats.start - s.stats.best, 0.0)


def _others_go_on(case: Case, s: Series, at: int) -> bool:
    """Whether another curve shows that the weights still change, or that only the batches do."""
    others = [o for o in (case.train_step, case.train, case.val) if o is not None and o is not s]
    return any(float(o.x[rests_from(o.y)]) > float(s.x[at]) + 0.1 for o in others)


def _a_loss_learns(case: Case, s: Series, at: int) -> bool:
    """Whether a loss still falls while the score rests: then the score is at fault."""
    losses = [o for o in (case.train_step, case.train, case.val) if o is not None and o.ceiling is None]
    return any(rising(o, float(s.x[at])) < -TREND for o in losses)
