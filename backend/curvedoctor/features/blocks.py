"""Curves of one length side by side, so that a statistic is one call for all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from curvedoctor.model import Floats, Ints

#: points of a block of curves
BLOCK_POINTS = 1 << 21
#: values below which sorting them all is quicker than finding the middle
SORT_BELOW = 512
#: which curves, shape (k,), and their values, shape (k, n)
Block = tuple[npt.NDArray[np.intp], Floats]


def by_length(rows: Sequence[Floats]) -> list[Block]:
    """Rows of equal length stacked: their indices and a block (k, n) each, of BLOCK_POINTS points at most."""
    groups: dict[int, list[int]] = {}
    for i, row in enumerate(rows):
        groups.setdefault(len(row), []).append(i)
    parts = []
    for n, index in groups.items():
        most = max(1, BLOCK_POINTS // n)
        parts += [index[at : at + most] for at in range(0, len(index), most)]
    return [(np.array(index), np.array([rows[i] for i in index])) for index in parts]


def columns(blocks: Sequence[Block], *names: str) -> dict[str, Floats]:
    """Zeros for every curve of all blocks."""
    count = sum(len(index) for index, _ in blocks)
    return {name: np.zeros(count) for name in names}


def medians(block: Floats) -> Floats:
    """Median over the last axis of finite values: `np.median` without its search for NaN."""
    half = block.shape[-1] // 2
    if block.shape[-1] % 2:
        return np.asarray(np.partition(block, half, axis=-1)[..., half])
    ordered = np.partition(block, (half - 1, half), axis=-1)
    return np.asarray((ordered[..., half - 1] + ordered[..., half]) / 2)


def median(y: Floats | Ints) -> float:
    """Median of finite values, shape (n,); NaN of none."""
    if not len(y):
        return math.nan
    half = len(y) // 2
    ordered = np.sort(y) if len(y) < SORT_BELOW else np.partition(y, (half - 1, half))
    return float(ordered[half]) if len(y) % 2 else float(ordered[half - 1] + ordered[half]) / 2


def of_three(y: Floats) -> Floats:
    """Median of every point and its two neighbours, (n,) → (n − 2,)."""
    a, b, c = y[:-2], y[1:-1], y[2:]
    return np.asarray(np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c)))
