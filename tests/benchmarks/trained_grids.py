"""Grids of lr × batch size, really trained: small networks in numpy,
three tasks to fit on and five held out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from compare.grids import run
from curvedoctor.model import ParamValue, Run

#: optimizer → centre of its grid of eleven rates a factor 3 apart
CENTRES = {"sgd": 0.1, "momentum": 0.01, "adam": 0.003}
EPOCHS = (3, 12)
BATCHES = (16, 64)
WIDTH = 24
#: a loss: value and slope for outputs and targets
Loss = Callable[..., tuple[float, npt.NDArray[np.float32]]]


@dataclass
class Grid:
    """Runs of one grid with the loss that each setting really has; NaN or inf where training breaks."""

    name: str
    runs: list[Run]
    #: run name → true loss
    truth: dict[str, float]


@dataclass(frozen=True)
class Task:
    """Samples for training, validation (logged) and test (the truth)."""

    name: str
    x: npt.NDArray[np.float32]
    y: npt.NDArray[np.generic]
    #: samples of the three parts
    parts: tuple[int, int, int]
    outputs: int
    loss: Loss
    loss_name: str


def squared_error(
    output: npt.NDArray[np.float32], target: npt.NDArray[np.float32]
) -> tuple[float, npt.NDArray[np.float32]]:
    """Mean squared error of one output."""
    d = output[:, 0] - target
    return float((d**2).mean()), (2 * d / np.float32(len(d)))[:, None]


def tasks(held_out: bool) -> Iterator[Task]:
    """Digits, a rule and stripes; or those held out."""
    from data_sets import digits, flat, rule, textures
    from tiny_net import binary_cross_entropy, cross_entropy

    rng = np.random.default_rng
    if held_out:
        yield from _held_out()
        return
    for name, data, outputs in (
        ("digits", digits(rng(0), 1200, 1000), 10),
        ("rule", rule(rng(0), 1200, 1200), 1),
        ("stripes", textures(rng(0), 1200, 1000), 1),
    ):
        x = np.concatenate([flat(data.x), flat(data.x_val)])
        half = len(data.y_val) // 2
        loss = binary_cross_entropy if outputs == 1 else cross_entropy
        labels = np.concatenate([data.y, data.y_val])
        yield Task(
            name, x, labels, (1200, half, half), outputs, loss, "bce" if outputs == 1 else "cross-entropy"
        )


def _held_out() -> Iterator[Task]:
    """Wines, two of Friedman's functions, a ball in ten dimensions, shells in six."""
    from sklearn import datasets

    from tiny_net import binary_cross_entropy, cross_entropy

    def scaled(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
        return ((x - x.mean(axis=0)) / x.std(axis=0)).astype(np.float32)

    x, y = datasets.load_wine(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    yield Task("wine", scaled(x)[order], y[order], (90, 44, 44), 3, cross_entropy, "cross-entropy")
    x, y = datasets.make_friedman1(2200, noise=1.0, random_state=0)
    yield Task("friedman", x.astype(np.float32) * 2 - 1, scaled(y), (1200, 500, 500), 1, squared_error, "mse")
    parts = (1200, 1000, 4000)
    x, y = datasets.make_friedman2(sum(parts), noise=100.0, random_state=0)
    yield Task("friedman 2", scaled(x), scaled(y), parts, 1, squared_error, "mse")
    x, y = datasets.make_hastie_10_2(sum(parts), random_state=0)
    yield Task("ball", x.astype(np.float32), (y > 0).astype(np.int64), parts, 1, binary_cross_entropy, "bce")
    x, y = datasets.make_gaussian_quantiles(n_samples=sum(parts), n_features=6, n_classes=3, random_state=0)
    yield Task("shells", x.astype(np.float32), y, parts, 3, cross_entropy, "cross-entropy")


def trained(held_out: bool = False) -> Iterator[Grid]:
    """Grids of every task, optimizer and length; a test set that is not logged gives the truth."""
    for task in tasks(held_out):
        for optimizer, centre in CENTRES.items():
            for epochs in EPOCHS:
                name = f"{task.name}/{optimizer}/{epochs}"
                grid = Grid(name, [], {})
                for lr in (float(f"{centre * 3.0**k:.2g}") for k in range(-5, 6)):
                    for batch in BATCHES:
                        made, loss = train(task, name, optimizer, lr, batch, epochs)
                        grid.runs.append(made)
                        grid.truth[made.name] = loss
                yield grid


def train(task: Task, group: str, optimizer: str, lr: float, batch: int, epochs: int) -> tuple[Run, float]:
    """One training: the run as it would be logged, and its test loss."""
    from tiny_net import Optimizer, mlp

    n, n_val, _ = task.parts
    x, y = task.x, task.y
    rng = np.random.default_rng(0)
    net = mlp(rng, (x.shape[1], WIDTH, task.outputs))
    opt = Optimizer(net, optimizer, lr)
    train_loss: list[float] = []
    val_loss: list[float] = []
    with np.errstate(all="ignore"):
        for _ in range(epochs):
            order = rng.permutation(n)
            steps = []
            for k in range(max(1, n // batch)):
                rows = order[k * batch : (k + 1) * batch]
                value, slope = task.loss(net.forward(x[rows], True), y[rows])
                net.backward(slope)
                opt.step()
                steps.append(value)
            train_loss.append(float(np.mean(steps)))
            val_loss.append(task.loss(net.forward(x[n : n + n_val]), y[n : n + n_val])[0])
        test = task.loss(net.forward(x[n + n_val :]), y[n + n_val :])[0]
    params: dict[str, ParamValue] = {
        "lr": lr, "batch_size": batch, "epochs": epochs,
        "optimizer": "sgd" if optimizer == "momentum" else optimizer,
        "momentum": 0.9 if optimizer == "momentum" else 0.0, "n_train": n, "model": "mlp", "width": WIDTH,
        "loss": task.loss_name,
    }  # fmt: skip
    label = f"lr{lr:g}_bs{batch}"
    return run(label, params, group, train_loss=np.array(train_loss), val_loss=np.array(val_loss)), test
