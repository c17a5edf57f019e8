"""What the first steps did, and when their size can't have been the rate's doing."""

from __future__ import annotations

from curvedoctor.conditions.measures.shape import relative
from curvedoctor.features.case import Case
from curvedoctor.features.rates import decades_below

#: first epoch's mean as a multiple of validation after it that no start explains, at whatever rate
NO_START = 100.0
#: share of the first epoch's that the second epoch's loss is where only the first steps went far
GONE = 0.1
#: decades below custom from which on no step is too large for weights and inputs of usual size: from here on
#: the rate itself is a suspect for being too low
FAR_BELOW = 1.6


def after_first(case: Case) -> float:
    """The first epoch's mean training loss as a multiple of validation after it; 0 where that is unknown."""
    s, val = case.train, case.val
    return relative(s.stats.first, val.stats.first) if s is not None and val and val.stats.first > 0 else 0.0


def blew_up_at_first(case: Case) -> bool:
    """Whether the first epoch alone is that far above: not a training loss of another scale throughout."""
    s = case.train
    high = s is not None and s.stats.n >= 2 and after_first(case) >= NO_START
    return high and s is not None and float(s.y[1]) <= GONE * float(s.y[0])


def far_below(case: Case) -> bool:
    """Whether the rate is known and so far below custom that nothing it does is its size."""
    return (decades_below(case) or 0.0) >= FAR_BELOW
