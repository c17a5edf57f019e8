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

import math

import numpy as np

from curvedoctor.conditions.base import Condition, finding, number, percent, ramp, too_few, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.measures.nothing import beside, learns, loss_beside, of_nothing
from curvedoctor.conditions.measures.proportions import any_proportion, entropy
from curvedoctor.conditions.measures.shape import MIN_POINTS as POINTS
from curvedoctor.conditions.measures.shape import begin, fall, name, why_unjudgeable
from curvedoctor.features.case import Case
from curvedoctor.features.chance import classes
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Floats, ParamValue, Run, Unjudged

ID = "class-imbalance"


#: points from which on an accuracy that stays says something, and how far it may move
MIN_POINTS, STAYS = 4, 0.005
#: where one accuracy alone is logged, it must be the very same number
EXACT = 1e-6
#: the training accuracy is a mean over weights that move: how far its first point may lie off,
#: and how far it moves after it
TRAIN_FIRST, TRAIN_STAYS = 0.05, 0.01
#: how far above a guess, and below certainty, the share must lie
ABOVE, BELOW = 0.05, 0.01
#: the loss moves by this share of its level while accuracy stays: the weights are not frozen
MOVES = 0.003
#: losses that no entropy can be compared with
OTHERS = ("hinge", "mse", "mae", "huber")
#: loss over the entropy of the majority's share, at least
ENTROPY = 0.92
#: share by which a loss drops that comes down to what one class for all costs
DROPS = 0.25


def check(case: Case) -> Finding | Unjudged | None:
    reason = why_unjudgeable(case, MIN_POINTS)
    if reason is not None:
        return unjudged(ID, reason)
    if (found := _nothing_found(case)) is not None:
        return found
    error = any_proportion(case, "val") or any_proportion(case, "train")
    if error is None:
        return unjudged(ID, "no accuracy is logged")
    if len(error.y) < MIN_POINTS:
        return too_few(ID, len(error.y), MIN_POINTS, "points of accuracy")
    loss = (case.val if error.curve.role.split != "train" else case.finest_train) or case.primary
    if (
        loss is None
        or loss is error
        or case.judged_quantity != "loss"
        or case.word("loss") in OTHERS
        or not _stays(case, error)
    ):
        return None
    return _said(case, error, loss)


def _nothing_found(case: Case) -> Finding | None:
    """Dice, F1, recall or mAP of nothing, and a loss that drops at once to what one class for all costs, and
    rests there."""
    found = next((each for each in of_nothing(case) if each.kind == "hits"), None)
    loss = None if found is None else loss_beside(case, found.series)
    if found is None or loss is None or loss.stats.n < POINTS or case.word("loss") in OTHERS:
        return None
    if learns(case, loss):
        return None
    if fall(loss) < DROPS or not loss.stats.end < math.log(2):
        return None
    return finding(
        ID, "warning", 0.75, found.series,
        f"{begin(found.text)}, while the {name(loss)} drops by {percent(fall(loss))} at once and rests at "
        f"{number(loss.stats.end)}, as it does where everything is answered with the commonest class.",
        others=(loss,), onset=0.0, actions=("rebalance-classes", "change-loss", "overfit-one-batch"),
        majority=None, loss=loss.stats.end, entropy=None,
    )  # fmt: skip


def _stays(case: Case, error: Series) -> bool:
    """Whether accuracy has one level, between a guess and certainty, all through, in training as well."""
    train, wrong = case.train_score, float(error.y[-1])
    both = train is not None and train is not error and len(train.y) >= MIN_POINTS
    still = error.y[1:] if error is train else error.y
    if float(np.ptp(still)) > (STAYS if both else EXACT):
        return False
    if both and train is not None and not _nearly_stays(train.y):
        return False
    return BELOW <= wrong <= 1 - 1 / (classes(case) or 2.0) - ABOVE


def _nearly_stays(y: Floats) -> bool:
    return float(np.ptp(y[1:])) <= TRAIN_STAYS and abs(float(y[0] - y[-1])) <= TRAIN_FIRST


def _said(case: Case, error: Series, loss: Series) -> Finding | None:
    wrong, end = float(error.y[-1]), loss.stats.end
    base, k = entropy(wrong), classes(case) or 2.0
    most = base + wrong * math.log(max(k - 1, 1.0))
    moves = float(np.ptp(loss.y)) / max(abs(end), 1e-300)
    if not ENTROPY * base <= end <= 1.15 * most or moves < MOVES:
        return None
    return finding(
        ID, "warning", 0.7 + 0.2 * ramp(len(error.y), MIN_POINTS, 3 * MIN_POINTS), error,
        f"{begin(name(error))} stays at {percent(1 - wrong)} from the start while the "
        "loss moves, and the loss ends at "
        f"{number(end)}: always answering with the commonest class costs {number(base)} or more"
        f"{beside(case, error)}.",
        others=(loss,), onset=0.0, majority=1 - wrong, loss=end, entropy=base,
    )  # fmt: skip


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
