"""A curve made ready for judging: loss-like, finite, on the grid, with its statistics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curvedoctor.features.resample import GRID, LIMIT, on_grid, progress
from curvedoctor.features.statistics import Stats, summarize
from curvedoctor.model import Curve, Floats, Ints

#: an accuracy that ever exceeds this is in percent
PERCENT_FROM = 1.5
#: points up to which curves are asked whether they share their steps; points of a block
SHARED, BLOCK = 4096, 1 << 20
#: progress and values of the finite points, and what `loss_like` says beside them
_Ready = tuple[Floats, Floats, float | None, float]


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
    #: what its steps are called, if not after its axis
    unit: str = ""

    def at_step(self, index: int) -> str:
        """Where a finite point is, in words: "step 40", "round 12"."""
        return f"{self.unit or self.curve.axis} {self.step_at(index):g}"

    def axis_at(self, at: float) -> float:
        """The curve's own x (step or epoch) at a progress."""
        steps = self.curve.steps
        i = int(np.searchsorted(self.x, at))
        return float(self._finite_steps(steps)[min(i, len(self.x) - 1)])

    @property
    def best_index(self) -> int:
        """Which of the finite points is the best that was logged, the first of equals."""
        return int(np.argmin(self.y))

    def step_at(self, index: int) -> float:
        """The curve's own x (step or epoch) of a finite point."""
        return float(self._finite_steps(self.curve.steps)[index])

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
    bad = np.tile((0.0, 1.0, 0.0), (len(curves), 1))
    ready: dict[int, _Ready] = {}
    grid = np.empty((len(curves), GRID))
    for x, index in _same_places(curves, ranges):
        block = np.array([curves[i].values for i in index], dtype=np.float64)
        finite = np.isfinite(block)
        whole: npt.NDArray[np.bool_] = np.all(finite, axis=1)
        calm = np.clip(block, -LIMIT, LIMIT)
        for row, i in enumerate(index):
            keep = slice(None) if whole[row] else finite[row]
            if not whole[row]:
                bad[i] = _bad(x, finite[row])
            if whole[row] or finite[row].any():
                y, ceiling, scale = loss_like(curves[i], calm[row][keep])
                ready[i] = x[keep], y, ceiling, scale
                if whole[row]:
                    calm[row] = y
                else:
                    grid[i] = on_grid(x[keep], y[None])[0]
        rows = np.flatnonzero(whole)
        if len(rows):
            grid[np.array(index)[rows]] = on_grid(x, calm[rows])
    chosen = sorted(ready)
    stats = summarize(grid[chosen], [ready[i][1] for i in chosen], bad[chosen])
    out: list[Series | None] = [None] * len(curves)
    for i, known in zip(chosen, stats, strict=True):
        x, y, ceiling, scale = ready[i]
        out[i] = Series(curves[i], x, y, grid[i], known, ceiling, scale)
    return out


def _same_places(
    curves: Sequence[Curve], ranges: Sequence[tuple[float, float]]
) -> Iterator[tuple[Floats, list[int]]]:
    """Progress, and the curves that share it: of one run, and of its siblings, most do.
    In blocks of bounded size."""
    blocks: dict[object, tuple[Floats, list[int]]] = {}
    for i, (curve, (low, high)) in enumerate(zip(curves, ranges, strict=True)):
        steps = curve.steps
        if not len(steps):
            continue
        key = (low, high, steps.tobytes()) if len(steps) <= SHARED else i
        known = blocks.get(key)
        if known is None:
            known = blocks[key] = progress(steps, low, high), []
        known[1].append(i)
    for x, index in blocks.values():
        most = max(1, BLOCK // max(1, len(x)))
        for at in range(0, len(index), most):
            yield x, index[at : at + most]


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
