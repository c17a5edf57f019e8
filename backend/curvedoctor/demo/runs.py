"""The demo's runs: what each does wrong, and the training that shows it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from curvedoctor.demo.data import CLASSES, Split, digits
from curvedoctor.demo.log import Log
from curvedoctor.demo.network import Network, accuracy, argmax_accuracy, loss
from curvedoctor.model import Floats, Ints

VALIDATION = 1000
SEED = 20


@dataclass(frozen=True, slots=True)
class Recipe:
    """One run of the demo."""

    name: str
    #: what is wrong with it, in one line
    wrong: str
    #: the finding that leads; none for a healthy run
    condition: str = ""
    #: what helps (tried), so what is prescribed first: one of these
    remedies: tuple[str, ...] = ()
    lr: float = 0.003
    #: fall to zero along a cosine
    decay: bool = True
    epochs: int = 30
    batch: int = 750
    samples: int = 30_000
    hidden: int = 64
    mislabelled: float = 0.0
    #: even or odd, by one sigmoid output
    binary: bool = False
    metric: Callable[[Floats, Ints], float] = accuracy
    #: one sample with a missing value
    missing: bool = False


RECIPES = (
    Recipe("healthy", "nothing: a sound run to compare with"),
    Recipe(
        "lr-too-high", "a learning rate of 1, 300 times too high for Adam", "lr-too-high", ("lower-lr",),
        lr=1.0,
    ),
    Recipe("lr-too-low", "a learning rate that is 60 times too low", "lr-too-low", ("raise-lr",), lr=0.00005),
    Recipe(
        "few-samples", "4000 samples, half of them mislabelled, for 256 units",
        "overfitting", ("stop-early", "regularize"),
        samples=4000, batch=200, hidden=256, epochs=24, decay=False, mislabelled=0.5,
    ),
    Recipe(
        "argmax-accuracy", "accuracy is taken by argmax over one sigmoid output: always class 0",
        "metric-bug", ("fix-metric",), binary=True, metric=argmax_accuracy,
    ),
    Recipe("missing-value", "one of 30000 samples holds a NaN", "non-finite", ("clean-data",), missing=True),
)  # fmt: skip


def train_all(folder: Path, seed: int = SEED) -> Iterator[Recipe]:
    """Train and log every run below `folder`; yields each when it is done."""
    for recipe in RECIPES:
        with Log(folder / recipe.name) as log:
            train(recipe, log, seed)
        yield recipe


def prepared(recipe: Recipe, seed: int = SEED) -> tuple[Split, Split]:
    """Training and validation data."""
    rng = np.random.default_rng(seed)
    validation = digits(rng, VALIDATION)
    train = digits(rng, recipe.samples, mislabelled=recipe.mislabelled)
    if recipe.missing:
        train.inputs[recipe.samples // 2, 0] = np.nan
    if recipe.binary:
        return Split(train.inputs, train.labels % 2), Split(validation.inputs, validation.labels % 2)
    return train, validation


def train(recipe: Recipe, log: Log, seed: int = SEED) -> None:
    """Train one network and log it as usual: batch loss per step, the rest per epoch."""
    rng = np.random.default_rng(seed)
    data, validation = prepared(recipe, seed)
    network = Network.new(rng, data.inputs.shape[1], recipe.hidden, 1 if recipe.binary else CLASSES)
    log.hyperparameters(settings(recipe))
    step = 0
    total = recipe.epochs * (len(data.labels) // recipe.batch)
    with np.errstate(all="ignore"):
        for epoch in range(recipe.epochs):
            losses, scores = [], []
            for batch in rng.permutation(len(data.labels)).reshape(-1, recipe.batch):
                lr = recipe.lr * (0.5 * (1 + math.cos(math.pi * step / total)) if recipe.decay else 1)
                value, logits = network.step(data.inputs[batch], data.labels[batch], lr)
                losses.append(value)
                scores.append(recipe.metric(logits, data.labels[batch]))
                step += 1
                if step % 10 == 0:
                    log.scalars(
                        step, {"train/batch_loss": value, "train/batch_accuracy": scores[-1], "train/lr": lr}
                    )
            _, logits = network.forward(validation.inputs)
            log.scalars(
                epoch + 1,
                {
                    "train/epoch_loss": float(np.mean(losses)),
                    "train/epoch_accuracy": float(np.mean(scores)),
                    "val/epoch_loss": loss(logits, validation.labels),
                    "val/epoch_accuracy": recipe.metric(logits, validation.labels),
                },
            )


def settings(recipe: Recipe) -> dict[str, str | int | float]:
    """What a careful person would log of a run."""
    return {
        "lr": recipe.lr,
        "lr_schedule": "cosine" if recipe.decay else "constant",
        "optimizer": "adam",
        "batch_size": recipe.batch,
        "epochs": recipe.epochs,
        "hidden_units": recipe.hidden,
        "activation": "relu",
        "loss": "binary_cross_entropy" if recipe.binary else "cross_entropy",
        "n_train": recipe.samples,
        "n_val": VALIDATION,
        "n_classes": 2 if recipe.binary else CLASSES,
    }
