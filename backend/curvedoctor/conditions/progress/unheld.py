"""What not-learning says where training learns and nothing of it ever holds for held-out samples, whatever
the classes: their number need not be known, nor need they be equally frequent."""

from __future__ import annotations

import math

from curvedoctor.conditions.base import finding, number
from curvedoctor.conditions.measures.proportions import nats, proportion
from curvedoctor.conditions.measures.shape import MIN_POINTS, error_of_mean, mean, name
from curvedoctor.conditions.progress.blind import ID, MEMORIZED, UNRELATED, learnt_by_training, shared
from curvedoctor.features import told
from curvedoctor.features.blocks import median
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.model import Finding

#: share of right answers that training gains
GAINS = 0.2
#: how far right answers of validation lie above training's first, and its last third above its first
ABOVE_FIRST, ON = 0.08, 0.03
#: right answers of a constant answer among several classes, at most; of two classes, how far from one half
SEVERAL, TWO = 0.4, 0.06
#: times e^−loss, the weight that a constant answer gives to the truth, that it is right at most: one for
#: classes equally frequent; and what no answers that know something are
SKEWED, EVEN = 1.75, 1.4
#: times training's first loss beyond which a loss at its best is no constant answer's, but evaluated wrongly
SKEWED_LOSS, AMISS = 1.1, 1.5
#: share of what it began with, and of where training began, that the loss never gets below; and of its
#: beginning that it ends at, at least
NEVER_BELOW, OF_TRAINING, OF_TWO, NOR_ENDS = 0.9, 0.75, 0.97, 0.985
#: times its lowest that a loss ends at which came down to a guess's and did not stay
TURNS = 1.04
#: what is asked first of an evaluation that goes wrong
AMISS_FIRST = ("check-split", "clean-data", "fix-metric", "more-data")


def never_held(case: Case) -> Finding | None:
    """Training learns, validation answers as one constant answer does from beginning to end."""
    score, fitted = proportion(case, "val"), proportion(case, "train")
    val, train = case.val, case.coarsest_train
    if score is None or fitted is None or val is None or train is None or case.judged_quantity != "loss":
        return None
    few = (case.number("n_train") or MEMORIZED) < MEMORIZED
    if few or min(score.stats.n, fitted.stats.n, val.stats.n) < MIN_POINTS or learnt_by_training(case):
        return None
    gained = float(fitted.y[0]) - fitted.stats.end
    if gained < GAINS or not _stays(score, float(fitted.y[0])) or not _uninformed(val, train, score):
        return None
    around, low = median(score.y), number(float(val.y[val.best_index]))
    amiss = val.stats.low > AMISS * train.stats.first
    return finding(
        ID, "error", 0.8, score,
        f"The {name(score)} stays around {number(score.logged(around))} and the {name(val)} never gets below "
        f"{low}, no better than one answer for every input, though the {name(fitted)} goes to "
        f"{told.last(fitted)}: do labels belong to their inputs?",
        others=(val, fitted), onset=0.0, actions=AMISS_FIRST if amiss else UNRELATED,
        level=score.logged(around), chance=None, **shared(case, score),
    )  # fmt: skip


def _stays(score: Series, first: float) -> bool:
    """Whether answers are never much better than training's were in its first epoch, nor get better."""
    rises = mean(score, 0.0, 1 / 3) - mean(score, 2 / 3, 1.0)
    noise = min(3 * error_of_mean(score, 1 / 3), ON)
    return median(score.y) >= first - ABOVE_FIRST and rises <= ON + noise


def _uninformed(val: Series, train: Series, score: Series) -> bool:
    """Whether a constant answer costs no more, and is right as often."""
    right, low, began = 1 - median(score.y), nats(val, val.stats.low), nats(train, train.stats.first)
    first, end = nats(val, val.stats.first), nats(val, val.stats.end)
    if right * math.exp(min(low, 50.0)) > EVEN:
        if low < NEVER_BELOW * first or low < OF_TRAINING * began:
            return False
    else:
        first = min(first, TURNS * low)  # however far above a guess it began, it came down to one
    if end < NOR_ENDS * first:
        return False
    if right > SEVERAL:
        return abs(right - 0.5) <= TWO and low >= OF_TWO * math.log(2)
    return right * math.exp(min(low, SKEWED_LOSS * began, 50.0)) <= SKEWED
