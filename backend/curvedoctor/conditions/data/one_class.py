"""Whether everything is answered with the commonest class."""

from __future__ import annotations

import math

import numpy as np

from curvedoctor.conditions.base import finding, number, percent, ramp, too_few, unjudged
from curvedoctor.conditions.measures.nothing import beside, learns, loss_beside, of_nothing
from curvedoctor.conditions.measures.proportions import any_proportion, entropy
from curvedoctor.conditions.measures.shape import MIN_POINTS as POINTS
from curvedoctor.conditions.measures.shape import begin, fall, name, why_unjudgeable
from curvedoctor.features import told
from curvedoctor.features.case import Case
from curvedoctor.features.chance import classes
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Floats, Unjudged

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


def one_class(case: Case) -> Finding | Unjudged | None:
    """One class for every sample, as class-imbalance tells it."""
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
        f"{told.last(loss)}, as it does where everything is answered with the commonest class.",
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
        f"{told.last(loss)}: always answering with the commonest class costs {number(base)} or more"
        f"{beside(case, error)}.",
        others=(loss,), onset=0.0, majority=1 - wrong, loss=end, entropy=base,
    )  # fmt: skip
