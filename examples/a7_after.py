"""Case A, after: the improved program, and the two slips that it invites.

Two layers with ReLU (10 hidden units), sigmoid output, binary cross-entropy, batch 64, Adam lr 0.005
with weight decay 1e-5, the learning rate halved every 20 epochs, 100 epochs.

Expect: `after` is healthy. `never-stepped` creates the scheduler and never calls it, so that the
configured decay is not in the lr curve: `schedule-fault`. `saturated` has sigmoid hidden units with
weights so large that they saturate. Its curves are those of a sound run that ends higher; beside
`after`, which shows that better is possible, it is `vanishing-gradient`: use ReLU.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from curvedoctor.model import Diagnosis
from data_sets import rule
from tiny_net import binary_cross_entropy, mlp, relu, sigmoid
from training import Recipe, diagnose, run, train


def halved(epochs: int, every: int) -> float:
    """Not used by the slip that never steps its scheduler."""
    return 0.5 ** (epochs // every)


def main(folder: Path, quick: bool) -> list[Diagnosis]:
    """Train the improved program and the two slips, and diagnose them side by side."""
    epochs = 60 if quick else 100
    every = epochs // 5
    data = rule(np.random.default_rng(0), 2000 if quick else 4000)
    notes: dict[str, str | int | float] = {
        "model": "mlp", "width": 10, "depth": 1, "last_activation": "sigmoid",
        "scheduler": "StepLR", "step_size": every, "gamma": 0.5,
    }  # fmt: skip
    for name, stepped in (("after", True), ("never-stepped", False)):
        recipe = Recipe(
            epochs=epochs, batch=64, optimizer="adam", lr=0.005, weight_decay=1e-5, loss=binary_cross_entropy,
            rate=(lambda at: 0.5 ** int(at * 5 + 1e-9)) if stepped else (lambda at: 1.0),
            notes={**notes, "activation": "relu"},
        )  # fmt: skip
        train(folder / name, mlp(np.random.default_rng(1), (5, 10, 1), activation=relu), data, recipe)
    recipe = Recipe(
        epochs=epochs, batch=64, optimizer="adam", lr=0.005, weight_decay=1e-5, loss=binary_cross_entropy,
        rate=lambda at: 0.5 ** int(at * 5 + 1e-9),
        notes={**notes, "activation": "sigmoid", "depth": 3},
    )  # fmt: skip
    deep = mlp(np.random.default_rng(1), (5, 10, 10, 10, 1), init=8.0, activation=sigmoid)
    train(folder / "saturated", deep, data, recipe)
    return diagnose(folder, alone=False)


if __name__ == "__main__":
    run(main)
