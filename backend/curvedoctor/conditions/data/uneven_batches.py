"""The loss repeats itself every epoch: batches differ, and they come in the same order each time.

Why it matters
    Data sorted by class or source make each step undo the one before; the model chases whatever came
    last. Shuffling anew every epoch is free.

How it decides
    The training loss per step, its trend removed, correlates with itself one epoch later, far beyond
    chance, more than a few steps to either side and half an epoch away, and again two epochs later.
    The length of an epoch follows from the curves that are logged per epoch, from samples, batch size
    and epochs, or from the steps per epoch. It is a warning where that length is known and what repeats
    moves the loss by 5 % of its level or more; where it is not known, a rhythm is worth knowing, no
    more. Of a log that ends before its third epoch, or with fewer than 40 points, the second epoch must
    be the first one over again, point by point, and start with a leap upward. A training loss that is
    measured at the evaluations is not a loss per step, and not judged.

What to try
    Shuffle the training data anew every epoch; mix sources and classes within each batch.

When it is wrong
    A learning rate that restarts every epoch makes the loss periodic too: then it is not judged.
    A fixed order of well-mixed batches does little harm.
    Contrastive and sequence models may have to keep an order.

References
    Bengio (2012), Practical recommendations for gradient-based training. Meng et al. (2019), Convergence
    analysis of distributed SGD with random shuffling.
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import Condition
from curvedoctor.conditions.data.repeats import ID, repeats
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.features.case import Case
from curvedoctor.model import Finding, Run, Unjudged


def check(case: Case) -> Finding | Unjudged | None:
    return repeats(case)


def _sorted(rng: np.random.Generator) -> Run:
    """Sorted by class: every epoch the same sawtooth."""
    wave = np.tile(np.exp(0.4 * np.sin(2 * np.pi * np.arange(20) / 20)), 20)
    y = falling(rng, 400, 2.3, 0.5, 6, 0.1) * wave
    return run({"epochs": 20}, train_loss_step=y)


def _same_order(rng: np.random.Generator) -> Run:
    """Never shuffled: each batch keeps its own difficulty."""
    hard = np.tile(np.exp(0.25 * rng.standard_normal(25)), 24)
    return run({"n_train": 800, "batch_size": 32}, train_loss_step=falling(rng, 600, 2.3, 0.5, 6, 0.1) * hard)


def _unknown_epoch(rng: np.random.Generator) -> Run:
    hard = np.tile(np.exp(0.3 * rng.standard_normal(40)), 25)
    return run(train_loss_step=falling(rng, 1000, 2.3, 0.5, 6, 0.1) * hard)


def _two_epochs(rng: np.random.Generator) -> Run:
    """Sorted by length: the second epoch starts where the first did."""
    once = falling(rng, 30, 6.0, 0.5, 4, 0.05)
    y = np.concatenate((once, 0.9 * once)) * np.exp(0.02 * rng.standard_normal(60))
    return run(train_loss_step=y, val_loss=[2.0, 1.8])


def _shuffled(rng: np.random.Generator) -> Run:
    return run({"epochs": 20}, train_loss_step=falling(rng, 400, 2.3, 0.5, 6, 0.3))


def _wandering(rng: np.random.Generator) -> Run:
    """Noise with memory, but no rhythm."""
    noise = np.convolve(rng.standard_normal(640), np.exp(-np.arange(40) / 8), mode="valid")[:600]
    return run({"epochs": 20}, train_loss_step=falling(rng, 600, 2.3, 0.5, 6) * np.exp(0.05 * noise))


CONDITION = Condition(
    id=ID,
    title="uneven, unshuffled batches",
    severity="warning",
    actions=("shuffle", "bigger-batch"),
    check=check,
    networks_only=True,
    evidence={
        "repeats": "share of the fluctuation that repeats one epoch later, 0..1; of two epochs, their "
        "correlation",
        "moves": "standard deviation of what repeats, relative to the level; of two epochs, the leap "
        "between them",
        "lag": "logged points after which it repeats",
        "points_per_epoch": "logged points per epoch by other curves or settings; null if they don't say",
    },
    sick=(_sorted, _same_order, _unknown_epoch, _two_epochs),
    healthy=(*HEALTHY, _shuffled, _wandering),
)
