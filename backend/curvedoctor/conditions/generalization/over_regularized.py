"""Regularization is so strong that the model can't fit its own training set.

Why it matters
    Weight decay or dropout holds both curves on a high floor; less of it ends clearly better.

How it decides
    Weight decay or dropout far above the custom is logged (three times 0.01 coupled or 0.3 decoupled;
    0.7), and the training loss has settled, at or above validation, at half of an untrained model's loss
    or more. Where an untrained model's loss is not known, its own start stands for it, and the
    regularization must be ten times the custom (dropout 0.85). Training above validation is normal with
    dropout, weight decay and label smoothing, and counts for nothing by itself.

What to try
    Divide weight decay by ten; a quarter of the dropout; milder augmentation.

When it is wrong
    Dropout puts training above validation in every sound run: only a high floor counts. A model that
    is too small looks the same.

References
    Krogh and Hertz (1992), A simple weight decay can improve generalization. Srivastava et al. (2014),
    Dropout.
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, number, percent, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.measures.shape import flat, name, relative, why_unjudgeable
from curvedoctor.features.case import Case
from curvedoctor.features.chance import expected_first_loss
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged

ID = "over-regularized"
#: times the custom that are strong where an untrained model's loss is known, and where it is not
STRONG, EXTREME = 3.0, 10.0
#: share of an untrained model's loss that is a high floor
HIGH = 0.5
#: decoupled decay shrinks the weights by lr × decay a step: below this it has no time to
INERT = 1e-5
#: optimizers that add weight decay to the gradient; of others it is taken to be decoupled, which bears thirty times more
COUPLED = ("sgd", "momentum", "adam", "rmsprop", "adagrad", "nesterov")


def check(case: Case) -> Finding | Unjudged | None:
    reason = why_unjudgeable(case)
    if reason is not None:
        return unjudged(ID, reason)
    if case.boosting:
        return unjudged(ID, "the penalties of boosted trees are no weight decay")
    decay, drop = case.number("weight_decay"), case.number("dropout")
    if decay is None and drop is None:
        return unjudged(ID, "neither weight decay nor dropout is logged")
    s = case.coarsest_train or case.val
    assert s is not None
    val = case.val if case.val is not s else None
    gap = None if val is None else relative(val.stats.end - s.stats.end, s.stats.end)
    untrained = expected_first_loss(case) if case.judged_quantity == "loss" else None
    confidence = _rule(s, gap, _times(case, decay, drop), untrained)
    if confidence < REPORT_FROM:
        return None
    floor = relative(s.stats.end, untrained or s.stats.start)
    parts = [f"weight decay {number(decay)}"] if decay else []
    parts += [f"dropout {number(drop)}"] if drop else []
    of = "an untrained model's loss" if untrained else "its start"
    return finding(
        ID, "warning", confidence, s,
        f"The {name(s)} settles at {number(s.logged(s.stats.end))}, {percent(floor)} of {of}, with {' and '.join(parts)}.",
        others=(val,), onset=min(s.stats.t90, 1.0), floor=floor, gap=gap, weight_decay=decay, dropout=drop,
    )  # fmt: skip


def _times(case: Case, decay: float | None, drop: float | None) -> float:
    """How many times the custom the regularization is; dropout counts by what is kept."""
    by_drop = STRONG * ramp(drop, 0.6, 0.7) + (EXTREME - STRONG) * ramp(drop, 0.7, 0.85) if drop else 0.0
    return max(by_drop, _by_decay(case, decay) if decay and decay > 0 else 0.0)


def _by_decay(case: Case, decay: float) -> float:
    if case.word("optimizer") in COUPLED:
        return decay / 0.01
    lr = case.number("lr")
    return 0.0 if lr is not None and lr * decay < INERT else decay / 0.3


def _rule(s: Series, gap: float | None, times: float, untrained: float | None) -> float:
    strong = ramp(times, 0.5 * STRONG, STRONG) if untrained else ramp(times, 0.75 * EXTREME, EXTREME)
    high = ramp(relative(s.stats.end, untrained or s.stats.start), HIGH - 0.1, HIGH + 0.1)
    below = 1.0 if gap is None else ramp(gap, 0.25, 0.05)
    return 0.9 * strong * high * below * float(flat(s, 0.6, 0.08))


def _decayed(rng: np.random.Generator) -> Run:
    y = falling(rng, 60, 2.3, 1.5, 14)
    return run({"weight_decay": 0.3, "optimizer": "adam"}, train_loss=y, val_loss=y * 1.01)


def _dropped(rng: np.random.Generator) -> Run:
    return run(
        {"dropout": 0.9}, train_loss=falling(rng, 60, 2.3, 1.9, 10), val_loss=falling(rng, 60, 2.3, 1.5, 10)
    )


def _mild(rng: np.random.Generator) -> Run:
    return run(
        {"weight_decay": 1e-4, "dropout": 0.2},
        train_loss=falling(rng, floor=0.5),
        val_loss=falling(rng, floor=0.4),
    )


CONDITION = Condition(
    id=ID,
    title="regularization too strong",
    severity="warning",
    actions=("reduce-regularization", "bigger-model"),
    check=check,
    evidence={
        "floor": "final training level over an untrained model's, or over its start where that is not known",
        "gap": "final validation over final training level, minus 1; null without either",
        "weight_decay": "as logged; null if not",
        "dropout": "probability, as logged; null if not",
    },
    sick=(_decayed, _dropped),
    healthy=(*HEALTHY, _mild),
)
