"""What a learning-rate curve does: its kind, its warm-up, where it decays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curvedoctor.features.resample import LIMIT, progress
from curvedoctor.model import Curve, Floats

#: relative change below which the lr counts as the same
SAME = 1e-3
#: residual (root mean square, as share of the peak) up to which a shape is recognized
FITS = 0.03


@dataclass(frozen=True, slots=True)
class Schedule:
    """A learning rate over a run. Places are progress 0..1."""

    #: constant, step, cosine, linear, inverse-sqrt, exponential, one-cycle, polynomial, plateau, unknown
    kind: str
    warmup: bool
    #: where the peak is first reached; 0 without warm-up
    warmup_end: float
    peak: float
    first: float
    last: float
    #: where it first falls below 90 % of the peak after it; 1 if never
    decay_start: float
    #: where it first falls below 1 % of the peak after it; 1 if never
    dead_from: float
    #: share of the run at exactly zero (or below a millionth of the peak)
    zero: float
    #: how often it rises by more than half of the peak after having fallen
    restarts: int
    #: places of sudden falls (by more than a third at once)
    falls: tuple[float, ...]


def recognize(curve: Curve) -> Schedule | None:
    """Read a learning-rate curve; None without a positive finite point."""
    finite = np.isfinite(curve.values)
    y = np.clip(curve.values[finite], -LIMIT, LIMIT)
    if len(y) < 2 or not float(y.max()) > 0:
        return None
    x = progress(curve.steps[finite], float(curve.steps.min()), float(curve.steps.max()))
    peak = float(y.max())
    if float(y.min()) == peak:
        return Schedule("constant", False, 0.0, peak, peak, peak, 1.0, 1.0, 0.0, 0, ())
    top = int(np.argmax(y >= peak * (1 - SAME)))
    warm = top > 0 and float(y[0]) < 0.7 * peak and bool(np.all(np.diff(y[: top + 1]) >= -SAME * peak))
    after, xa = y[top:], x[top:]
    low = after < 0.9 * peak
    dead = after < 0.01 * peak
    ratio = after[1:] / np.maximum(after[:-1], 1e-12 * peak)
    return Schedule(
        kind=_kind(x, y, top, warm),
        warmup=warm,
        warmup_end=float(x[top]) if warm else 0.0,
        peak=peak,
        first=float(y[0]),
        last=float(y[-1]),
        decay_start=float(xa[int(np.argmax(low))]) if low.any() else 1.0,
        dead_from=float(xa[int(np.argmax(dead))]) if dead.any() else 1.0,
        zero=float(np.mean(y <= 1e-6 * peak)),
        restarts=_restarts(after, peak),
        falls=tuple(float(v) for v in xa[1:][ratio < 0.67][:64]) if len(after) > 3 else (),
    )


def _restarts(after: Floats, peak: float) -> int:
    rises = np.diff(after)
    sudden = int(np.count_nonzero(rises > 0.3 * peak))
    if sudden:
        return sudden
    lowest = np.minimum.accumulate(after)
    return int(bool(np.any(after - lowest > 0.5 * peak)))


def _kind(x: Floats, y: Floats, top: int, warm: bool) -> str:
    after, xa = y[top:], x[top:]
    peak = float(y.max())
    if len(after) < 3 or float(after.min()) > peak * (1 - 0.01):
        return "constant"
    if float(np.diff(after).max()) > 0.01 * peak:
        return "unknown"  # restarts, or a controller
    # a rate that stays is logged as the very same number; a smooth one may change by little per step
    changes = np.abs(np.diff(after)) > 1e-6 * np.maximum(np.abs(after[:-1]), 1e-300)
    if np.count_nonzero(changes) <= max(1, len(after) // 4):
        return _stepwise(xa[1:][changes])
    kind = _smooth(xa, after / peak)
    if kind in ("cosine", "linear") and warm and x[top] >= 0.15 and after[-1] < 0.5 * y[0] + 1e-12:
        return "one-cycle"
    return kind


def _stepwise(at: Floats) -> str:
    """Equal distances are a step schedule; unequal ones, with at least three falls, follow a plateau."""
    gaps = np.diff(at)
    if (
        len(gaps) >= 2
        and float(gaps.max()) > 1.6 * float(gaps.min())
        and len(np.unique(np.round(gaps, 2))) > 2
    ):
        return "plateau"
    return "step"


def _smooth(x: Floats, y: Floats) -> str:
    """The family with the smallest residual on y/peak,
    all with a free scale and floor where they have one."""
    t = (x - x[0]) / max(float(x[-1] - x[0]), 1e-12)
    shapes = {
        "linear": 1 - t,
        "cosine": 0.5 * (1 + np.cos(np.pi * t)),
        "polynomial": (1 - t) ** 2,
    }
    error = {name: _residual(shape, y) for name, shape in shapes.items()}
    positive = np.maximum(y, 1e-12)
    error["exponential"] = _log_residual(t, positive)
    error["inverse-sqrt"] = min(_inverse_sqrt(t, y, s) for s in (1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0))
    best = min(error, key=lambda name: error[name])
    return best if error[best] < FITS else "unknown"


def _residual(shape: Floats, y: Floats) -> float:
    basis = np.column_stack((np.ones_like(shape), shape))
    fit, *_ = np.linalg.lstsq(basis, y, rcond=None)
    return float(np.sqrt(np.mean((basis @ fit - y) ** 2)))


def _log_residual(t: Floats, y: Floats) -> float:
    slope, at0 = np.polyfit(t, np.log(y), 1)
    return float(np.sqrt(np.mean((np.exp(at0 + slope * t) - y) ** 2)))


def _inverse_sqrt(t: Floats, y: Floats, offset: float) -> float:
    shape = np.sqrt(offset / (t + offset))
    scale = float(shape @ y) / float(shape @ shape)
    return float(np.sqrt(np.mean((scale * shape - y) ** 2)))
