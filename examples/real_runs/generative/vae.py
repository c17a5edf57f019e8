"""A small variational autoencoder on 8 × 8 handwritten digits (Kingma & Welling 2014).

Logged as people log it: the loss, its reconstruction and its KL term, for training and validation. How good
it is, is the negative evidence bound of held-out digits with β = 1, whatever β it was trained with (`bound`,
nats a picture).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from real_runs.generative.dense import Adam, Array, Logged, Net, sigmoid
from real_runs.generative.gan import pictures

BATCH, PER_EPOCH = 64, 21


@dataclass(frozen=True)
class Settings:
    """What a run is trained with."""

    lr: float = 2e-3
    #: weight of the KL term, and the share of the run over which it is raised to that
    beta: float = 1.0
    annealed: float = 0.0
    latent: int = 8
    width: int = 64
    epochs: int = 60
    pictures: str = "digits"


class Model:
    """Encoder and decoder."""

    def __init__(self, of: Settings, rng: np.random.Generator) -> None:
        self.of, self.rng = of, rng
        self.encoder = Net(rng, (64, of.width, 2 * of.latent))
        self.decoder = Net(rng, (of.latent, of.width, 64))
        for net in (self.encoder, self.decoder):
            net.weights[-2] *= 0.3
        self.by = Adam(self.encoder.weights + self.decoder.weights)

    def terms(self, x: Array, beta: float, lr: float | None = None) -> tuple[float, float]:
        """Reconstruction (binary cross-entropy) and KL divergence, nats a picture; with `lr`, a step of
        training."""
        n = len(x)
        middle, log_var = np.split(self.encoder(x), 2, axis=1)
        log_var = np.clip(log_var, -10, 10)
        noise = self.rng.standard_normal(middle.shape, np.float32)
        spread = np.exp(0.5 * log_var)
        logit = self.decoder(middle + spread * noise)
        recon = float((np.logaddexp(0, logit) - x * logit).sum()) / n
        kl = float((-0.5 * (1 + log_var - middle**2 - np.exp(log_var))).sum()) / n
        if lr is not None:
            grads, code = self.decoder.back((sigmoid(logit) - x) / n)
            to_middle = code + beta * middle / n
            to_var = code * noise * 0.5 * spread + beta * 0.5 * (np.exp(log_var) - 1) / n
            self.by.step(self.encoder.back(np.concatenate([to_middle, to_var], 1))[0] + grads, lr)
        return recon, kl


def train(of: Settings, seed: int) -> tuple[Logged, float]:
    """What was logged, and the held-out bound that the run ended at (mean of its last three epochs)."""
    rng = np.random.default_rng(seed)
    seen, held = ((x + 1) / 2 for x in pictures(of.pictures))
    model = Model(of, rng)
    names = ("train/loss", "train/recon_loss", "train/kl_loss", "val/loss", "val/recon_loss", "val/kl_loss")
    out: Logged = {name: [] for name in names}
    bounds = []
    for epoch in range(1, of.epochs + 1):
        beta = of.beta * min(1.0, epoch / (of.annealed * of.epochs)) if of.annealed else of.beta
        order = rng.permutation(len(seen))[: BATCH * PER_EPOCH].reshape(PER_EPOCH, BATCH)
        ran = np.mean([model.terms(seen[rows], beta, of.lr) for rows in order], axis=0)
        recon, kl = model.terms(held, beta)
        bounds.append(recon + kl)
        for at, (a, b) in enumerate((ran.tolist(), (recon, kl))):
            for name, value in zip(names[3 * at : 3 * at + 3], (a + beta * b, a, b), strict=True):
                out[name].append((epoch, value))
    return out, float(np.mean(bounds[-3:]))


def floor(of: str = "digits") -> float:
    """What held-out pixels cost in any model, being shades and not black or white: their own entropy, nats
    a picture."""
    x = np.clip((pictures(of)[1] + 1) / 2, 1e-6, 1 - 1e-6).astype(np.float64)
    return float(-(x * np.log(x) + (1 - x) * np.log(1 - x)).sum(1).mean())
