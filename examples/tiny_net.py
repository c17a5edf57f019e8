"""Small neural networks in numpy, enough to go wrong in every way: layers, losses, optimizers, schedules.

Reads like a tiny PyTorch: a `Network` of layers with `forward` and `backward`, a loss that returns its
value and slope, an optimizer with an `lr` that a schedule sets.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]


class Layer(Protocol):
    """One layer: remembers what `backward` needs."""

    weights: list[Array]
    slopes: list[Array]

    def forward(self, x: Array, training: bool) -> Array: ...

    def backward(self, slope: Array) -> Array: ...


class Linear:
    """Fully connected. `init`: a factor on the standard deviation of He's initialization,
    or a way by name."""

    def __init__(self, rng: np.random.Generator, inputs: int, outputs: int, init: float | str = 1.0) -> None:
        scale = math.sqrt(2 / inputs) * (init if isinstance(init, (int, float)) else 1.0)
        w = np.zeros((inputs, outputs)) if init == "zero" else rng.normal(0, scale, (inputs, outputs))
        self.weights = [w.astype(np.float32), np.zeros(outputs, np.float32)]
        self.slopes = [np.zeros_like(w) for w in self.weights]
        self.x = np.empty(0, np.float32)

    def forward(self, x: Array, training: bool) -> Array:
        self.x = x
        return np.asarray(x @ self.weights[0] + self.weights[1])

    def backward(self, slope: Array) -> Array:
        self.slopes = [self.x.T @ slope, slope.sum(axis=0)]
        return np.asarray(slope @ self.weights[0].T)


class Activation:
    """An element-wise function; `derive` gets its input and output."""

    def __init__(self, apply: Callable[[Array], Array], derive: Callable[[Array, Array], Array]) -> None:
        self.apply, self.derive = apply, derive
        self.weights: list[Array] = []
        self.slopes: list[Array] = []
        self.x = self.y = np.empty(0, np.float32)

    def forward(self, x: Array, training: bool) -> Array:
        self.x, self.y = x, self.apply(x)
        return self.y

    def backward(self, slope: Array) -> Array:
        return slope * self.derive(self.x, self.y)


def relu() -> Activation:
    """max(x, 0)."""
    return Activation(lambda x: np.maximum(x, 0), lambda x, y: (x > 0).astype(np.float32))


def sigmoid() -> Activation:
    """1 / (1 + e^−x)."""
    return Activation(
        lambda x: np.asarray(1 / (1 + np.exp(-np.clip(x, -60, 60))), np.float32), lambda x, y: y * (1 - y)
    )


class Dropout:
    """Drops a share of the units while training, and scales the others up."""

    def __init__(self, rng: np.random.Generator, share: float) -> None:
        self.rng, self.share = rng, share
        self.weights: list[Array] = []
        self.slopes: list[Array] = []
        self.kept = np.ones(1, np.float32)

    def forward(self, x: Array, training: bool) -> Array:
        if not training or self.share == 0:
            self.kept = np.ones(1, np.float32)
            return x
        self.kept = (self.rng.random(x.shape) >= self.share).astype(np.float32) / np.float32(1 - self.share)
        return x * self.kept

    def backward(self, slope: Array) -> Array:
        return slope * self.kept


class Conv:
    """3 × 3 convolution with ReLU and 2 × 2 mean pooling, as one matrix product over patches (im2col)."""

    def __init__(self, rng: np.random.Generator, inputs: int, outputs: int, init: float | str = 1.0) -> None:
        self.linear = Linear(rng, 9 * inputs, outputs, init)
        self.weights = self.linear.weights
        self.slopes = self.linear.slopes
        self.shape: tuple[int, ...] = ()
        self.active = np.empty(0, np.float32)

    def forward(self, x: Array, training: bool) -> Array:
        n, h, w, c = self.shape = x.shape
        windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))
        patches = np.ascontiguousarray(windows).reshape(-1, 9 * c)
        self.linear.weights = self.weights
        y = self.linear.forward(patches, training).reshape(n, h - 2, w - 2, -1)
        self.active = (y > 0).astype(np.float32)
        y = y * self.active
        return np.asarray(y.reshape(n, (h - 2) // 2, 2, (w - 2) // 2, 2, -1).mean(axis=(2, 4)))

    def backward(self, slope: Array) -> Array:
        n, h, w, c = self.shape
        full = np.repeat(np.repeat(slope, 2, axis=1), 2, axis=2) * self.active / np.float32(4)
        back = self.linear.backward(full.reshape(-1, full.shape[-1])).reshape(n, h - 2, w - 2, c, 3, 3)
        self.slopes = self.linear.slopes
        out = np.zeros(self.shape, np.float32)
        for i in range(3):
            for j in range(3):
                out[:, i : i + h - 2, j : j + w - 2] += back[..., i, j]
        return out


class Flatten:
    """Pictures to rows."""

    def __init__(self) -> None:
        self.weights: list[Array] = []
        self.slopes: list[Array] = []
        self.shape: tuple[int, ...] = ()

    def forward(self, x: Array, training: bool) -> Array:
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, slope: Array) -> Array:
        return slope.reshape(self.shape)


@dataclass
class Network:
    """Layers in a row."""

    layers: Sequence[Layer]

    def forward(self, x: Array, training: bool = False) -> Array:
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def backward(self, slope: Array) -> None:
        for layer in reversed(self.layers):
            slope = layer.backward(slope)

    def grad_norm(self) -> float:
        """Norm of the gradient that the last `backward` left."""
        return math.sqrt(
            sum(float((s.astype(np.float64) ** 2).sum()) for ly in self.layers for s in ly.slopes)
        )


def mlp(rng: np.random.Generator, sizes: Sequence[int], init: float | str = 1.0,
        activation: Callable[[], Activation] = relu, dropout: float = 0.0) -> Network:  # fmt: skip
    """Fully connected layers with an activation between them; sizes from input to output."""
    layers: list[Layer] = []
    for i, (a, b) in enumerate(pairwise(sizes)):
        if i:
            layers += [activation(), Dropout(rng, dropout)]
        layers.append(Linear(rng, a, b, init))
    return Network(layers)


def cnn(rng: np.random.Generator, side: int, channels: Sequence[int], outputs: int, init: float | str = 1.0,
        hidden: int = 32, dropout: float = 0.0) -> Network:  # fmt: skip
    """Convolutions with pooling, one hidden layer, outputs; for square grey pictures (n, side, side, 1)."""
    layers: list[Layer] = []
    inputs = 1
    for count in channels:
        layers.append(Conv(rng, inputs, count, init))
        inputs, side = count, (side - 2) // 2
    flat = side * side * inputs
    layers += [
        Flatten(),
        Linear(rng, flat, hidden, init),
        relu(),
        Dropout(rng, dropout),
        Linear(rng, hidden, outputs, init),
    ]
    return Network(layers)


# --- losses: value and slope with respect to the network's output


def cross_entropy(logits: Array, labels: Labels) -> tuple[float, Array]:
    """Mean cross-entropy of softmax(logits), in nats."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    p = np.exp(shifted)
    p /= p.sum(axis=1, keepdims=True)
    rows = np.arange(len(labels))
    value = float(-np.log(np.maximum(p[rows, labels], 1e-30)).mean())
    p[rows, labels] -= 1
    return (value if np.isfinite(p).all() else math.nan), p / np.float32(len(labels))


