"""Where a learning rate turns: how often upwards, whether on purpose, and how far."""

from __future__ import annotations

import numpy as np

from curvedoctor.model import Floats


def reversals(y: Floats, peak: float) -> int:
    """How often the rate turns upwards after a fall of at least a third of the peak (warm-up not counted)."""
    y = y[:: max(1, len(y) // 2000)]
    if not np.any(y > np.minimum.accumulate(y) + 0.33 * peak):
        return 0  # no rise of that size, wherever it may begin
    count, high, low, falling = 0, float(y[0]), float(y[0]), False
    for v in y.tolist():
        if falling:
            low = min(low, v)
            if v > low + 0.33 * peak:
                count, falling, high = count + 1, False, v
        else:
            high = max(high, v)
            if v < high - 0.33 * peak:
                falling, low = True, v
    return count


def deliberate(y: Floats, peak: float) -> bool:
    """Whether every rise of note leads at once to at least half of the peak: warm restarts."""
    up = np.diff(y) > 0
    edges = np.flatnonzero(np.diff(np.concatenate(([0], up.astype(np.int8), [0]))))
    rises = [
        (a, b)
        for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
        if y[b] - y[a] > 0.1 * peak
    ]
    after_start = [(a, b) for a, b in rises if a > 0.1 * len(y)]
    return all(
        b - a <= max(2, len(y) // 50) and y[b] > 0.5 * peak and y[a] < 0.5 * y[b] for a, b in after_start
    )


def rise(y: Floats) -> float:
    """Largest rise after the peak that takes at least three points, as share of the peak;
    sudden ones are restarts."""
    after = y[int(np.argmax(y >= 0.999 * y.max())) :]
    if len(after) < 4:
        return 0.0
    lowest = np.minimum.accumulate(after)
    sudden = float(np.diff(after).max(initial=0.0))
    whole = float((after - lowest).max())
    return (
        (whole - sudden) / max(float(y.max()), 1e-300)
        if sudden > 0.3 * whole
        else whole / max(float(y.max()), 1e-300)
    )
