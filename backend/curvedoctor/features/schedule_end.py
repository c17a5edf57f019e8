"""Where a learning rate that decays is heading: the step at which its schedule was to end.

A schedule is a formula, so that a part of it tells the rest: the angle of a cosine and the root of a
polynomial are straight lines. Only what fits to a few last digits counts; what an exponential or an inverse
square root, which have no end, fits as well has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from curvedoctor.features.resample import LIMIT
from curvedoctor.model import Curve, Floats

#: fewest different values after the peak; share of it by which it must have fallen to show its shape
FEWEST, FALLEN = 4, 0.01
#: largest residual as share of the peak that a formula leaves; that no two are told apart below; and how many
#: times that of the best one is as good
EXACT, ROUNDING, AS_GOOD = 4e-3, 1e-6, 2.0
#: where a cosine may level off, as shares of its last value; powers of polynomials in use
FLOORS, POWERS = np.linspace(0.0, 0.98, 50), {"linear": 1.0, "polynomial": 2.0, "polynomial 0.9": 0.9}
#: share of the peak at which a rate has come to its end; and at which a line, which shows no floor, may
ENDED, RESTS = 0.05, 0.1


@dataclass(frozen=True, slots=True)
class End:
    """The end of a schedule."""

    #: cosine, linear, polynomial
    kind: str
    #: step on the curve's own axis, by the formula that levels off lowest
    at: float
    #: share of the way to its end at which the log ends, at most: by the nearest end that the curve allows;
    #: 1 and above: it came to its end
    done: float
    #: last value as share of the peak
    left: float


@dataclass(frozen=True, slots=True)
class _Fit:
    kind: str
    residual: float
    #: place of the end, and of the nearest that is possible, in lengths of the curve after its peak
    at: float
    nearest: float


def planned_end(curve: Curve) -> End | None:
    """Where a decaying rate was to end; None where it stays, restarts, follows the run, or has no end."""
    finite = np.isfinite(curve.values)
    steps, y = curve.steps[finite].astype(np.float64), np.clip(curve.values[finite], 0.0, LIMIT)
    if len(y) < FEWEST or not float(y.max()) > 0:
        return None
    peak, top = float(y.max()), int(np.argmax(y))
    steps_after, after = steps[top:], y[top:] / peak
    last, length = float(after[-1]), float(steps_after[-1] - steps_after[0])
    if length <= 0 or float(np.diff(after).max(initial=0.0)) > ROUNDING or last > 1 - FALLEN:
        return None
    # a rate that is set once an epoch is a staircase of steps, and may rest at its peak before it falls
    new = 1 + np.flatnonzero(np.diff(after) < 0)
    x, values = (steps_after[new] - steps_after[0]) / length, after[new]
    if len(values) < FEWEST:
        return None
    fits = _formulas(x, values)
    if not fits:
        return None
    ends = (fits[0].at, min(fit.nearest for fit in fits))
    plain, nearest = (float(steps_after[0]) + end * length for end in ends)
    run = float(steps[-1] - steps[0]) + float(np.median(np.diff(steps)))
    return End(fits[0].kind.split()[0], plain, run / max(nearest - float(steps[0]), 1e-300), last)


def _formulas(x: Floats, y: Floats) -> list[_Fit]:
    """Those that fit as well as the best one, plain ones first; none where one without an end does."""
    fits = [fit for fit in (*_cosines(x, y), *_polynomials(x, y)) if fit.residual < EXACT]
    best = max(min((fit.residual for fit in fits), default=EXACT), ROUNDING)
    endless = _endless(x, y) <= AS_GOOD * best
    return [] if endless else [fit for fit in fits if fit.residual <= AS_GOOD * best]


def _cosines(x: Floats, y: Floats) -> Iterator[_Fit]:
    """Half a period, from 1 down to each of the floors: its angle is a straight line."""
    for floor in FLOORS * float(y[-1]):
        angle = np.arccos(np.clip(2 * (y - floor) / (1 - floor) - 1, -1.0, 1.0))
        slope, at0 = np.polyfit(x, angle, 1)
        if slope <= 0:
            continue
        fitted = floor + (1 - floor) * 0.5 * (1 + np.cos(np.clip(at0 + slope * x, 0.0, np.pi)))
        at = float((np.pi - at0) / slope)
        yield _Fit("cosine", float(np.abs(fitted - y).max()), at, at)


def _polynomials(x: Floats, y: Floats) -> Iterator[_Fit]:
    """(1 − x/L)^p down to zero: its root is a straight line."""
    for kind, power in POWERS.items():
        slope, at0 = np.polyfit(x, y ** (1 / power), 1)
        if slope < 0:
            fitted = np.clip(at0 + slope * x, 0.0, None) ** power
            rests = (RESTS ** (1 / power) - at0) / slope
            yield _Fit(kind, float(np.abs(fitted - y).max()), float(-at0 / slope), float(rests))


def _endless(x: Floats, y: Floats) -> float:
    """Smallest residual of the schedules without an end: e^(−kt), and (t + s)^(−½)."""
    y = np.maximum(y, ROUNDING)
    straight = ((np.log(y), np.exp), (y**-2.0, lambda line: np.maximum(line, 1e-12) ** -0.5))
    return min(float(np.abs(back(np.polyval(np.polyfit(x, v, 1), x)) - y).max()) for v, back in straight)
