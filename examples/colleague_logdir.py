"""Reading a colleague's old logdir: nobody remembers the settings, nothing was logged but curves.

Three runs as people really left them:

  keras-2019/{train,validation}   `epoch_loss`, `epoch_accuracy`; trained on 200 samples until it knew them by
  heart mnist_2017/{train,test}         TensorFlow 1: `cross_entropy_1`, `accuracy_1`; the learning rate far
  too high crashed                         the file ends in the middle of a record

Expect: the first is found to overfit, the second to have a learning rate that is too high (or, seen from
the curves alone, not to learn); the third is read as far as it goes, and the torn record is told with its
place. Nothing in the logdir is changed: the check sums before and after are equal.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from curvedoctor.demo.log import Log
from curvedoctor.model import Diagnosis
from data_sets import digits
from tiny_net import cnn
from training import Data, Recipe, diagnose, learn, run

KERAS = {
    "train/loss": "epoch_loss",
    "train/accuracy": "epoch_accuracy",
    "val/loss": "epoch_loss",
    "val/accuracy": "epoch_accuracy",
}
TENSORFLOW = {
    "train/loss": "cross_entropy_1",
    "train/accuracy": "accuracy_1",
    "val/loss": "cross_entropy_1",
    "val/accuracy": "accuracy_1",
}


def leave(
    folder: Path, splits: tuple[str, str], tags: dict[str, str], data: Data, recipe: Recipe, hidden: int = 32
) -> None:
    """Train, and log into one directory per split, without any hyperparameter."""
    network = cnn(np.random.default_rng(1), 10, (8,), 10, hidden=hidden)
    with Log(folder / splits[0]) as first, Log(folder / splits[1]) as second:
        for kind, at, values in learn(network, data, recipe):
            if kind == "epoch":
                first.scalars(at, {tags[t]: v for t, v in values.items() if t.startswith("train")})
                second.scalars(at, {tags[t]: v for t, v in values.items() if t.startswith("val")})


def crash(folder: Path, data: Data) -> None:
    """Train, log per step, and lose the end of the file."""
    with Log(folder) as log:
        for kind, at, values in learn(
            cnn(np.random.default_rng(1), 10, (8,), 10), data, Recipe(epochs=3, batch=64, log_every=2)
        ):
            if kind == "step":
                log.scalars(at, {"loss": values["train/batch_loss"]})
    file = next(folder.glob("events.out.tfevents.*"))
    file.write_bytes(file.read_bytes()[:-11])


def sums(folder: Path) -> dict[str, str]:
    """Check sums of all files."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def main(folder: Path, quick: bool) -> list[Diagnosis]:
    """Leave the logdir behind, then read it as a stranger."""
    few = digits(np.random.default_rng(0), 200)
    leave(
        folder / "keras-2019",
        ("train", "validation"),
        KERAS,
        few,
        Recipe(epochs=40, batch=32, lr=0.005),
        hidden=128,
    )
    many = digits(np.random.default_rng(0), 1000 if quick else 3000)
    high = Recipe(epochs=20, batch=64, optimizer="momentum", lr=1.0)
    leave(folder / "mnist_2017", ("train", "test"), TENSORFLOW, many, high)
    crash(folder / "crashed", many)
    before = sums(folder)
    found = diagnose(folder)
    same = sums(folder) == before
    print(f"\nThe logdir is {'exactly as it was' if same else 'CHANGED'}.")
    assert same
    return found


if __name__ == "__main__":
    run(main)
