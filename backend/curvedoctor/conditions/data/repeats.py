"""Whether the loss of a step repeats itself with every epoch."""

from __future__ import annotations

import math

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, finding, number, percent, ramp, unjudged
from curvedoctor.conditions.measures.shape import why_unjudgeable
from curvedoctor.features.blocks import median
from curvedoctor.features.case import Case
from curvedoctor.features.resample import GRID
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Floats, Unjudged

ID = "uneven-batches"
#: points that are looked at, the last ones
MAX_POINTS = 16384
#: share of the fluctuation that must repeat, and how far what repeats must move
#: the loss (relative to its level)
REPEATS, MOVES = 0.2, 0.05
#: points from which on the fluctuation's autocorrelation says something
MIN_POINTS = 40
#: of a shorter log: points of the second epoch, how alike the first they are, and the leap at its start
OVERLAP, ALIKE, LEAP = 8, 0.95, 2.0


def repeats(case: Case) -> Finding | Unjudged | None:
    """What repeats with every epoch, as uneven-batches tells it."""
    if (reason := why_unjudgeable(case, 2)) is not None:
        return unjudged(ID, reason)
    s = case.train_step or (case.train if _counts_steps(case.train) else None)
    at_evaluations = s is not None and case.val is not None and len(case.val.y) >= len(s.y)
    if s is None or (at_evaluations and case.train is not s):
        return unjudged(ID, "no training loss per step is logged")
    if (again := _twice(case, s)) is not None:
        return again
    if case.train_step is None or s.stats.n < MIN_POINTS:
        return unjudged(ID, f"{s.stats.n:.0f} points of a loss per step are too few; {MIN_POINTS} are needed")
    return _rhythm(case, s)


def _counts_steps(s: Series | None) -> bool:
    return s is not None and s.curve.axis == "step" and s.curve.role.granularity != "epoch"


def _rhythm(case: Case, s: Series) -> Finding | None:
    share, lag = _periodic(case, s)
    confidence = 0.9 * ramp(share, REPEATS - 0.05, REPEATS + 0.25)
    if confidence < REPORT_FROM:
        return None
    known, moves = _per_epoch(case, s), _pattern(s, lag)
    grave = known is not None and moves >= MOVES
    once = ", once per epoch" if known is not None else ""
    return finding(
        ID, "warning" if grave else "info", confidence, s,
        f"The loss repeats itself every {lag} points{once}: {percent(share)} of its "
        f"fluctuation, ±{percent(moves)} of its level.",
        onset=0.0, others=(case.val,), repeats=share, moves=moves, lag=lag, points_per_epoch=known,
    )  # fmt: skip


def _pattern(s: Series, lag: int) -> float:
    """How far what repeats moves the loss: standard deviation of the mean epoch, relative to the level."""
    r = _residual(s)
    whole = len(r) // lag
    return float(r[len(r) - whole * lag :].reshape(whole, lag).mean(axis=0).std())


def _twice(case: Case, s: Series) -> Finding | None:
    """Less than three epochs: the second is the first over again and starts with a leap."""
    known, n = _per_epoch(case, s), len(s.y)
    lag = round(known) if known is not None else 0
    if known is None or abs(known - lag) > 0.01 or n - lag < OVERLAP or lag < OVERLAP or n >= 3 * lag:
        return None
    first, second = s.y[: min(lag, n - lag)], s.y[lag : 2 * lag]
    leap = float(s.y[lag] / max(s.y[lag - 1], 1e-300))
    alike = float(np.corrcoef(first, second)[0, 1]) if first.std() > 0 and second.std() > 0 else 0.0
    if alike < ALIKE or leap < LEAP:
        return None
    return finding(
        ID, "warning", 0.9, s,
        f"The second epoch repeats the first, point by point (correlation {alike:.2f}): at its "
        f"start the loss leaps from {number(float(s.y[lag - 1]))} back to {number(float(s.y[lag]))}.",
        onset=float(s.x[lag]), others=(case.val,), repeats=alike, moves=leap - 1, lag=lag,
        points_per_epoch=known,
    )  # fmt: skip


