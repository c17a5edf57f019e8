"""Random healthy runs, as varied as real ones: what no condition may call sick.

Healthy means: the descent has ended (within 1 % of its floor) before the run does, validation is no
worse than training by more than a sound gap and does not turn, and noise is what batches of a usual
size give: up to 30 % per step, a tenth of that per epoch unless the learning rate decays.
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.examples import run
from curvedoctor.model import Floats, ParamValue, Run


def healthy(rng: np.random.Generator) -> Run:
    """One random healthy run."""
    n = int(10 ** rng.uniform(1, 3.3))
    decays = bool(rng.random() < 0.6)
    per_step = bool(rng.random() < 0.5 and n >= 40)
    start = float(10 ** rng.uniform(-1, 1))
    floor = start * float(10 ** rng.uniform(-2, -0.6))
    shape = descent(rng, n, start, floor)
    noise = (
        float(rng.uniform(0, 0.3))
        if per_step
        else float(rng.uniform(0, 0.3 if decays and rng.random() < 0.2 else 0.03))
    )
    curves: dict[str, Floats] = {"train_loss_step" if per_step else "train_loss": _noisy(rng, shape, noise)}
    points = max(10, n // 20) if per_step else n
    at = np.linspace(0, n - 1, points).astype(int)
    if rng.random() < 0.8:
        gap = 1 + float(rng.uniform(0.0, 0.25))
        curves["val_loss"] = _noisy(rng, shape[at] * gap, float(rng.uniform(0, 0.05)))
    if rng.random() < 0.6:
        error = np.clip(shape[at] / start, 0, 1) * rng.uniform(0.4, 0.9)
        size = int(10 ** rng.uniform(3, 5))
        curves["val_accuracy"] = 1 - rng.binomial(size, error) / size
        if rng.random() < 0.3:
            curves["val_accuracy"] = 100 * curves["val_accuracy"]
    if rng.random() < 0.6:
        curves["lr"] = _rate(rng, points, decays)
    return run(_params(rng, decays), **curves)


def descent(rng: np.random.Generator, n: int, start: float, floor: float) -> Floats:
    """A noiseless descent that ends: exponential, stretched, or with a healthy step where the rate drops."""
    t = np.linspace(0, 1, n)
    speed = float(rng.uniform(8, 40))
    kind = rng.integers(3)
    if kind == 0:
        y = np.exp(-speed * t)
    elif kind == 1:
        y = np.exp(-((speed * 2 * t) ** 0.75))
    else:
        y = np.exp(-speed * 1.5 * t) * 0.9 + 0.1 / (1 + np.exp((t - 0.5) / 0.01))
    return np.asarray(floor + (start - floor) * y)


def _noisy(rng: np.random.Generator, y: Floats, noise: float) -> Floats:
    return np.asarray(y * np.exp(noise * rng.standard_normal(len(y))))


def _rate(rng: np.random.Generator, n: int, decays: bool) -> Floats:
    peak, t = float(10 ** rng.uniform(-4, -1)), np.linspace(0, 1, n)
    if not decays:
        return np.full(n, peak)
    lr = (
        peak
        * (0.5 * (1 + np.cos(np.pi * t)), 1 - t, 0.1 ** np.floor(t * 2.5), np.exp(-3 * t))[rng.integers(4)]
    )
    return np.asarray(lr * np.minimum(1.0, (t + 1 / n) / 0.05)) if rng.random() < 0.3 else np.asarray(lr)


def _params(rng: np.random.Generator, decays: bool) -> dict[str, ParamValue]:
    known: dict[str, ParamValue] = {
        "lr": float(10 ** rng.uniform(-3.3, -2.7)), "optimizer": "adam",
        "batch_size": int(2 ** rng.integers(5, 9)),
        "epochs": 60, "weight_decay": 1e-4, "dropout": 0.1, "activation": "relu", "depth": 3, "width": 128,
        "n_train": 20_000, "schedule": "cosine" if decays else "constant",
    }  # fmt: skip
    return {k: v for k, v in known.items() if rng.random() < 0.5 and k not in ("epochs", "schedule")}
