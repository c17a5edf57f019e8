"""How far a run's learning rate is from what is customary for its optimizer."""

from __future__ import annotations

import math

from curvedoctor.features.case import Case
from curvedoctor.params.usual import usual_lr


def decades_below_usual(case: Case) -> float | None:
    """log10(customary lr of the optimizer / lr), see `curvedoctor.params.usual`; None where either is unknown."""
    usual = usual_lr(case.word("optimizer"), momentum=case.number("momentum") or 0.0)
    lr = case.number("lr")
    if lr is None and case.schedule is not None:
        lr = case.schedule.peak
    return math.log10(usual.typical / lr) if usual and lr and 1e-300 < lr < 1e300 else None
