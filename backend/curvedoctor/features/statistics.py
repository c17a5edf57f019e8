"""Robust statistics of curves, computed for whole blocks at once.

A curve here is loss-like: lower is better (scores were turned round by `features.series`). Every
function takes a block, one row per curve, and returns one number per row. Ratios carry no unit, so
nothing changes when loss or step is counted in other units.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from curvedoctor.features.blocks import Block, by_length, columns, medians
from curvedoctor.features.extrapolate import expected_gain
from curvedoctor.features.resample import GRID, second_differences
from curvedoctor.model import Floats, Ints

#: points at the end of a curve that jumps and smoothness are read from
LONGEST = 65536
#: 1.4826 makes the median absolute deviation an estimate of a normal's σ
MAD_TO_SIGMA = 1.4826
#: relative spread that float32 arithmetic alone gives
FLOAT = 2e-5


class Stats(NamedTuple):
    """What is known of one curve. Levels in the curve's unit; places as progress 0..1."""

    #: finite points
    n: float
    #: first finite value as logged
    first: float
    #: last finite value as logged
    last: float
    #: highest and lowest finite value as logged
    top: float
    low: float
    #: mean level of the first, of the last twentieth, and lowest smoothed level
    start: float
    end: float
    best: float
    #: where the lowest smoothed level is
    best_at: float
    #: level after 10, 25, 50, 75 % of the run
    at10: float
    at25: float
    at50: float
    at75: float
    #: σ of the point-to-point noise, whole run and last third (curve's unit)
    noise: float
    noise_late: float
    #: same over the first third
    noise_early: float
    #: correlation of successive changes: −½ for white noise, +1 for a smooth curve
    smoothness: float
    #: robust slope over the last quarter and the last half (unit per run)
    slope_late: float
    slope_half: float
    #: progress at which 5, 50 and 90 % of the whole descent were done
    t05: float
    t50: float
    t90: float
    #: highest upward jump against the local level, in local noise units, and how many exceed 8
    jump: float
    jumps: float
    #: highest upward jump relative to the local level
    jump_ratio: float
    #: expected share of `end − floor of zero` still to be gained by running on 50 %, 100 %, 300 % longer
    gain_half: float
    gain_double: float
    gain_four: float
    #: largest drop between neighbouring eighths after the first quarter, as share of the level before,
    #: and where
    drop: float
    drop_at: float
    #: share of points that are not finite, where the first is, whether the tail is
    bad: float
    bad_at: float
    bad_tail: float


NAMES = Stats._fields


def noise_sigma(seconds: Floats) -> Floats:
    """1.4826·MAD / √6 of second differences (n, k): σ of white noise, blind to trend (Gasser et al. 1986)."""
    if seconds.shape[1] < 2:
        return np.zeros(len(seconds))
    return np.asarray(MAD_TO_SIGMA * medians(np.abs(seconds)) / np.sqrt(6.0))


def theil_sen(block: Floats) -> Floats:
    """Median of all pairwise slopes of each row, unit per row length (Sen 1968). `block` is (n, m),
    m ≤ GRID."""
    m = block.shape[1]
    i, j = _pairs(m)
    slopes = (block[:, j] - block[:, i]) / (j - i)
    return np.asarray(medians(slopes) * m)


