"""Case D, step 4: a coarse grid of learning rate × batch size, 3 epochs each.

The rates are chosen too low on purpose.

Expect: `compare` says that the best lr lies above the tried range and which values to try next, how the
best lr moves with the batch size, which of the short runs are worth prolonging, and which of the six
steps of the protocol are done. `d_grid_refined.py` follows the advice.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from curvedoctor.compare.types import Comparison
from data_sets import digits
from tiny_net import cnn
from training import Recipe, compare, run, train

LRS = (0.0001, 0.0003, 0.001)
BATCHES = (32, 128)


def grid(folder: Path, quick: bool, lrs: Sequence[float], batches: Sequence[int], epochs: int,
         seeds: Sequence[int] = (0,)) -> None:  # fmt: skip
    """Train one run per setting."""
    data = digits(np.random.default_rng(0), 1500 if quick else 3000)
    for lr in lrs:
        for batch in batches:
            for seed in seeds:
                recipe = Recipe(
                    epochs=epochs, batch=batch, optimizer="momentum", lr=lr, seed=seed, log_every=5,
                    notes={"model": "cnn", "activation": "relu"},
                )  # fmt: skip
                name = f"lr{lr:g}_bs{batch}" + (f"_seed{seed}" if len(seeds) > 1 else "")
                train(folder / name, cnn(np.random.default_rng(1 + seed), 10, (8,), 10), data, recipe)


def main(folder: Path, quick: bool) -> Comparison:
    """Train the grid and compare."""
    grid(folder, quick, LRS, BATCHES, epochs=3)
    return compare(folder)


if __name__ == "__main__":
    run(main)
