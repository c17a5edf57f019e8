"""A network with one hidden layer, its loss and its gradient: all that the demo trains.

It trains to the same numbers on every machine. What enters a product is rounded to a grid so coarse that each sum of
products fits into the 53 bits of a float64: then it is exact, in whatever order a BLAS kernel adds it up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curvedoctor.model import Floats, Ints

#: bits after the point of what enters a product: pictures and activations (|x| < 64), weights (|w| < 8), slopes
ACTIVATION, WEIGHT, SLOPE = 12, 24, 16


@dataclass(slots=True)
class Network:
    """ReLU units between inputs and outputs; trained by SGD with momentum."""

    #: weights and biases, in the order hidden, output
    weights: list[Floats]
    #: what momentum remembers, shapes as `weights`
    speed: list[Floats]

    @staticmethod
    def new(rng: np.random.Generator, inputs: int, hidden: int, outputs: int) -> Network:
        """Initialized after He et al. (2015)."""
        weights = [
            rng.normal(0, np.sqrt(2 / inputs), (inputs, hidden)),
            np.zeros(hidden),
            rng.normal(0, np.sqrt(1 / hidden), (hidden, outputs)),
            np.zeros(outputs),
        ]
        return Network(weights, [np.zeros_like(weight) for weight in weights])

    def rounded(self) -> list[Floats]:
        """Weights as they enter a product."""
        return [exact(weight, WEIGHT) for weight in self.weights]

    def forward(self, inputs: Floats) -> tuple[Floats, Floats]:
        """Hidden activations, and outputs before softmax or sigmoid: shapes (n, hidden), (n, outputs)."""
        first, shift, second, bias = self.rounded()
        hidden = exact(np.maximum(inputs @ first + shift, 0), ACTIVATION)
        return hidden, hidden @ second + bias

    def step(self, inputs: Floats, labels: Ints, lr: float, momentum: float = 0.9) -> tuple[float, Floats]:
        """One step of SGD on a batch; the loss and the logits before it."""
        hidden, logits = self.forward(inputs)
        error = exact(slope(logits, labels), SLOPE)
        back = exact((error @ self.rounded()[2].T) * (hidden > 0), SLOPE)
        sums = [inputs.T @ back, back.sum(axis=0), hidden.T @ error, error.sum(axis=0)]
        for index, gradient in enumerate(sums):
            self.speed[index] = momentum * self.speed[index] - lr * (gradient / len(labels))
            self.weights[index] = self.weights[index] + self.speed[index]
        return loss(logits, labels), logits


def exact(values: Floats, bits: int) -> Floats:
    """Rounded to so many bits after the point."""
    return np.asarray(np.rint(values * 2.0**bits) / 2.0**bits)


def probabilities(logits: Floats) -> Floats:
    """Softmax; for one output, the sigmoid."""
    if logits.shape[1] == 1:
        return np.asarray(1 / (1 + np.exp(-np.clip(logits, -700, 700))))
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def loss(logits: Floats, labels: Ints) -> float:
    """Mean cross-entropy, binary for one output, in nats."""
    if logits.shape[1] == 1:
        score = logits[:, 0]
        return float(np.mean(np.maximum(score, 0) - score * labels + np.log1p(np.exp(-np.abs(score)))))
    shifted = logits - logits.max(axis=1, keepdims=True)
    chosen = shifted[np.arange(len(labels)), labels]
    return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - chosen))


def slope(logits: Floats, labels: Ints) -> Floats:
    """Gradient of the summed loss with respect to the logits."""
    result = probabilities(logits)
    if logits.shape[1] == 1:
        return np.asarray(result - labels[:, None])
    result[np.arange(len(labels)), labels] -= 1
    return result


def accuracy(logits: Floats, labels: Ints) -> float:
    """Share of right answers."""
    if logits.shape[1] == 1:
        return float(np.mean((logits[:, 0] > 0) == labels))
    return float(np.mean(logits.argmax(axis=1) == labels))


def argmax_accuracy(logits: Floats, labels: Ints) -> float:
    """The mistake of one of the demo's runs: over a single output, argmax is always 0."""
    return float(np.mean(logits.argmax(axis=1) == labels))
