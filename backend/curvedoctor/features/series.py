"""A curve made ready for judging: loss-like, finite, on the grid, with its statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curvedoctor.features.resample import GRID, LIMIT, on_grid, progress
from curvedoctor.features.statistics import Stats, summarize
from curvedoctor.model import Curve, Floats, Ints

#: an accuracy that ever exceeds this is in percent
PERCENT_FROM = 1.5


@dataclass(frozen=True, eq=False, slots=True)
class Series:
    """One curve as the conditions see it: lower is better."""

    curve: Curve
    #: progress 0..1 and values of the finite points, shape (n,); scores turned to `ceiling − score`
    x: Floats
    y: Floats
    #: shape (GRID,)
    grid: Floats
    stats: Stats
    #: what a score was subtracted from (1 or 0), None for losses
    ceiling: float | None = None
    #: 100 if the score was logged in percent, else 1
    scale: float = 1.0

    def axis_at(self, at: float) -> float:
        """The curve's own x (step or epoch) at a progress."""
        steps = self.curve.steps
        i = int(np.searchsorted(self.x, at))
        return float(self._finite_steps(steps)[min(i, len(self.x) - 1)])

    def _finite_steps(self, steps: Ints) -> Ints:
        return steps[np.isfinite(self.curve.values)]

    def logged(self, level: float) -> float:
        """A level of `y` as it was logged (accuracy turned back)."""
        return level if self.ceiling is None else (self.ceiling - level) * self.scale


def prepare(curves: Sequence[Curve], ranges: Sequence[tuple[float, float]]) -> list[Series | None]:
    """Series for a block of curves; None for those without a finite point.

    `ranges`: first and last step of the run on each curve's axis, so that curves of one run share
    their progress.
    """
    ready: list[tuple[int, Floats, Floats, float | None, float]] = []
    bad = np.zeros((len(curves), 3))
    for i, (curve, (low, high)) in enumerate(zip(curves, ranges, strict=True)):
        x = progress(curve.steps, low, high)
        finite = np.isfinite(curve.values)
        bad[i] = _bad(x, finite)
        if not finite.any():
            continue
        y, ceiling, scale = loss_like(curve, np.clip(curve.values[finite], -LIMIT, LIMIT))
        ready.append((i, x[finite], y, ceiling, scale))
    out: list[Series | None] = [None] * len(curves)
    if not ready:
        return out
    grid = np.vstack([on_grid(x, y) for _, x, y, _, _ in ready]).reshape(len(ready), GRID)
    stats = summarize(grid, [y for _, _, y, _, _ in ready], bad[[r[0] for r in ready]])
    for k, (i, x, y, ceiling, scale) in enumerate(ready):
        out[i] = Series(curves[i], x, y, grid[k], stats[k], ceiling, scale)
    return out


def loss_like(curve: Curve, y: Floats) -> tuple[Floats, float | None, float]:
    """Values with lower = better, the ceiling a score was subtracted from, and its scale (1 or 100)."""
    role = curve.role
    if role.better != "higher":
        return y, None, 1.0
    if role.quantity == "accuracy":
        scale = 100.0 if float(y.max()) > PERCENT_FROM and float(y.max()) <= 100.0 else 1.0
        return 1.0 - y / scale, 1.0, scale
    return -y, 0.0, 1.0


def _bad(x: Floats, finite: npt.NDArray[np.bool_]) -> tuple[float, float, float]:
    n = len(finite)
    if n == 0 or finite.all():
        return 0.0, 1.0, 0.0
    first = int(np.argmin(finite))
    return float(n - finite.sum()) / n, float(x[first]), float(not finite[-1])
