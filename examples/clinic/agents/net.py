"""The network of small agents."""

from __future__ import annotations

import numpy as np

from clinic.agents.envs import Floats


class Net:
    """Two tanh layers; Adam with a clipped gradient norm."""

    def __init__(self, sizes: tuple[int, ...], rng: np.random.Generator, last: float) -> None:
        scales = [1 / np.sqrt(n) for n in sizes[:-1]]
        scales[-1] *= last
        self.weights = [
            s * rng.standard_normal((a, b)) for a, b, s in zip(sizes[:-1], sizes[1:], scales, strict=True)
        ]
        self.weights += [np.zeros(b) for b in sizes[1:]]
        self._m = [np.zeros_like(w) for w in self.weights]
        self._v = [np.zeros_like(w) for w in self.weights]
        self._t = 0

    def __call__(self, x: Floats) -> Floats:
        depth = len(self.weights) // 2
        self._seen = [x]
        for i in range(depth):
            x = x @ self.weights[i] + self.weights[depth + i]
            if i < depth - 1:
                x = np.tanh(x)
                self._seen.append(x)
        return x

    def step(self, slope: Floats, lr: float, clip: float) -> float:
        """One step of Adam down the slope of the last output; returns the gradient norm before clipping."""
        depth = len(self.weights) // 2
        grads: list[Floats] = [np.empty(0)] * len(self.weights)
        for i in reversed(range(depth)):
            grads[i], grads[depth + i] = self._seen[i].T @ slope, slope.sum(axis=0)
            if i:
                slope = (slope @ self.weights[i].T) * (1 - self._seen[i] ** 2)
        norm = float(np.sqrt(sum(float((g**2).sum()) for g in grads)))
        self._t += 1
        rate = lr * np.sqrt(1 - 0.999**self._t) / (1 - 0.9**self._t)
        for w, g, m, v in zip(self.weights, grads, self._m, self._v, strict=True):
            g = g * min(1.0, clip / (norm + 1e-12))
            m += 0.1 * (g - m)
            v += 0.001 * (g**2 - v)
            w -= rate * m / (np.sqrt(v) + 1e-8)
        return norm

    def copy(self) -> list[Floats]:
        return [w.copy() for w in self.weights]
