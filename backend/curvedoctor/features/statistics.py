"""Robust statistics of curves, computed for whole blocks at once.

A curve here is loss-like: lower is better (scores were turned round by `features.series`). Every
function takes a block, one row per curve, and returns one number per row. Ratios carry no unit, so
nothing changes when loss or step is counted in other units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from curvedoctor.features.extrapolate import expected_gain
from curvedoctor.features.resample import GRID, second_differences
from curvedoctor.model import Floats

#: 1.4826 makes the median absolute deviation an estimate of a normal's σ
MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True, slots=True)
class Stats:
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
    #: largest drop between neighbouring eighths after the first quarter, as share of the level before, and where
    drop: float
    drop_at: float
    #: share of points that are not finite, where the first is, whether the tail is
    bad: float
    bad_at: float
    bad_tail: float


NAMES: tuple[str, ...] = tuple(f.name for f in fields(Stats))
_WINDOW = 3  #: grid cells of the moving average that `best` is taken from


def median_absolute_deviation(rows: Sequence[Floats]) -> Floats:
    """1.4826·MAD of second differences / √6 for ragged rows: σ of white noise, blind to trend (Gasser et al. 1986)."""
    out = np.zeros(len(rows))
    for i, row in enumerate(rows):
        if len(row) >= 2:
            out[i] = MAD_TO_SIGMA * float(np.median(np.abs(row))) / np.sqrt(6.0)
    return out


def theil_sen(block: Floats) -> Floats:
    """Median of all pairwise slopes of each row, unit per row length (Sen 1968). `block` is (n, m), m ≤ GRID."""
    m = block.shape[1]
    i, j = np.triu_indices(m, k=max(1, m // 4))
    slopes = (block[:, j] - block[:, i]) / (j - i)
    return np.asarray(np.median(slopes, axis=1) * m)


def summarize(grid: Floats, finite: Sequence[Floats], bad: Floats) -> list[Stats]:
    """Statistics of a block of curves.

    `grid` (n, GRID): each curve on the common grid. `finite`: each curve's finite values, in order.
    `bad` (n, 3): share of values that are not finite, progress of the first, 1 if the last is one.
    """
    if not len(finite):
        return []
    with np.errstate(all="ignore"):
        columns = {**_levels(grid, finite), **_noise(finite), **_shape(grid), **_jumps(grid, finite)}
    columns.update(bad=bad[:, 0], bad_at=bad[:, 1], bad_tail=bad[:, 2])
    table = np.column_stack([columns[name] for name in NAMES]).tolist()
    return [Stats(*row) for row in table]


def smooth(grid: Floats) -> Floats:
    """Centred moving average over _WINDOW cells, ends repeated, same shape."""
    padded = np.pad(grid, ((0, 0), (_WINDOW // 2, _WINDOW // 2)), mode="edge")
    total = np.cumsum(np.pad(padded, ((0, 0), (1, 0))), axis=1)
    return np.asarray((total[:, _WINDOW:] - total[:, :-_WINDOW]) / _WINDOW)


def _levels(grid: Floats, finite: Sequence[Floats]) -> dict[str, Floats]:
    calm = smooth(grid)
    where = np.argmin(calm, axis=1)
    return {
        "n": np.array([float(len(y)) for y in finite]),
        "first": np.array([float(y[0]) for y in finite]),
        "last": np.array([float(y[-1]) for y in finite]),
        "top": np.array([float(y.max()) for y in finite]),
        "low": np.array([float(y.min()) for y in finite]),
        "start": grid[:, :3].mean(axis=1),
        "end": grid[:, -3:].mean(axis=1),
        "best": calm[np.arange(len(calm)), where],
        "best_at": (where + 0.5) / GRID,
        "at10": calm[:, GRID // 10],
        "at25": calm[:, GRID // 4],
        "at50": calm[:, GRID // 2],
        "at75": calm[:, 3 * GRID // 4],
    }


def _noise(finite: Sequence[Floats]) -> dict[str, Floats]:
    seconds = [second_differences(y) for y in finite]
    smoothness = np.zeros(len(finite))
    for i, y in enumerate(finite):
        d = np.diff(y[-4096:])
        if len(d) >= 3:
            d = np.clip(d, *np.quantile(d, (0.02, 0.98))) if len(d) > 50 else d
            power = float(d @ d)
            smoothness[i] = float(d[1:] @ d[:-1]) / power if power > 0 else 0.0
    return {
        "noise": median_absolute_deviation(seconds),
        "noise_late": median_absolute_deviation([s[-max(2, len(s) // 3) :] for s in seconds]),
        "noise_early": median_absolute_deviation([s[: max(2, len(s) // 3)] for s in seconds]),
        "smoothness": smoothness,
    }


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


def _jumps(grid: Floats, finite: Sequence[Floats]) -> dict[str, Floats]:
    """Upward jumps of the values as logged against the level of the grid around them."""
    jump, jumps, ratio = (np.zeros(len(finite)) for _ in range(3))
    for i, y in enumerate(finite):
        n = len(y)
        if n < 8:
            continue
        y = y[-65536:]
        level = np.interp(np.linspace(0, 1, len(y)), (np.arange(GRID) + 0.5) / GRID, _local_median(grid[i]))
        above = y - level
        sigma = MAD_TO_SIGMA * float(np.median(np.abs(above))) + 1e-12 * float(np.abs(level).max())
        late = above[max(2, n // 20) :]
        if len(late) and sigma > 0:
            jump[i] = float(late.max()) / sigma
            jumps[i] = float(np.count_nonzero(late > 8 * sigma))
            k = int(np.argmax(late)) + max(2, n // 20)
            ratio[i] = float(above[k]) / max(abs(float(level[k])), 1e-300)
    return {"jump": jump, "jumps": jumps, "jump_ratio": np.minimum(ratio, 1e6)}


def _local_median(row: Floats) -> Floats:
    """Running median over five cells of one grid row."""
    padded = np.pad(row, 2, mode="edge")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1))
