"""What undertrained says of a handful of epochs, of which no course can be continued: both losses still fall
steeply, or ever faster."""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import finding, percent
from curvedoctor.conditions.measures.shape import error_of_mean, mean, name, relative
from curvedoctor.conditions.measures.unfinished import rate_ended
from curvedoctor.conditions.progress.on_its_way import ID
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.model import Finding

#: fewest points of which a course is continued; of two or three,
#: a validation loss that falls by this share at the last one
MIN_POINTS, STEEP = 4, 0.1
#: training loss over the validation loss after it from which on a rate that is too high makes the fall
THROWN = 3.0
#: points of which each fall is seen (chance orders four falls, all of them downwards, once in 384);
#: share of the level that the last one is at least, and how many of more may be no larger than the one before
FASTER, BRINGS, LAGS = (5, 12), 0.004, 1


def few_epochs(case: Case) -> Finding | None:
    """Where nothing else could yet be wrong, and the rate has not come to its end."""
    if case.judged_quantity == "accuracy" or rate_ended(case):
        return None
    return _steeply(case) or _ever_faster(case)


def _steeply(case: Case) -> Finding | None:
    """Two or three epochs, both losses still falling steeply in the last one."""
    val, train = case.val, case.finest_train
    if val is None or train is None or not 2 <= val.stats.n < MIN_POINTS:
        return None
    before, last = float(val.y[-2]), float(val.y[-1])
    falls = relative(before - last, before)
    since = mean(train, 0.35, 0.65) if train.stats.n > MIN_POINTS else float(train.y[-2])
    until = mean(train, 0.85, 1.0) if train.stats.n > MIN_POINTS else float(train.y[-1])
    lower = since - until > max(STEEP / 2 * since, 3 * error_of_mean(train, 0.15))
    if falls < STEEP or not lower or last > val.stats.low or since > THROWN * before:
        return None
    return _say(
        case, val, falls,
        f"The run ends after {val.stats.n:.0f} points, with the {name(val)} {percent(falls)} "
        "lower at the last one, "
        f"{val.curve.axis} {val.step_at(len(val.y) - 1):g}, than at the one before, and the "
        f"{name(train)} falling with it.",
    )  # fmt: skip


def _ever_faster(case: Case) -> Finding | None:
    """Some epochs, each of which brought more than the one before: on a plateau that it has only begun to
    leave, or at a rate far too low, a run is not near its end."""
    s = case.val if case.val is not None and case.val.stats.n >= FASTER[0] else case.primary
    beside = [o for o in (case.train, case.val) if o is not None and o is not s and o.stats.n == len(o.y)]
    if (
        s is None
        or s.stats.low <= 0
        or not _speeds_up(s)
        or not all(o.best_index == len(o.y) - 1 for o in beside)
    ):
        return None
    before, last = float(s.y[-2]), float(s.y[-1])
    falls, began = relative(before - last, before), relative(float(s.y[0] - s.y[1]), float(s.y[0]))
    return _say(
        case, s, falls,
        f"The {name(s)} falls ever faster, by {percent(began)} from the first to the second of "
        f"{len(s.y)} points and by {percent(falls)} to the last, "
        f"{s.curve.axis} {s.step_at(len(s.y) - 1):g}: it has only begun.",
    )  # fmt: skip


def _speeds_up(s: Series) -> bool:
    """Whether every point is lower than the one before, each fall is the largest so far but for single ones,
    and the last is worth to be called one."""
    if not FASTER[0] <= len(s.y) <= FASTER[1]:
        return False
    falls = -np.diff(s.y)
    lags = np.count_nonzero(np.diff(falls) <= 0)
    more = lags == 0 if len(falls) <= FASTER[0] else lags <= LAGS
    return bool(falls.min() > 0 and more and falls[-1] == falls.max() and falls[-1] >= BRINGS * s.y[-2])


def _say(case: Case, s: Series, falls: float, text: str) -> Finding:
    return finding(
        ID, "warning", 0.85, s, text, others=(case.finest_train,) if s is case.val else (), at=len(s.y) - 1,
        gain_least=None, gain_most=None, last_quarter=falls, planned_end=None,
    )  # fmt: skip
