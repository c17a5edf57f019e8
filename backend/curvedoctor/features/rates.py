"""How far a run's learning rate is from what is customary for its optimizer."""

from __future__ import annotations

import math

from curvedoctor.features.case import Case
from curvedoctor.params.usual import usual_lr

#: rates up to here are those of fine-tuning, where the model is a transformer or not known and the optimizer AdamW
FINE = 1e-4


def logged_lr(case: Case) -> float | None:
    """The learning rate as configured, or the peak of its curve; None where neither is a number that a rate can be."""
    lr = case.number("lr")
    if lr is None and case.schedule is not None:
        lr = case.schedule.peak
    return lr if lr is not None and 1e-300 < lr < 1e300 else None


def fine_tuning(case: Case) -> bool:
    """Whether weights are tuned that were trained before: what the log says, or rates that nothing else is trained at."""
    if case.word("init") == "pretrained":
        return True
    model = case.word("model")
    likely = model == "transformer" or (model is None and case.word("optimizer") == "adamw")
    return likely and (logged_lr(case) or 1.0) <= FINE


def decades_below_usual(case: Case) -> float | None:
    """log10(customary lr of the optimizer / lr), see `curvedoctor.params.usual`; None where either is unknown."""
    momentum = case.number("momentum") or 0.0
    usual = usual_lr(case.word("optimizer"), momentum=momentum, pretrained=fine_tuning(case))
    lr = logged_lr(case)
    return math.log10(usual.typical / lr) if usual and lr else None
