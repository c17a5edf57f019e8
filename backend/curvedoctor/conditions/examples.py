"""Building blocks for the conditions' own examples: small runs whose trouble is known.

They show what a condition looks like and keep its check honest (laws); calibration rests on real
trainings, not on these.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from curvedoctor.model import Axis, Better, Curve, Floats, Granularity, ParamValue, Quantity, Role, Run, Split

LOWER: Better = "lower"
NONE: Better = "none"
_ROLES: Mapping[str, tuple[Split, Quantity, Better, Granularity]] = {
    "train/loss": ("train", "loss", "lower", "epoch"),
    "val/loss": ("val", "loss", "lower", "epoch"),
    "train/loss_step": ("train", "loss", "lower", "step"),
    "train/accuracy": ("train", "accuracy", "higher", "epoch"),
    "val/accuracy": ("val", "accuracy", "higher", "epoch"),
    "val/iou": ("val", "accuracy", "higher", "epoch"),
    "val/r2": ("val", "accuracy", "higher", "epoch"),
    "val/ppl": ("val", "error", "lower", "epoch"),
    "lr": ("train", "lr", "none", "epoch"),
    "grad_norm": ("train", "grad_norm", "none", "epoch"),
}


def run(params: Mapping[str, ParamValue] | None = None, **curves: npt.ArrayLike) -> Run:
    """A run from arrays; `train_loss=` stands for `train/loss`, `train_loss_step=` for `train/loss_step`."""
    made = []
    for name, given in curves.items():
        tag = name.replace("_", "/", 1) if name not in _ROLES else name
        split, quantity, better, granularity = _ROLES[tag]
        axis: Axis = "step" if granularity == "step" else "epoch"
        values = np.asarray(given, dtype=np.float64)
        steps = np.arange(len(values), dtype=np.int64)
        role = Role(split, quantity, better, granularity)
        made.append(Curve(tag, tag, steps, values, np.full(len(values), np.nan), role, axis))
    return Run("example", "example", "examples", tuple(made), dict(params or {}))


def falling(  # noqa: PLR0917
    rng: np.random.Generator,
    n: int = 60,
    start: float = 2.3,
    floor: float = 0.3,
    speed: float = 12.0,
    noise: float = 0.01,
) -> Floats:
    """A healthy descent: exponential to a floor, multiplicative noise; `speed` e-foldings per run."""
    t = np.linspace(0, 1, n)
    curve = floor + (start - floor) * np.exp(-speed * t)
    return np.asarray(curve * np.exp(noise * rng.standard_normal(n)))


def cosine_lr(n: int = 60, peak: float = 0.1) -> Floats:
    """Cosine decay to zero."""
    return np.asarray(peak * 0.5 * (1 + np.cos(np.pi * np.linspace(0, 1, n))))


def well(rng: np.random.Generator) -> Run:
    """A healthy classification run: train and validation fall together to a floor, lr decays to zero."""
    return run(
        {"lr": 0.1, "optimizer": "sgd", "momentum": 0.9, "batch_size": 64, "epochs": 60},
        train_loss=falling(rng, floor=0.30),
        val_loss=falling(rng, floor=0.33),
        train_accuracy=1 - falling(rng, start=0.9, floor=0.08),
        val_accuracy=1 - falling(rng, start=0.9, floor=0.09),
        lr=cosine_lr(),
    )


def well_plain(rng: np.random.Generator) -> Run:
    """A healthy run of which only two losses are logged."""
    return run(train_loss=falling(rng, 100, 1.0, 0.1, 10), val_loss=falling(rng, 100, 1.0, 0.11, 10, 0.02))


def dropout(rng: np.random.Generator) -> Run:
    """Healthy with dropout: the training loss stays above validation for good."""
    return run(
        {"dropout": 0.5, "lr": 1e-3, "optimizer": "adam"},
        train_loss=falling(rng, floor=0.5),
        val_loss=falling(rng, floor=0.35),
    )


def noisy_but_sound(rng: np.random.Generator) -> Run:
    """Healthy, logged per step: batch noise around a good descent."""
    return run(
        {"lr": 1e-3, "optimizer": "adam", "batch_size": 32},
        train_loss_step=falling(rng, 400, 2.3, 0.4, 10, 0.15),
        val_loss=falling(rng, 40, 2.2, 0.42, 10),
    )


#: what every condition must stay silent on
HEALTHY = (well, well_plain, dropout, noisy_but_sound)


def adversarial(
    judge: Floats,
    maker: Floats,
    names: tuple[str, str] = ("loss_d", "loss_g"),
    right: Floats | None = None,
    quality: Floats | None = None,
) -> Run:
    """A pair's two losses, the discriminator's accuracy and a distance of what is made (FID),
    the last two where given."""
    curves: list[tuple[str, Quantity, Floats]] = [(names[0], "loss", judge), (names[1], "loss", maker)]
    curves += [("acc_d", "accuracy", right)] if right is not None else []
    made = [_bare(tag, Role("train", quantity, "none", "step"), y, 100) for tag, quantity, y in curves]
    if quality is not None:
        made.append(_bare("fid", Role("val", "error", "lower", "unknown"), quality, 500))
    return Run("pair", "pair", "pairs", tuple(made))


def variational(recon: Floats, kl: Floats) -> Run:
    """The terms of a variational autoencoder, and their sum."""
    made = [
        _bare(tag, Role("train", "loss", better, "epoch"), y, 1)
        for tag, better, y in (
            ("loss", LOWER, recon + kl),
            ("recon_loss", LOWER, recon),
            ("kl_loss", NONE, kl),
        )
    ]
    return Run("codes", "codes", "codes", tuple(made))


def _bare(tag: str, role: Role, values: Floats, every: int) -> Curve:
    steps = every * np.arange(1, len(values) + 1, dtype=np.int64)
    return Curve(tag, tag, steps, np.asarray(values, np.float64), np.full(len(values), np.nan), role, "step")


def agent(values: Floats, **others: Floats) -> Run:
    """An example: `rollout/ep_rew_mean`, and what else an agent logs by its name with `__` for the slash."""
    steps = 1000 * np.arange(1, len(values) + 1)
    nothing = np.full(len(values), np.nan)
    role = Role("train", "reward", "higher", "step")
    curves = [Curve("rollout/ep_rew_mean", "rollout/ep_rew_mean", steps, values, nothing, role)]
    for name, y in others.items():
        tag = name.replace("__", "/")
        kind = Role(
            "train", "lr" if "rate" in tag else "loss" if tag.endswith("loss") else "other", "none", "step"
        )
        curves.append(Curve(tag, tag, steps, y, nothing, kind))
    return Run("agent", "agent", "agents", tuple(curves))
