"""Curves of any length on one common grid of progress, so that statistics run over blocks of curves."""

from __future__ import annotations

import numpy as np

from curvedoctor.model import Floats, Ints

#: points of the common grid; row j stands for progress (j + ½) / GRID
GRID = 64
#: values are clipped here, so that squares and differences stay finite
LIMIT = 1e150
#: second differences kept per curve for the noise estimate
NOISE_SAMPLES = 512
_PLACES = np.linspace(0.0, 1.0, GRID)
_EDGES = np.linspace(0.0, 1.0, GRID + 1)


def progress(steps: Ints, low: float, high: float) -> Floats:
    """Steps as progress 0..1 between `low` and `high`, shape (n,); by index where steps go backwards."""
    n = len(steps)
    x = steps.astype(np.float64)
    if n > 1 and (high <= low or bool((x[1:] < x[:-1]).any()) or x[-1] <= x[0]):
        return np.linspace(0.0, 1.0, n)
    span = max(high - low, 1.0)
    return np.clip((x - low) / span, 0.0, 1.0)


def on_grid(x: Floats, block: Floats) -> Floats:
    """Mean of each row over each of GRID equal parts of the range of x, (k, n) → (k, GRID).

    Short curves (n < GRID) are interpolated linearly, long ones averaged exactly, part by part (not by
    differences of one cumulative sum: after an overshoot of many decades nothing would be left of the rest),
    so that noise shrinks as it would under any moving average.
    `x` (n,) does not fall and is that of all rows, `block` (k, n) is finite, n ≥ 1.
    """
    n = block.shape[1]
    if n == 1:
        return np.repeat(block, GRID, axis=1)
    span = float(x[-1] - x[0])
    if not span > 0:
        x, span = np.linspace(0.0, 1.0, n), 1.0
    if n < GRID:
        return _interpolated(x[0] + span * _PLACES, x, block)
    # each point owns the stretch up to the middle between it and its neighbours
    edges = np.concatenate(([x[0]], (x[1:] + x[:-1]) / 2, [x[-1]]))
    at = np.interp(x[0] + span * _EDGES, edges, np.arange(n + 1.0))
    held = np.diff(at)
    mean = _sums(block, at) / np.where(held > 0, held, 1.0)
    empty = held <= 0
    if empty.any():
        centers = x[0] + span * (np.arange(GRID) + 0.5) / GRID
        mean[:, empty] = _interpolated(centers[empty], x, block)
    return np.asarray(mean)


def _sums(block: Floats, at: Floats) -> Floats:
    """Sums of each row (k, n) between neighbouring places (m + 1,) of its index, 0..n: points at both ends
    count by the part of them that is within."""
    whole = np.minimum(at.astype(np.int64), block.shape[1] - 1)
    part, begin, end = at - whole, np.minimum(whole[:-1] + 1, whole[1:]), whole[1:]
    inner = np.add.reduceat(block, np.column_stack((begin, end)).ravel(), axis=1)[:, ::2]
    inner = np.where(begin < end, inner, 0.0) + block[:, end] * part[1:]
    alone = whole[:-1] == end
    return np.asarray(inner + block[:, whole[:-1]] * np.where(alone, -part[:-1], 1 - part[:-1]))


def _interpolated(at: Floats, x: Floats, block: Floats) -> Floats:
    """`np.interp` of every row (k, n) at the same places (m,), to the last bit."""
    j = np.minimum(np.searchsorted(x, at, side="right") - 1, len(x) - 2)
    j = np.maximum(j, 0)
    low, wide = block[:, j], x[j + 1] - x[j]
    values = (block[:, j + 1] - low) / np.where(wide > 0, wide, 1.0) * (at - x[j]) + low
    values = np.where(at == x[j], low, values)
    return np.where(at >= x[-1], block[:, -1:], np.where(at < x[0], block[:, :1], values))


def second_differences(block: Floats) -> Floats:
    """y[i] − 2·y[i+1] + y[i+2] of each row at up to NOISE_SAMPLES evenly spread places, (k, n) → (k, m)."""
    n = block.shape[1]
    if n <= NOISE_SAMPLES + 2:
        return np.diff(block, n=2, axis=1)
    i = np.linspace(0, n - 3, NOISE_SAMPLES).astype(np.int64)
    return np.asarray(block[:, i] - 2 * block[:, i + 1] + block[:, i + 2])