def _periodic(case: Case, s: Series) -> tuple[float, int]:
    """Share of the fluctuation that repeats after an epoch (less what neighbours
    and half an epoch share), and the lag."""
    if case.schedule is not None and case.schedule.restarts >= 2:
        return 0.0, 0
    r = _residual(s)
    n = len(r)
    acf = _autocorrelation(r)
    known = _per_epoch(case, s)
    if known is not None and not 4 <= known <= n // 3:
        return 0.0, 0  # too few points in an epoch, or too few epochs
    if known is not None:
        around = range(max(4, round(known) - 2), min(n // 3, round(known) + 3))
        lag = max(around, key=lambda k: float(acf[k]))
        doubt = 4.0
    else:
        looked = acf[5 : n // 3 + 1]
        lag = int(np.argmax(looked >= 0.8 * looked.max())) + 5  # the first of its multiples
        lag = max(range(lag, min(lag + 3, n // 3)), key=lambda k: float(acf[k]), default=lag)
        doubt = 6.0  # the highest of many lags
    share = _stands_out(acf, lag)
    if share < doubt / n**0.5 or acf[min(2 * lag, len(acf) - 1)] < 0.5 * acf[lag]:
        return 0.0, lag
    return share, lag


def _stands_out(acf: Floats, lag: int) -> float:
    """Autocorrelation at a lag less that of lags half an epoch away and (where sharp) of near ones."""
    half = float(np.mean(acf[[max(1, lag // 2), min(len(acf) - 1, lag + lag // 2)]]))
    return min(float(acf[lag]) - max(0.0, half), 1.0)  # an unbiased estimate may exceed all of it


def _residual(s: Series) -> Floats:
    """Deviation from a running mean over a tenth of the run, relative to it, outliers clipped, shape (n,)."""
    y = s.y[-MAX_POINTS:]
    start = 1.0 - len(y) / max(1, len(s.y))
    places = (np.arange(GRID) + 0.5) / GRID
    padded = np.pad(s.grid, 3, mode="edge")
    calm = np.lib.stride_tricks.sliding_window_view(padded, 7).mean(axis=1)
    trend = np.interp(np.linspace(start, 1, len(y)), places, calm)
    r = y / np.maximum(np.abs(trend), 1e-300) - 1.0
    r = r[len(r) // 20 :]
    center = median(r)
    spread = 1.4826 * median(np.abs(r - center))
    return np.asarray(np.clip(r - center, -4 * spread, 4 * spread))


def _autocorrelation(r: Floats) -> Floats:
    """Unbiased autocorrelation by FFT, lags 0 … n−1."""
    n = len(r)
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(r - r.mean(), size)
    raw = np.fft.irfft(spectrum * np.conj(spectrum), size)[:n]
    if not raw[0] > 0:
        return np.zeros(n)
    return np.asarray(raw / raw[0] * n / np.maximum(np.arange(n, 0, -1), n // 4))


def _per_epoch(case: Case, s: Series) -> float | None:
    """Logged points per epoch, by the curves logged per epoch or the hyperparameters;
    None if they don't say."""
    n, batch, epochs = case.number("n_train"), case.number("batch_size"), case.number("epochs")
    steps = case.number("steps_per_epoch")
    gap = median(np.diff(s.curve.steps[-1000:])) if len(s.curve.steps) > 1 else 0.0
    if steps and gap > 0:
        return steps / gap
    counted = [
        c.stats.n for c in (case.train, case.val) if c is not None and c.curve.role.granularity == "epoch"
    ]
    if counted and max(counted) >= 2:
        return s.stats.n / max(counted)
    if epochs and epochs >= 2:
        return s.stats.n / epochs
    if n and batch:
        points = math.ceil(n / batch) / gap if gap > 0 and n / batch < 1e15 else 0.0
        return points if points >= 1 else None  # steps that count something else
    return None
