"""What a training loop would have logged: epoch means, metric bugs, thinned step values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinic.config import Config
from clinic.lanes import split_rows
from clinic.tasks import TASKS, pool

#: most step values that are kept
STEP_POINTS = 300


def four_digits(values: Any) -> NDArray[np.float32]:
    """Rounded to 4 significant digits (non-finite values stay)."""
    x = np.asarray(values, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        digits = 3 - np.floor(np.log10(np.where((x == 0) | ~np.isfinite(x), 1.0, np.abs(x))))
        scaled = np.power(10.0, np.clip(digits, -30, 30))
        return np.asarray(np.where(np.isfinite(x), np.round(x * scaled) / scaled, x), dtype=np.float32)


def logged(config: Config, result: Any) -> dict[str, NDArray[np.float32]]:
    """Curves of a base run by name; per epoch unless the name starts with `step_`."""
    per = config.steps_per_epoch
    steps = result.steps.reshape(config.epochs, per, 4)
    stride = -(-config.steps // STEP_POINTS)
    curves = {
        "train_loss": steps[:, :, 0].mean(1),
        "val_loss": result.epochs[:, 0],
        "grad_norm": steps[:, :, 1].mean(1),
        "step_loss": result.steps[::stride, 0],
        "step_grad_norm": result.steps[::stride, 1],
    }
    if config.schedule == "plateau":
        curves["plateau"] = result.epochs[:, 3]
    if TASKS[config.task].kind not in ("regression", "autoencoder"):
        curves["train_acc"], curves["val_acc"] = _accuracy(config, steps, result.epochs)
        curves["val_acc_true"] = result.epochs[:, 1]
    return {k: four_digits(v) for k, v in curves.items()}


def _accuracy(config: Config, steps: Any, epochs: Any) -> tuple[Any, Any]:
    """Training and validation accuracy as this run's metric computes them."""
    if config.metric == "right":
        return steps[:, :, 2].mean(1), epochs[:, 1]
    task, rng = TASKS[config.task], np.random.default_rng(config.seed)
    train, val, _ = split_rows(task, config)
    y = pool(config.task).y
    n = config.epochs
    if config.metric == "broadcast":  # every prediction against every label
        p, q = steps[:, :, 3].mean(1), y[train].mean()
        pv, qv = epochs[:, 2], y[val].mean()
        return p * q + (1 - p) * (1 - q), pv * qv + (1 - pv) * (1 - qv)
    if config.metric == "argmax":  # argmax over one output is always 0
        return np.full(n, 1 - y[train].mean()), np.full(n, 1 - y[val].mean())
    batch = [1 - y[rng.choice(train, min(config.batch, len(train)), replace=False)].mean() for _ in range(n)]
    batch_val = [1 - y[rng.choice(val, min(config.batch, len(val)), replace=False)].mean() for _ in range(n)]
    return np.array(batch), np.array(batch_val)
