"""Case D1: one run per learning-rate schedule.

Expect: the reading `schedule` names each one (constant, step, cosine, linear, inverse-sqrt, exponential,
one-cycle), says whether there was a warm-up, and where the decay began. Of the trainings themselves,
those that decay end lower than the constant one, whose loss stays noisy.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from curvedoctor.model import Diagnosis
from data_sets import digits
from tiny_net import cnn, schedule
from training import Recipe, diagnose, run, scheduled, train

KINDS = ("constant", "step", "cosine", "linear", "inverse-sqrt", "exponential", "one-cycle")


def warmed(kind: str, share: float = 0.1) -> Callable[[float], float]:
    """A schedule after a linear warm-up."""
    return lambda at: (at + 1e-3) / share if at < share else schedule(kind, (at - share) / (1 - share))


def main(folder: Path, quick: bool) -> list[Diagnosis]:
    """Train once per schedule; the log holds the lr curve, not the schedule's name."""
    data = digits(np.random.default_rng(0), 1500 if quick else 3000)
    rates = {kind: scheduled(kind) for kind in KINDS} | {"cosine-after-warmup": warmed("cosine")}
    for name, rate in rates.items():
        recipe = Recipe(
            epochs=8 if quick else 12, batch=32, optimizer="momentum", lr=0.02, rate=rate, log_every=5,
            notes={"model": "cnn", "activation": "relu"},
        )  # fmt: skip
        train(folder / name, cnn(np.random.default_rng(1), 10, (8,), 10), data, recipe)
    found = diagnose(folder)
    print("\nSchedules, read from the lr curves:")
    for d in found:
        reading = d.readings["schedule"]
        print(f"  {d.run.name:<20} {reading['kind']}{' after a warm-up' if reading['warmup'] else ''}")
    return found


if __name__ == "__main__":
    run(main)
