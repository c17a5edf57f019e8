"""Whether a learning rate is above custom, and so the first to be blamed for a loss that was lost at once."""

from __future__ import annotations

from curvedoctor.features.case import Case
from curvedoctor.features.rates import customary, logged_lr, optimizer
from curvedoctor.model import Curve
from curvedoctor.params.usual import UNBOUNDED

#: rates above most optimizers' custom; where means over epochs are logged, above that of nearly all
HIGH, HIGHEST = 0.01, 0.3
#: times the customary rate that loses a run at once: of optimizers that bound a step and so bear more, and of
#: those that don't; of squared errors, whose slope grows with them, times halfway between its low end
#: and the middle
ABOVE, UNBOUNDED_ABOVE, SQUARED_ABOVE = 30.0, 2.0, 3.0
#: the loss whose slope grows with the error
SQUARED = "mse"


def above_custom(case: Case, curve: Curve) -> bool:
    """Whether the rate is above the optimizer's custom or, where it is not known, above that of most."""
    usual, lr = customary(case), logged_lr(case) or 0.0
    if usual is None:
        return lr >= (HIGH if curve.role.granularity == "step" else HIGHEST)
    if optimizer(case) not in UNBOUNDED:
        return lr > ABOVE * usual.typical
    squared = case.word("loss") == SQUARED
    return lr > (SQUARED_ABOVE * usual.halfway if squared else UNBOUNDED_ABOVE * usual.typical)
