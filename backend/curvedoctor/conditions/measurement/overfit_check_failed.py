"""A run on a handful of samples could not drive its loss to zero.

Why it matters
    Any model that is able to learn can learn ten samples by heart. One that can't has a fault in its
    code, its capacity or its learning rate, and no amount of data will help.

How it decides
    The run trains on at most 10 samples (64 where nothing is validated) and its training loss is
    still above a fiftieth of an untrained model's at the end, with no score that is all but perfect.

What to try
    A learning rate ten times higher, or more steps; a bigger model; then look for the fault: labels
    that don't belong to their inputs, a frozen layer, a detached gradient, regularization left on.

When it is wrong
    Noise in the targets or dropout keeps the loss up; so does a task with contradicting samples.

References
    Karpathy (2019), A recipe for training neural networks ("overfit one batch"). CS231n, Sanity checks
    (2023).
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, number, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.measures.shape import error_of_mean, lately, relative, signed
from curvedoctor.features import told
from curvedoctor.features.case import Case
from curvedoctor.features.chance import expected_first_loss
from curvedoctor.features.rates import decades_below_usual
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged
from curvedoctor.readings.overfit_check import NOTHING, is_overfit_check

ID = "overfit-check-failed"
#: share of wrong answers of a score that has learnt the samples by heart
RIGHT = 0.02
#: fall over the last quarter, as share of the level, of a loss that is on its way
FALLS = 0.05
#: relative range of a loss that does not move: weights that are not updated
STILL = 1e-3


def check(case: Case) -> Finding | Unjudged | None:
    if case.number("n_train") is None:
        return unjudged(ID, "the number of training samples is not logged")
    s = case.coarsest_train
    if not is_overfit_check(case):
        return None
    if s is None or s.stats.n < 5 or signed(case):
        return unjudged(
            ID, "no training loss of five points or more, with zero as its lowest value, is logged"
        )
    if _right(case):
        return None
    first = expected_first_loss(case) or s.stats.first
    left = relative(s.stats.end, first)
    confidence = 0.95 * ramp(left, NOTHING, 4 * NOTHING)
    if confidence < REPORT_FROM:
        return None
    n = case.number("n_train") or 0
    return finding(
        ID, "error", confidence, s,
        f"On {n:g} samples the loss ends at {told.last(s)}, from {number(first)}: it "
        "should reach nearly zero.",
        onset=1.0, actions=_actions(case, s), n_train=n, left=left, first=first,
    )  # fmt: skip


def _right(case: Case) -> bool:
    """Whether all but all answers are right, or all objects found: a loss of boxes has no zero to reach."""
    scores = (s for s in case.series.values() if s.curve.role.quantity == "accuracy" and s.ceiling == 1.0)
    return any(s.stats.end <= RIGHT for s in scores)


def _actions(case: Case, s: Series) -> tuple[str, ...]:
    """A loss that does not move at all is a fault of the code; a low lr comes before a small model, and more
    steps where it still falls."""
    if relative(s.stats.top - s.stats.low, s.stats.top) < STILL:
        return ("overfit-one-batch", "raise-lr", "bigger-model")
    if (decades_below_usual(case) or 0.0) >= 1.0:
        return ("raise-lr", "bigger-model")
    on = lately(s)
    if on > max(FALLS * s.stats.end, 3 * error_of_mean(s, 0.25)):
        return ("train-longer", "raise-lr", "bigger-model")
    return ()


def _stays(rng: np.random.Generator) -> Run:
    return run({"n_train": 10, "lr": 1e-4}, train_loss=falling(rng, 100, 2.3, 0.9, 3))


def _nothing(rng: np.random.Generator) -> Run:
    params = {"n_train": 8, "n_classes": 10}
    return run({"loss": "cross-entropy", **params}, train_loss_step=falling(rng, 200, 2.3, 2.0, 3))


def _passes(rng: np.random.Generator) -> Run:
    return run({"n_train": 10}, train_loss=falling(rng, 200, 2.3, 1e-3, 15))


def _a_real_run(rng: np.random.Generator) -> Run:
    return run({"n_train": 5000}, train_loss=falling(rng), val_loss=falling(rng))


CONDITION = Condition(
    id=ID,
    title="can't even learn a handful of samples",
    severity="error",
    actions=("bigger-model", "raise-lr", "overfit-one-batch", "train-longer"),
    check=check,
    evidence={
        "n_train": "training samples",
        "left": "final loss over an untrained model's",
        "first": "an untrained model's loss (expected, else the first logged), in its unit",
    },
    sick=(_stays, _nothing),
    healthy=(*HEALTHY, _passes, _a_real_run),
    scale_free=False,
)
