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
    #: what helps, so what should be prescribed first; none for a healthy run
    remedies: tuple[str, ...] = ()
    lr: float = 0.02
    #: fall to zero along a cosine
    decay: bool = True
    epochs: int = 30
    batch: int = 50
    samples: int = 8000
    hidden: int = 64
    mislabelled: float = 0.0
    #: even or odd, by one sigmoid output
    binary: bool = False
    metric: Callable[[Floats, Ints], float] = accuracy
    #: one sample with a missing value
    missing: bool = False


RECIPES = (
    Recipe("healthy", "nothing: a sound run to compare with"),
    # tried: the validation loss ends at 2.7 as it is, at 1.8 with clipping, at 0.16 with a tenth of the lr
    Recipe(
        "lr-too-high", "the learning rate is 25 times too high", ("lower-lr",),
        lr=0.5, decay=False,
    ),
    Recipe("lr-too-low", "the learning rate is 400 times too low", ("raise-lr",), lr=0.00005, decay=False),
    Recipe(
        "few-samples", "500 samples, a fifth of them mislabelled, for 100 units",
        ("more-data", "regularize", "stop-early", "smaller-model"),
        samples=500, hidden=100, epochs=60, lr=0.05, mislabelled=0.2,
    ),
    Recipe(
        "argmax-accuracy", "accuracy is taken by argmax over one sigmoid output: always class 0", ("fix-metric",),
        binary=True, metric=argmax_accuracy,
    ),
    Recipe("missing-value", "one of 8000 samples holds a NaN", ("clean-data", "normalize-input"), missing=True),
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
