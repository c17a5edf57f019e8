"""Training ends far below validation, though validation is flat.

Why it matters
    Worth knowing rather than a fault: nearly every good model has a gap. A wide one says that more
    data or regularization may have more to give than more training.

How it decides
    At the end the validation loss exceeds the training loss by half or more (the error rate is at
    least twice as high), by many times the noise, and validation has not risen from its best: that
    would be overfitting. It may still fall, and the sentence says so.

What to try
    Weight decay, dropout, augmentation; more data.

When it is wrong
    Validation data from another distribution show a gap that no regularization closes.

References
    CS231n, Learning curves (2023). Zhang et al. (2017), Understanding deep learning requires rethinking
    generalization.
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.measures.descent import falls_to_the_end
from curvedoctor.conditions.measures.shape import error_of_mean, flat, lately, relative, why_unjudgeable
from curvedoctor.features import told
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged

ID = "generalization-gap"
#: the part of the run since which validation is flat
LATE = 0.5


def check(case: Case) -> Finding | Unjudged | None:
    reason = why_unjudgeable(case)
    if reason is not None:
        return unjudged(ID, reason)
    train, val = case.coarsest_train, case.val
    if train is None or val is None:
        return unjudged(ID, "training and validation are not both logged")
    a, b = train.stats, val.stats
    ratio = relative(b.end, max(a.end, 0.02 * abs(a.start), 1e-300))
    rise = relative(b.end - b.best, b.best)
    z = (b.end - a.end) / max(error_of_mean(val, 0.05) + error_of_mean(train, 0.05), 1e-300)
    confidence = 0.9 * ramp(ratio, 1.3, 2.0) * ramp(rise, 0.06, 0.03) * ramp(z, 3.0, 6.0)
    if confidence < REPORT_FROM:
        return None
    return finding(
        ID, "info", confidence, val,
        f"Validation ends at {told.last(val, over=a.end)}, training at "
        f"{told.last(train, over=b.end)}; validation {_goes(val)}.",
        others=(train,), onset=1.0, ratio=ratio, gap=b.end - a.end, rise=rise,
    )  # fmt: skip


def _goes(val: Series) -> str:
    """What validation does where it ends: what may yet fall is not called flat."""
    if falls_to_the_end(val) > 0 or (lately(val) > 0 and not flat(val, LATE)):
        return "still falls" if val.ceiling is None else "still gets better"
    return "is flat"


def _wide(rng: np.random.Generator) -> Run:
    return run(train_loss=falling(rng, floor=0.1), val_loss=falling(rng, floor=0.6))


def _wide_scores(rng: np.random.Generator) -> Run:
    train, val = falling(rng, 60, 0.6, 0.03, 10), falling(rng, 60, 0.6, 0.2, 10)
    return run(train_accuracy=1 - train, val_accuracy=1 - val)


def _narrow(rng: np.random.Generator) -> Run:
    return run(train_loss=falling(rng, floor=0.5), val_loss=falling(rng, floor=0.55))


def _memorized_well(rng: np.random.Generator) -> Run:
    """Both next to nothing: the ratio says little."""
    return run(train_loss=falling(rng, floor=1e-4, speed=14), val_loss=falling(rng, floor=0.03))


CONDITION = Condition(
    id=ID,
    title="gap between training and validation",
    severity="info",
    actions=("regularize", "more-data"),
    check=check,
    evidence={
        "ratio": "final validation over final training level",
        "gap": "final validation minus training, in the curve's unit (error: share)",
        "rise": "final validation over its best, minus 1",
    },
    sick=(_wide, _wide_scores),
    healthy=(*HEALTHY, _narrow, _memorized_well),
)
