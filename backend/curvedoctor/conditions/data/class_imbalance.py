"""One class dominates, and the model answers with it always.

Why it matters
    Accuracy looks good, 95 % perhaps, and nothing was learnt: the rare class, the one that matters as
    a rule, is never found.

How it decides
    Accuracy stays at one level (within half a point; to the last digit, if only one accuracy is logged)
    from the first epoch on, at four points or more, clearly above what a guess among equal classes gives
    and below certainty: the majority's share. The training accuracy, where it is logged, stays as well.
    Meanwhile the loss moves, and ends between the entropy of that share and what always giving the
    classes' own shares costs. Or Dice, F1, recall or mAP are zero at all points, while the loss drops by a
    quarter or more within the first fifth, below ln 2, and rests.

What to try
    Weight the loss by the inverse class frequency, or sample the classes evenly; judge by balanced
    accuracy, F1 or the precision-recall curve instead of accuracy.

When it is wrong
    A model that stays at the majority rate for another reason (learning rate, dead units) looks the
    same, most of all where no class is rare. With more than two classes the entropy of the rare ones
    among themselves comes on top.

References
    He and Garcia (2009), Learning from imbalanced data. Saito and Rehmsmeier (2015), The precision-recall
    plot is more informative than the ROC plot.
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import Condition
from curvedoctor.conditions.data.one_class import ID, one_class
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.measures.proportions import entropy
from curvedoctor.features.case import Case
from curvedoctor.model import Finding, ParamValue, Run, Unjudged


def check(case: Case) -> Finding | Unjudged | None:
    return one_class(case)


def _always_the_same(rng: np.random.Generator) -> Run:
    base = entropy(0.08)
    loss = falling(rng, 40, 0.69, base, 12, 0.01)
    return run({"loss": "bce"}, train_loss=loss, val_loss=loss, val_accuracy=np.full(40, 0.92))


def _nearly(rng: np.random.Generator) -> Run:
    loss = falling(rng, 50, 0.6, entropy(0.2) * 0.98, 14, 0.005)
    train, val = 0.8 + 0.0005 * rng.standard_normal((2, 50))
    known: dict[str, ParamValue] = {"loss": "bce", "n_classes": 2}
    return run(known, train_loss=loss, val_loss=loss, train_accuracy=train, val_accuracy=val)


def _of_four(rng: np.random.Generator) -> Run:
    """Four classes, of which one is nearly half: 98 of 220 and 418 of 880, four epochs."""
    loss = np.array([1.2752, 1.2802, 1.2712, 1.2623]) * (1 + 0.001 * rng.standard_normal(4))
    train = np.array([0.45, 0.475, 0.475, 0.475])
    return run(
        {"n_classes": 4},
        train_loss=loss + 0.01,
        val_loss=loss,
        train_accuracy=train,
        val_accuracy=np.full(4, 98 / 220),
    )


def _nothing_of_the_rare(rng: np.random.Generator) -> Run:
    """Segmentation that answers background everywhere."""
    loss = falling(rng, 40, 0.5, 0.055, 60, 0.01)
    return run({"loss": "bce"}, train_loss=loss, val_loss=loss, val_iou=np.zeros(40))


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
    actions=("rebalance-classes", "raise-lr", "change-optimizer", "overfit-one-batch"),
    check=check,
    evidence={
        "majority": "share of right answers at which accuracy stays, 0..1; null without one",
        "loss": "final loss, in its unit",
        "entropy": "loss of always giving the majority's share, in nats; null without one",
    },
    sick=(_always_the_same, _nearly, _of_four, _nothing_of_the_rare),
    healthy=(*HEALTHY, _learnt_at_once),
    scale_free=False,
)