def binary_cross_entropy(logits: Array, labels: Labels) -> tuple[float, Array]:
    """Mean binary cross-entropy of sigmoid(logits) of shape (n, 1)."""
    score, y = logits[:, 0], labels.astype(np.float32)
    value = np.maximum(score, 0) - score * y + np.log1p(np.exp(-np.abs(score)))
    p = 1 / (1 + np.exp(-np.clip(score, -60, 60)))
    return float(value.mean()), ((p - y) / np.float32(len(y)))[:, None]


def sigmoid_mse(logits: Array, labels: Labels) -> tuple[float, Array]:
    """Mean squared error of sigmoid(logits) of shape (n, 1): the wrong loss for classes."""
    p = 1 / (1 + np.exp(-np.clip(logits[:, 0], -60, 60)))
    d = p - labels.astype(np.float32)
    return float((d**2).mean()), (2 * d * p * (1 - p) / np.float32(len(d)))[:, None]


# --- optimizers


@dataclass
class Optimizer:
    """SGD, momentum, RMSprop or Adam, with L2 penalty. `lr` may be set at any time."""

    network: Network
    kind: str = "sgd"
    lr: float = 0.01
    weight_decay: float = 0.0
    beta1: float = 0.9
    beta2: float = 0.999
    first: dict[tuple[int, int], Array] = field(default_factory=dict)
    second: dict[tuple[int, int], Array] = field(default_factory=dict)
    steps: int = 0

    def step(self) -> None:
        """One step along the gradients that `backward` left."""
        self.steps += 1
        for i, layer in enumerate(self.network.layers):
            for j, (w, g) in enumerate(zip(layer.weights, layer.slopes, strict=True)):
                layer.weights[j] = w - np.float32(self.lr) * self._direction(
                    (i, j), g + np.float32(self.weight_decay) * w
                )

    def _direction(self, key: tuple[int, int], g: Array) -> Array:
        if self.kind == "sgd":
            return g
        if self.kind == "momentum":
            self.first[key] = self.beta1 * self.first.get(key, np.zeros_like(g)) + g
            return self.first[key]
        decay = 0.99 if self.kind == "rmsprop" else self.beta2
        self.second[key] = decay * self.second.get(key, np.zeros_like(g)) + np.float32(1 - decay) * g * g
        if self.kind == "rmsprop":
            return np.asarray(g / (np.sqrt(self.second[key]) + np.float32(1e-8)))
        self.first[key] = self.beta1 * self.first.get(key, np.zeros_like(g)) + np.float32(1 - self.beta1) * g
        m = self.first[key] / (1 - self.beta1**self.steps)
        v = self.second[key] / (1 - self.beta2**self.steps)
        return np.asarray(m / (np.sqrt(v) + 1e-8), np.float32)


# --- schedules: factor on the peak lr at a progress 0..1


def schedule(kind: str, at: float, every: float = 0.3) -> float:
    """constant, step (×0.1 every `every` of the run), cosine, linear, inverse-sqrt,
    exponential, one-cycle."""
    if kind == "step":
        return 0.1 ** int(at / every + 1e-9)
    if kind == "cosine":
        return 0.5 * (1 + math.cos(math.pi * at))
    if kind == "linear":
        return 1 - at
    if kind == "inverse-sqrt":
        return 1 / math.sqrt(1 + 30 * at)
    if kind == "exponential":
        return float(0.01**at)
    if kind == "one-cycle":
        return 0.04 + 0.96 * at / 0.3 if at < 0.3 else 0.5 * (1 + math.cos(math.pi * (at - 0.3) / 0.7))
    return 1.0
