"""What not-learning says of curves that moved without learning, and the level of an untrained model."""

from __future__ import annotations

import math
from typing import Any

from curvedoctor.conditions.base import REPORT_FROM, finding, number, ramp
from curvedoctor.conditions.measures.nothing import beside
from curvedoctor.conditions.measures.proportions import entropy, is_cross_entropy, proportion
from curvedoctor.conditions.measures.shape import MIN_POINTS, error_of_mean, mean, name, relative
from curvedoctor.conditions.measures.still import USUAL, rate_gone, rests_from
from curvedoctor.conditions.progress.explained import actions
from curvedoctor.features import told
from curvedoctor.features.case import Case
from curvedoctor.features.chance import agreed, chance_error, expected_first_loss, guessing, supposing_loss
from curvedoctor.features.rates import decades_below_usual
from curvedoctor.features.series import Series
from curvedoctor.model import Finding

ID = "not-learning"
#: fewest points of a score that says it stays at chance
FEWEST = 4
#: classes up to which few samples moves the share of right answers by five points
FEW = 10
#: training has learnt something where it ends below this share of an untrained model's loss
FITTED = 0.95
#: what is asked of labels that have nothing to do with their inputs
UNRELATED = ("clean-data", "check-split", "overfit-one-batch", "more-data")
#: training has learnt what validation has not where it is wrong in so small a share of a guess's mistakes
FITS = 0.7
#: training samples below which a validation loss at chance is what so few give
MEMORIZED = 100
#: share of wrong answers from which on one answer is no answer;
#: times the loss of a constant answer that are no better than it
POOR, CONSTANT = 0.25, (0.95, 1.1)
#: what makes a network answer the same to everything
ANSWER = ("overfit-one-batch", "fix-init", "fix-activation", "raise-lr", "lower-lr")
#: how near ln K a loss of unknown kind has to stay
USUALLY = 0.004
#: share of a guess's loss that is none better
NO_BETTER = 0.985
#: how near ln K a loss lies at the end of a run that guesses
ENDS = 0.02
#: share of a guess's mistakes below which answers are clearly better
CLEARLY = 0.8
#: loss of a guess up to which numbers of classes lie apart; how near it a first loss lies
FEW_CLASSES, BEGINS = math.log(10) + 0.01, 0.03


def shared(case: Case, s: Series) -> dict[str, Any]:
    """The evidence that every finding carries."""
    grad = case.grad_norm
    return {
        "spread": relative(s.stats.top - s.stats.low, s.stats.top),
        "decades_below_usual": decades_below_usual(case),
        "grad_norm": grad.stats.at50 if grad is not None else None,
    }


def unrelated(case: Case) -> Finding | None:
    """Training falls, but validation never gets better than an untrained model:
    labels and inputs are unrelated."""
    val, train = case.val, case.coarsest_train
    if val is None or train is None or case.judged_quantity != "loss" or val.stats.n < 8:
        return None
    expected = expected_first_loss(case) or _begins_at(val, train)
    if expected is None:
        return None
    if learnt_by_training(case):
        return None
    if (
        train.stats.end > FITTED * min(train.stats.start, expected)
        or (case.number("n_train") or MEMORIZED) < MEMORIZED
    ):
        return None
    worse, score = chance_error(case), case.val_score
    at_chance = 1.0 if score is None or worse is None else ramp(score.stats.best / worse, 0.85, 0.95)
    ratio = val.stats.best / expected
    confidence = 0.8 * ramp(ratio, 0.975, 0.995) * ramp(ratio, 1.3, 1.1) * at_chance
    if confidence < REPORT_FROM:
        return None
    best = float(val.y[val.best_index])
    return finding(
        ID, "error", confidence, val,
        f"The training loss falls to {told.last(train)}, but the {name(val)} is never "
        f"better than {number(best)}, that of an untrained model{supposing_loss(case, expected)} "
        f"({number(expected)}): do labels belong to their inputs?",
        others=(train,), onset=0.0, actions=UNRELATED,
        level=best, chance=expected,
        **shared(case, val),
    )  # fmt: skip


def _begins_at(val: Series, train: Series) -> float | None:
    """The loss of a guess among few classes at which both begin,
    where training then learns far more than that."""
    near = (v for v in USUAL if v <= FEW_CLASSES and abs(val.stats.first / v - 1) <= BEGINS)
    level = next(near, None) if train.stats.end < train.stats.first / 2 else None
    return level if level is not None and abs(train.stats.first / level - 1) <= 2 * BEGINS else None


def learnt_by_training(case: Case) -> bool:
    """Whether training is all but perfect: then it is not learning that fails, see train-val-mismatch."""
    score = case.train_score
    return score is not None and score.ceiling == 1.0 and score.stats.end <= 0.1


def no_better_than_chance(case: Case) -> Finding | None:
    """Answers are right as often as a blind guess is, and the loss is that of one: whatever moved,
    nothing was learnt."""
    score, s = case.val_score or case.train_score, case.val or case.train
    if score is None or s is None or score.ceiling != 1.0 or score.stats.n < FEWEST:
        return None
    worse, expected = chance_error(case), expected_first_loss(case)
    if worse is None and case.judged_quantity == "loss" and (k := _ends_at(s, score)) is not None:
        worse, expected = 1 - 1 / k, math.log(k)
    if worse is None:
        return None
    if learnt_by_training(case):
        return None
    gained, most = worse - score.stats.end, worse - score.stats.best
    room = min(1.0, FEW * (1 - worse))  # of a hundred classes, four per cent are four times a guess
    confidence = 0.92 * ramp(gained, 0.1 * room, 0.05 * room) * ramp(most, 0.2 * room, 0.1 * room)
    if case.judged_quantity == "loss":
        low = relative(s.stats.best, expected or s.stats.first)
        confidence *= ramp(low, 0.85, 0.93)  # a loss that fell speaks for a metric that is computed wrongly
    if confidence < REPORT_FROM:
        return None
    right, fitted = score.logged(score.stats.end), _training_fits(case, score, worse)
    though = "" if fitted is None else f", though the {fitted}: do labels belong to their inputs?"
    return finding(
        ID, "error", confidence, score,
        f"The {name(score)} ends at {told.last(score)}, {guessing(case, right)}{beside(case, score)}"
        f"{though or '.'}",
        others=(s,), onset=0.0, actions=actions(case, s) if fitted is None else UNRELATED, level=right,
        chance=expected, **shared(case, s),
    )  # fmt: skip


