"""Case D, step 5: the refined grid, after the whole protocol.

Logs all six steps below one folder: an overfit-check, a range test, the coarse grid extended as `compare`
said, and a refined grid (closer values, 12 epochs, two seeds) around its best.

Expect: the best lr lies within the refined range, values next to it are not clearly worse, and of the six
steps all are done that a log can show.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from curvedoctor.compare.types import Comparison
from d_grid_coarse import LRS, grid
from data_sets import digits, handful
from tiny_net import cnn
from training import Recipe, compare, run, train


def main(folder: Path, quick: bool) -> tuple[Comparison, Comparison]:
    """Train all steps; compare the coarse grid, then everything."""
    data = digits(np.random.default_rng(0), 1500 if quick else 3000)
    check = Recipe(epochs=100, batch=8, lr=0.003, log_every=1, notes={"model": "cnn"})
    train(folder / "overfit-check", cnn(np.random.default_rng(1), 10, (8,), 10), handful(data, 8), check)
    test = Recipe(epochs=5, batch=64, optimizer="momentum", lr=10.0, log_every=1, log_metric=False,
                  rate=lambda at: 1e-7 ** (1 - at), notes={"model": "cnn"})  # fmt: skip
    train(folder / "range-test", cnn(np.random.default_rng(1), 10, (8,), 10), data, test)
    grid(folder / "coarse", quick, (*LRS, 0.003, 0.01, 0.03, 0.1, 0.3), (32,), epochs=3)
    coarse = compare(folder / "coarse")
    lr = next(f for f in coarse.groups[0].factors if f.name == "lr").best
    assert isinstance(lr, float)
    lrs = [float(f"{lr * factor:.2g}") for factor in (0.25, 0.5, 1.0, 2.0)]
    grid(folder / "refined", quick, lrs, (32,), epochs=12, seeds=(0, 1))
    return coarse, compare(folder)


if __name__ == "__main__":
    run(main)
