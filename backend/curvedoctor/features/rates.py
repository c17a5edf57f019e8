"""How far a run's learning rate is from what is customary for its optimizer."""

from __future__ import annotations

import math
from functools import lru_cache

from curvedoctor.features.case import Case
from curvedoctor.features.language import learns_preferences, of_language
from curvedoctor.params.usual import (
    HIGHEST_TRANSFORMER,
    HIGHEST_TUNED,
    UNBOUNDED,
    Tuned,
    UsualLr,
    usual_lr,
)

#: rates up to here are those of fine-tuning, where the model is a transformer or
#: not known and the optimizer AdamW
FINE = 1e-4
#: the least rate that anything but fine-tuning is customarily trained with
LOWEST = 1e-4
#: share by which the highest point that was logged may miss the number that was configured
MISSED = 0.01


def logged_lr(case: Case) -> float | None:
    """The learning rate as configured, or the peak of its curve, as people write numbers;
    None where neither is a number that a rate can be."""
    lr = case.number("lr")
    if lr is None and case.schedule is not None:
        lr = meant(case.schedule.peak)
    return lr if lr is not None and 1e-300 < lr < 1e300 else None


def reached_lr(case: Case) -> float | None:
    """The peak of the learning rate's curve, where the run came as far: a range test and a warm-up that was
    cut short end at whatever rate they had."""
    schedule = case.schedule
    if schedule is None or (schedule.warmup and schedule.warmup_end >= 1):
        return None
    return meant(schedule.peak) if 1e-300 < schedule.peak < 1e300 else None


def meant(peak: float) -> float:
    """The number of one digit or two that a logged peak hardly misses:
    by its first point a rate has decayed a little already.

    >>> meant(0.0009987), meant(0.0034567)
    (0.001, 0.0034567)
    """
    written = (float(f"{peak:.{digits}g}") for digits in (1, 2))
    return next((number for number in written if abs(peak - number) <= MISSED * number), peak)


@lru_cache(maxsize=8)  # conditions and changes ask of the same run again and again
def tuned(case: Case) -> Tuned | None:
    """How weights are tuned that were trained before; None where they are trained from scratch."""
    if learns_preferences(case):
        return "preferences"
    if case.number("lora_rank"):
        return "adapter"
    return "whole" if _fine_tuning(case) else None


def _fine_tuning(case: Case) -> bool:
    """Whether a transformer is tuned by what the log says, or it is at rates that nothing else is trained at.

    Other networks (ResNet and the like) bear the usual rates, though they were trained before.
    """
    model, loaded = case.word("model"), case.word("init") == "pretrained"
    if model == "transformer" and loaded:
        return True
    likely = model == "transformer" or (model is None and (loaded or case.word("optimizer") == "adamw"))
    return likely and (logged_lr(case) or 1.0) <= FINE


def trained_before(case: Case) -> bool:
    """Whether the weights are given, so that their size and their start are."""
    return tuned(case) is not None or case.word("init") == "pretrained"


def optimizer(case: Case) -> str | None:
    """What takes the steps; SGD with momentum is another one, whether its name says so or a number."""
    word = case.word("optimizer")
    return "momentum" if word == "sgd" and (case.number("momentum") or 0.0) > 0 else word


def customary(case: Case) -> UsualLr | None:
    """The customary learning rates of this kind of run; None where they are not known."""
    return usual_lr(optimizer(case), pretrained=tuned(case) or False)


def highest(case: Case) -> float | None:
    """The highest learning rate that this kind of run is customarily given; None where that is not known."""
    usual, kind, unbounded = customary(case), tuned(case), optimizer(case) in UNBOUNDED
    if kind is not None and not unbounded:
        return HIGHEST_TUNED[kind]
    if usual is None:
        return None
    tender = trained_before(case) or case.word("model") == "transformer" or of_language(case)
    return min(usual.high, HIGHEST_TRANSFORMER) if tender and not unbounded else usual.high


def decades_below_usual(case: Case) -> float | None:
    """log10(customary lr of the optimizer / lr), see `curvedoctor.params.usual`;
    None where either is unknown."""
    usual, lr = customary(case), logged_lr(case)
    return math.log10(usual.typical / lr) if usual and lr else None


def decades_below(case: Case) -> float | None:
    """The same; of an unknown optimizer how many decades below the lowest custom of any. None where the rate
    is unknown, or the optimizer is and the rate is customary for some."""
    below, lr = decades_below_usual(case), logged_lr(case)
    return math.log10(LOWEST / lr) if below is None and lr and lr < LOWEST else below
