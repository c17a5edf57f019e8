"""What several conditions ask of a curve: levels, gains, significance,
and whether it can be judged at all."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from curvedoctor.features import told
from curvedoctor.features.blocks import median
from curvedoctor.features.case import Case
from curvedoctor.features.resample import GRID
from curvedoctor.features.series import Series
from curvedoctor.model import Floats, Ints
from curvedoctor.readings.lr_range_test import is_range_test
from curvedoctor.readings.overfit_check import is_overfit_check
from curvedoctor.roles import measure_of

#: share of right answers gained that says that something was learnt
IMPROVED = 0.05
#: points below which a trend says nothing
MIN_POINTS = 6
TINY = 1e-300
#: of two series, one is above the other at this share of the points, further off than so many jitters,
#: and than this share of the level
SIDED, SMOOTH, APART = 0.9, 3.0, 0.1
_PLACES = np.linspace(0.0, 1.0, GRID)


def why_unjudgeable(case: Case, least: int = MIN_POINTS, *, of_pairs: bool = False) -> str | None:
    """Why the run's training can't be judged; None if it can.

    `of_pairs`: whether the question makes sense where two networks throw each other about.
    """
    s = case.primary
    if case.agent:
        return "an agent is judged by its reward: its losses need not fall"
    if case.pairs and s is not None and not of_pairs:
        return "two networks are trained against each other: that measures of what they make sway is no fault"
    if s is None:
        return "no loss, error or score with a direction is logged"
    if s.stats.n < least:
        return f"{s.stats.n:.0f} points are too few; {least} are needed"
    return _spoilt(case, s)


@lru_cache(maxsize=8)  # asked by almost every condition
def _spoilt(case: Case, s: Series) -> str | None:
    if signed(case):
        return "the loss goes below zero, so its level says nothing about how good the model is"
    if s.stats.bad_tail and (case.finest_train is None or case.finest_train.stats.bad_tail):
        return "the loss is not finite at the end"
    if probing(case):
        return "the run is a learning-rate range test"
    if is_overfit_check(case):
        return f"the run is an overfit check on {case.number('n_train'):g} samples"
    return None


def signed(case: Case) -> bool:
    """Whether a judged curve goes below zero: ratios of it mean nothing (likelihoods, adversarial losses)."""
    known = (case.train, case.train_step, case.val)
    return any(s is not None and s.stats.low < 0 for s in known)


@lru_cache(maxsize=8)
def probing(case: Case) -> bool:
    """Whether the run is a learning-rate range test."""
    return is_range_test(case.lr)


def level(s: Series, at: float) -> float:
    """The level of a curve at a progress of its own, in its unit."""
    return float(np.interp(at, _PLACES, s.grid))


@lru_cache(maxsize=128)  # conditions ask for the same parts of the same curves
def mean(s: Series, since: float, until: float) -> float:
    """Mean level between two places of progress, in the curve's unit."""
    a = min(int(since * GRID), GRID - 1)
    b = min(max(a + 1, int(until * GRID)), GRID)
    return float(np.add.reduce(s.grid[a:b])) / (b - a)


def error_of_mean(s: Series, share: float) -> float:
    """Standard error of the mean over a share of the run, from its point-to-point noise."""
    return max(s.stats.noise, s.stats.noise_late) / math.sqrt(max(1.0, s.stats.n * share))


def relative(a: float, b: float) -> float:
    """a / |b|, safe at zero; at most 1e9 either way."""
    return max(-1e9, min(1e9, a / max(abs(b), TINY)))


def fall(s: Series) -> float:
    """Share of the start that the curve has fallen by, −… to 1."""
    return relative(s.stats.start - s.stats.end, s.stats.start)


def flat(s: Series, since: float, tolerance: float = 0.03) -> bool:
    """Whether the level neither rose nor fell by more than `tolerance` (or its noise) since a place:
    the means of two halves."""
    a = mean(s, since, (1 + since) / 2)
    b = mean(s, (1 + since) / 2, 1.0)
    return abs(a - b) <= max(tolerance * max(abs(b), TINY), 3.5 * error_of_mean(s, (1 - since) / 2))


def lately(s: Series) -> float:
    """By how much the last quarter is lower than the one before, in the curve's unit."""
    return mean(s, 0.5, 0.75) - mean(s, 0.75, 1.0)


def remaining(s: Series) -> float:
    """Gain still to be had by running as long again, as share of the end level: the smaller of two
    extrapolations.

    A power law with offset (`Stats.gain_double`), and a geometric continuation of the last two quarters.
    """
    third, last = mean(s, 0.5, 0.75), mean(s, 0.75, 1.0)
    second = mean(s, 0.25, 0.5)
    g1, g2 = second - third, third - last
    if g2 <= 3.0 * error_of_mean(s, 0.25):
        return 0.0
    q = min(g2 / g1, 0.97) if g1 > 0 else 0.97
    ahead = min(g2 * sum(q**k for k in range(1, 5)), _by_eighths(s))
    return max(0.0, min(s.stats.gain_double, relative(ahead, s.stats.end), 1.0))


