"""A network with one hidden layer, its loss and its gradient: all that the demo trains.

It trains to the same numbers on every machine. What enters a product is rounded to a grid so coarse that each
sum of products fits into the 53 bits of a float64: then it is exact, in whatever order a BLAS kernel adds it
up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curvedoctor.model import Floats, Ints

#: bits after the point of what enters a product: pictures and activations (|x| < 1000),
#: weights (|w| < 1000), slopes
ACTIVATION, WEIGHT, SLOPE = 10, 16, 16
#: of Adam: what it keeps of the gradient's mean and of its square's per step,
#: and what a step is never divided by less than
KEEP_MEAN, KEEP_SQUARE, LEAST = 0.9, 0.999, 1e-8


@dataclass(slots=True)
class Network:
    """ReLU units between inputs and outputs; trained by Adam."""

    #: weights and biases, in the order hidden, output
    weights: list[Floats]
    #: running means of the gradients and of their squares, shapes as `weights`
    mean: list[Floats]
    square: list[Floats]
    steps: int = 0

    @staticmethod
    def new(rng: np.random.Generator, inputs: int, hidden: int, outputs: int) -> Network:
        """Initialized after He et al. (2015)."""
        weights = [
            rng.normal(0, np.sqrt(2 / inputs), (inputs, hidden)),
            np.zeros(hidden),
            rng.normal(0, np.sqrt(1 / hidden), (hidden, outputs)),
            np.zeros(outputs),
        ]
        return Network(weights, [0.0 * weight for weight in weights], [0.0 * weight for weight in weights])

    def rounded(self) -> list[Floats]:
        """Weights as they enter a product."""
        return [exact(weight, WEIGHT) for weight in self.weights]

    def forward(self, inputs: Floats) -> tuple[Floats, Floats]:
        """Hidden activations, and outputs before softmax or sigmoid: shapes (n, hidden), (n, outputs)."""
        first, shift, second, bias = self.rounded()
        hidden = exact(np.maximum(inputs @ first + shift, 0), ACTIVATION)
        return hidden, hidden @ second + bias

    def step(self, inputs: Floats, labels: Ints, lr: float) -> tuple[float, Floats]:
        """One step on a batch; the loss and the logits before it."""
        hidden, logits = self.forward(inputs)
        error = exact(slope(logits, labels), SLOPE)
        back = exact((error @ self.rounded()[2].T) * (hidden > 0), SLOPE)
        sums = [inputs.T @ back, back.sum(axis=0), hidden.T @ error, error.sum(axis=0)]
        self.descend([gradient / len(labels) for gradient in sums], lr)
        return loss(logits, labels), logits

    def descend(self, gradients: list[Floats], lr: float) -> None:
        """One step of Adam (Kingma and Ba, 2015)."""
        self.steps += 1
        for index, gradient in enumerate(gradients):
            self.mean[index] = KEEP_MEAN * self.mean[index] + (1 - KEEP_MEAN) * gradient
            self.square[index] = KEEP_SQUARE * self.square[index] + (1 - KEEP_SQUARE) * gradient * gradient
            mean = self.mean[index] / (1 - KEEP_MEAN**self.steps)
            square = self.square[index] / (1 - KEEP_SQUARE**self.steps)
            self.weights[index] = self.weights[index] - lr * mean / (np.sqrt(square) + LEAST)


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
