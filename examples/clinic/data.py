"""Data sets: small real ones from scikit-learn, and tabular and signal generators.

A generator returns the pool of all samples, features standardized, plus the
targets; which rows train, validate and test is decided per training.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Pool(NamedTuple):
    """All samples of a task: inputs (n, …) and targets (n, …)."""

    x: NDArray[np.float32] | NDArray[np.int32]
    y: NDArray[np.float32] | NDArray[np.int32]


def _standard(x: Floats) -> Floats:
    return np.asarray((x - x.mean(0)) / (x.std(0) + 1e-9))


def real(name: str) -> Pool:
    """One of scikit-learn's bundled sets, in a fixed shuffled order."""
    from sklearn import datasets

    data = getattr(datasets, f"load_{name}")()
    x, y = np.asarray(data.data, float), np.asarray(data.target)
    order = np.random.default_rng(7).permutation(len(x))
    x, y = x[order], y[order]
    if name == "digits":
        scaled = (x - x.mean()) / x.std()
        return Pool(scaled.astype(np.float32), y.astype(np.int32))
    if name == "diabetes":
        target = _standard(y.astype(float))[:, None]
        return Pool(_standard(x).astype(np.float32), target.astype(np.float32))
    return Pool(_standard(x).astype(np.float32), y.astype(np.int32))


def digits_code() -> Pool:
    """The digits as inputs and targets of an autoencoder."""
    pool = real("digits")
    return Pool(pool.x, np.zeros((len(pool.x), 1), np.float32))


def teacher(n: int, seed: int, features: int, noise: float, hidden: int = 6) -> Pool:
    """Regression: a random tanh network plus Gaussian noise (share of the variance)."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, features))
    hiddens = np.tanh(x @ rng.standard_normal((features, hidden)) / np.sqrt(features) * 1.5)
    signal = _standard(hiddens @ rng.standard_normal((hidden, 1)))
    y = np.sqrt(1 - noise) * signal + np.sqrt(noise) * rng.standard_normal((n, 1))
    return Pool(x.astype(np.float32), y.astype(np.float32))


def friedman(n: int, seed: int, noise: float) -> Pool:
    """Friedman's first regression function of five inputs, five more without meaning."""
    rng = np.random.default_rng(seed)
    u = rng.random((n, 10))
    y = 10 * np.sin(np.pi * u[:, 0] * u[:, 1]) + 20 * (u[:, 2] - 0.5) ** 2 + 10 * u[:, 3] + 5 * u[:, 4]
    signal = _standard(y[:, None])
    target = np.sqrt(1 - noise) * signal + np.sqrt(noise) * rng.standard_normal((n, 1))
    return Pool(_standard(u).astype(np.float32), target.astype(np.float32))


def linear_regression(n: int, seed: int, features: int, noise: float) -> Pool:
    """Regression on a line, correlated inputs."""
    rng = np.random.default_rng(seed)
    mix = rng.standard_normal((features, features)) / np.sqrt(features) + 0.7 * np.eye(features)
    x = _standard(rng.standard_normal((n, features)) @ mix)
    signal = _standard(x @ rng.standard_normal((features, 1)))
    y = np.sqrt(1 - noise) * signal + np.sqrt(noise) * rng.standard_normal((n, 1))
    return Pool(x.astype(np.float32), y.astype(np.float32))


def mixture(n: int, seed: int, features: int, classes: int, distance: float, modes: int = 1) -> Pool:
    """Overlapping Gaussians, `modes` per class; distance between centres in standard deviations."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((classes * modes, features))
    centres *= distance / np.sqrt(2 * features)
    which = rng.integers(0, classes * modes, n)
    x = centres[which] + rng.standard_normal((n, features))
    return Pool(_standard(x).astype(np.float32), (which % classes).astype(np.int32))


def spirals(n: int, seed: int, classes: int, noise: float) -> Pool:
    """Interleaved spiral arms with a noisy angle, and two features without meaning."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, classes, n)
    r = np.sqrt(rng.random(n)) * 0.9 + 0.1
    angle = 2 * np.pi * (label / classes + 0.8 * r) + noise * rng.standard_normal(n)
    x = np.stack([r * np.cos(angle), r * np.sin(angle), *(rng.standard_normal((2, n)))], 1)
    return Pool(_standard(x).astype(np.float32), label.astype(np.int32))


