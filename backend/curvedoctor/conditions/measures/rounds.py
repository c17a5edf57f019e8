"""What the rounds of boosted trees have left to do: each corrects at most the learning rate's share of what is left.

With shrinkage ν a round leaves at least 1 − ν of what trees can explain (Friedman 2001), so t rounds leave (1 − ν)^t.
"""

from __future__ import annotations

from curvedoctor.conditions.measures.shape import relative
from curvedoctor.features.case import Case
from curvedoctor.features.rates import logged_lr
from curvedoctor.features.series import Series

#: what libraries start from, and below which rate so few rounds are the rate's fault
CUSTOMARY, SLOW = 0.1, 0.04
#: later rounds find less than the first ones did: share of what the bound leaves that they bring
FINDS = 0.4
#: share of the run that its best point may lie before the end
AT_END = 0.05
#: share of the end level that is worth the rounds
WORTH = (0.07, 0.12)


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
    """Share of its end level by which more rounds are expected to lower a curve that is best at its end; 0 where none are."""
    share = left(case, s) if case.boosting else None
    rate = logged_lr(case)
    if share is None or rate is None or s.best_index < (1 - AT_END) * (len(s.y) - 1):
        return 0.0
    begun = (1 - rate) ** rounds(s)[0]
    fallen = float(s.y[0]) - s.stats.last
    if fallen <= 0 or begun - share < 1e-12:
        return 0.0
    return min(1.0, relative(FINDS * fallen * share / (begun - share), s.stats.last))
