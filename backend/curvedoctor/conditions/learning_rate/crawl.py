"""A loss that falls to the end and is still near an untrained model's, at a rate not far from custom."""

from __future__ import annotations

from curvedoctor.conditions.base import number, percent
from curvedoctor.conditions.measures.first_steps import blew_up_at_first
from curvedoctor.conditions.measures.proportions import unsure
from curvedoctor.conditions.measures.shape import error_of_mean, lately, name, relative
from curvedoctor.features import told
from curvedoctor.features.case import Case
from curvedoctor.features.chance import expected_first_loss, supposing_loss
from curvedoctor.features.rates import decades_below_usual, logged_lr
from curvedoctor.features.series import Series

#: share of a guess's loss that is near it, fewest points that say so,
#: and fall over the last quarter of outputs that grow
NEAR, MIN_NEAR_POINTS, GROWS = 0.8, 6, 0.02
#: decades below custom from which on that speaks against the rate (nearer, it helped 9 of 19 runs)
SHORT_OF = 0.5
#: the same from which on a high floor and unsure answers are the rate's fault
SLOW = 0.65
#: times an untrained model's loss that first steps which were too large end at
BLOWN_UP = 3.0


def low_rate(case: Case) -> bool:
    """Whether the rate is known, and so far below custom that what is not learnt is its fault first."""
    return (decades_below_usual(case) or 0.0) > SLOW


def blown_up(case: Case) -> bool:
    """Whether the first steps went far: what is seen after them is a way back."""
    train, guess = case.finest_train, expected_first_loss(case)
    if blew_up_at_first(case):
        return True
    if train is None or guess is None or case.judged_quantity != "loss":
        return False
    return float(train.y[0]) > BLOWN_UP * guess


def crawl(case: Case, s: Series, below: float | None) -> str | None:
    """What to say of a loss that falls to the end, at a rate that is not above custom, and is still near an
    untrained model's; or of outputs that grow surer to the end and are not sure of what is right."""
    guess = expected_first_loss(case) if case.judged_quantity == "loss" else None
    low = below is None or below >= SHORT_OF
    part = relative(s.stats.end, guess) if guess is not None and low else 0.0
    if NEAR <= part <= 1.2 and _at_best(s) and lately(s) > 3 * error_of_mean(s, 0.25):
        return (
            f"The {name(s)} still falls at the end and has come to {told.last(s)} only, "
            f"{percent(part)} of the loss of a blind guess"
            f"{supposing_loss(case, guess or 0.0)}{_at(case)}."
        )
    if (below or 0.0) < -0.3 or (levels := unsure(case)) is None:
        return None
    val, error, costs = levels
    if not _at_best(val) or relative(lately(val), val.stats.end) < GROWS:
        return None
    return (
        f"The {name(val)} still falls at the end: {told.last(val)} with "
        f"{percent(1 - told.last_value(error))} of the answers right, where {number(costs)} or less is usual "
        f"once training has settled{_at(case)}."
    )


def _at_best(s: Series) -> bool:
    return s.stats.n >= MIN_NEAR_POINTS and relative(s.stats.last, s.stats.low) <= 1.005


def _at(case: Case) -> str:
    rate = logged_lr(case)
    return f", at a learning rate of {number(rate)}" if rate else ""
