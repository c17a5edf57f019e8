"""Case A, after: the improved program, and the two slips that it invites.

Two layers with ReLU (10 hidden units), sigmoid output, binary cross-entropy, batch 64, Adam lr 0.005
with weight decay 1e-5, the learning rate halved every 20 epochs, 100 epochs.

Expect: `after` is healthy. `never-stepped` creates a scheduler that is to lower the rate every epoch and
never calls it, so that the configured decay is not in the lr curve: `schedule-fault`, as information, for
the run does well without. `saturated` has sigmoid hidden units with weights so large that they saturate.
Its curves are those of a sound run that ends higher, so nothing is found in them; beside `after`, which
shows that better is possible, the first change to try is ReLU.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from curvedoctor.model import Diagnosis
from data_sets import rule
from tiny_net import binary_cross_entropy, mlp, relu, sigmoid
from training import Recipe, diagnose, run, train


def halved(at: float) -> float:
    """Factor on the learning rate at a progress 0..1: a half after each fifth of the run."""
    return 0.5 ** int(at * 5 + 1e-9)


def main(folder: Path, quick: bool) -> list[Diagnosis]:
    """Train the improved program and the two slips, and diagnose them side by side."""
    epochs = 60 if quick else 100
    every = epochs // 5
    data = rule(np.random.default_rng(0), 2000 if quick else 4000)
    notes: dict[str, str | int | float] = {
        "model": "mlp", "width": 10, "depth": 1, "last_activation": "sigmoid", "activation": "relu",
    }  # fmt: skip
    stepped = {**notes, "scheduler": "StepLR", "step_size": every, "gamma": 0.5}
    created = {**notes, "scheduler": "ExponentialLR", "gamma": round(0.5 ** (1 / every), 4)}
    base = Recipe(
        epochs=epochs, batch=64, optimizer="adam", lr=0.005, weight_decay=1e-5, loss=binary_cross_entropy,
        rate=halved, notes=stepped,
    )  # fmt: skip
    never = replace(base, rate=lambda at: 1.0, notes=created)
    for name, recipe in (("after", base), ("never-stepped", never)):
        train(folder / name, mlp(np.random.default_rng(1), (5, 10, 1), activation=relu), data, recipe)
    deep = mlp(np.random.default_rng(1), (5, 10, 10, 10, 1), init=8.0, activation=sigmoid)
    saturated = replace(base, notes={**stepped, "activation": "sigmoid", "depth": 3})
    train(folder / "saturated", deep, data, saturated)
    return diagnose(folder, alone=False)


if __name__ == "__main__":
    run(main)
