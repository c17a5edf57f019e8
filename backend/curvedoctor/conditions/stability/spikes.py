"""Isolated upward jumps of a curve."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from curvedoctor.features.blocks import median, medians
from curvedoctor.features.resample import GRID
from curvedoctor.features.series import Series
from curvedoctor.features.statistics import MAD_TO_SIGMA
from curvedoctor.model import Floats, Ints

Bools = npt.NDArray[np.bool_]
#: height of a spike above the local level: in local noise of its logarithm, and as share of the level
SIGMAS, SHARE = 6.0, 0.5
#: spikes that are many; height (share above the level) of which one less is;
#: and that no difficult batch explains
OFTEN, HIGH, EXTREME = 3, 3.0, 9.0
#: rise of the level after a spike that counts, in local noise of its logarithm
MOVED = 2.0
#: points that are looked at, the last ones
MAX_POINTS = 65536


@dataclass(frozen=True)
class Spikes:
    """Isolated upward jumps of one curve."""

    #: progress of each, rising
    at: Floats
    #: height over the local level, as a ratio, and highest value, in the curve's unit
    ratio: Floats
    peak: Floats
    #: points that each lasts for, and whether the level is higher after it than before
    lasts: Ints
    moved: Bools


@lru_cache(maxsize=32)
def spikes(s: Series) -> Spikes:
    """Isolated spikes of a curve: groups of at most 1 % of the points (3
    at least) above the running median."""
    y, x = s.y[-MAX_POINTS:], s.x[-MAX_POINTS:]
    n = len(y)
    none = Spikes(np.empty(0), np.empty(0), np.empty(0), np.empty(0, np.int64), np.empty(0, bool))
    if n < 20 or (s.stats.jump_ratio < SHARE and n > GRID):
        return none
    w = max(5, min(n // 8, 101)) | 1
    # below a fiftieth of the start a jump is of no consequence
    level = np.maximum(_running_median(y, w), max(0.02 * abs(s.stats.start), 1e-300))
    ratio = np.minimum(y / level - 1.0, 1e6)  # batch noise grows with the level
    if not float(ratio.max()) > SHARE:
        return none
    height = np.log(np.maximum(ratio + 1.0, 1e-12))
    sigma = MAD_TO_SIGMA * _running_median(np.abs(height), min(4 * w + 1, (n // 2) | 1))
    out = (height > SIGMAS * sigma) & (ratio > SHARE)
    out[: max(3, n // 20)] = False
    out[-2:] = False  # whether the last points recover can't be known
    where = np.flatnonzero(out)
    if not len(where):
        return none
    groups = np.split(where, np.flatnonzero(np.diff(where) > 2) + 1)
    short = [g for g in groups if len(g) <= max(3, n // 100) and _recovers(y, g)]
    return Spikes(
        np.array([x[g[0]] for g in short]),
        np.array([ratio[g].max() for g in short]),
        np.array([y[g].max() for g in short]),
        np.array([len(g) for g in short]),
        np.array([_moves(y, g, float(sigma[g[0]])) for g in short]),
    )


def take_hold(s: Series, jumps: Spikes) -> bool:
    """Whether spikes are more than single batches that are hard: they are epochs, last, leave a trace,
    or are extreme."""
    if s.curve.role.granularity == "epoch" or extreme(s, jumps):
        return True
    traces = (jumps.lasts > 1) | jumps.moved
    return 2 * int(traces.sum()) >= len(traces)


def extreme(s: Series, jumps: Spikes) -> bool:
    """Whether a spike is higher than batches that are merely difficult: ten times the level,
    and above where the run started."""
    start = max(s.stats.start, s.stats.first)
    return bool(((jumps.ratio >= EXTREME) & (jumps.peak > start)).any())


def _moves(y: Floats, group: Ints, sigma: float) -> bool:
    """Whether the five points after a spike lie higher than the five before,
    beyond the noise of their logarithm."""
    before = median(y[max(0, group[0] - 5) : group[0]])
    after = median(y[group[-1] + 1 : group[-1] + 6])
    return before > 0 and after > before * float(np.exp(MOVED * sigma))


def _recovers(y: Floats, group: Ints) -> bool:
    """Whether the level right after a group of high points is near the one before:
    a new stage of training is not."""
    before = median(y[max(0, group[0] - 5) : group[0]])
    after = median(y[group[-1] + 1 : group[-1] + 6])
    return after - before < 0.3 * (float(y[group].max()) - before)


def _running_median(y: Floats, w: int) -> Floats:
    """Centred running median over w points (odd), mirrored at the ends; every (w // 8)-th exactly,
    linear between."""
    stride = max(1, w // 8)
    padded = np.pad(y, w // 2, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, w)
    at = np.unique(np.append(np.arange(0, len(y), stride), len(y) - 1))
    return np.asarray(np.interp(np.arange(len(y)), at, medians(windows[at])))
