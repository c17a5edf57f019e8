"""What the configuration has to say of a run that learns nothing: why it may be so, and what to try then."""

from __future__ import annotations

from curvedoctor.conditions.base import number
from curvedoctor.conditions.measures.still import misfit, rate_too_high
from curvedoctor.features.case import Case
from curvedoctor.features.rates import LOWEST, decades_below, decades_below_usual, logged_lr
from curvedoctor.features.series import Series

#: decades below the customary learning rate from which on no step can be seen,
#: and from which on a rate may be too low
CRAWLS, NOT_LOW = 1.5, 1.05
#: decades above the customary rate from which on the first step kills
AT_ONCE = 2.0
#: what to try where nothing is learnt, most usual first
STUCK = (
    "overfit-one-batch",
    "raise-lr",
    "change-optimizer",
    "fix-init",
    "lower-lr",
    "clean-data",
    "fix-activation",
)
#: weights that do not change at all: not trained, or by a rate that has ended before the first point
AT_REST = ("overfit-one-batch", "raise-lr", "fix-init", "change-optimizer", "decay-later", "fix-schedule")


def crawls(case: Case) -> bool:
    """Whether the lr is so far below custom, of whatever optimizer, that no step can be seen."""
    return (decades_below(case) or 0.0) >= CRAWLS


def why(case: Case, s: Series) -> str:
    """What in the configuration explains it, as the end of a sentence."""
    odd = misfit(case, s)
    if odd is not None:
        return f": {odd}"
    way = "below" if crawls(case) else "above" if rate_too_high(case) else None
    return (
        ""
        if way is None
        else f"; a learning rate of {number(logged_lr(case) or 0.0)} is far {way} what is customary"
    )


def actions(case: Case, s: Series, resting: bool = False) -> tuple[str, ...]:
    """What the configuration explains comes before looking for a fault in the code."""
    if misfit(case, s) is not None:
        return ("fix-activation", "change-loss", "fix-targets", "overfit-one-batch")
    if rate_too_high(case):
        # such a rate kills after some steps; what never moved at all hardly ever moves at a lower one
        some = resting and (decades_below_usual(case) or 0.0) > -AT_ONCE
        first = ("overfit-one-batch", "lower-lr") if some else ("lower-lr", "overfit-one-batch")
        return (*first, "fix-init", "change-optimizer")
    if not crawls(case):
        usual = AT_REST if resting and case.lr is None else ()
        return tuple(a for a in usual or STUCK if a != "raise-lr") if _not_low(case) else usual
    return ("raise-lr", "change-optimizer", "overfit-one-batch")


def _not_low(case: Case) -> bool:
    """Whether the rate is known to be within a decade of custom; where the optimizer is not known,
    no lower than any is trained with."""
    below, lr = decades_below_usual(case), logged_lr(case)
    return lr is not None and (lr >= LOWEST if below is None else below < NOT_LOW)
