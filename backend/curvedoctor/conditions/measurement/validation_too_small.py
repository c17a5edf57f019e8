"""The validation metric fluctuates as much as its few samples alone make it.

Why it matters
    Differences between epochs and between runs drown in sampling noise: early stopping, model
    selection and every comparison pick the lucky checkpoint.

How it decides
    A share p of right answers on n samples has a standard deviation of √(p(1−p)/n). n is logged, or
    revealed by the accuracy's steps (all values are whole multiples of 1/n). If that deviation is
    three points or more and the curve's own point-to-point noise is of that size (half of it or more), the
    sample size is the cause. Noise far beyond it comes from the weights, not from the sample. Up to 40
    samples their number alone says it, beyond 200 it is never the cause. Where no accuracy is
    logged: a validation loss that jumps by half of its level throughout while the training loss is
    smooth. Only shares of right answers have binomial noise: F1, R² and AUC are not judged; mAP,
    Dice and IoU, which checkpoints are chosen by, where they jump by four points or five throughout, and a
    validation loss with them, beside a training loss that is calm.

What to try
    Validate on more samples (the noise falls with √n), or by cross-validation.

When it is wrong
    Consecutive checkpoints of a converged model agree on most samples, so the curve may be calmer
    than its sampling error. A model with batch normalization and a learning
    rate that is too high also jumps in validation alone.

References
    Agresti and Coull (1998), Approximate is better than "exact". Dietterich (1998), Approximate statistical
    tests. Bouthillier et al. (2021), Accounting for variance in machine learning benchmarks.
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import (
    Condition,
)
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.measurement.few_samples import ID, few_samples
from curvedoctor.features.case import Case
from curvedoctor.model import Finding, Run, Unjudged


def check(case: Case) -> Finding | Unjudged | None:
    return few_samples(case)


def _known(rng: np.random.Generator) -> Run:
    p = 1 - falling(rng, 60, 0.6, 0.25, 10, 0.0)
    loss = falling(rng)
    return run(
        {"n_val": 60},
        train_loss=loss,
        val_loss=falling(rng, noise=0.1),
        val_accuracy=rng.binomial(60, p) / 60,
    )


def _revealed(rng: np.random.Generator) -> Run:
    p = 1 - falling(rng, 60, 0.6, 0.3, 10, 0.0)
    return run(
        train_loss=falling(rng), val_loss=falling(rng, noise=0.1), val_accuracy=rng.binomial(87, p) / 87
    )


def _loss_only(rng: np.random.Generator) -> Run:
    val = 0.6 * rng.uniform(0.02, 2.0, 90)
    return run(train_loss=falling(rng, 90), val_loss=val)


def _large(rng: np.random.Generator) -> Run:
    p = 1 - falling(rng, 60, 0.6, 0.25, 10, 0.0)
    return run(
        {"n_val": 10_000},
        train_loss=falling(rng),
        val_loss=falling(rng),
        val_accuracy=rng.binomial(10_000, p) / 10_000,
    )


CONDITION = Condition(
    id=ID,
    title="validation set too small",
    severity="warning",
    actions=("more-validation-data",),
    check=check,
    evidence={
        "noise": "σ from point to point: share of right answers, or the curve's unit where no accuracy "
        "is logged",
        "expected_noise": "√(p(1−p)/n), share of right answers; null where no accuracy is logged",
        "n_val": "validation samples; null if unknown",
        "n_val_inferred": "true if n_val was inferred from the accuracy's steps",
    },
    sick=(_known, _revealed, _loss_only),
    healthy=(*HEALTHY, _large),
)
