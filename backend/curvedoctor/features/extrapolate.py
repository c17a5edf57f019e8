"""What running on would bring: a power law with offset, fitted to many curves at once.

Model: y(t) = a + b·t^(−c), t the progress from the run's start, fitted over the last two thirds by
variable projection (Golub & Pereyra 1973): for each exponent on a grid the best a, b is linear
least squares, and all curves share the same matrices.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from curvedoctor.features.resample import GRID
from curvedoctor.model import Floats

#: rates of exponential descents, in e-foldings per run, and exponents of power laws, near enough together
RATES, POWERS = np.geomspace(0.3, 8.0, 20), np.geomspace(0.05, 3.0, 20)
EXPONENTS = np.array([0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0])
#: how much longer than the run, as a factor on its length
HORIZONS = (1.5, 2.0, 4.0)
_FROM = GRID // 3


@cache
def _projections() -> tuple[Floats, Floats, Floats]:
    """For each exponent: the solver (2, m), the basis (m, 2) and the basis at the horizons (3, 2)."""
    t = (np.arange(_FROM, GRID) + 0.5) / GRID
    ahead = np.array(HORIZONS)
    bases = np.stack([np.column_stack((np.ones_like(t), t**-c)) for c in EXPONENTS])
    solvers = np.stack([np.linalg.pinv(basis) for basis in bases])
    future = np.stack([np.column_stack((np.ones_like(ahead), ahead**-c)) for c in EXPONENTS])
    return solvers, bases, future


def extrapolate(grid: Floats) -> tuple[Floats, Floats]:
    """Expected level at each horizon, shape (n, 3), and the fit's root mean square residual, shape (n,)."""
    solvers, bases, future = _projections()
    y = grid[:, _FROM:]
    coefficients = np.einsum("ckm,nm->nck", solvers, y)
    residual = y[:, None, :] - np.einsum("cmk,nck->ncm", bases, coefficients)
    error = np.einsum("ncm,ncm->nc", residual, residual)
    # a curve that rises or bends down is not of this family: only b ≥ 0 decays
    error = np.where(coefficients[:, :, 1] >= 0, error, np.inf)
    choice = np.argmin(error, axis=1)
    rows = np.arange(len(grid))
    level = np.einsum("nhk,nk->nh", future[choice], coefficients[rows, choice])
    rms = np.sqrt(error[rows, choice] / y.shape[1])
    flat = ~np.isfinite(rms)
    level[flat] = y[flat, -3:].mean(axis=1, keepdims=True)  # nothing to be gained from one that rises
    rms[flat] = y[flat].std(axis=1)
    return level, rms


def expected_gain(grid: Floats) -> tuple[Floats, Floats, Floats]:
    """Share of the final level to be gained by running on 50 %, 100 %, 300 % longer, each shape (n,).

    Gains are relative to |end level| and clipped to −1..1; 0 where the curve does not fall.
    """
    level, _ = extrapolate(grid)
    end = grid[:, -3:].mean(axis=1)
    gain = (end[:, None] - level) / np.maximum(np.abs(end), 1e-300)[:, None]
    gain = np.clip(np.nan_to_num(gain, nan=0.0, posinf=1.0, neginf=-1.0), -1.0, 1.0)
    return gain[:, 0], gain[:, 1], gain[:, 2]


@cache
def _family() -> tuple[Floats, Floats, Floats]:
    """Power laws and exponentials: solvers (k, 2, m), bases (k, m, 2),
    and what going on as long again brings, (k, 2)."""
    t = (np.arange(_FROM, GRID) + 0.5) / GRID
    shapes = [(t**-c, 1.0 - 2.0**-c) for c in POWERS]
    shapes += [(np.exp(-k * t), float(np.exp(-k) - np.exp(-2 * k))) for k in RATES]
    bases = np.stack([np.column_stack((np.ones_like(t), shape)) for shape, _ in shapes])
    ahead = np.array([(0.0, further) for _, further in shapes])
    return np.stack([np.linalg.pinv(basis) for basis in bases]), bases, ahead


def gain_interval(row: Floats, points: float) -> tuple[float, float]:
    """Least and greatest fall to expect from running as long again; (0, 0) where it does not fall.

    Over all power laws a + b·t^(−c) and exponentials a + b·e^(−kt), each by how likely it makes the last two
    thirds of the grid row (GRID,) with n logged points: what they bring on average, in the curve's unit, less
    and more a standard deviation.
    """
    solvers, bases, ahead = _family()
    y = row[_FROM:]
    coefficients = solvers @ y
    fits = bases @ coefficients[:, :, None]
    falls = coefficients[:, 1] > 0
    if not falls.any():
        return 0.0, 0.0
    exact = (0.004 * (y[0] - y[-1])) ** 2 + (1e-4 * y[-1]) ** 2 + 1e-300
    error = np.mean((fits[:, :, 0] - y) ** 2, axis=1)[falls] + exact
    n = max(4.0, min(points * 2 / 3, float(len(y))))
    likely = (error / error.min()) ** (-n / 2)
    likely /= likely.sum()
    brings = np.sum(coefficients * ahead, axis=1)[falls]
    mean = float(likely @ brings)
    spread = float(likely @ (brings - mean) ** 2) ** 0.5
    return max(0.0, mean - spread), max(0.0, mean + spread)
