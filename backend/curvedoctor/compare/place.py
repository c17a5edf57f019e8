"""Where the best value of a hyperparameter lies: below, within or above what was tried, and what to try next.

The profile is the lowest score at each value, over all settings of the others: to pick a value is to
be free to pick the rest. A best value with a worse neighbour on both sides lies within. At the edge, a
logistic regression weighs how steeply the profile still falls per decade, whether it bends, how wide
the last step was, and whether the run at the edge learnt anything at all. A neighbour that diverged
closes the range like any worse one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from curvedoctor.compare.types import Place

#: a grid whose neighbours are closer than this ratio is fine enough
FINE = 1.6
#: a difference (ratio − 1) that matters; by which a value may be expected to end above the best and be tried
MATTERS, NEAR = 0.05, 0.10
#: weights of the evidence at an edge, fitted on trained grids (`tests/benchmarks/fit_place.py`): constant,
#: log(slope per decade + 0.1), bend of the profile, ±1 if nothing was learnt, decades to the neighbour
UP = (8.16, 3.73, 4.77, 3.43, -5.17)
DOWN = (3.57, 1.21, 0.65, 3.36, -4.29)
#: a run that fell by less than this share has hardly learnt
UNLEARNT = 0.25
#: a run that fell by more than this share has learnt, and its place among others means something
LEARNT = 0.5
#: scores within this are the same where nothing was learnt
FLAT = 0.05
#: falls of so many σ of the noise are calm
CALM = 4.0
#: how sure a clear case is, and one in which grids of others were read wrongly one time in five to ten
SURE, UNSURE = 0.96, 0.8


@dataclass(frozen=True, slots=True)
class Point:
    """One value of the profile."""

    value: float
    #: lowest typical score at this value; +inf if all runs were bad
    score: float
    #: share of its first level that the best run's loss fell by
    fallen: float = 1.0
    #: the same in units of the curve's noise: a slow run falls calmly, a wild one does not
    calm: float = 1e3
    #: typical score at this value with the others as in the best setting; None where it was not tried there
    beside: float | None = None


def place(points: Sequence[Point], noise: float = 0.0) -> Place:
    """Where the best value lies. `points` ascending in value, at least two; `noise` is σ of a score.

    "unknown" where the runs can't say: a best value that learnt nothing is chance, not an optimum.
    """
    if not any(math.isfinite(p.score) for p in points):
        return _beyond(points, False, SURE, "no run stayed finite")
    best = min(range(len(points)), key=lambda i: points[i].score)
    if not all(math.isfinite(p.score) for p in points[:best]):
        return _beyond(points, False, SURE, "runs at lower values than the best one did not stay finite")
    if points[best].fallen < UNLEARNT:
        return _unlearnt(points, best)
    if 0 < best < len(points) - 1:
        return _within(points, best, noise)
    return _at_edge(points, best)


def _beyond(points: Sequence[Point], above: bool, confidence: float, why: str) -> Place:
    """The best value lies outside, and two values to try there."""
    values = [p.value for p in points]
    step = _step(values, above) ** (1 if above else -1)
    edge = values[-1] if above else values[0]
    return Place(
        "above" if above else "below", confidence, why, _nice([edge * step, edge * step**2]), "extend"
    )


def _unlearnt(points: Sequence[Point], best: int) -> Place:
    """Not even the best value learnt much: only at the ends of the range does that say anything."""
    calm = points[best].calm >= CALM
    if not calm and all(p.fallen < UNLEARNT and p.score - points[best].score < FLAT for p in points):
        return _beyond(points, False, 0.7, "nothing was learnt at any value, and the losses bounce")
    if best == 0 and (not calm or points[0].fallen < UNLEARNT / 2):
        return _beyond(
            points, False, 0.9 if not calm else UNSURE, "hardly anything was learnt, least at higher values"
        )
    if best == len(points) - 1 and calm:
        return _beyond(points, True, UNSURE, "hardly anything was learnt, and the losses fall calmly")
    return Place("unknown", 0.5, "hardly anything was learnt at any value that was tried")


def _within(points: Sequence[Point], best: int, noise: float) -> Place:
    """The best value has neighbours on both sides."""
    scores = [p.score for p in points]
    near = min(scores[best - 1], scores[best + 1]) - scores[best]
    closed = [p.value for p in (points[best - 1], points[best + 1]) if not math.isfinite(p.score)]
    why = "both neighbours end higher"
    if closed:
        why = f"its neighbour {closed[0]:.3g} does not stay finite"
    elif near < math.log1p(MATTERS):
        why = "both neighbours end higher, one of them hardly"
    clear = points[best].fallen > LEARNT and near > max(2 * noise, math.log1p(MATTERS))
    return Place("within", SURE if clear else UNSURE, why, *_refine(points, best))


def _at_edge(points: Sequence[Point], best: int) -> Place:
    """The best value is the last that was tried: is there more to gain beyond it?"""
    above = best > 0
    own = points[best]
    outside, why = _outside(points[::-1] if above else points, above)
    if outside >= 0.5:
        return _beyond(points, above, min(outside, SURE if own.fallen > LEARNT else UNSURE), why)
    why = f"it is the {'highest' if above else 'lowest'} value, but the loss levels off there"
    if not math.isfinite(points[-2 if above else 1].score):
        why = "the gap to its neighbour, which does not stay finite, is wide"
    return Place("within", min(1 - outside, UNSURE), why, *_refine(points, best))


def _outside(points: Sequence[Point], above: bool) -> tuple[float, str]:
    """Probability that a value beyond the edge ends ≥ 10 % lower. `points` from the edge inwards."""
    if not math.isfinite(points[1].score):
        # the wider the gap to the one that broke, the likelier the best lies in it
        gap = abs(math.log10(points[0].value / points[1].value))
        return _logistic(3.2 - 2.0 * gap), "its only neighbour does not stay finite"
    weights = UP if above else DOWN
    evidence = sum(w * f for w, f in zip(weights, (1.0, *features(points, above)), strict=True))
    ratio = math.exp(points[0].score - points[1].score)
    return min(
        _logistic(evidence), 0.97
    ), f"the loss still falls towards the edge (×{ratio:.2f} over the last step)"


def features(points: Sequence[Point], above: bool) -> tuple[float, float, float, float]:
    """What is weighed at an edge, `points` from the edge inwards: see `UP`.

    Were the profile a parabola, the best would lie beyond the edge if its slope there exceeds its
    bend times the distance to the neighbour: a steep last step means little where steps are wide.
    A run that learnt nothing wants a higher value if its loss falls calmly, a lower one otherwise.
    """
    slope = _slope(points[0], points[1])
    bend = slope - _slope(points[1], points[2]) if len(points) > 2 and math.isfinite(points[1].score) else 0.0
    unlearnt = min(max((UNLEARNT - points[0].fallen) / 0.2, 0.0), 1.0)
    if above and points[0].calm < CALM:
        unlearnt = -unlearnt
    width = abs(math.log10(points[0].value / points[1].value))
    return math.log(slope + 0.1), min(max(bend, -2.0), 2.0), unlearnt, width


def _slope(edge: Point, inner: Point) -> float:
    """How much lower the score is at `edge` than at `inner`, per decade of the value, 0..3."""
    if not math.isfinite(edge.score):
        return 0.0
    fall = min(inner.score, edge.score + 3.0) - edge.score
    return min(max(fall / abs(math.log10(edge.value / inner.value)), 0.0), 3.0)


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-min(max(x, -30.0), 30.0)))


def _step(values: Sequence[float], above: bool) -> float:
    """How far to go beyond the grid: its own step there, kept between 2 and √10."""
    high, low = (values[-1], values[-2]) if above else (values[1], values[0])
    return min(max(high / low, 2.0), math.sqrt(10.0))


def _refine(points: Sequence[Point], best: int) -> tuple[tuple[float, ...], str]:
    """Values between the best one and its neighbours, evenly on the logarithmic scale;
    none beyond a bad neighbour."""
    proposed = []
    for other in (best - 1, best + 1):
        if 0 <= other < len(points):
            ratio = points[other].value / points[best].value
            if max(ratio, 1 / ratio) > FINE**1.5:
                proposed.append(points[best].value * math.sqrt(ratio))
    worse = _worse(points, best)
    if worse is not None and len(proposed) == 2:
        proposed = [v for v in proposed if worse(v) <= max(min(map(worse, proposed)), math.log1p(NEAR))]
    return (_nice(proposed), "refine") if proposed else ((), "")


def _worse(points: Sequence[Point], best: int) -> Callable[[float], float] | None:
    """By how much a value would end above the best (log-ratio), by a parabola through it and its neighbours;
    None where one of these is missing or broke."""
    if not 0 < best < len(points) - 1:
        return None
    around = [p.score if p.beside is None else p.beside for p in points[best - 1 : best + 2]]
    if not all(map(math.isfinite, around)):
        return None
    x = [math.log10(p.value / points[best].value) for p in points[best - 1 : best + 2]]
    low, high = ((around[k] - around[1]) / x[k] for k in (0, 2))
    bend = (high - low) / (x[2] - x[0])
    slope = low - bend * x[0]
    return lambda v: slope * (at := math.log10(v / points[best].value)) + bend * at**2


def _nice(values: Sequence[float]) -> tuple[float, ...]:
    """Two significant digits, ascending."""
    return tuple(sorted({float(f"{v:.2g}") for v in values}))
