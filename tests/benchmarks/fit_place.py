"""Fit the weights of `curvedoctor.compare.place`: python -m benchmarks.fit_place (in tests/, examples/ on the
path).

Windows of trained grids (`benchmarks.compare.trained`) and of the clinic's grids that calibration may see.
Prints the weights, and how often they are right on tasks that were left out of the fit.
"""

# ruff: noqa: E402  # paths come first
from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "examples")]

import numpy as np
from sklearn.linear_model import LogisticRegression

from benchmarks.compare import clinic, windows
from benchmarks.trained_grids import Grid, trained
from curvedoctor.compare import analyze, place
from curvedoctor.compare.grid import grid, params_of
from curvedoctor.compare.outcome import ended
from curvedoctor.features.case import build
from curvedoctor.model import Floats, Run

#: a clinic window weighs this much more: they are few, and of other tasks; so does a best lr within
CLINIC, INSIDE = 6.0, 1.5

Row = tuple[str, tuple[float, ...], bool, str, float]


def rows(grids: Iterable[Grid], weight: float) -> Iterable[Row]:
    """(side, features, is the best lr beyond it, task, weight) of every window whose best lr is its last."""
    for g in grids:
        for runs, truth, _ in windows(g):
            points = profile(runs)
            finite = [p.score for p in points if math.isfinite(p.score)]
            if len(points) < 2 or not finite:
                continue
            best = min(range(len(points)), key=lambda i: points[i].score)
            if 0 < best < len(points) - 1:
                continue
            above = best > 0
            inwards = points[::-1] if above else points
            if math.isfinite(inwards[1].score):
                beyond = truth == ("above" if above else "below")
                task = g.name.split("/")[0]
                yield (
                    "UP" if above else "DOWN",
                    place.features(inwards, above),
                    beyond,
                    task,
                    weight * (1 if beyond else INSIDE),
                )


def profile(runs: list[Run]) -> list[place.Point]:
    """The profile over lr as `compare` sees it."""
    cases = build(runs)
    g = grid(ended(cases, [params_of(c) for c in cases]).outcomes)
    return analyze.points(g, "lr", {c.run.name: c for c in cases}) if "lr" in g.varied else []


def fit(x: Floats, y: Floats, weight: Floats) -> Floats:
    """Constant and weights of a logistic regression on features brought to one scale."""
    scale = x.std(axis=0) + 1e-9
    model = LogisticRegression(C=0.5).fit(x / scale, y, sample_weight=weight)
    return np.concatenate([model.intercept_, model.coef_[0] / scale])


def main() -> None:
    """Print the weights of both sides."""
    every = [*rows(trained(), 1.0), *rows(clinic(final=False), CLINIC)]
    for side in ("UP", "DOWN"):
        chosen = [row for row in every if row[0] == side]
        x = np.array([row[1] for row in chosen])
        y, weight = np.array([float(row[2]) for row in chosen]), np.array([row[4] for row in chosen])
        tasks = np.array([row[3] for row in chosen])
        right = np.zeros(len(y), dtype=bool)
        for task in set(tasks):
            out = tasks == task
            if len(set(y[~out])) == 2:
                w = fit(x[~out], y[~out], weight[~out])
                right[out] = (w[0] + x[out] @ w[1:] > 0) == (y[out] > 0.5)
        shown = ", ".join(f"{v:.2f}" for v in fit(x, y, weight))
        print(f"{side} = ({shown})  right on tasks left out: {100 * right.mean():.1f} % of {len(y)} windows")


if __name__ == "__main__":
    main()
