"""Small log directories for tests of the scan."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from curvedoctor.demo.log import Log

RATES = (0.001, 0.01, 0.1, 1.0)


def log_run(folder: Path, lr: float, n: int = 30) -> None:
    """A run whose end depends on its learning rate: best at 0.1."""
    floor = 0.3 + 0.2 * abs(math.log10(lr / 0.1))
    rng = np.random.default_rng(int(1e6 * lr))
    with Log(folder) as log:
        log.hyperparameters({"lr": lr, "optimizer": "sgd", "batch_size": 32})
        for step in range(n):
            noise = 0.01 * rng.standard_normal()
            level = floor + 2 * math.exp(-step / 3) + noise
            log.scalars(step, {"train/loss": level, "val/loss": level + 0.02})


def log_teams(root: Path, teams: tuple[str, ...] = ("a", "a/deep", "b")) -> None:
    """Groups of four siblings that differ in their learning rate."""
    for team in teams:
        for lr in RATES:
            log_run(root / team / f"lr{lr:g}", lr)
