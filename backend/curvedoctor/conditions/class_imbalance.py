"""One class dominates, and the model answers with it always.

Why it matters
    Accuracy looks good, 95 % perhaps, and nothing was learnt: the rare class, the one that matters as
    a rule, is never found.

How it decides
    Accuracy stays at one constant level above chance from start to end, the majority's share, while
    the loss settles at the entropy of that share: what a constant answer with the right rate costs.

What to try
    Weight the loss by the inverse class frequency, or sample the classes evenly; judge by balanced
    accuracy, F1 or the precision-recall curve instead of accuracy.

When it is wrong
    A model that stays at the majority rate for another reason (learning rate, dead units) looks the
    same where classes are imbalanced anyway. With more than two classes
    the entropy of the rare ones among themselves comes on top.

References
    He and Garcia (2009), Learning from imbalanced data. Saito and Rehmsmeier (2015), The precision-recall
    plot is more informative than the ROC plot.
"""

from __future__ import annotations

import math

import numpy as np

from curvedoctor.conditions.base import FIRES, Condition, finding, number, percent, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.proportions import entropy, proportion
from curvedoctor.conditions.shape import cannot, course, error_of_mean
from curvedoctor.features.case import Case
from curvedoctor.features.chance import classes
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged

ID = "class-imbalance"


def check(case: Case) -> Finding | Unjudged | None:
    reason = cannot(case)
    if reason is not None:
        return unjudged(ID, reason)
    error = proportion(case, "val") or proportion(case, "train")
    if error is None:
        return unjudged(ID, "no accuracy is logged")
    loss = (
        case.val if error is not None and error.curve.role.split != "train" else case.training
    ) or case.main
    assert loss is not None
    stuck = _stuck(case, error) if error is not None else 0.0
    base = entropy(error.stats.end) if error is not None else None
    rule = 0.0
    if error is not None and base is not None and case.judged == "loss" and loss is not error:
        near = loss.stats.end / max(base, 1e-300)
        k = classes(case) or 2.0
        rare = ramp(error.stats.end, 0.3, 0.2)  # else it rather learnt nothing than that a class is rare
        most = 1.1 + error.stats.end * math.log(max(k - 1, 1.0)) / max(base, 1e-300)
        rule = 0.85 * rare * stuck * ramp(near, 0.88, 0.95) * ramp(near, 1.25 * most, most)
    elif error is not None and error.stats.top - error.stats.low <= 1e-9:
        rule = 0.5 * stuck
    sure = rule
    if sure < FIRES:
        return None
    share = 1 - error.stats.end if error is not None else None
    summary = f"{course(loss)}; weighting the classes is likely to end better."
    if rule >= 0.2 and error is not None and base is not None and share is not None:
        summary = (
            f"Accuracy stays at {percent(share)} from the start, and the loss at {number(loss.stats.end)}: what always "
            f"answering with the commonest class costs ({number(base)})."
        )
    return finding(
        ID, "warning", sure, error or loss, summary, others=(loss,) if loss is not error and error is not None else (),
        onset=0.0, majority=share, loss=loss.stats.end, entropy=base,
    )  # fmt: skip


def _stuck(case: Case, error: Series) -> float:
    """How sure it is that accuracy has one level, between chance and certainty, all through."""
    t = error.stats
    k = classes(case) or 2.0
    above = ramp(1 - 1 / k - t.end, 0.05, 0.12)
    moved = max(abs(t.start - t.end), abs(t.at25 - t.end), abs(t.best - t.end))
    still = ramp(
        moved, max(0.015, 5 * error_of_mean(error, 0.1)), max(0.005, 2.5 * error_of_mean(error, 0.1))
    )
    later = error.y[1:]
    calm = ramp(float(later.max() - later.min()), 0.012, 0.004)  # always one answer gives always one accuracy
    return above * still * calm * ramp(t.end, 0.002, 0.01) * float(t.n >= 6)


def _always_the_same(rng: np.random.Generator) -> Run:
    base = entropy(0.08)
    loss = falling(rng, 40, 0.69, base, 12, 0.01)
    return run({"loss": "bce"}, train_loss=loss, val_loss=loss, val_accuracy=np.full(40, 0.92))


def _nearly(rng: np.random.Generator) -> Run:
    loss = falling(rng, 50, 0.6, entropy(0.2) * 0.98, 14, 0.005)
    acc = 0.8 + 0.001 * rng.standard_normal(50)
    return run({"loss": "bce", "n_classes": 2}, train_loss=loss, val_loss=loss, val_accuracy=acc)


def _learnt_at_once(rng: np.random.Generator) -> Run:
    """Accuracy is high from the first epoch on, and the loss says that it is deserved."""
    return run(
        {"loss": "bce"},
        train_loss=falling(rng, 40, 0.3, 0.1),
        val_loss=falling(rng, 40, 0.3, 0.12),
        val_accuracy=np.full(40, 0.96),
    )


CONDITION = Condition(
    id=ID,
    title="classes imbalanced",
    severity="warning",
    actions=("rebalance-classes", "fix-metric"),
    check=check,
    evidence={
        "majority": "share of right answers at which accuracy stays, 0..1; null without accuracy",
        "loss": "final loss, in its unit",
        "entropy": "loss of always giving the majority's share, in nats; null without accuracy",
    },
    sick=(_always_the_same, _nearly),
    healthy=(*HEALTHY, _learnt_at_once),
    scale_free=False,
)
