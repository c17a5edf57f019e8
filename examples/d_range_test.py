"""Case D, step 3: a learning-rate range test.

The rate rises from 1e-6 to 10 over 300 steps of SGD with momentum, and the batch loss is logged: flat
at first, then it falls, then it blows up.

Expect: the reading `lr-range-test` with four suggestions (start of the steep descent, steepest, valley,
minimum / 10), a picture, and no complaint about the blow-up, which is the point of the test. The
suggested rate is then really used (`at-suggested`), against 30 times more and less.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from curvedoctor.compare.types import Comparison
from curvedoctor.model import Diagnosis
from data_sets import digits
from tiny_net import cnn
from training import Recipe, compare, diagnose, run, scheduled, train

LOW, HIGH = 1e-6, 10.0


def main(folder: Path, quick: bool) -> tuple[list[Diagnosis], Comparison]:
    """Run the test, then train at what it suggests."""
    data = digits(np.random.default_rng(0), 2000 if quick else 4000)
    steps = 200 if quick else 300
    per_epoch = len(data.y) // 64
    test = Recipe(
        epochs=-(-steps // per_epoch), batch=64, optimizer="momentum", lr=HIGH, log_every=1, log_metric=False,
        rate=lambda at: (LOW / HIGH) ** (1 - at), notes={"model": "cnn", "scheduler": "exponential"},
    )  # fmt: skip
    train(folder / "range-test", cnn(np.random.default_rng(1), 10, (8,), 10), data, test)
    found = diagnose(folder / "range-test")
    suggested = found[0].readings["lr-range-test"]["suggested"]
    assert isinstance(suggested, float)
    for name, factor in (("at-suggested", 1.0), ("30-times-less", 1 / 30), ("30-times-more", 30.0)):
        recipe = Recipe(
            epochs=6 if quick else 10, batch=64, optimizer="momentum", lr=suggested * factor,
            rate=scheduled("cosine"),
            notes={"model": "cnn", "scheduler": "cosine"},
        )  # fmt: skip
        train(folder / name, cnn(np.random.default_rng(1), 10, (8,), 10), data, recipe)
    return found, compare(folder)


if __name__ == "__main__":
    run(main)
