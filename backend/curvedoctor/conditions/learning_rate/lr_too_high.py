"""The learning rate is so high that the run ends far above where it could be.

Why it matters
    The optimizer leaps over the valley instead of descending into it. Accuracy swings, the loss stays
    high or jumps, and a rate 3 to 30 times lower ends clearly better.

How it decides
    One of three pictures. The validation loss fluctuates and ends 15 % or more above the best it had
    already reached, while the training loss fluctuates with it: both are unstable; not where training
    learns on to its best and validation rises point by point, which is overfitting. Without validation, the
    training loss per epoch bounces by a third of its level or more without improving over the second
    half. Or the configured rate is decades above what is customary for the optimizer (Adam at 1.0) and the
    run ends no better than halfway to where it began; or some seventy times above it, and validation ends at
    an untrained model's loss. Or the training loss of the first epoch is a hundred times what validation is
    after it (twelve times, at a rate far above custom): the first steps were far too large. Fluctuation
    between batches alone proves nothing, and below a fiftieth of the start nothing is judged;
    nor at a rate forty times below custom: what swings there has inputs or weights that are too large.
    Of boosted trees: at a rate of 0.55 to 0.8 or more, which hardly shrinks them, validation settles within
    the first third to half of the rounds and ends 1.3 to 2 times above training or more.
    Of a variational autoencoder: the KL term begins twenty times above the reconstruction's end and its own.
    Of an agent: its policy is saturated at once (no entropy is left after the first updates). Or, beside a
    rate of 0.1 of an adaptive optimizer or updates that each move the policy by a KL of 0.3 or more, its
    reward goes up and down by a third of all that it ever moved over the second half; or nothing is left to
    choose within a fifth of the run (an entropy below 0.1 nats) and the reward is unsteady to the last.

What to try
    Lower the learning rate to a tenth; a schedule that decays helps late in the run; a range test
    over 100 to 500 steps finds the right region.

When it is wrong
    Tiny batches and a tiny validation set make curves bounce too: then training is smooth where
    validation jumps, or the bounce shrinks with the batch. A broken model is high and flat at any
    learning rate.

References
    Smith (2017), Cyclical learning rates. Godbole et al. (2023), Deep learning tuning playbook.
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import Condition
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.learning_rate.far_above import (
    ID,
)
from curvedoctor.conditions.learning_rate.too_large import too_large
from curvedoctor.features.case import Case
from curvedoctor.model import Finding, Run, Unjudged


def check(case: Case) -> Finding | Unjudged | None:
    return too_large(case)


def _bouncing(rng: np.random.Generator) -> Run:
    y = 0.8 * np.exp(0.9 * rng.standard_normal(80)) + 1.6 * np.exp(-np.linspace(0, 12, 80))
    return run(
        {"lr": 1.0, "optimizer": "sgd", "batch_size": 64},
        train_loss=y,
        val_loss=y * np.exp(0.4 * rng.standard_normal(80)),
    )


def _high_flat(rng: np.random.Generator) -> Run:
    y = 2.4 * np.exp(0.03 * rng.standard_normal(40))
    acc = 0.1 + 0.01 * rng.standard_normal(40)
    return run({"lr": 1.0, "optimizer": "adam", "n_classes": 10}, train_loss=y, val_loss=y, val_accuracy=acc)


def _thrown_about(rng: np.random.Generator) -> Run:
    y = falling(rng, 40, 2.3, 0.5, 20) * np.exp(0.12 * rng.standard_normal(40))
    y[12] = 0.3  # the best that was reached
    return run({"lr": 0.3, "optimizer": "sgd"}, train_loss=y, val_loss=1.1 * y)


def _shooting(rng: np.random.Generator) -> Run:
    y = np.concatenate(([0.7, 1.5, 6.0, 9.0, 8.0, 6.0], np.full(114, 1.2))) * np.exp(
        0.05 * rng.standard_normal(120)
    )
    return run({"lr": 0.1, "optimizer": "adam"}, train_loss_step=y)


def _noisy_validation(rng: np.random.Generator) -> Run:
    """Validation bounces, training does not: a small validation set, not the learning rate."""
    return run({"lr": 0.1, "optimizer": "sgd"}, train_loss=falling(rng), val_loss=falling(rng, noise=0.4))


CONDITION = Condition(
    id=ID,
    title="learning rate too high",
    severity="warning",
    actions=("lower-lr", "decay-lr", "clip-gradients"),
    check=check,
    evidence={
        "picture": "unshrunk (boosted trees), configured, unstable, lost, bounces, shoots up, or blown up",
        "noise": "σ of the fluctuation over the last third, relative to the end level",
        "best": "best logged value",
        "end": "final level, as logged",
        "decades_above_usual": "log10(lr / customary lr of the optimizer); null if not logged",
    },
    sick=(_bouncing, _high_flat, _shooting, _thrown_about),
    healthy=(*HEALTHY, _noisy_validation),
)