def _training_fits(case: Case, score: Series, worse: float) -> str | None:
    """How far training got while a validation score stayed at a guess's; None if no farther."""
    train = case.train_score
    if train is None or train is score or score.curve.role.split not in ("val", "test"):
        return None
    if train.stats.end > FITS * worse:
        return None
    return f"{name(train)} reaches {number(train.logged(train.stats.best))}"


def _ends_at(s: Series, score: Series) -> float | None:
    """The number of classes on which loss and answers agree that it is a guess,
    at the end and through the last half."""
    ks = {agreed(mean(s, at, at + 0.25), 1 - mean(score, at, at + 0.25), ENDS) for at in (0.5, 0.75)}
    return ks.pop() if len(ks) == 1 else None


def answers_better(case: Case) -> bool:
    """Whether a score is clearly above chance: then something was learnt, whatever the loss costs."""
    score, worse = case.val_score or case.train_score, chance_error(case)
    return score is not None and worse is not None and score.stats.end < CLEARLY * worse


def _learns_to_answer(case: Case) -> bool:
    """The same of answers that are not one and the same throughout, as the majority's share would be."""
    score = case.val_score or case.train_score
    return score is not None and answers_better(case) and rests_from(score.y) > 0


def best_above_guess(case: Case) -> float | None:
    """The best level of training and validation where neither is better than an untrained model's;
    None where one is, or the answers are."""
    if _learns_to_answer(case):
        return None
    guess = expected_first_loss(case) if case.judged_quantity == "loss" else None
    train, val = case.coarsest_train, case.val
    if guess is None or train is None or val is None or min(train.stats.n, val.stats.n) < MIN_POINTS:
        return None
    best = min(train.stats.best, val.stats.best)
    return best if best >= NO_BETTER * guess else None


def worse_than_a_guess(case: Case) -> Finding | None:
    """Neither training nor validation ever gets below what an untrained model costs."""
    train, val, best = case.coarsest_train, case.val, best_above_guess(case)
    if train is None or val is None or best is None or learnt_by_training(case):
        return None
    guess = expected_first_loss(case) or best
    return finding(
        ID, "error", 0.9, val,
        f"Neither training nor validation gets below {number(best)}; a blind guess gives "
        f"{number(guess)}{supposing_loss(case, guess)}.",
        others=(train,), onset=0.0, actions=actions(case, val), level=val.stats.end, chance=guess,
        **shared(case, val),
    )  # fmt: skip


def one_answer(case: Case) -> Finding | None:
    """The share of right answers is the same at every point,
    and the loss no lower than that of a constant answer."""
    pairs = ((proportion(case, "val"), case.val), (proportion(case, "train"), case.train))
    for error, loss in pairs:
        if (
            error is None
            or loss is None
            or case.judged_quantity != "loss"
            or min(error.stats.n, loss.stats.n) < MIN_POINTS
        ):
            continue
        wrong, best = error.stats.end, float(loss.y[loss.best_index])
        costs = entropy(min(wrong, 0.5))
        constant = CONSTANT[0] * costs <= best <= CONSTANT[1] * costs and is_cross_entropy(case, loss)
        if rests_from(error.y) > 0 or not POOR <= wrong <= 0.5 or not constant or rate_gone(case, 0.25):
            continue
        right, floor = number(error.logged(wrong)), number(costs)
        return finding(
            ID, "error", 0.9, error,
            f"The {name(error)} is {right} at all of its {error.stats.n:.0f} points and the "
            f"{name(loss)} never below {number(best)}: "
            f"one answer for every input costs no less than {floor}.",
            others=(loss,), onset=0.0, actions=(*(actions(case, loss) or ANSWER), "rebalance-classes"),
            level=error.logged(wrong),
            chance=None, **shared(case, loss),
        )  # fmt: skip
    return None


def chance_level(case: Case, s: Series) -> float | None:
    """The untrained level, if the curve ends there; in the curve's unit."""
    end = s.stats.end
    if case.judged_quantity == "accuracy":
        worse = chance_error(case)
        near = worse is not None and abs(end - worse) <= 0.04 + 3 * error_of_mean(s, 0.05)
        return worse if near else None
    if case.judged_quantity != "loss":
        return None
    expected = expected_first_loss(case)
    if expected is not None:
        # untrained weights are not zero: they may cost a little more, and then the loss has to stay there
        steady = abs(s.stats.start - end) <= 0.02 * abs(end)
        return expected if 0.95 <= end / expected <= (1.35 if steady else 1.05) else None
    if case.word("loss") == "mse":
        return 1.0 if 0.85 <= end <= 1.2 else None  # the variance of standardized targets
    return next((v for v in USUAL if abs(end / v - 1) <= USUALLY), None)


def in_vain(case: Case) -> Finding | None:
    """The first of these readings of curves that moved."""
    return unrelated(case) or no_better_than_chance(case) or one_answer(case) or worse_than_a_guess(case)
