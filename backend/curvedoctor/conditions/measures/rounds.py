"""What the rounds of boosted trees have left to do: each corrects at most the learning rate's share of what
is left.

With shrinkage ν a round leaves at least 1 − ν of what trees can explain (Friedman 2001), so t rounds leave (1
− ν)^t.
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import number, percent, ramp
from curvedoctor.conditions.measures.shape import mean, name, relative
from curvedoctor.features.case import Case
from curvedoctor.features.extrapolate import gain_interval
from curvedoctor.features.rates import logged_lr
from curvedoctor.features.series import Series

#: what libraries start from, and below which rate so few rounds are the rate's fault
CUSTOMARY, SLOW = 0.1, 0.04
#: later rounds find less than the first ones did: share of what the bound leaves that they bring
FINDS = 0.4
#: share of the run that its best point may lie before the end
AT_END = 0.05
#: what the second half brought, as share of what shrinkage lets expect: below the first,
#: the descent has ended for other reasons
GOES_ON = (0.2, 0.4)
#: share of the end level that is worth the rounds
WORTH = (0.07, 0.12)
#: rates that hardly shrink trees, progress at which validation has settled then,
#: and what it ends at over training
UNSHRUNK, SETTLES, ABOVE = (0.55, 0.8), (0.5, 0.3), (1.3, 2.0)
#: share of what trees can explain that, if it is left, is the rate's fault
LEFT = 0.03
#: share above its end at which a curve has settled
SETTLED = 0.05


def rounds(s: Series) -> tuple[float, float]:
    """Rounds grown at the first and the last point of a curve; libraries count from 0 or from 1."""
    first, last = s.step_at(0), s.step_at(len(s.y) - 1)
    shift = 1.0 if first <= 0 else 0.0
    return first + shift, last + shift


def left(case: Case, s: Series) -> float | None:
    """The least share of what trees can explain that the run leaves, 0..1; None where no rate is logged."""
    rate = logged_lr(case)
    return (1 - rate) ** rounds(s)[1] if rate is not None and rate < 1 else None


def to_come(case: Case, s: Series) -> float:
    """Share of its end level by which more rounds are expected to lower a curve that is best at its end;
    0 where none are."""
    share = left(case, s) if case.boosting else None
    rate = logged_lr(case)
    if share is None or rate is None or s.best_index < (1 - AT_END) * (len(s.y) - 1):
        return 0.0
    first, last = rounds(s)
    begun = (1 - rate) ** first
    fallen = float(s.y[0]) - s.stats.last
    if fallen <= 0 or begun - share < 1e-12:
        return 0.0
    later = (mean(s, 0.45, 0.55) - mean(s, 0.9, 1.0)) / fallen
    expected = ((1 - rate) ** ((first + last) / 2) - share) / (begun - share)
    goes_on = ramp(later, *(part * expected for part in GOES_ON))
    return goes_on * min(1.0, relative(FINDS * fallen * share / (begun - share), s.stats.last))


def unshrunk(case: Case, s: Series) -> float:
    """How sure it is that a rate hardly shrinks the trees: the curve settles early,
    and far above training."""
    train, rate = case.coarsest_train, logged_lr(case)
    if train is None or train is s or rate is None:
        return 0.0
    falling = np.flatnonzero(s.y > (1 + SETTLED) * s.stats.end)
    settles = float(s.x[falling[-1]]) if len(falling) else 0.0
    above = ramp(relative(s.stats.end, train.stats.end), *ABOVE)
    return ramp(rate, *UNSHRUNK) * ramp(settles, *SETTLES) * above


def too_small(case: Case, s: Series) -> tuple[float, str]:
    """How sure it is that a rate leaves most of what trees could explain, and what to say of it."""
    rate, share = logged_lr(case), left(case, s)
    if rate is None or share is None or rate >= SLOW:
        return 0.0, ""
    least = relative(gain_interval(s.grid, s.stats.n)[0], s.stats.end) * float(share > LEFT)
    return 0.93 * ramp(max(to_come(case, s), least), *WORTH), (
        f"At a learning rate of {number(rate)}, {rounds(s)[1]:.0f} rounds leave "
        f"{percent(share)} of what the trees could explain, and the {name(s)} still falls."
    )