@cache
def _pairs(m: int) -> tuple[Ints, Ints]:
    i, j = np.triu_indices(m, k=max(1, m // 4))
    return i, j


def summarize(grid: Floats, finite: Sequence[Floats], bad: Floats) -> list[Stats]:
    """Statistics of a block of curves.

    `grid` (n, GRID): each curve on the common grid. `finite`: each curve's finite values, in order.
    `bad` (n, 3): share of values that are not finite, progress of the first, 1 if the last is one.
    """
    if not len(finite):
        return []
    blocks = by_length(finite)
    with np.errstate(all="ignore"):
        columns = {
            **_levels(grid),
            **_extremes(blocks),
            **_noise(blocks),
            **_shape(grid),
            **_jumps(grid, blocks),
        }
    columns.update(bad=bad[:, 0], bad_at=bad[:, 1], bad_tail=bad[:, 2])
    table = np.column_stack([columns[name] for name in NAMES]).tolist()
    return list(map(Stats._make, table))


def smooth(grid: Floats) -> Floats:
    """Centred moving average over three cells, ends repeated, same shape."""
    padded = np.pad(grid, ((0, 0), (1, 1)), mode="edge")
    return np.asarray((padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]) / 3)


def _levels(grid: Floats) -> dict[str, Floats]:
    calm = smooth(grid)
    where = np.argmin(calm, axis=1)
    return {
        "start": grid[:, :3].mean(axis=1),
        "end": grid[:, -3:].mean(axis=1),
        "best": calm[np.arange(len(calm)), where],
        "best_at": (where + 0.5) / GRID,
        "at10": calm[:, GRID // 10],
        "at25": calm[:, GRID // 4],
        "at50": calm[:, GRID // 2],
        "at75": calm[:, 3 * GRID // 4],
    }


def _extremes(blocks: Sequence[Block]) -> dict[str, Floats]:
    out = columns(blocks, "n", "first", "last", "top", "low")
    for index, block in blocks:
        out["n"][index] = block.shape[1]
        out["first"][index], out["last"][index] = block[:, 0], block[:, -1]
        out["top"][index], out["low"][index] = block.max(axis=1), block.min(axis=1)
    return out


def _noise(blocks: Sequence[Block]) -> dict[str, Floats]:
    out = columns(blocks, "noise", "noise_late", "noise_early", "smoothness")
    for index, block in blocks:
        seconds = second_differences(block)
        third = max(2, seconds.shape[1] // 3)
        out["noise"][index] = noise_sigma(seconds)
        out["noise_late"][index] = noise_sigma(seconds[:, -third:])
        out["noise_early"][index] = noise_sigma(seconds[:, :third])
        out["smoothness"][index] = _smoothness(np.diff(block[:, -LONGEST:], axis=1))
    return out


def _smoothness(d: Floats) -> Floats:
    """Correlation of successive changes (n, m), outliers clipped to the inner 96 %."""
    if d.shape[1] < 3:
        return np.zeros(len(d))
    if d.shape[1] > 50:
        k = max(1, d.shape[1] // 50)
        ordered = np.partition(d, (k, d.shape[1] - 1 - k), axis=1)
        d = np.clip(d, ordered[:, k : k + 1], ordered[:, -1 - k : d.shape[1] - k])
    power = np.einsum("ij,ij->i", d, d)
    return np.asarray(np.einsum("ij,ij->i", d[:, 1:], d[:, :-1]) / np.where(power > 0, power, 1.0))


def _shape(grid: Floats) -> dict[str, Floats]:
    calm = smooth(grid)
    top, best = calm[:, 0], calm.min(axis=1)
    done = (top[:, None] - calm) / np.where(top > best, top - best, 1.0)[:, None]
    eighths = calm.reshape(len(calm), 8, GRID // 8).mean(axis=2)
    drops = (eighths[:, 1:-1] - eighths[:, 2:]) / np.maximum(np.abs(eighths[:, 1:-1]), 1e-300)
    out = {
        "slope_late": theil_sen(grid[:, -GRID // 4 :]) * 4,
        "slope_half": theil_sen(grid[:, -GRID // 2 :]) * 2,
        "drop": drops.max(axis=1),
        "drop_at": (np.argmax(drops, axis=1) + 2) / 8,
    }
    for name, share in (("t05", 0.05), ("t50", 0.5), ("t90", 0.9)):
        reached = done >= share
        out[name] = np.where(reached.any(axis=1), (np.argmax(reached, axis=1) + 0.5) / GRID, 1.0)
    out.update(zip(("gain_half", "gain_double", "gain_four"), expected_gain(grid), strict=True))
    return out


def _jumps(grid: Floats, blocks: Sequence[Block]) -> dict[str, Floats]:
    """Upward jumps of the values as logged against the level of the grid around them."""
    out = columns(blocks, "jump", "jumps", "jump_ratio")
    local = _local_median(grid)
    for index, whole in blocks:
        block = whole[:, -LONGEST:]
        n = block.shape[1]
        if n < 8:
            continue
        level = _interpolate(local[index], n)
        above = block - level
        sigma = MAD_TO_SIGMA * medians(np.abs(above)) + 1e-12 * np.abs(level).max(axis=1)
        sigma = np.where(sigma > 0, sigma, np.inf)
        begin = max(2, n // 20)
        late = above[:, begin:]
        at = np.argmax(late, axis=1)
        rows = np.arange(len(index))
        out["jump"][index] = late[rows, at] / sigma
        out["jumps"][index] = np.count_nonzero(late > 8 * sigma[:, None], axis=1)
        ratio = late[rows, at] / np.maximum(np.abs(level[rows, at + begin]), 1e-300)
        out["jump_ratio"][index] = np.minimum(ratio, 1e6)
    return out


def _interpolate(rows: Floats, n: int) -> Floats:
    """Grid rows (k, GRID) read at n evenly spread places, shape (k, n)."""
    at = np.clip(np.linspace(0.0, 1.0, n) * GRID - 0.5, 0.0, GRID - 1.0)
    i = np.minimum(at.astype(np.intp), GRID - 2)
    share = at - i
    return np.asarray(rows[:, i] * (1 - share) + rows[:, i + 1] * share)


def _local_median(grid: Floats) -> Floats:
    """Running median over five cells of each row, ends repeated, same shape."""
    padded = np.pad(grid, ((0, 0), (2, 2)), mode="edge")
    return medians(np.lib.stride_tricks.sliding_window_view(padded, 5, axis=1))
