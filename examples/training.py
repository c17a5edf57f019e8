"""What the examples share: data, a training loop that logs as people log, and the diagnosis at the end.

The event files are written by TensorBoard's own writer (`curvedoctor.demo.log.Log`), so that
`tensorboard --logdir` shows them too.
"""

from __future__ import annotations

import argparse
import contextlib
import inspect
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from curvedoctor.compare.types import Comparison
from curvedoctor.demo.log import Log
from curvedoctor.engine import Options, diagnose_sources
from curvedoctor.model import Diagnosis
from tiny_net import Array, Labels, Network, Optimizer, cross_entropy, schedule

with contextlib.suppress(ImportError):  # threads cost more than they bring on matrices this small
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    threadpool_limits(1)

#: set to anything to run the examples in a reduced size, as --quick does
QUICK = "CURVEDOCTOR_EXAMPLES_QUICK"
Loss = Callable[[Array, Labels], tuple[float, Array]]
Metric = Callable[[Array, Labels], float]


@dataclass
class Data:
    """Training and validation samples."""

    x: Array
    y: Labels
    x_val: Array
    y_val: Labels


def accuracy(logits: Array, labels: Labels) -> float:
    """Share of right answers; one output is thresholded at probability 0.5."""
    if logits.shape[1] == 1:
        return float(np.mean((logits[:, 0] > 0) == labels))
    return float(np.mean(logits.argmax(axis=1) == labels))


@dataclass
class Recipe:
    """One training: what to do, and what a careful person logs of it."""

    epochs: int
    batch: int
    optimizer: str = "adam"
    lr: float = 1e-3
    weight_decay: float = 0.0
    #: factor on `lr` at a progress 0..1
    rate: Callable[[float], float] = lambda at: 1.0
    loss: Loss = cross_entropy
    metric: Metric = accuracy
    seed: int = 0
    #: steps between two logged batch losses; 0 logs none
    log_every: int = 10
    shuffle: bool = True
    #: the optimizer got no parameters: nothing changes
    frozen: bool = False
    #: whether accuracies are logged
    log_metric: bool = True
    #: what the logged training loss is divided by: 1, unless it is wrong
    divisor: float = 1.0
    #: further hyperparameters to log, e.g. width
    notes: dict[str, str | int | float] = field(default_factory=dict)


#: "step" or "epoch", its number, values by tag
Point = tuple[str, int, dict[str, float]]


def train(folder: Path, network: Network, data: Data, recipe: Recipe) -> None:
    """Train, and log as one event file: batch losses per step,
    losses and accuracies of both splits per epoch."""
    with Log(folder) as log:
        log.hyperparameters(logged(recipe, data))
        for _, at, values in learn(network, data, recipe):
            log.scalars(at, values)


def learn(network: Network, data: Data, recipe: Recipe) -> Iterator[Point]:
    """Train, and yield what there is to log."""
    rng = np.random.default_rng(recipe.seed)
    optimizer = Optimizer(network, recipe.optimizer, recipe.lr, recipe.weight_decay)
    per_epoch = max(1, len(data.y) // recipe.batch)
    total, step = recipe.epochs * per_epoch, 0
    for epoch in range(1, recipe.epochs + 1):
        order = rng.permutation(len(data.y)) if recipe.shuffle else np.arange(len(data.y))
        losses, scores = [], []
        for k in range(per_epoch):
            rows = order[k * recipe.batch : (k + 1) * recipe.batch]
            optimizer.lr = recipe.lr * recipe.rate(step / total)
            with np.errstate(all="ignore"):
                output = network.forward(data.x[rows], training=True)
                value, slope = recipe.loss(output, data.y[rows])
                network.backward(slope)
            losses.append(value / recipe.divisor)
            scores.append(recipe.metric(output, data.y[rows]))
            if recipe.log_every and step % recipe.log_every == 0:
                seen = {
                    "train/batch_loss": losses[-1],
                    "train/lr": optimizer.lr,
                    "train/grad_norm": network.grad_norm(),
                }
                yield "step", step, seen | ({"train/batch_accuracy": scores[-1]} if recipe.log_metric else {})
            if not recipe.frozen:
                with np.errstate(all="ignore"):
                    optimizer.step()
            step += 1
        with np.errstate(all="ignore"):
            yield "epoch", epoch, _of_epoch(network, data, recipe, losses, scores)


def _of_epoch(
    network: Network, data: Data, recipe: Recipe, losses: Sequence[float], scores: Sequence[float]
) -> dict[str, float]:
    values = {"train/loss": float(np.mean(losses))}
    if recipe.log_metric:
        values["train/accuracy"] = float(np.mean(scores))
    if len(data.y_val):
        output = network.forward(data.x_val)
        values["val/loss"] = recipe.loss(output, data.y_val)[0]
        if recipe.log_metric:
            values["val/accuracy"] = recipe.metric(output, data.y_val)
    return values


def logged(recipe: Recipe, data: Data) -> dict[str, str | int | float]:
    """The hyperparameters that go into the log."""
    names = {"cross_entropy": "cross_entropy", "binary_cross_entropy": "bce", "sigmoid_mse": "mse"}
    known: dict[str, str | int | float] = {
        "lr": recipe.lr,
        "batch_size": recipe.batch,
        "epochs": recipe.epochs,
        "optimizer": "sgd" if recipe.optimizer == "momentum" else recipe.optimizer,
        "weight_decay": recipe.weight_decay,
        "seed": recipe.seed,
        "n_train": len(data.y),
        "n_val": len(data.y_val),
        "n_classes": int(data.y.max()) + 1,
        "loss": names.get(getattr(recipe.loss, "__name__", ""), "cross_entropy"),
    }
    if recipe.optimizer == "momentum":
        known["momentum"] = 0.9
    return {**known, **recipe.notes}


def scheduled(kind: str, every: float = 0.3) -> Callable[[float], float]:
    """The factor of a named schedule."""
    return lambda at: schedule(kind, at, every)


# --- the frame of each example


def run(main: Callable[[Path, bool], object]) -> None:
    """Parse `[DIR] [--quick]`, say what to expect (the example's docstring),
    and run `main(folder, quick)`."""
    doc = inspect.cleandoc(sys.modules[main.__module__].__doc__ or "")
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    name = Path(inspect.getfile(main)).stem
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path("example-logs") / name, help="where to log"
    )
    parser.add_argument(
        "--quick", action="store_true", default=bool(os.environ.get(QUICK)), help="reduced size"
    )
    said = parser.parse_args()
    print(doc + "\n")
    main(said.folder, said.quick)


def diagnose(folder: Path | str, alone: bool = True) -> list[Diagnosis]:
    """Diagnose what was logged, print it as `curvedoctor diagnose` does, and return it.

    `alone`: take no evidence from siblings, as if each run were the only one.
    """
    from curvedoctor.reports.as_table import render
    from curvedoctor.reports.base import OutputStyle

    found = [d for d in diagnose_sources([str(folder)], Options(alone=alone)) if isinstance(d, Diagnosis)]
    sys.stdout.write("".join(render(found, OutputStyle())))
    return found


def compare(folder: Path | str, together: bool = False) -> Comparison:
    """Compare what was logged, print it as `curvedoctor compare` does, and return it."""
    from curvedoctor.compare.analyze import compare as compared
    from curvedoctor.compare.formats.as_table import render
    from curvedoctor.reports.base import OutputStyle

    found = [d for d in diagnose_sources([str(folder)], Options(alone=True)) if isinstance(d, Diagnosis)]
    result = compared(found, together=together)
    sys.stdout.write("".join(render(result, OutputStyle())))
    return result
