"""The examples' data: made here, so that nothing is downloaded."""

from __future__ import annotations

import numpy as np

from curvedoctor.demo.data import digits as drawn
from tiny_net import Array
from training import Data


def rule(rng: np.random.Generator, n: int, n_val: int = 1000, sharp: float = 4.0) -> Data:
    """Case A: five features, two classes told apart by a rule that no linear model can express.

    `sharp`: how surely the rule decides; samples near the border belong to either class.
    """
    x = rng.standard_normal((n + n_val, 5)).astype(np.float32)
    score = np.abs(x[:, 0]) + 0.8 * np.abs(x[:, 1] - x[:, 2]) - 0.4 * x[:, 3] - 1.6
    y = (rng.random(n + n_val) < 1 / (1 + np.exp(-sharp * score))).astype(np.int64)
    return Data(x[:n], y[:n], x[n:], y[n:])


def digits(rng: np.random.Generator, n: int, n_val: int = 500) -> Data:
    """Case B: handwritten digits, shifted and under noise, so that learning them is real work.

    scikit-learn's 1797 pictures (other writers validate) where it is installed, else drawn digits.
    Standardized, shape (n, 10, 10, 1).
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        made = drawn(rng, n + n_val, noise=0.6)
        x = made.inputs.astype(np.float32).reshape(-1, 10, 10, 1)
        return Data(x[:n], made.labels[:n], x[n:], made.labels[n:])
    found = load_digits()
    rows = np.concatenate([rng.integers(1297, size=n), rng.integers(1297, 1797, size=n_val)])
    canvas = np.zeros((n + n_val, 10, 10), np.float32)
    right, down = rng.integers(3, size=(2, n + n_val))
    for i, row in enumerate(rows):
        canvas[i, down[i] : down[i] + 8, right[i] : right[i] + 8] = found.images[row]
    x = canvas + rng.normal(0, 2.0, canvas.shape).astype(np.float32)
    x = ((x - x.mean()) / x.std())[..., None]
    y = found.target[rows].astype(np.int64)
    return Data(x[:n], y[:n], x[n:], y[n:])


def textures(rng: np.random.Generator, n: int, n_val: int, side: int = 18) -> Data:
    """Case C: two kinds of pictures (stripes that lean left or right, under noise), shape (n, side,
    side, 1)."""
    total = n + n_val
    y = rng.integers(2, size=total)
    lean = np.where(y == 1, 1.0, -1.0) * rng.uniform(0.5, 1.2, total)
    across, down = np.meshgrid(np.arange(side), np.arange(side))
    phase, width = rng.uniform(0, 2 * np.pi, total), rng.uniform(0.6, 1.0, total)
    waves = np.sin(width[:, None, None] * (across + lean[:, None, None] * down) + phase[:, None, None])
    x = (waves + rng.normal(0, 2.0, waves.shape)).astype(np.float32)[..., None]
    return Data(x[:n], y[:n], x[n:], y[n:])


def handful(data: Data, count: int) -> Data:
    """The first `count` training samples only."""
    return Data(data.x[:count], data.y[:count], data.x_val[:0], data.y_val[:0])


def flat(x: Array) -> Array:
    """Pictures as rows."""
    return x.reshape(len(x), -1)
