"""Whether the best evaluation is better than an untrained model: else it is nothing to go back to."""

from __future__ import annotations

from curvedoctor.features.case import Case
from curvedoctor.features.chance import chance_error, expected_first_loss
from curvedoctor.features.series import Series

#: share of an untrained model's level that the best evaluation has to stay below, where that is known (of the
#: clinic's runs that never did, stopping at their best helped 3 of 533); share of the first evaluation else
LEARNT, BETTER = 0.1, 0.01


def learnt(case: Case, s: Series) -> bool:
    """Whether the best evaluation is known to be better than what an untrained model gives."""
    best, first, guess = float(s.y[s.best_index]), float(s.y[0]), _guess(case, s)
    if s.best_index == 0 and not passed(case, s) > 0:
        return False
    if guess is not None:
        return best <= (1 - LEARNT) * guess
    return first - best > BETTER * abs(first) or (s.best_index == 0 and _trained_by(case, s))


def _guess(case: Case, s: Series) -> float | None:
    """What an untrained model gives on that curve; None where it is not known."""
    if s is case.val and case.judged_quantity == "loss":
        return expected_first_loss(case)
    return chance_error(case) if s is case.val_score and s.ceiling == 1.0 else None


def _trained_by(case: Case, s: Series) -> bool:
    """Whether training had clearly fallen by the first evaluation."""
    train = case.finest_train
    if train is None:
        return False
    before = train.y[train.x <= s.x[0]]
    return len(before) > 1 and float(before.min()) <= float(before[0]) - LEARNT * abs(float(before[0]))


def passed(case: Case, s: Series) -> float:
    """What of its axis the best point has behind it: an epoch counted from zero is over at its point, unless
    the last of them is the number configured: then the first evaluation was made before training."""
    step, last = s.step_at(s.best_index), s.step_at(len(s.y) - 1)
    from_zero = s.curve.axis == "epoch" and s.step_at(0) == 0 and last != case.number("epochs")
    return step + float(from_zero)
