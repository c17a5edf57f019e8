"""Marked restarts: `SessionLog.START` at a step replaces all earlier points from that step on.

torch and tensorboardX write it for `purge_step`, TF's supervisors when they resume. What remains is what
TensorBoard shows.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from curvedoctor.model import Floats, Ints

Points = tuple[Ints, Floats, Floats]


class Restarts:
    """The restarts of one stretch of a file, in their order."""

    def __init__(self, steps: Sequence[int], places: Sequence[int] = ()) -> None:
        #: where they stand in the file
        self.places = np.array(places, np.int64)
        #: lowest step of each and those after it
        self._lowest = np.minimum.accumulate(np.array(steps, np.int64)[::-1])[::-1]

    def standing(self, steps: Ints, before: Ints) -> npt.NDArray[np.bool_]:
        """Which points none of them replaces, given how many were marked before each point; shape (n,)."""
        later = before < len(self._lowest)
        return ~later | (steps < self._lowest[np.where(later, before, 0)])


@dataclass(slots=True)
class Growing:
    """A growing series: 32 bytes per point."""

    steps: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    wall_times: array[float] = field(default_factory=lambda: array("d"))
    #: restarts marked before each point
    restarts: array[int] = field(default_factory=lambda: array("q"))

    def arrays(self, restarts: Restarts | None = None) -> Points:
        """Steps, values, wall times of the points that no later restart replaces; each of shape (n,)."""
        columns = (
            np.array(self.steps, np.int64),
            np.array(self.values, np.float64),
            np.array(self.wall_times, np.float64),
        )
        if restarts is None:
            return columns
        kept = restarts.standing(columns[0], np.array(self.restarts, np.int64))
        return columns[0][kept], columns[1][kept], columns[2][kept]


def until(points: Points, step: int) -> Points:
    """The points before a step."""
    kept = points[0] < step
    return points if kept.all() else (points[0][kept], points[1][kept], points[2][kept])
