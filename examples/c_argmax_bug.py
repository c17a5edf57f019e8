"""Case C: "my accuracy jumps on every print, though my learning rate is tiny".

A small CNN tells two kinds of pictures apart: 2000 training and 1000 validation samples, binary labels,
one sigmoid output, binary cross-entropy, RMSprop, lr 0.001, 15 epochs, batches of 20.

  argmax            accuracy by `argmax(output, dim=1)` over one output: always class 0
  broadcast         accuracy by comparing shapes [N] and [N, 1]: the mean of an N × N table
  repaired          threshold at 0.5, shapes kept
  per-batch         repaired, but the scheduler (StepLR 5, ×0.1) steps every batch instead of every epoch
  wrong-count       repaired, but the running loss is divided by the samples instead of the batches
  never-prints      repaired, but the print condition counts epochs: only validation is logged

Expect: `metric-bug` with `fix-metric` first for the first two; `repaired` free of it; `schedule-fault` for
`per-batch`; a first loss that is not that of an untrained model (`initial-loss-off`), or two losses on
different scales, for `wrong-count`; and for `never-prints` a list of what can't be judged without a
training curve.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from curvedoctor.demo.log import Log
from curvedoctor.model import Diagnosis
from data_sets import textures
from tiny_net import Array, Labels, Network, binary_cross_entropy, cnn
from training import Data, Recipe, diagnose, learn, logged, run, train


def by_argmax(logits: Array, labels: Labels) -> float:
    """The bug: over a single output argmax is always 0, so this is the batch's share of zeros."""
    return float(np.mean(logits.argmax(axis=1) == labels))


def by_broadcast(logits: Array, labels: Labels) -> float:
    """The other bug: [N] == [N, 1] compares every prediction with every label."""
    predicted = logits[:, 0] > 0
    return float(np.mean(predicted == labels[:, None]))


def main(folder: Path, quick: bool) -> list[Diagnosis]:
    """Train the program with each of its bugs, and repaired."""
    data = textures(np.random.default_rng(0), 1000 if quick else 2000, 500 if quick else 1000)
    base = Recipe(
        epochs=15, batch=20, optimizer="rmsprop", lr=0.001, loss=binary_cross_entropy,
        notes={"model": "cnn", "activation": "relu", "last_activation": "sigmoid", "loss": "bce",
            "n_outputs": 1},
    )  # fmt: skip
    steps = base.epochs * (len(data.y) // base.batch)
    recipes = {
        "argmax": replace(base, metric=by_argmax),
        "broadcast": replace(base, metric=by_broadcast),
        "repaired": base,
        "per-batch": replace(
            base,
            rate=lambda at: 0.1 ** int(at * steps / 5),
            notes={**base.notes, "scheduler": "StepLR", "step_size": 5, "gamma": 0.1},
        ),
        "wrong-count": replace(base, divisor=float(base.batch)),
    }
    for name, recipe in recipes.items():
        train(folder / name, network(), data, recipe)
    never_prints(folder / "never-prints", data, base)
    return diagnose(folder)


def never_prints(folder: Path, data: Data, recipe: Recipe) -> None:
    """`if iteration % 100 == 0` where iteration counts epochs, of which there are 15:
    validation is all that is logged."""
    with Log(folder) as log:
        log.hyperparameters(logged(recipe, data))
        for kind, at, values in learn(network(), data, recipe):
            if kind == "epoch":
                log.scalars(at, {tag: value for tag, value in values.items() if tag.startswith("val")})


def network() -> Network:
    """The small CNN with one sigmoid output."""
    return cnn(np.random.default_rng(1), 18, (8,), 1, hidden=16)


if __name__ == "__main__":
    run(main)
