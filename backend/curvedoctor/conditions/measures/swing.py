"""How much a curve swings: what it ends above its best by, and whether neighbouring points agree on where it
goes.

A curve that fluctuates has changes that follow each other at random (their correlation is near −½ for white
noise); one that creeps up after its minimum, as in overfitting, has changes that agree (towards +1).
"""

from __future__ import annotations

import math

import numpy as np

from curvedoctor.conditions.base import percent
from curvedoctor.features import told
from curvedoctor.features.blocks import medians
from curvedoctor.features.case import Case
from curvedoctor.features.resample import GRID
from curvedoctor.features.series import Series
from curvedoctor.features.statistics import MAD_TO_SIGMA, noise_sigma

#: correlation of successive changes below which a curve fluctuates rather than creeps
FLUCTUATES = 0.2
#: share of the noise's own reach that is beyond it; share of its peak at which a learning rate is at rest
BEYOND, REST = 0.6, 0.1
#: share of the start below which a level is finished: ratios of what is left say nothing
FINISHED = 0.02
#: points whose median is a level; fluctuations beyond which a level is another one
AROUND, REACH = 5, 2.0


def begins(s: Series) -> float:
    """Where a curve begins: a spike among its first points is no beginning."""
    return min(max(s.stats.start, s.stats.first), 2.0 * s.stats.first)


def above_best(s: Series) -> float:
    """Share by which the end (mean over its last twentieth) lies above the best logged value;
    0 where that says nothing."""
    low, start = s.stats.low, begins(s)
    if low < 0 or not s.stats.end > max(FINISHED * start, 0.0):
        return 0.0
    return min(s.stats.end / max(low, 1e-3 * start, 1e-300) - 1.0, 1e6)


def told_above(s: Series, best: float, level: float | None = None) -> str:
    """By how much a curve ends above its best, as the end is told: "21 %", or "around 21 %" of a level."""
    end = told.last_value(s, level, over=best)
    mark = "" if end == s.stats.last else told.AROUND
    return f"{mark}{percent(min((end - best) / max(abs(best), 1e-3 * abs(begins(s)), 1e-300), 1e6))}"


def beyond_noise(s: Series) -> bool:
    """Whether the end lies further above the best than the least of so many
    points that only fluctuate would."""
    least_of_many = math.sqrt(2 * math.log(max(s.stats.n, 2.0)))
    return s.stats.end - s.stats.low > BEYOND * least_of_many * s.stats.noise_late


def at_rest(case: Case) -> bool:
    """Whether the learning rate has come to its end: weights that hardly move throw nothing about."""
    schedule = case.schedule
    return schedule is not None and schedule.last < REST * schedule.peak and schedule.decay_start < 1.0


def fluctuates(s: Series) -> bool:
    """Whether successive changes disagree."""
    return s.stats.smoothness < FLUCTUATES


def swings_from(s: Series) -> int:
    """The finite point from which on a curve swings about the level of its last third: after it was lower for
    good, or where it came down to it. A single lucky point is no level."""
    y, n = s.y, len(s.y)
    late = y[-max(4, n // 3) :]
    middle = float(np.median(late))
    spread = MAD_TO_SIGMA * float(np.median(np.abs(late - middle)))
    if n > AROUND:
        padded = np.pad(y, AROUND // 2, mode="edge")
        levels = medians(np.lib.stride_tricks.sliding_window_view(padded, AROUND))
        lower = np.flatnonzero(levels < middle - REACH * spread)
        if len(lower):
            return min(int(lower[-1]) + 1, n - 1)
    return int(np.argmax(y <= middle + REACH * spread))


def roughness(s: Series) -> float:
    """σ of the fluctuation over the last third as share of the level: of the points, or of 64 means where
    there are more.

    Means over parts of the run average the noise of single batches out, as a mean over an epoch does. Of
    levels above zero their logarithms are taken: a decay by the same factor at each point fluctuates by
    nothing.
    """
    y = s.y if s.stats.n <= GRID else s.grid
    late = y[-max(4, len(y) // 3) :]
    if len(late) < 4:
        return s.stats.noise_late / max(abs(s.stats.end), 1e-300)
    level = 1.0 if late.min() > 0 else max(abs(s.stats.end), 1e-300)
    seconds = np.diff(np.log(late) if level == 1.0 else late, n=2)
    return float(noise_sigma(seconds[None])[0]) / level


def score_holds(score: Series | None) -> bool:
    """Whether the answers stay as good as they were, whatever the loss says:
    the error ends within a tenth (or 0.5 %) of its best."""
    if score is None or score.ceiling is None:
        return False
    return bool(score.stats.end <= max(1.1 * score.stats.low, score.stats.low + 0.005))


def settled(s: Series) -> bool:
    """Whether the last quarter is no lower than the one before, by the spread of heavy-tailed changes."""
    changes = np.diff(s.y[-4096:])
    spread = float(np.sqrt(np.mean(changes * changes) / 2))
    quarter = max(1, len(s.grid) // 4)
    gain = float(s.grid[-2 * quarter : -quarter].mean() - s.grid[-quarter:].mean())
    return bool(gain <= 0.1 * abs(s.stats.end) + 3 * spread / math.sqrt(max(1.0, s.stats.n / 4)))
