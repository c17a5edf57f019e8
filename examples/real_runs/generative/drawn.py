"""Adversarial pairs and variational autoencoders of small pictures: sound, broken, remedied."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from curvedoctor.model import Prescription
from real_runs.generative import gan, vae
from real_runs.generative.kind import Fault, Kind, pick


def _sound_pair(r: np.random.Generator) -> gan.Settings:
    return gan.Settings(
        lr_d=pick(r, 5e-4, 1e-3, 2e-3, 5e-3),
        lr_g=pick(r, 1e-3, 2e-3),
        loss=pick(r, "bce", "lsgan"),
        real=pick(r, 0.9, 1.0),
        dropout_d=pick(r, 0.1, 0.3),
        width_d=pick(r, 32, 64),
    )


def _strong_judge(r: np.random.Generator) -> gan.Settings:
    return gan.Settings(
        lr_d=pick(r, 3e-3, 5e-3, 1e-2),
        lr_g=pick(r, 2e-5, 3e-5, 5e-5),
        loss=pick(r, "bce", "lsgan"),
        real=1.0,
        dropout_d=0.0,
    )


def _weak_judge(r: np.random.Generator) -> gan.Settings:
    return gan.Settings(lr_d=pick(r, 1e-6, 2e-6, 3e-6), lr_g=pick(r, 2e-3, 5e-3), dropout_d=0.0)


def _pair_remedied(of: gan.Settings, first: Prescription) -> gan.Settings | None:
    side = "lr_g" if "of the generator" in first.text else "lr_d"
    if first.action == "lower-lr" and "adversary-dominates" in first.treats:
        return replace(of, **{side: getattr(of, side) * (first.factor or 0.25)})
    if first.action == "regularize" and "generator" in first.text:
        return replace(of, lr_d=100 * of.lr_d)
    if first.action == "regularize":
        return replace(of, real=0.9, dropout_d=0.3)
    return replace(of, steps=2 * of.steps) if first.action == "train-longer" else None


_PAIR = frozenset({"adversary-dominates"})
PAIRS = Kind(
    "adversarial pair", gan.train, _sound_pair,
    (Fault("discriminator wins", _strong_judge, _PAIR), Fault("generator wins", _weak_judge, _PAIR)),
    lambda of: {"optimizer": "adam", "batch_size": gan.BATCH}, _pair_remedied, "kid",
)  # fmt: skip


def _sound_codes(r: np.random.Generator) -> vae.Settings:
    return vae.Settings(
        lr=pick(r, 1e-3, 2e-3, 4e-3),
        beta=pick(r, 0.5, 1.0),
        annealed=pick(r, 0.0, 0.3),
        latent=pick(r, 8, 16),
        epochs=pick(r, 80, 120),
    )


def _codes_remedied(of: vae.Settings, first: Prescription) -> vae.Settings | None:
    if first.action == "reduce-regularization":
        return replace(of, beta=first.proposed if isinstance(first.proposed, float) else of.beta / 10)
    if first.action in ("lower-lr", "raise-lr") and isinstance(first.proposed, float):
        return replace(of, lr=first.proposed)
    return replace(of, epochs=2 * of.epochs) if first.action == "train-longer" else None


CODES = Kind(
    "variational autoencoder",
    vae.train,
    _sound_codes,
    (
        Fault(
            "posterior collapse",
            lambda r: vae.Settings(beta=pick(r, 5.0, 10.0, 20.0, 50.0)),
            frozenset({"over-regularized"}),
        ),
        Fault(
            "rate too high",
            lambda r: vae.Settings(lr=pick(r, 0.1, 0.2, 0.3)),
            frozenset(
                {"lr-too-high", "divergence", "non-finite", "loss-spikes", "noisy-batches", "collapsed"}
            ),
        ),
    ),
    lambda of: {"lr": of.lr, "optimizer": "adam", "batch_size": vae.BATCH, "epochs": of.epochs},
    _codes_remedied,
    "val/loss",
    vae.floor(),
)
