"""Two more ways to have come to rest: all was won in the first steps; or nothing is found any more."""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import finding, number, percent
from curvedoctor.conditions.measures.shape import name
from curvedoctor.conditions.measures.still import (
    gone_from,
    misfit,
    rate_gone,
    rate_stays,
    rate_too_high,
    rests_from,
)
from curvedoctor.features.case import Case
from curvedoctor.features.rates import decades_below_usual
from curvedoctor.features.series import Series
from curvedoctor.model import Finding

ID = "collapsed"
#: points that must be the same; and of a longer curve this share, or so many
MIN_POINTS, SHARE, MANY = 3, 0.2, 8
#: one in so many points, and as many points at least, within which all was won; what has not moved,
#: as share of the level
STUCK, STILL = 20, 0.005
#: shares of the start: what is far from finished, and what has fallen
UNFINISHED, FELL = 0.15, 0.95
TRIED = ("lower-lr", "add-warmup", "fix-init", "fix-activation")
#: decades below the customary rate from which on no step was too large: steps this small leave no plateau
LOW, TRIED_SLOW = 1.5, ("raise-lr", "fix-init", "fix-activation", "change-optimizer")


def stuck(case: Case) -> Finding | None:
    """All that is won was won in the first steps, and since then nothing moves: training nor validation,
    far from finished."""
    known = [s for s in (case.coarsest_train, case.val) if s is not None and s.stats.n >= STUCK]
    train = case.coarsest_train
    provable = (
        case.schedule is not None or rate_stays(case) or any(rests_from(s.y) > s.stats.n / 2 for s in known)
    )
    if (
        train is None
        or train not in known
        or not provable
        or rate_gone(case, 0.5)
        or not all(map(_rests, known))
    ):
        return None
    at = max(1, len(train.y) // STUCK)
    return finding(
        ID, "warning", 0.8, train,
        f"The {name(train)} falls to {number(train.logged(float(train.y[at])))} by "
        f"{train.at_step(at)} and has not moved by {percent(STILL)} "
        f"since, {percent(train.stats.end / train.stats.first)} of where it began.",
        at=at, others=(case.val,), actions=remedies(case, misfit(case, train)),
        level=train.logged(train.stats.end), points=len(train.y) - at, answer=None,
        best=train.logged(train.stats.low),
    )  # fmt: skip


def finds_nothing(case: Case) -> Finding | None:
    """A loss of nothing beside a score of nothing."""
    s, score = case.finest_train, case.val_score
    at = None if s is None else gone_from(case, s)
    if (
        s is None
        or score is None
        or at is None
        or len(s.y) - at < max(MIN_POINTS, min(MANY, SHARE * len(s.y)))
    ):
        return None
    return finding(
        ID, "error", 0.95, s,
        f"The {name(s)} is nothing from {s.at_step(at)} on, {len(s.y) - at} points, beside a "
        f"{name(score)} of zero: nothing is found any more.",
        onset=float(s.x[at]), others=(score,), actions=remedies(case, None), level=s.logged(float(s.y[-1])),
        points=len(s.y) - at, best=s.logged(float(s.y.min())), answer=None,
    )  # fmt: skip


def _rests(s: Series) -> bool:
    """Whether a curve fell within its first points, and has stayed at a level far from finished since."""
    late, start, level = s.y[max(1, len(s.y) // STUCK) :], max(s.stats.first, s.stats.start), s.stats.end
    return bool(
        np.ptp(late) <= STILL * abs(level) and UNFINISHED * start < level and late.max() < FELL * start
    )


def remedies(case: Case, why: str | None) -> tuple[str, ...]:
    """What can't fit is changed first; a low rate is not lowered, one known too high needs no warm-up."""
    if why is not None:
        return ("fix-activation", "fix-targets", "change-loss")
    if (decades_below_usual(case) or 0.0) >= LOW:
        return TRIED_SLOW
    return ("lower-lr", "fix-init", "fix-activation") if rate_too_high(case) else TRIED
