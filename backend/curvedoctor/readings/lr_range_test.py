"""Is the run a learning-rate range test, and which lr does it suggest (Smith 2017)?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from curvedoctor.features.case import Case
from curvedoctor.features.resample import LIMIT
from curvedoctor.model import Curve, Floats

#: the lr must grow by this factor over the run, and never fall
GROWTH = 100.0
#: share of the whole fall after which the descent has begun
BEGUN = 0.1


def is_range_test(lr: Curve | None) -> bool:
    """Whether an lr curve only grows, by two decades and ten points at least, to its very end.

    A warm-up grows as much, but then it stays.
    """
    if lr is None or len(lr) < 10:
        return False
    y = np.clip(lr.values[np.isfinite(lr.values)], -LIMIT, LIMIT)
    if len(y) < 10 or not float(y[0]) > 0:
        return False
    if float(y[-1]) < GROWTH * float(y[0]) or np.any(np.diff(y) < -1e-12 * y[1:]):
        return False
    n, last = len(y), float(y[-1])
    return float(y[n // 2]) <= 0.8 * last and float(y[int(0.9 * n) - 1]) <= 0.98 * last


def read(case: Case) -> Mapping[str, object] | None:
    """Suggested lr by four rules: start of the steep descent, steepest, valley, minimum / 10."""
    s = case.finest_train
    if s is None or case.lr is None or not is_range_test(case.lr) or s.stats.n < 10:
        return None
    finite = np.isfinite(case.lr.values) & (case.lr.values > 0)
    rate = np.interp(
        s.curve.steps[np.isfinite(s.curve.values)], case.lr.steps[finite], np.log(case.lr.values[finite])
    )
    loss = _smoothed(s.y)
    least = int(np.argmin(loss))
    if least < 3:
        return {"suggested": None, "reason": "the loss never falls"}
    # where the rate stays for several points there is no slope
    slope = np.gradient(loss[: least + 1]) / np.maximum(np.gradient(rate[: least + 1]), 1e-9)
    steepest = int(np.argmin(slope))
    level = float(np.median(loss[: max(3, len(loss) // 10)]))
    high = np.flatnonzero(loss[: steepest + 1] >= level - BEGUN * (level - float(loss[least])))
    start = int(high[-1]) if len(high) else steepest
    at = {
        "start_of_descent": float(np.exp(rate[start])),
        "steepest": float(np.exp(rate[steepest])),
        "valley": float(np.exp(rate[_valley(loss[: least + 1])])),
        "minimum_over_10": float(np.exp(rate[least])) / 10,
    }
    rounded = {k: float(f"{v:.2g}") for k, v in at.items()}
    return {
        "suggested": rounded["valley"],
        **rounded,
        "from": float(np.exp(rate[0])),
        "to": float(np.exp(rate[-1])),
    }


def _smoothed(y: Floats) -> Floats:
    """Centred moving median, then mean, over a twentieth of the run."""
    k = max(3, len(y) // 20) | 1
    padded = np.pad(y, k // 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, k)
    calm = np.pad(np.median(windows, axis=1), k // 2, mode="edge")
    return np.asarray(np.lib.stride_tricks.sliding_window_view(calm, k).mean(axis=1))


def _valley(loss: Floats) -> int:
    """Two thirds along the longest falling stretch (the rule of fastai's learning-rate finder)."""
    best, length, start = 0, 0, 0
    longest = (0, 0)
    for i in range(1, len(loss)):
        if loss[i] < loss[i - 1]:
            length += 1
        else:
            start, length = i, 0
        if length > best:
            best, longest = length, (start, i)
    return int(longest[0] + 2 * (longest[1] - longest[0]) / 3)
