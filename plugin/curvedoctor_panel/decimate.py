"""Fewer points, the same picture.

M4 (Jugel et al., "M4: A Visualization-Oriented Time Series Data Aggregation", VLDB 2014): of every
bucket of points keep the first, the last, the lowest and the highest. A spike of one step survives,
unlike in a reservoir sample.
"""

from __future__ import annotations

import numpy as np

from curvedoctor.model import Floats, Ints

#: points per curve: about twice the pixels of a wide chart
POINTS = 2_000
#: kept per bucket: first, last, lowest, highest, first non-finite
_PER_BUCKET = 5


def keep(values: Floats, limit: int = POINTS) -> Ints:
    """Indices, ascending, of at most `limit` points whose drawing looks like that of all `values`.

    Of each bucket that holds NaN or ±Inf one such point stays, so that gaps stay visible.
    """
    n = len(values)
    if n <= limit:
        return np.arange(n, dtype=np.int64)
    buckets = max(1, limit // _PER_BUCKET)
    width = -(-n // buckets)
    buckets = -(-n // width)
    padded = np.full(buckets * width, np.nan)
    padded[:n] = values
    table = padded.reshape(buckets, width)
    finite = np.isfinite(table)
    start = np.arange(buckets, dtype=np.int64) * width
    picks = [
        start,
        np.minimum(start + width - 1, n - 1),
        start + np.where(finite, table, np.inf).argmin(axis=1),
        start + np.where(finite, table, -np.inf).argmax(axis=1),
        start + finite.argmin(axis=1),
    ]
    kept = np.unique(np.concatenate(picks))
    return kept[kept < n].astype(np.int64)


def ascending(steps: Floats) -> tuple[Ints, Floats]:
    """(order, x): a stable order by step, and strictly ascending x for charts that need it.

    Several values at one step (parallel environments, appended restarts) are spread a little towards
    the next step, so that all of them are drawn.
    """
    order = np.argsort(steps, kind="stable").astype(np.int64)
    x = steps[order].astype(np.float64)
    if len(x) < 2 or bool(np.all(np.diff(x) > 0)):
        return order, x
    _, first, count = np.unique(x, return_index=True, return_counts=True)
    within = np.arange(len(x)) - np.repeat(first, count)
    # steps are whole numbers: below the next one there is room
    return order, x + np.repeat(0.9 / count, count) * within
