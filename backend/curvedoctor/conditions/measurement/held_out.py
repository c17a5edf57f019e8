"""What train-val-mismatch says of validation that is worse than training could ever make it: the split or the
evaluation is at fault, not the training."""

from __future__ import annotations

from typing import Any

import numpy as np

from curvedoctor.conditions.base import finding, number, percent
from curvedoctor.conditions.measures.proportions import binomial_sigma, proportion, sample_size
from curvedoctor.conditions.measures.shape import name, relative
from curvedoctor.conditions.measures.swing import roughness
from curvedoctor.features import told
from curvedoctor.features.blocks import median
from curvedoctor.features.case import Case
from curvedoctor.features.chance import MAX_CLASSES, chance_error, classes, expected_first_loss, supposing
from curvedoctor.features.rates import decades_below_usual
from curvedoctor.features.series import Series
from curvedoctor.model import Finding

ID = "train-val-mismatch"
#: points from which on validation that is worse than guessing, or explodes, is told; and that is too good
MIN_POINTS, MIN_COMPARED_POINTS = 3, 6
#: share of a guess's right answers; of all, where the classes are not known; right answers of good training
GUESS, UNKNOWN, GOOD = 0.5, 0.02, 0.5
#: standard errors of a guess's right answers that so few samples explain; how many where that is not known
CHANCE, UNKNOWN_SAMPLES = 3.0, 300
#: training samples, or different shares of right answers,
#: below which validation at chance is what so few give
HANDFUL, SHARES = 100, 8
#: share of wrong answers of training that is all but perfect; how near a guess validation stays
PERFECT, NEAR_GUESS = 0.1, 0.08
#: share of a guess's right answers below which validation is worse than one
BELOW = 0.8
#: validation over an untrained model's loss; final over first training loss, and its noise, of calm training
EXPLODES, FALLS, CALM = 10.0, 0.5, 0.2
#: final over first training loss of training that learns; share of later validation points on either side of
#: where training began, the upper and the lower side, and how often it goes from one to the other
LEARNS, WORSE, GOOD_AGAIN, TO_AND_FRO = 0.7, 0.15, 0.2, 3
#: how rough validation is, and how many times rougher than training
WILD, ROUGHER = 0.25, 5.0
#: share of where training began, above which validation is bad and below which it is good; validation samples
#: that don't jump so far
BAD, WAS_GOOD, ENOUGH = 1.4, 0.8, 50
#: decades above custom from which on a rate explains any jump
FAR_ABOVE = 0.8
#: how far above where training began validation stays at its best, of a cross-entropy and of other losses,
#: and share of its own beginning that it falls to
STAYS, STAYS_OTHERS, FALLS_TOO = 1.15, 2.0, 0.8


def badly_held(case: Case) -> Finding | None:
    """The first of these pictures."""
    pictures = (worse_than_guessing, at_chance, exploding, wild, never_as_good)
    return next((found for picture in pictures if (found := picture(case)) is not None), None)


def _better(by: float) -> dict[str, Any]:
    return {"better": by, "below": None, "memorized": None, "explained": None}


def at_chance(case: Case) -> Finding | None:
    """Validation answers as a guess does from beginning to end, training all but perfectly."""
    score, train = proportion(case, "val"), proportion(case, "train")
    few = (case.number("n_train") or HANDFUL) < HANDFUL
    if few or score is None or train is None or min(len(score.y), len(train.y)) < MIN_COMPARED_POINTS:
        return None
    low, middle, wrong = float(score.y.min()), median(score.y), float(train.y[-1])
    worse = chance_error(case) or _some_guess(middle, train)
    if wrong > PERFECT or middle < worse * (1 - NEAR_GUESS) or low < worse * (1 - 3 * NEAR_GUESS):
        return None
    that = "below that" if 1 - middle < BELOW * (1 - worse) else "that"
    return finding(
        ID, "error", 0.85, score,
        f"Validation accuracy stays around {percent(1 - middle)}, {that} of a guess"
        f"{supposing(case, 1 / (1 - worse))} ({percent(1 - worse)}), "
        f"while training reaches {percent(1 - wrong)}: are both splits prepared, labeled and "
        "evaluated alike?",
        onset=0.0, others=(train,), actions=("check-split", "clean-data"), **_better(wrong - low),
    )  # fmt: skip


def _some_guess(wrong: float, train: Series) -> float:
    """The wrong answers of the nearest guess, of whatever classes; a handful of samples makes few shares."""
    k = round(1 / max(1 - wrong, 1e-3))
    near = k >= 2 and abs(k * (1 - wrong) - 1) <= NEAR_GUESS and len(np.unique(train.y)) >= SHARES
    return 1 - 1 / k if near else np.inf


