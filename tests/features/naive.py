"""Slow, obvious versions of the block statistics, one curve at a time: the oracle of the fast ones."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence


def noise_sigma(y: Sequence[float]) -> float:
    """1.4826·MAD of second differences over √6."""
    seconds = [y[i] - 2 * y[i + 1] + y[i + 2] for i in range(len(y) - 2)]
    if len(seconds) < 2:
        return 0.0
    return 1.4826 * statistics.median(abs(s) for s in seconds) / 6**0.5


def theil_sen(y: Sequence[float], least: int) -> float:
    """Median slope over all pairs at least `least` apart, per whole length."""
    slopes = [(y[j] - y[i]) / (j - i) for i in range(len(y)) for j in range(i + least, len(y))]
    return statistics.median(slopes) * len(y)


def moving_average(y: Sequence[float], width: int = 3) -> list[float]:
    """Centred mean, the ends repeated."""
    half = width // 2
    padded = [y[0]] * half + list(y) + [y[-1]] * half
    return [sum(padded[i : i + width]) / width for i in range(len(y))]


def moving_median(y: Sequence[float], width: int = 5) -> list[float]:
    """Centred median, the ends repeated."""
    half = width // 2
    padded = [y[0]] * half + list(y) + [y[-1]] * half
    return [statistics.median(padded[i : i + width]) for i in range(len(y))]


def area_means(x: Sequence[float], y: Sequence[float], cells: int) -> list[float]:
    """Mean of y over equal cells of x's range;
    each point owns the stretch up to the middles to its neighbours."""
    edges = [x[0]] + [(a + b) / 2 for a, b in itertools.pairwise(x)] + [x[-1]]
    width = (x[-1] - x[0]) / cells
    out = []
    for k in range(cells):
        low, high = x[0] + k * width, x[0] + (k + 1) * width
        total = weight = 0.0
        for value, left, right in zip(y, edges, edges[1:], strict=False):
            if right <= left:
                continue
            share = max(0.0, min(high, right) - max(low, left)) / (right - left)
            total += share * value
            weight += share
        out.append(total / weight)
    return out
