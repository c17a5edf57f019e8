"""Dense networks with their gradients, and Adam, in numpy: what the three kinds of runs share."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
#: one curve: steps and values
Logged = dict[str, list[tuple[int, float]]]


class Net:
    """Dense layers with leaky ReLU between them; the output is linear."""

    def __init__(
        self, rng: np.random.Generator, sizes: Sequence[int], dropout: float = 0.0, leak: float = 0.2
    ) -> None:
        pairs = list(itertools.pairwise(sizes))
        self.weights: list[Array] = []
        for fan_in, fan_out in pairs:
            scale = np.sqrt(2 / fan_in)
            self.weights += [
                (scale * rng.standard_normal((fan_in, fan_out))).astype(np.float32),
                np.zeros(fan_out, np.float32),
            ]
        self.layers, self.dropout, self.leak = len(pairs), dropout, leak
        self._seen: list[Array] = []
        self._kept: list[Array | None] = []

    def __call__(self, x: Array, rng: np.random.Generator | None = None) -> Array:
        """The output; with `rng`, hidden units are dropped as in training."""
        self._seen, self._kept = [x], []
        for i in range(self.layers):
            x = x @ self.weights[2 * i] + self.weights[2 * i + 1]
            if i < self.layers - 1:
                x = np.maximum(x, self.leak * x)
                mask = None
                if rng is not None and self.dropout:
                    mask = (rng.random(x.shape, np.float32) >= self.dropout).astype(np.float32) / (
                        1 - self.dropout
                    )
                    x = x * mask
                self._kept.append(mask)
                self._seen.append(x)
        return x

    def back(self, slope: Array) -> tuple[list[Array], Array]:
        """Gradients of the weights and of the input, from the gradient of the last output."""
        grads: list[Array] = []
        for i in reversed(range(self.layers)):
            x = self._seen[i]
            grads[:0] = [x.T @ slope, slope.sum(0)]
            slope = slope @ self.weights[2 * i].T
            if i:
                mask = self._kept[i - 1]
                slope = slope * np.where(x > 0, 1.0, self.leak).astype(np.float32)
                slope = slope if mask is None else slope * mask
        return grads, slope


class Adam:
    """AdamW (Kingma & Ba 2015; decoupled decay as in Loshchilov & Hutter 2019) over a list of arrays,
    in place."""

    def __init__(
        self, weights: list[Array], beta1: float = 0.9, beta2: float = 0.999, decay: float = 0.0
    ) -> None:
        self.weights, self.beta1, self.beta2, self.decay = weights, beta1, beta2, decay
        self.mean = [np.zeros_like(w) for w in weights]
        self.square = [np.zeros_like(w) for w in weights]
        self.taken = 0

    def step(self, grads: Sequence[Array], lr: float) -> None:
        """One step at a learning rate."""
        self.taken += 1
        first, second = 1 - self.beta1**self.taken, 1 - self.beta2**self.taken
        for w, g, m, v in zip(self.weights, grads, self.mean, self.square, strict=True):
            m += (1 - self.beta1) * (g - m)
            v += (1 - self.beta2) * (g * g - v)
            w -= lr * ((m / first) / (np.sqrt(v / second) + 1e-8) + self.decay * w)


def norm(grads: Sequence[Array]) -> float:
    """Euclidean norm over all arrays."""
    return float(np.sqrt(sum(float((g * g).sum()) for g in grads)))


def sigmoid(x: Array) -> Array:
    """1 / (1 + e⁻ˣ)."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)), np.float32)
