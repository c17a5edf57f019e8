"""Regularization is so strong that the model can't fit its own training set.

Why it matters
    Weight decay or dropout holds both curves on a high floor; less of it ends clearly better.

How it decides
    Weight decay or dropout far above the custom (0.01 coupled or 0.3 decoupled; 0.5) is logged, and
    the training loss has settled on a high floor at or above validation.

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

import math

import numpy as np

from curvedoctor.conditions.base import FIRES, Condition, finding, number, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.shape import cannot, course, flat, relative
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged

ID = "over-regularized"


def check(case: Case) -> Finding | Unjudged | None:
    reason = cannot(case)
    if reason is not None:
        return unjudged(ID, reason)
    decay, drop = case.number("weight_decay"), case.number("dropout")
    if decay is None and drop is None:
        return unjudged(ID, "neither weight decay nor dropout is logged")
    s = case.train or case.train_step or case.val
    assert s is not None
    val = case.val if case.val is not s else None
    gap = None if val is None else relative(val.stats.end - s.stats.end, s.stats.end)
    sure = _rule(case, s, gap, decay, drop)
    if sure < FIRES:
        return None
    parts = [f"weight decay {number(decay)}"] if decay else []
    parts += [f"dropout {number(drop)}"] if drop else []
    said = f" with {' and '.join(parts)}" if parts else ""
    return finding(
        ID, "warning", sure, s, f"{course(s)}{said}; less regularization is likely to end lower.",
        others=(val,), onset=min(s.stats.t90, 1.0),
        floor=relative(s.stats.end, s.stats.start), gap=gap, weight_decay=decay, dropout=drop,
    )  # fmt: skip


def _rule(case: Case, s: Series, gap: float | None, decay: float | None, drop: float | None) -> float:
    usual = 0.3 if case.word("optimizer") == "adamw" else 0.01
    strong = ramp(math.log10(decay / usual), -0.3, 1.0) if decay and decay > 0 else 0.0
    if drop is not None:
        strong = max(strong, ramp(drop, 0.5, 0.8))
    high = ramp(relative(s.stats.end, s.stats.start), 0.3, 0.6)
    below = 1.0 if gap is None else ramp(gap, 0.25, 0.05)
    return 0.85 * strong * high * below * (1.0 if flat(s, 0.6, 0.08) else 0.4)


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
        "floor": "final over first training level",
        "gap": "final validation over final training level, minus 1; null without either",
        "weight_decay": "as logged; null if not",
        "dropout": "probability, as logged; null if not",
    },
    sick=(_decayed, _dropped),
    healthy=(*HEALTHY, _mild),
)
