"""Upward jumps of a loss that last for some points and come back: what a large model's spikes look like,
which are small against a level of two or three nats, and high against its noise."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curvedoctor.conditions.base import finding, number, percent, times
from curvedoctor.conditions.measures.shape import name
from curvedoctor.conditions.stability.step_up import begun_anew
from curvedoctor.features.blocks import median, medians
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.features.statistics import MAD_TO_SIGMA
from curvedoctor.model import Finding, Floats, Ints

ID = "loss-spikes"
#: what undoes the loss of all that was learnt
ANEW = ("restore-checkpoint", "lower-lr", "clip-gradients")
#: height as share of the level, and in local noise of the logarithm
HIGH, SIGMAS = 0.1, 10.0
#: points that it lasts for, at least; share of the run that it may take to come back, which a new stage of
#: training does not; of its height, what is left when it is back; and what comes within two points
LASTS, BACK, LEFT, SUDDEN = 2, 0.06, 0.2, 0.5
#: points before that tell the level: at least, as share of the run, at most; share of the run not looked at
BEFORE, PART, MOST_BEFORE, SKIPPED = 8, 0.02, 200, 0.05
#: share of the start below which a jump is of no consequence; points that are looked at, the last ones
FINISHED, MOST = 0.02, 65536


class Excursion(NamedTuple):
    """Places among the finite points: the first that is high, the highest, the first that is back; levels."""

    at: int
    top: int
    back: int
    before: float
    peak: float

    @property
    def height(self) -> float:
        """Above the level before it, as share of that."""
        return self.peak / self.before - 1


def excursions(case: Case, s: Series) -> list[Excursion]:
    """Those of a curve, in order; none where the learning rate begins anew: that raises a loss on purpose."""
    y = s.y[-MOST:]
    n, shift = len(y), len(s.y) - len(y[-MOST:])
    k = int(min(max(BEFORE, PART * n), MOST_BEFORE))
    if n < 3 * k or s.stats.low < 0 or (case.schedule is not None and case.schedule.restarts > 0):
        return []
    log = np.log(np.maximum(y, max(FINISHED * abs(s.stats.start), 1e-300)))
    base, sigma = (
        _before(log, k),
        MAD_TO_SIGMA * _before(np.abs(np.diff(log, prepend=log[0])), k) / np.sqrt(2),
    )
    above = log - base
    rises = np.maximum(log - np.roll(log, 1), log - np.roll(log, 2))
    begins = (above > np.maximum(np.log1p(HIGH), SIGMAS * sigma)) & (rises > SUDDEN * above)
    begins[: max(2 * k, int(SKIPPED * n))] = False
    found: list[Excursion] = []
    since = 0
    for i in map(int, np.flatnonzero(begins)):
        if i >= since and (end := _back(log, i, float(base[i]))) is not None:
            since = end
            top = i + int(np.argmax(log[i:end]))
            if end - i >= LASTS:
                levels = float(np.exp(base[i])), float(y[top])
                found.append(Excursion(i + shift, top + shift, end + shift, *levels))
    return found


def _before(values: Floats, k: int) -> Floats:
    """Median of the k values before each; of fewer at the start."""
    at: Ints = np.unique(np.append(np.arange(k, len(values), max(1, k // 8)), len(values) - 1))
    windows: npt.NDArray[np.float64] = np.lib.stride_tricks.sliding_window_view(values, k)[at - k]
    nearest = np.clip(np.searchsorted(at, np.arange(len(values)), side="right") - 1, 0, len(at) - 1)
    return np.asarray(medians(windows)[nearest])


def _back(log: Floats, i: int, base: float) -> int | None:
    """The first point from which on it is back, by the median of three; None where it takes too long."""
    ahead = log[i : i + max(8 * LASTS, int(BACK * len(log)))]
    for j in range(1, len(ahead) - 2):
        if median(ahead[j : j + 3]) <= base + LEFT * (float(ahead[:j].max()) - base):
            return i + j
    return None


def recovered(case: Case, s: Series) -> Finding | None:
    """Jumps that are high against the noise, if not against the level, and last for some points."""
    found = excursions(case, s)
    if not found:
        return None
    worst, first = max(found, key=lambda each: each.height), s.at_step(found[0].at)
    many = f"{len(found)} times from {first} on, at most" if len(found) > 1 else f"at {first}"
    height, lasts = worst.height, s.step_at(min(worst.back, len(s.y) - 1)) - s.step_at(worst.at)
    high = f"{percent(height)} above its level" if height < 1 else f"{times(1 + height)} times its level"
    return finding(
        ID, "info", 0.85, s,
        f"The {name(s)} jumps up {many} from {number(worst.before)} to {number(worst.peak)} ({high}), and is "
        f"back after {lasts:g} {s.unit or s.curve.axis}s.",
        others=(case.grad_norm,), at=found[0].at, until=float(s.x[found[-1].at]), spikes=len(found),
        height=worst.height, last_at=float(s.x[found[-1].at]),
    )  # fmt: skip


def lost_all(case: Case, s: Series) -> Finding | None:
    """One jump back to where the run began, made good as slowly as it was learnt."""
    anew = begun_anew(case, s)
    if anew is None:
        return None
    jump, point = anew
    before, back = number(jump.before), number(float(s.y[jump.point]))
    takes = f"{s.step_at(point) - s.step_at(jump.point):g} {s.unit or s.curve.axis}s"
    return finding(
        ID, "warning", 0.85, s,
        f"At {s.at_step(jump.point)} the {name(s)} jumps from about {before} back to {back}, where it began, "
        f"and takes {takes} to make that good: what had been learnt was lost, as when a run goes on without "
        "its weights.",
        others=(case.grad_norm,), at=jump.point, until=float(s.x[point]), actions=ANEW, spikes=1,
        height=jump.after / jump.before - 1,
        last_at=float(s.x[jump.point]),
    )  # fmt: skip