def worse_than_guessing(case: Case) -> Finding | None:
    """Validation answers worse than a guess, training well."""
    score, train = proportion(case, "val"), proportion(case, "train")
    if score is None or train is None or min(len(score.y), len(train.y)) < MIN_POINTS:
        return None
    right, well = 1 - median(score.y), 1 - float(train.y[-1])
    k = classes(case)
    if right > (GUESS / k if k else UNKNOWN) or well < GOOD:
        return None
    samples = held_out_samples(case)
    lucky = k is not None and 1 / k - right < CHANCE * binomial_sigma(1 / k, samples or UNKNOWN_SAMPLES)
    if lucky and (samples is not None or right > UNKNOWN):
        return None
    than = f" if there are fewer than {1 / UNKNOWN:.0f} classes" if k is None else supposing(case, k)
    than = "" if right < 1 / MAX_CLASSES else than  # whatever there are
    return finding(
        ID, "error", 0.92, score,
        f"The median validation accuracy is {percent(right)}, worse than guessing{than}, "
        f"while training reaches {percent(well)}.",
        onset=0.0, others=(train,), **_better(right - well),
    )  # fmt: skip


def exploding(case: Case) -> Finding | None:
    """Validation lies far above an untrained model from the start, training falls calmly."""
    train, val = case.coarsest_train, case.val
    if train is None or val is None or val.ceiling is not None or min(len(val.y), len(train.y)) < MIN_POINTS:
        return None
    untrained = max(train.stats.top, expected_first_loss(case) or 0.0)
    middle, a = median(val.y), train.stats
    calm = a.noise <= CALM * max(a.start, a.end) and a.end <= FALLS * a.start
    early = float(np.min(val.y[: max(2, len(val.y) // 4)]))
    if not calm or not untrained > 0 or min(middle, early * 2) < EXPLODES * untrained:
        return None
    return finding(
        ID, "warning", 0.85, val,
        f"The median validation loss is {number(middle)}, {number(middle / untrained)} times "
        f"what training started from, while training falls calmly to {number(a.end)}.",
        onset=0.0, others=(train,), **_better(1 - relative(middle, a.end)),
    )  # fmt: skip


def wild(case: Case) -> Finding | None:
    """Training learns calmly; validation jumps between good and worse than where training began."""
    train, val = case.coarsest_train, case.val
    if train is None or val is None or min(len(val.y), len(train.y)) < MIN_COMPARED_POINTS:
        return None
    began, a = float(train.y[0]), train.stats
    rough, calm = roughness(val), roughness(train)
    if a.end > LEARNS * began or calm > CALM or rough < max(WILD, ROUGHER * calm) or not _enough(case):
        return None
    later = val.y[len(val.y) // 4 :]
    sides = np.where(later > BAD * began, 1, np.where(later < WAS_GOOD * began, -1, 0))
    turns = np.count_nonzero(np.diff(sides[sides != 0]))
    apart = np.mean(sides > 0) < WORSE or np.mean(sides < 0) < GOOD_AGAIN
    if apart or turns < TO_AND_FRO or (decades_below_usual(case) or 0.0) < -FAR_ABOVE:
        return None
    worst = int(np.argmax(val.y[len(val.y) // 4 :])) + len(val.y) // 4
    best = val.best_index
    return finding(
        ID, "error", 0.8, val,
        f"The {name(val)} jumps between {number(float(val.curve.values[best]))} and "
        f"{number(val.logged(float(val.y[worst])))} ({val.at_step(worst)}), worse than where training began "
        f"({number(train.logged(began))}), while training goes calmly to {number(train.logged(a.end))}: are "
        "normalization and dropout in evaluation mode, with statistics that fit?",
        onset=0.0, others=(train,), **_better(1 - relative(median(later), a.end)),
    )  # fmt: skip


def held_out_samples(case: Case) -> float | None:
    """How many samples are validated on, as logged or as the steps of the score reveal; None if unknown."""
    logged, score = case.number("n_val"), proportion(case, "val")
    return logged if logged is not None or score is None else sample_size(score)


def _enough(case: Case) -> bool:
    return (held_out_samples(case) or ENOUGH) >= ENOUGH


def never_as_good(case: Case) -> Finding | None:
    """Validation falls with training and at its best stays above where training began."""
    train, val = case.coarsest_train, case.val
    if train is None or val is None or val.ceiling is not None or case.judged_quantity != "loss":
        return None
    if min(train.stats.n, val.stats.n) < MIN_COMPARED_POINTS or not _enough(case):
        return None
    guess = expected_first_loss(case)
    began = max(train.stats.first, train.stats.start, guess or 0.0)
    above = STAYS if guess is not None else STAYS_OTHERS
    falls = val.stats.end <= FALLS_TOO * val.stats.first and val.stats.end <= 1.1 * val.stats.low
    if not falls or val.stats.low < above * began or train.stats.end > FALLS * train.stats.start:
        return None
    return finding(
        ID, "warning", 0.7, val,
        f"The {name(val)} falls with training, and at its best ({number(val.stats.low)}) is above where "
        f"training began ({number(began)}); training is at {told.last(train)}: are both prepared and "
        "evaluated alike?",
        onset=0.0, others=(train,), **_better(1 - relative(val.stats.end, train.stats.end)),
    )  # fmt: skip