def _by_eighths(s: Series) -> float:
    """The same by the last two eighths, which see a descent that ends (a cosine); an upper bound,
    noise added."""
    a, b, c = mean(s, 0.625, 0.75), mean(s, 0.75, 0.875), mean(s, 0.875, 1.0)
    noise = 2.0 * error_of_mean(s, 0.125)
    g1, g2 = a - b + noise, b - c + noise
    if g2 <= 0 or g1 <= 0:
        return 0.0
    q = min(g2 / g1, 0.98)
    return g2 * sum(q**k for k in range(1, 9))


def name(s: Series) -> str:
    """'training loss', 'validation Dice' …"""
    role, measure = s.curve.role, measure_of(s.curve)
    split = {"train": "training ", "val": "validation ", "test": "test ", "none": ""}[role.split]
    what = {"loss": "loss", "error": "error", "accuracy": "score"}.get(role.quantity, "curve")
    return split + (what if measure is None else measure.name)


def goes(s: Series) -> str:
    """Which way a curve goes that gets better."""
    return "falls" if s.ceiling is None else "rises"


def begin(words: str) -> str:
    """With a capital, as a sentence begins."""
    return words[:1].upper() + words[1:]


def stays(s: Series) -> str:
    """'The training loss stays at 2.3'."""
    return f"The {name(s)} stays at {told.last(s)}"


def course(s: Series) -> str:
    """A true sentence on a curve that has nothing striking: 'The training loss goes from 2.3 to 0.41'; where
    no digit that is told differs, that it stays."""
    begins, ends = told.first(s, over=s.stats.end), told.last(s, over=s.stats.start)
    if begins.removeprefix(told.AROUND) == ends.removeprefix(told.AROUND):
        return stays(s)
    return f"The {name(s)} goes from {begins} to {ends}"


def score_of(case: Case) -> Series | None:
    """The score that belongs to the judged loss: validation before training."""
    return case.val_score or case.train_score


def rising(s: Series, since: float) -> float:
    """Mann-Kendall's z of a rise after a place of progress;
    0 with fewer than six points there (Mann 1945)."""
    total, n = _rises(s, since)
    return total / math.sqrt(n * (n - 1) * (2 * n + 5) / 18) if n else 0.0


def in_order(s: Series, since: float) -> float:
    """Kendall's tau of the same points: 1 where each is above all before it."""
    total, n = _rises(s, since)
    return 2 * total / (n * (n - 1)) if n else 0.0


def _rises(s: Series, since: float) -> tuple[float, int]:
    """Pairs of points that rise less those that fall, and the number of points; none of fewer than six."""
    y = s.y if len(s.y) < GRID else s.grid
    y = y[min(len(y) - 1, int(since * len(y)) + 1) :]
    n = len(y)
    if n < 6:
        return 0.0, 0
    i, j = _pairs(n)
    return float(np.sign(y[j] - y[i]).sum()), n


@lru_cache(maxsize=GRID)
def _pairs(n: int) -> tuple[Ints, Ints]:
    i, j = np.triu_indices(n, k=1)
    return i, j


def still_best(s: Series | None) -> bool:
    """Whether a score ends at its best level, having improved since a quarter of the run, a share of right
    answers by some points of a hundred."""
    if s is None or s.stats.n < MIN_POINTS:
        return False
    t = s.stats
    margin = max(2 * error_of_mean(s, 0.05), 0.02 * max(abs(t.best), 0.01))
    if s.ceiling == 1.0 and t.start - t.end < IMPROVED:
        return False
    return t.end <= t.best + margin and t.end < t.at25 - margin


def two_levels(first: Floats, second: Floats) -> float | None:
    """The distance of two series that are each far smoother than that, one always above the other; else None.

    A loss that goes on falling from the first to the second value, or a mean that restarts with each epoch,
    does not come back by as much with every step.
    """
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return None
    gap, back = second - first, first[1:] - second[:-1]
    late = slice(len(gap) // 2, None)
    distance = median(gap[late])
    sign = np.sign(distance)
    if sign == 0 or np.mean(np.sign(gap) == sign) < SIDED or np.mean(np.sign(back[late]) == -sign) < SIDED:
        return None
    noise = max(jitter(first[late]), jitter(second[late]))
    level = abs(median(first[late]))
    return abs(distance) if abs(distance) > max(SMOOTH * noise, APART * level) else None


def jitter(y: Floats) -> float:
    """Median size of the change from point to point."""
    return median(np.abs(np.diff(y))) if len(y) > 1 else 0.0
