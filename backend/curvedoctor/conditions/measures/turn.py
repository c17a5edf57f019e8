"""Where a curve turned: its best logged point, how far above it the curve ends,
and whether noise explains that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curvedoctor.conditions.measures.shape import error_of_mean, relative, rising
from curvedoctor.features.blocks import median
from curvedoctor.features.case import Case
from curvedoctor.features.chance import classes, expected_first_loss
from curvedoctor.features.series import Series

#: points below which noise can't be told from a course: there the sequence itself must rise
SHORT = 8
#: a best point later than this is the end
LATE = 0.9
#: logged points after the best one, at least
AFTER = 2
#: a rise is beyond noise from so many standard errors of the level,
#: or such a Mann-Kendall z of the points after the best
ERRORS, TREND = 3.0, 2.5

#: a score may lose a tenth of its right or of its wrong answers (the fewer), or a point, and is said to hold
HOLDS = 0.1
#: wrong answers up to this share serve most tasks
FEW_WRONG = 0.05


@dataclass(frozen=True, slots=True)
class Turn:
    """The best logged point and what came after. Levels are in the unit of `Series.y`: lower is better."""

    #: which finite point is the best
    index: int
    best: float
    #: the last logged value, of many points the median of the last tenth
    end: float
    #: `end` over `best`, minus 1
    rise: float
    #: whether the rise is beyond the curve's own noise
    clear: bool


def turn(s: Series) -> Turn | None:
    """The turn of a curve; None where its best point is at or near its end."""
    k, n = s.best_index, len(s.y)
    if n - 1 - k < AFTER or float(s.x[k]) > LATE:
        return None
    best, end = float(s.y[k]), median(s.y[-max(1, n // 10) :])
    return Turn(k, best, end, relative(end - best, best), _rises(s, k) if n < SHORT else _beyond_noise(s, k))


def _rises(s: Series, k: int) -> bool:
    """Of few points: most go up after the best, and the last two are both the highest but at most one."""
    later = s.y[k:]
    steps = np.sign(np.diff(later))
    middle = float(later[0] + later[-1]) / 2
    return bool(steps.sum() > 0 and later[-1] > middle and later[-2] >= later[0] + (middle - later[0]) / 2)


def _beyond_noise(s: Series, k: int) -> bool:
    t = s.stats
    # the best of some twenty windows lies about two standard errors low by chance alone
    error = max(1.4 * error_of_mean(s, 0.05), 1e-12 * abs(t.best))
    return t.end - t.best > ERRORS * error or rising(s, float(s.x[k])) > TREND


def at(s: Series, other: Series, index: int) -> float:
    """The level of another curve at the place of a logged point of `s`, in the other's unit."""
    x = float(s.x[index])
    if len(other.y) <= len(other.grid):
        return float(np.interp(x, other.x, other.y))
    return float(np.interp(x, np.linspace(0.0, 1.0, len(other.grid)), other.grid))


def untrained(case: Case, s: Series) -> float:
    """What the level of a curve is to be compared with: its highest start,
    or an untrained model's loss if that is known."""
    known = [abs(s.stats.first), abs(s.stats.start)]
    if case.judged_quantity == "loss":
        k = classes(case) if case.val_score is not None or case.train_score is not None else None
        known += [expected_first_loss(case) or 0.0, float(np.log(k)) if k is not None else 0.0]
    return max(known)


def holds(score: Series, before: float) -> bool:
    """Whether a score ends as good as a level before (turned round, as `Series.y`)."""
    fewer = min(abs(before), abs((score.ceiling or 0.0) - before))
    return score.stats.end <= before + max(HOLDS * fewer, 0.01)


def serves(case: Case) -> bool:
    """Whether the validation score ends near its best, with few wrong answers."""
    score = case.val_score
    if score is None or score.ceiling != 1.0:
        return False
    return score.stats.end <= FEW_WRONG and holds(score, float(score.y[score.best_index]))
