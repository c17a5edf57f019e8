"""Which short runs are worth running on: not those that lead now, but those that may lead later.

Each run's curve is continued by power laws y = a + b·t^(−c) with every exponent of a grid, weighed
by how well it fits (a Bayesian average, Domhan et al. 2015), so that a slow starter whose curve
still falls keeps its chance. Where validation was measured too seldom to be continued, the training
curve's continuation is used, scaled to the validation level of now.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curvedoctor.compare.types import Outcome, Prolong
from curvedoctor.features.case import Case
from curvedoctor.features.extrapolate import EXPONENTS
from curvedoctor.features.resample import GRID
from curvedoctor.features.series import Series
from curvedoctor.model import Floats

#: runs up to this many epochs are coarse (step 4 of the protocol)
COARSE = 5.0
#: how much longer a run is thought on, as a factor on its length
HORIZON = 8.0
#: points of validation from which on its own curve is continued
MIN_POINTS = 8
DRAWS = 4000
#: least relative uncertainty of a continuation over the horizon
LEAST = 0.03
#: σ of a continuation, as a share of the log-ratio that it expects to fall by
DOUBT = 0.5
#: effective number of independent points of a gridded curve of `n` points is at most this
INDEPENDENT = 24


@dataclass(frozen=True, slots=True)
class Future:
    """Continuations of one curve: one row per exponent."""

    #: levels at `times`, shape (exponents, len(times)); loss-like
    levels: Floats
    #: shape (exponents,), sums to 1
    weight: Floats
    #: relative σ of the level at the horizon, one per exponent: shape (exponents,)
    spread: Floats


def prolong(cases: Sequence[Case], outcomes: Sequence[Outcome]) -> tuple[Prolong, ...]:
    """Judge the coarse runs (1–5 epochs) among `cases`; nothing if there are fewer than two of them.

    `outcomes[i]` belongs to `cases[i]`.
    """
    short = [
        (case, o)
        for case, o in zip(cases, outcomes, strict=True)
        if o.bad is None and o.epochs is not None and 1 <= o.epochs <= COARSE
    ]
    if len(short) < 2:
        return ()
    times = np.geomspace(1.0, HORIZON, 25)
    futures = [_future(case, times) for case, _ in short]
    known = [(s, f) for s, f in zip(short, futures, strict=True) if f is not None]
    if len(known) < 2:
        return ()
    draws = np.stack([_draw(f, i) for i, (_, f) in enumerate(known)])
    wins = np.bincount(np.argmin(draws, axis=0), minlength=len(known)) / DRAWS
    mean = np.stack([f.weight @ f.levels for _, f in known])
    leader = int(np.argmin(mean[:, 0]))
    # worth prolonging is what may end where the most promising run is sure to: of 9 trained grids whose
    # 3-epoch runs were continued to 12, this keeps a best run in all, and a third of the runs
    reach = float(np.quantile(draws, 0.9, axis=1).min())
    out = []
    for i, ((case, o), _) in enumerate(known):
        s = _judged(case)
        low, high = (float(v) for v in np.quantile(draws[i], (0.1, 0.9)))
        below = np.flatnonzero(mean[i] < mean[leader])
        crosses = float(times[below[0]] * (o.epochs or 1)) if i != leader and len(below) else None
        ends = sorted((s.logged(low), s.logged(high)))
        expected = s.logged(float(np.median(draws[i])))
        level = s.logged(float(mean[i, 0]))
        worth = low <= reach
        out.append(Prolong(o.run, level, expected, ends[0], ends[1], HORIZON, float(wins[i]), worth, crosses))
    return tuple(sorted(out, key=lambda p: (-p.chance, p.run)))


def _judged(case: Case) -> Series:
    s = case.outcome
    assert s is not None
    return s


def _future(case: Case, times: Floats) -> Future | None:
    """Continuations of the run's outcome curve; None where too little was logged."""
    s = case.outcome
    if s is None:
        return None
    shape = s if s.stats.n >= MIN_POINTS else case.finest_train or s
    if shape.stats.n < 3:
        return None
    future = _continue(shape, times)
    if shape is s:
        return future
    # the training curve's relative fall, from the validation level of now
    now = future.weight @ future.levels[:, 0]
    if not now > 0:
        return None
    gap = 0.15  # how far validation may part from training over the horizon
    return Future(future.levels / now * s.stats.end, future.weight, np.hypot(future.spread, gap))


def _continue(s: Series, times: Floats) -> Future:
    start = GRID // 6
    t = (np.arange(start, GRID) + 0.5) / GRID
    y = s.grid[start:]
    effective = float(min(s.stats.n * (1 - start / GRID), INDEPENDENT))
    scale = max(abs(s.stats.end), 1e-300)
    levels, errors = [], []
    for c in EXPONENTS:
        basis = np.column_stack((np.ones_like(t), t**-c))
        (a, b), *_ = np.linalg.lstsq(basis, y, rcond=None)
        if b < 0:  # it rises: flat is the best that can be hoped for
            a, b = s.stats.end, 0.0
        future = a + b * times**-c
        if s.ceiling is None and s.stats.low >= 0:
            future = np.maximum(future, 0.02 * s.stats.end)
        errors.append(float(np.mean((basis @ np.array([a, b]) - y) ** 2)))
        levels.append(future + (s.stats.end - future[0]))
    error = np.array(errors)
    sigma2 = max(float(error.min()), (1e-3 * scale) ** 2)
    weight = np.exp(-0.5 * effective * (error - error.min()) / sigma2)
    ahead = np.maximum(np.stack(levels), 0.01 * s.stats.end)
    noise = s.stats.noise_late / scale / math.sqrt(max(effective / 3, 1.0))
    far = DOUBT * np.abs(np.log(np.maximum(ahead[:, 0], 1e-300) / np.maximum(ahead[:, -1], 1e-300)))
    return Future(ahead, weight / weight.sum(), np.sqrt(LEAST**2 + min(noise, 0.5) ** 2 + far**2))


def _draw(future: Future, seed: int) -> Floats:
    """Levels at the horizon, shape (DRAWS,); the same every time."""
    rng = np.random.default_rng(seed)
    rows = rng.choice(len(future.weight), size=DRAWS, p=future.weight)
    return np.asarray(future.levels[rows, -1] * np.exp(future.spread[rows] * rng.standard_normal(DRAWS)))
