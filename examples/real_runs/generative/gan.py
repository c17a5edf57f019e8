"""A small adversarial pair on 8 × 8 handwritten digits, trained as DCGAN is: Adam with β₁ = 0.5, smoothed
labels, dropout.

How good it is, is measured apart from the two losses: the kernel inception distance's formula (Bińkowski et
al. 2018) on the pixels' principal components, between generated and held-out digits (`kid`; lower is better).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from sklearn.datasets import load_digits

from real_runs.generative.dense import Adam, Array, Logged, Net, sigmoid

#: size of the noise that a picture is made from; pictures in a batch; steps between logged points
NOISE, BATCH, EVERY = 16, 32, 25
#: principal components that pictures are compared by, and pictures compared
COMPONENTS, COMPARED = 16, 400


@dataclass(frozen=True)
class Settings:
    """What a run is trained with."""

    lr_d: float = 3e-4
    lr_g: float = 1e-3
    #: "bce" (not saturating), "lsgan" or "wgan" (weights clipped)
    loss: str = "bce"
    #: label of real pictures: below 1 it is smoothed
    real: float = 0.9
    dropout_d: float = 0.3
    width_d: int = 64
    width_g: int = 64
    steps: int = 3000
    pictures: str = "digits"


def _bars() -> Array:
    """One or two soft bars across 8 × 8, 0..16, as many as there are digits."""
    rng, at = np.random.default_rng(7), np.arange(8)
    drawn = np.zeros((1797, 8, 8), np.float32)
    for picture in drawn:
        for _ in range(int(rng.integers(1, 3))):
            bar = 16 * np.exp(-(((at - rng.uniform(0, 7)) / rng.uniform(0.6, 1.2)) ** 2))
            np.maximum(picture, bar[:, None] if rng.random() < 0.5 else bar, out=picture)
    return drawn.reshape(-1, 64)


def _spots() -> Array:
    """One to three soft spots on 8 × 8, 0..16, as many pictures as there are digits."""
    rng, at = np.random.default_rng(8), np.arange(8)
    drawn = np.zeros((1797, 8, 8), np.float32)
    for picture in drawn:
        for _ in range(int(rng.integers(1, 4))):
            wide, (y, x) = rng.uniform(0.7, 1.5), rng.uniform(1, 6, 2)
            apart = ((at[:, None] - y) ** 2 + (at - x) ** 2) / wide**2
            np.maximum(picture, 16 * np.exp(-apart), out=picture)
    return drawn.reshape(-1, 64)


#: drawn pictures beside the digits
DRAWN: Mapping[str, Callable[[], Array]] = {"bars": _bars, "spots": _spots}


@lru_cache
def pictures(of: str = "digits") -> tuple[Array, Array]:
    """Digits, or what is drawn, for training and for comparing, −1..1, shape (n, 64)."""
    x = ((load_digits().data if of == "digits" else DRAWN[of]()) / 8 - 1).astype(np.float32)
    order = np.random.default_rng(0).permutation(len(x))
    return x[order[COMPARED:]], x[order[:COMPARED]]


def _towards(logit: Array, target: float, loss: str) -> tuple[float, Array]:
    """Mean loss of logits that are to be `target` (0 or 1, or near), and its gradient."""
    if loss == "lsgan":
        return float(((logit - target) ** 2).mean()), 2 * (logit - target) / len(logit)
    return float((np.logaddexp(0, logit) - target * logit).mean()), (sigmoid(logit) - target) / len(logit)


class Pair:
    """Generator and discriminator, and a step of each."""

    def __init__(self, of: Settings, rng: np.random.Generator) -> None:
        self.of, self.rng = of, rng
        self.g = Net(rng, (NOISE, of.width_g, of.width_g, 64), leak=0.0)
        self.d = Net(rng, (64, of.width_d, of.width_d, 1), of.dropout_d)
        self.by_g, self.by_d = Adam(self.g.weights, 0.5), Adam(self.d.weights, 0.5)

    def draw(self, n: int) -> Array:
        """Generated pictures, shape (n, 64)."""
        return np.tanh(self.g(self.rng.standard_normal((n, NOISE), np.float32)))

    def step(self) -> tuple[float, float, float]:
        """Both losses and the discriminator's share of right answers."""
        of, real = self.of, pictures(self.of.pictures)[0]
        x = real[self.rng.integers(len(real), size=BATCH)]
        logit = self.d(np.concatenate([x, self.draw(BATCH)]), self.rng)
        a, b = logit[:BATCH], logit[BATCH:]
        (lost_a, slope_a), (lost_b, slope_b) = _towards(a, of.real, of.loss), _towards(b, 0.0, of.loss)
        half = 0.5 if of.loss == "lsgan" else 0.0
        right = 0.5 * (float((a > half).mean()) + float((b < half).mean()))
        self.by_d.step(self.d.back(0.5 * np.concatenate([slope_a, slope_b]))[0], of.lr_d)
        made = self.draw(BATCH)
        lost_g, slope = _towards(self.d(made, self.rng), 1.0, of.loss)
        slope = self.d.back(slope)[1] * (1 - made * made)
        self.by_g.step(self.g.back(slope)[0], of.lr_g)
        return 0.5 * (lost_a + lost_b), lost_g, right


@lru_cache
def _axes(of: str) -> tuple[Array, Array]:
    train = pictures(of)[0]
    middle = train.mean(0)
    _, spread, axes = np.linalg.svd(train - middle, full_matrices=False)
    return middle, axes[:COMPONENTS].T / (spread[:COMPONENTS] / np.sqrt(len(train)))


def kid(made: Array, of: str) -> float:
    """Squared distance of generated to held-out digits under the kernel (1 + x·y / d)³, on principal
    components."""
    middle, to = _axes(of)
    a, b = (made - middle) @ to, (pictures(of)[1] - middle) @ to

    def kernel(x: Array, y: Array) -> Array:
        return np.asarray((1 + x @ y.T / COMPONENTS) ** 3)

    def apart(k: Array) -> float:
        return float((k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)))

    return apart(kernel(a, a)) + apart(kernel(b, b)) - 2 * float(kernel(a, b).mean())


def train(of: Settings, seed: int) -> tuple[Logged, float]:
    """What was logged, and the distance that the run ended at (mean of its last evaluations)."""
    pair = Pair(of, np.random.default_rng(seed))
    out: Logged = {"loss_d": [], "loss_g": [], "acc_d": [], "kid": []}
    for at in range(EVERY, of.steps + 1, EVERY):
        means = np.mean([pair.step() for _ in range(EVERY)], axis=0)
        for name, value in zip(("loss_d", "loss_g", "acc_d"), means.tolist(), strict=True):
            out[name].append((at, value))
        if at % (of.steps // 20) == 0:
            out["kid"].append((at, kid(pair.draw(COMPARED), of.pictures)))
    return out, float(np.mean([v for _, v in out["kid"][-3:]]))
