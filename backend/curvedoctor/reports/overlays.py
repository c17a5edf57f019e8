"""What pictures of a curve add to it: the noise around it, the steps of the rate, where it is heading.

Drawn by the panel, in the annotated picture, and over TensorBoard's own charts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from curvedoctor.conditions.base import all_conditions
from curvedoctor.model import Curve, Diagnosis, Floats

#: a drop of the learning rate that is one step of a schedule, as share of the value before
DECAY = 0.15
#: change from one point to the next up to which the rate counts as constant
LEVEL = 0.01
#: more drops than this are a smooth schedule, shown by its own curve
DECAYS = 12
#: points below which a noise band would be guessing
BAND_POINTS = 40
#: the band's half width in noise standard deviations
BAND_SIGMAS = 2.0
#: how far past the end an extrapolation is drawn, as share of the run
AHEAD = 0.5


@dataclass(frozen=True, slots=True)
class Band:
    """A running median with the noise around it; all of shape (n,)."""

    x: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class Line:
    """An extrapolation; x and y of shape (n,)."""

    x: Floats
    y: Floats
    #: last step of the curve
    end: float


def decays(curve: Curve) -> list[tuple[float, float, float]]:
    """(step, rate before, rate after) where a learning rate drops in steps;
    [] for smooth or adaptive schedules."""
    before, after = curve.values[:-1], curve.values[1:]
    with np.errstate(all="ignore"):
        # a step stands out between level parts: the end of a cosine falls as fast, but along a slope
        steady = np.abs(after - before) <= LEVEL * np.abs(before)
        level = np.r_[True, steady[:-1]] & np.r_[steady[1:], True] if len(before) else steady
        drops = np.flatnonzero((after < before * (1 - DECAY)) & (after > 0) & np.isfinite(before) & level)
    if not 0 < len(drops) <= DECAYS or len(drops) > len(curve) / 3:
        return []
    return [(float(curve.steps[i + 1]), float(before[i]), float(after[i])) for i in drops.tolist()]


def noise_band(curve: Curve, places: int) -> Band | None:
    """Running median ± 2 σ of a noisy curve's noise at so many places; None where it shows nothing.

    The noise is 1.4826 · running median of |value − running median|, robust against spikes.
    """
    if len(curve) < BAND_POINTS or curve.role.quantity not in {"loss", "error", "accuracy"}:
        return None
    finite = np.isfinite(curve.values)
    if finite.sum() < BAND_POINTS:
        return None
    order = np.argsort(curve.steps[finite], kind="stable")
    x = curve.steps[finite][order].astype(np.float64)
    middle, sigma = _running(curve.values[finite][order])
    half = BAND_SIGMAS * sigma
    spread = float(np.ptp(middle)) or 1.0
    if float(np.median(half)) < 0.01 * spread or not np.isfinite(half).all():
        return None
    at = np.unique(np.linspace(0, len(x) - 1, min(len(x), places)).round().astype(np.int64))
    return Band(x[at], (middle - half)[at], (middle + half)[at])


def _running(values: Floats) -> tuple[Floats, Floats]:
    from scipy.ndimage import median_filter

    # a band is drawn at some 100 places: a thinned curve gives the same band at bounded cost
    stride = max(1, len(values) // 4_000)
    thin = values[::stride]
    width = max(5, len(thin) // 25) | 1
    middle = median_filter(thin, size=width, mode="nearest")
    sigma = 1.4826 * median_filter(np.abs(thin - middle), size=width, mode="nearest")
    at, full = np.arange(len(thin)) * stride, np.arange(len(values))
    return np.interp(full, at, middle), np.interp(full, at, sigma)


def heading(diagnosis: Diagnosis) -> Iterator[Curve]:
    """The losses and errors of which a finding says what running on would bring."""
    known = all_conditions()
    wanted = {
        name
        for finding in diagnosis.findings
        if finding.condition in known and known[finding.condition].extrapolates
        for name in finding.curves
    }
    for curve in diagnosis.run.curves:
        if curve.id in wanted and curve.role.quantity in {"loss", "error"}:
            yield curve


def extrapolation(curve: Curve, places: int) -> Line | None:
    """The power law y = a + b·t^(−c) through the last two thirds, drawn on past the end; None where none
    fits.

    The same family that the engine judges by (`curvedoctor.features.extrapolate`): for each exponent
    of its grid the best a and b are linear least squares; the exponent with the least error wins.
    """
    from curvedoctor.features.extrapolate import EXPONENTS

    finite = np.isfinite(curve.values)
    x, y = curve.steps[finite].astype(np.float64), curve.values[finite]
    if len(x) < 8 or x[-1] <= x[0]:
        return None
    shift = 0.5 / len(x)
    t = (x - x[0]) / (x[-1] - x[0]) + shift
    late = t > 1 / 3
    best: tuple[float, float, Floats] | None = None
    for exponent in EXPONENTS.tolist():
        basis = np.column_stack((np.ones(int(late.sum())), t[late] ** -exponent))
        solution, *_ = np.linalg.lstsq(basis, y[late], rcond=None)
        error = float(np.square(basis @ solution - y[late]).sum())
        if solution[1] > 0 and (best is None or error < best[0]):
            best = (error, exponent, solution)
    if best is None:
        return None
    ahead = np.linspace(1 / 3, 1 + AHEAD, places)
    line = best[2][0] + best[2][1] * (ahead + shift) ** -best[1]
    return Line(x[0] + ahead * (x[-1] - x[0]), line, float(x[-1]))
