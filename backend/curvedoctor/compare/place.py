"""Where the best value of a hyperparameter lies: below, within or above what was tried, and what to try next.

The profile is the lowest score at each value, over all settings of the others: to pick a value is to
be free to pick the rest. A best value with a clearly worse neighbour on both sides lies within. At
the edge, the slope of the profile in log(value), extrapolated with its curvature, says whether a
step beyond would gain; a neighbour that diverged closes the range like any worse one. What the
statistical model thinks of the run at the edge (would a higher lr help it?) is weighed in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curvedoctor.compare.types import Place, Where

#: a grid whose neighbours are closer than this ratio is fine enough
FINE = 1.6
#: gain (log-ratio) by a further step from which on the range is called too short
GAIN = 0.05
#: a profile that varies by less than this says nothing of itself
FLAT = 0.03
#: ratio of neighbours where the grid does not say
USUAL_STEP = 3.0


@dataclass(frozen=True, slots=True)
class Point:
    """One value of the profile."""

    value: float
    #: lowest typical score at this value; +inf if all runs were bad
    score: float
    #: probability that raising (lowering) the value helps the best run at this value; None if not known
    raising: float | None = None
    lowering: float | None = None


def place(points: Sequence[Point], noise: float = 0.0) -> Place:
    """Where the best value lies. `points` ascending in value, at least two; `noise` is σ of a score."""
    scores = np.array([p.score for p in points])
    finite = np.isfinite(scores)
    values = [p.value for p in points]
    if not finite.any():
        step = 1 / _step(values, 0)
        return Place(
            "below", 0.9, "no run stayed finite", _nice([values[0] * step**2, values[0] * step]), "extend"
        )
    best = int(np.argmin(scores))
    if 0 < best < len(points) - 1:
        return _within(points, best, noise)
    above = best > 0
    gain, why = _edge_gain(scores, values, above)
    return _at_edge(points, best, gain, why, noise)


def _within(points: Sequence[Point], best: int, noise: float) -> Place:
    """The best value has neighbours on both sides."""
    scores = [p.score for p in points]
    near = min(scores[best - 1], scores[best + 1]) - scores[best]
    sure = 0.97 if near > max(2 * noise, GAIN) else 0.85
    closed = [p.value for p in (points[best - 1], points[best + 1]) if not math.isfinite(p.score)]
    why = "both neighbours end higher"
    if closed:
        why = f"its neighbour {_say(closed[0])} does not stay finite"
    elif near < GAIN:
        why = "its neighbours end higher, one of them hardly"
    return Place("within", sure, why, *_refine(points, best))


def _edge_gain(
    scores: np.ndarray[tuple[int, ...], np.dtype[np.float64]], values: Sequence[float], above: bool
) -> tuple[float, str]:
    """Expected fall of the score by one further step beyond the edge, and how it is known."""
    if above:
        ordered, at = scores[::-1], [math.log(v) for v in values[::-1]]
    else:
        ordered, at = scores, [math.log(v) for v in values]
    if not math.isfinite(ordered[1]):
        return math.inf, "its only neighbour does not stay finite"
    width = abs(at[0] - at[1])
    slope = (ordered[1] - ordered[0]) / width
    if len(ordered) < 3 or not math.isfinite(ordered[2]):
        return 0.5 * slope * width, "it falls up to the edge"
    before = (ordered[2] - ordered[1]) / abs(at[1] - at[2])
    #: linear in the slope: a parabola in log(value)
    ahead = slope + (slope - before) * width / (0.5 * (width + abs(at[1] - at[2])))
    ahead = float(np.clip(ahead, -abs(slope), 1.5 * abs(slope)))
    return (
        ahead * width,
        "it falls up to the edge, and would fall further" if ahead > 0 else "it levels off at the edge",
    )


def _at_edge(points: Sequence[Point], best: int, gain: float, why: str, noise: float) -> Place:
    """Weigh the profile's slope against what the model says of the run at the edge."""
    above = best > 0
    where: Where = "above" if above else "below"
    own = points[best]
    helps = own.raising if above else own.lowering
    evidence = 2.0 * math.tanh((gain - GAIN) / (0.1 + noise)) + 0.3
    if helps is not None:
        evidence += 3.0 * (helps - 0.45)
        if helps > 0.6:
            why += f", and the run there looks as if a {'higher' if above else 'lower'} value helped it"
    outside = 1 / (1 + math.exp(-2 * evidence))
    values = [p.value for p in points]
    if outside >= 0.5:
        factor = _step(values, -1 if above else 0) ** (1 if above else -1)
        return Place(where, outside, why, _nice([own.value * factor, own.value * factor**2]), "extend")
    proposals, _ = _refine(points, best)
    factor = math.sqrt(_step(values, -1 if above else 0)) ** (1 if above else -1)
    return Place("within", 1 - outside, why, _nice([*proposals, own.value * factor]), "refine")


def _step(values: Sequence[float], at: int) -> float:
    """Ratio of the two values at an end of the grid, kept between 2 and 10."""
    if len(values) < 2:
        return USUAL_STEP
    high, low = (values[-1], values[-2]) if at == -1 else (values[1], values[0])
    return min(max(high / low, 2.0), 10.0)


def _refine(points: Sequence[Point], best: int) -> tuple[tuple[float, ...], str]:
    """Values between the best one and its neighbours, evenly on the logarithmic scale; none beyond a bad neighbour."""
    found = []
    for other in (best - 1, best + 1):
        if 0 <= other < len(points):
            ratio = points[other].value / points[best].value
            if max(ratio, 1 / ratio) > FINE**1.5:
                found.append(points[best].value * math.sqrt(ratio))
    return (_nice(found), "refine") if found else ((), "")


def _nice(values: Sequence[float]) -> tuple[float, ...]:
    """Two significant digits, ascending."""
    return tuple(sorted({float(f"{v:.2g}") for v in values}))


def _say(value: float) -> str:
    return f"{value:.3g}"
