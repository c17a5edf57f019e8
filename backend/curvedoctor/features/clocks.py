"""What the steps of a run's curves count, so that curves of one run share their progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from curvedoctor.model import Curve


def ranges_of(curves: Sequence[Curve]) -> dict[str, tuple[float, float]]:
    """First and last step of the run, on each curve's own clock, by curve id."""
    reach = {curve.id: _reach(curve) for curve in curves if len(curve)}
    clocks = _clocks(curves, reach)
    bounds = _bounds(clocks, reach)
    return {name: bounds[clocks[name]] for name in reach}


def _reach(curve: Curve) -> tuple[int, int]:
    """Lowest and highest step."""
    steps = curve.steps
    return int(np.minimum.reduce(steps)), int(np.maximum.reduce(steps))


def _clocks(curves: Sequence[Curve], reach: Mapping[str, tuple[int, int]]) -> dict[str, str]:
    """What each curve's steps count: their axis, or epochs.

    Keras and many others log one point per epoch at 1, 2, 3 … beside batches at the global step: there,
    a curve per epoch whose steps end far before the others' counts epochs, whatever its axis is called.
    """
    ends: dict[str, int] = {}
    for curve in curves:
        if len(curve):
            ends[curve.axis] = max(ends.get(curve.axis, 0), reach[curve.id][1])
    return {
        curve.id: "epoch" if _counts_epochs(curve, ends.get(curve.axis, 0)) else curve.axis
        for curve in curves
    }


def _counts_epochs(curve: Curve, end: int) -> bool:
    if curve.role.granularity != "epoch" or len(curve) < 2:
        return False
    return int(curve.steps[-1]) - int(curve.steps[0]) == len(curve) - 1 and 4 * int(curve.steps.max()) <= end


def _bounds(
    clocks: Mapping[str, str], reach: Mapping[str, tuple[int, int]]
) -> dict[str, tuple[float, float]]:
    bounds: dict[str, tuple[float, float]] = {}
    for curve, (first, last) in reach.items():
        low, high = bounds.get(clocks[curve], (float("inf"), float("-inf")))
        bounds[clocks[curve]] = min(low, float(first)), max(high, float(last))
    return bounds
