"""Case A, before: accuracy that goes up and down and gets nowhere.

Two classes, 4000 samples of 5 features; a linear model with a sigmoid output, mean squared error
instead of cross-entropy, a small batch, no scheduler, no L2 penalty. The rule behind the classes is
not linear, so the model swings around a high floor, on training and validation data alike.

Expect `underfitting`: a linear model that hardly gets below the loss of a coin. What helps is a bigger model
(hidden layers with ReLU): `a7_after.py` is the repaired program. That squared error does not fit classes is
said as information (`wrong-loss`).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from curvedoctor.model import Diagnosis
from data_sets import rule
from tiny_net import mlp, sigmoid_mse
from training import Recipe, diagnose, run, train


def main(folder: Path, quick: bool) -> list[Diagnosis]:
    """Train the program as it was, and diagnose it."""
    rng = np.random.default_rng(0)
    data = rule(rng, 1000 if quick else 4000)
    recipe = Recipe(
        epochs=30 if quick else 100, batch=8, optimizer="sgd", lr=0.1, loss=sigmoid_mse, log_every=25,
        notes={"model": "linear", "last_activation": "sigmoid", "depth": 0},
    )  # fmt: skip
    train(folder / "before", mlp(rng, (5, 1)), data, recipe)
    return diagnose(folder)


if __name__ == "__main__":
    run(main)