def ring(n: int, seed: int, flip: float) -> Pool:
    """Five features, two classes by a curved border (needs a hidden layer); labels flipped at random."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 5))
    score = x[:, 0] ** 2 + x[:, 1] ** 2 + x[:, 2] - 1.6
    probability = 1.0 / (1.0 + np.exp(-2.0 * score))
    y = (rng.random(n) < flip / 2 + (1 - flip) * probability).astype(np.int32)
    return Pool(x.astype(np.float32), y)


def waves(n: int, seed: int, classes: int, noise: float, turn: float = 2 * np.pi, length: int = 64) -> Pool:
    """Sine, square, sawtooth … of random frequency and phase (0 … `turn`), in noise."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, classes, n)
    phase = rng.random((n, 1)) * turn
    angle = np.arange(length)[None] / length * (2 + 1.5 * rng.random((n, 1))) * 2 * np.pi + phase
    sine = np.sin(angle)
    forms = [sine, np.sign(sine) * 0.8, ((angle / np.pi) % 2) - 1, np.abs(sine) * 2 - 1]
    x = np.choose(label[:, None], forms[:classes]) + noise * rng.standard_normal((n, length))
    return Pool(x.astype(np.float32), label.astype(np.int32))


def beats(n: int, seed: int, noise: float, length: int = 64) -> Pool:
    """ECG-like traces; class 1 has a widened, later T wave (the classes overlap)."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, n)
    t = np.linspace(0, 1, length)[None]
    shift = 0.15 * (rng.random((n, 1)) - 0.5)

    def bump(at: Any, wide: Any, high: Any) -> Any:
        return high * np.exp(-0.5 * ((t - at - shift) / wide) ** 2)

    one = np.ones((n, 1))
    late = label[:, None] * 0.15 + 0.05 * rng.standard_normal((n, 1))
    x = bump(0.25 * one, 0.03 * one, 0.3 * one) + bump(0.42 * one, 0.015 * one, 1.5 * one)
    x += bump(0.65 + late, 0.04 + 0.01 * label[:, None], 0.6 + 0.1 * rng.standard_normal((n, 1)))
    x += noise * rng.standard_normal((n, length))
    return Pool(_standard(x).astype(np.float32), label.astype(np.int32))


def autoregressive(n: int, seed: int, noise: float, length: int = 20) -> Pool:
    """Forecast the next value of a damped oscillation driven by noise (two channels)."""
    rng = np.random.default_rng(seed)
    total, warm = length + 1, 12
    a = np.zeros((n, total + warm))
    drive = noise * rng.standard_normal(a.shape)
    a[:, :2] = rng.standard_normal((n, 2))
    for k in range(2, a.shape[1]):
        a[:, k] = np.tanh(1.75 * a[:, k - 1] - 0.95 * a[:, k - 2]) + drive[:, k]
    a = a[:, warm:]
    x = np.stack([a[:, :length], 0.5 * rng.standard_normal((n, length))], -1)
    y = a[:, length : length + 1]
    return Pool((x / a.std()).astype(np.float32).reshape(n, -1), (_standard(y)).astype(np.float32))


def sine_code(n: int, seed: int, noise: float, length: int = 64) -> Pool:
    """Signals on a four-dimensional manifold plus noise, for an autoencoder."""
    rng = np.random.default_rng(seed)
    t = np.arange(length)[None] / length * 2 * np.pi
    a, b = rng.standard_normal((2, n, 1)) * 0.4 + 1.0
    p, q = rng.random((2, n, 1)) * 2.0
    x = a * np.sin(2 * t + p) + b * np.sin(5 * t + q) + noise * rng.standard_normal((n, length))
    return Pool((x / x.std()).astype(np.float32), np.zeros((n, 1), np.float32))


Loader = Callable[[], Pool]
