"""One training, described completely: the frozen `Config` and its lr curve.

Two configurations that are equal train to the same curves; the hash of a
configuration is the key under which a finished training is journalled.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: steps; longest training that the engine's buffers hold
MAX_STEPS = 8192
#: epochs; longest per-epoch record
MAX_EPOCHS = 2048


@dataclass(frozen=True)
class Config:
    """Everything that decides how one training goes."""

    task: str
    seed: int = 0
    # --- model
    width: int = 32
    depth: int = 2
    activation: str = "relu"  # relu, leaky, tanh, sigmoid, linear
    init: str = (
        "default"  # default, torch, tiny, huge, zero, const, dead, normal1, pretrained (see pretrain.py)
    )
    norm: bool = False  #: layer normalization
    batch_norm: str = ""  # "", right, stale (evaluated with statistics that were never updated)
    post_norm: bool = False  #: attention: normalized after each residual sum, not before each layer
    residual: bool = False
    dropout: float = 0.0
    frozen: str = ""  # "", all, body (all but the last layer), head
    # --- optimizer
    optimizer: str = "adam"  # sgd, momentum, rmsprop, adam, adamw
    lr: float = 1e-3
    momentum: float = 0.9
    weight_decay: float = 0.0
    clip: float = 0.0  #: gradient norm; 0 = no clipping
    # --- schedule (positions are fractions of the whole training)
    schedule: str = "constant"
    warmup: float = 0.0
    decay_start: float = 0.0
    decay_end: float = 1.0
    lr_floor: float = 0.0  #: fraction of the peak
    stepping: str = "right"  # right, per-batch, never
    # --- budget
    batch: int = 32
    epochs: int = 20
    n_train: int = 512
    n_val: int = 400
    # --- loss, metric, log
    loss: str = "right"  # see losses.py
    metric: str = "right"  # right, argmax, argmax-batch, broadcast
    log_fault: str = ""  # "", overlap, mixed-tag, frozen-tail
    probe: str = ""  # "", range-test, overfit-check
    # --- data
    input_scale: float = 0.0  #: standard deviation of log10(scale) over the features
    input_offset: float = 0.0  #: in standard deviations of the feature
    target_scale: float = 1.0
    outliers: float = 0.0  #: fraction of the training rows
    outlier_size: float = 20.0
    missing: float = 0.0  #: fraction of the entries
    missing_mode: str = "zero"  # zero, nan
    label_noise: float = 0.0  #: fraction of the training labels, drawn anew
    imbalance: float = 0.0  #: share of the rare half of the classes; 0 = as it comes
    rebalance: bool = False
    shuffle: str = "shuffled"  # shuffled, fixed, sorted, blocks
    val_dup: float = 0.0  #: fraction of validation rows that are training rows

    @property
    def steps_per_epoch(self) -> int:
        """Optimizer steps in one epoch (the last, smaller batch counts)."""
        return -(-self.n_train // self.batch)

    @property
    def steps(self) -> int:
        """Optimizer steps of the whole training."""
        return self.steps_per_epoch * self.epochs

    def key(self) -> str:
        """Stable hash: 16 hex digits of the SHA-256 of what differs from the defaults."""
        known: str | None = self.__dict__.get("_key")
        if known is None:
            text = json.dumps(compact(self), sort_keys=True)
            known = hashlib.sha256(text.encode()).hexdigest()[:16]
            self.__dict__["_key"] = known  # the configuration is frozen, so this cannot go stale
        return known


_DEFAULTS = [(f.name, f.default) for f in fields(Config)]


def compact(config: Config) -> dict[str, Any]:
    """Only what differs from the defaults (and the task)."""
    return {name: value for name, default in _DEFAULTS if (value := getattr(config, name)) != default}


def expand(values: dict[str, Any]) -> Config:
    """Inverse of `compact`."""
    return Config(**values)


Array = NDArray[np.float64]


def _shape(kind: str, q: Array) -> Array:
    """Multiplier of the peak lr at the decay position q (0 … 1, beyond for runaway steppers)."""
    inside = np.clip(q, 0.0, 1.0)
    if kind == "step":
        return np.power(0.1, np.floor(np.maximum(q, 0.0) * 3.0001) * 0.7)
    if kind == "exponential":
        return np.power(0.01, np.maximum(q, 0.0))
    if kind == "cosine":
        return 0.5 * (1.0 + np.cos(np.pi * np.maximum(q, 0.0)))
    if kind == "restarts":
        return 0.5 * (1.0 + np.cos(np.pi * np.mod(inside * 2.9999, 1.0)))
    if kind == "linear":
        return 1.0 - inside
    if kind == "polynomial":
        return (1.0 - inside) ** 2
    if kind == "inverse-sqrt":
        return 1.0 / np.sqrt(1.0 + 24.0 * np.maximum(q, 0.0))
    if kind == "rising":
        return 0.1 + 4.9 * inside**2
    if kind == "zero-start":
        return np.where(q < 0.85, 0.0, 1.0)
    if kind == "zero-hole":
        return np.where((q > 0.04) & (q < 0.96), 0.0, 1.0)
    if kind == "one-cycle":
        up = 0.04 + 0.96 * 0.5 * (1.0 - np.cos(np.pi * inside / 0.3))
        return np.where(inside < 0.3, up, 0.5 * (1.0 + np.cos(np.pi * (inside - 0.3) / 0.7)))
    return np.ones_like(q)  # constant, plateau (the engine multiplies it), range


def lr_curve(config: Config) -> NDArray[np.float32]:
    """The learning rate of every step, shape (steps,)."""
    total = config.steps
    step = np.arange(total, dtype=np.float64)
    if config.probe == "range-test":
        return np.asarray(config.lr * np.power(1e6, step / max(total - 1, 1)), dtype=np.float32)
    # a scheduler that is stepped per batch believes that steps are epochs
    position = step / (config.epochs if config.stepping == "per-batch" else total)
    q = (position - config.decay_start) / max(config.decay_end - config.decay_start, 1e-6)
    if config.stepping == "never":
        multiplier = np.ones(total)
    else:
        multiplier = _shape(config.schedule, q)
        multiplier = config.lr_floor + (1.0 - config.lr_floor) * multiplier
    if config.warmup > 0:
        ramp = np.minimum(1.0, (step + 1.0) / max(config.warmup * total, 1.0))
        multiplier = multiplier * ramp
    return np.asarray(config.lr * multiplier, dtype=np.float32)
