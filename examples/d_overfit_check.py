"""Case D, step 2: can the model overfit eight samples?

  passes         the loss falls to ~0: model, loss and optimizer work
  frozen         the optimizer got no parameters: the loss stays, whatever the learning rate
  too-small      a rate so small that 8 samples can't be learnt in the steps given

Expect: the reading `overfit-check` with `reached_zero` for the first, and `overfit-check-failed` (or that
nothing is learnt at all) for the two others. Overfitting is no fault here: it is the point.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from curvedoctor.model import Diagnosis
from data_sets import digits, handful
from tiny_net import cnn
from training import Recipe, diagnose, run, train


def main(folder: Path, quick: bool) -> list[Diagnosis]:
    """Train on eight samples, in three ways."""
    data = handful(digits(np.random.default_rng(0), 100), 8)
    for name, lr in (("passes", 0.003), ("frozen", 0.003), ("too-small", 1e-5)):
        recipe = Recipe(
            epochs=100 if quick else 200, batch=8, lr=lr, log_every=1,
            frozen=name == "frozen", notes={"model": "cnn", "activation": "relu"},
        )  # fmt: skip
        train(folder / name, cnn(np.random.default_rng(1), 10, (8,), 10), data, recipe)
    return diagnose(folder)


if __name__ == "__main__":
    run(main)
