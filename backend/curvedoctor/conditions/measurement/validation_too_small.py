"""The validation metric fluctuates as much as its few samples alone make it.

Why it matters
    Differences between epochs and between runs drown in sampling noise: early stopping, model
    selection and every comparison pick the lucky checkpoint.

How it decides
    A share p of right answers on n samples has a standard deviation of √(p(1−p)/n). n is logged, or
    revealed by the accuracy's steps (all values are whole multiples of 1/n). If that deviation is
    three points or more and the curve's own point-to-point noise is of that size, the sample size is
    the cause. Noise far beyond it comes from the weights, not from the sample. Up to 40 samples their
    number alone says it, beyond 200 it is never the cause. Where no accuracy is
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
    REPORT_FROM,
    Condition,
    finding,
    number,
    percent,
    ramp,
    too_few,
    unjudged,
)
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.measures.proportions import binomial_sigma, proportion, sample_size
from curvedoctor.conditions.measures.shape import mean, relative, why_unjudgeable
from curvedoctor.conditions.measures.sways import swayed_by_few
from curvedoctor.features.case import Case
from curvedoctor.features.selects import selects
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged

ID = "validation-too-small"
#: standard deviation of the metric from which it matters (share of right answers)
MATTERS = 0.03
#: samples: up to the first their number alone says it, beyond the second it is never the cause
FEW_SAMPLES, MANY_SAMPLES = 40, 200
#: points below which a noise estimate says nothing
MIN_POINTS = 8


def check(case: Case) -> Finding | Unjudged | None:
    reason = why_unjudgeable(case)
    if reason is not None:
        return unjudged(ID, reason)
    if case.val is None:
        return unjudged(ID, "no validation curve is logged")
    if case.val.stats.n < MIN_POINTS:
        return too_few(ID, case.val.stats.n, MIN_POINTS, "validation points")
    error = proportion(case, "val")
    n = case.number("n_val") or (sample_size(error) if error is not None else None)
    by_loss = 0.0 if n and n > MANY_SAMPLES else _jumps(case, case.val)
    if error is not None and n:
        small = _by_share(error, n, case.number("n_val") is None)
        if small is not None:
            return small
    if (found := _by_chosen(case)) is not None:
        return found
    if by_loss >= REPORT_FROM:
        t = case.val.stats
        return finding(
            ID, "warning", by_loss, case.val,
            "The validation curve jumps by "
            f"±{percent(relative(t.noise, mean(case.val, 0.33, 1.0)))} of its level from point to point "
            "though training is smooth: too few validation samples.",
            others=(case.coarsest_train,), onset=0.0,
            noise=t.noise, expected_noise=None, n_val=n, n_val_inferred=False,
        )  # fmt: skip
    if not n:
        return unjudged(ID, "the validation set's size is not logged")
    return None


def _by_share(error: Series, n: float, inferred: bool) -> Finding | None:
    t = error.stats
    settled = error.grid[len(error.grid) // 3 :]
    # two imagined answers, one wrong: all right on few samples does not mean no error (Agresti & Coull 1998)
    expected = binomial_sigma((float(np.mean(settled)) * n + 1) / (n + 2), n)
    share = relative(t.noise_late * t.noise_late, expected * expected)
    confidence = (
        0.9 * ramp(expected, 0.7 * MATTERS, 1.2 * MATTERS) * ramp(share, 0.06, 0.2) * ramp(share, 6.0, 3.0)
    )
    # what is seen must matter as well
    confidence *= ramp(t.noise_late, 0.3 * MATTERS, 0.6 * MATTERS) * ramp(n, MANY_SAMPLES, 0.6 * MANY_SAMPLES)
    confidence = max(
        confidence, 0.7 * ramp(n, 2 * FEW_SAMPLES, FEW_SAMPLES) * ramp(expected, 0.5 * MATTERS, MATTERS)
    )
    if confidence < REPORT_FROM:
        return None
    known = "as its steps reveal" if inferred else "as logged"
    seen = (
        f" from epoch to epoch, and it moves by ±{100 * t.noise_late:.1f}"
        if t.noise_late > 0.2 * MATTERS
        else ""
    )
    return finding(
        ID, "warning", confidence, error,
        f"Validation accuracy rests on {number(n)} samples ({known}): chance alone moves it by "
        f"±{100 * expected:.1f} points{seen}.",
        onset=0.0, noise=t.noise_late, expected_noise=expected, n_val=n, n_val_inferred=inferred,
    )  # fmt: skip


def _by_chosen(case: Case) -> Finding | None:
    """mAP, Dice or IoU that jumps from epoch to epoch beside a calm training loss."""
    confidence, score = swayed_by_few(case), selects(case)
    if confidence < REPORT_FROM or score is None:
        return None
    return finding(
        ID, "warning", confidence, score,
        f"{score.curve.tag} jumps by ±{100 * score.stats.noise_late:.1f} points from one "
        "evaluation to the next though training is smooth: too few validation samples.",
        others=(case.coarsest_train,), onset=0.0,
        noise=score.stats.noise_late, expected_noise=None, n_val=case.number("n_val"), n_val_inferred=False,
    )  # fmt: skip


def _jumps(case: Case, val: Series) -> float:
    train = case.coarsest_train
    if train is None or val.stats.n < 12:
        return 0.0
    t = val.stats
    noise = relative(t.noise, mean(val, 0.33, 1.0))
    calm = relative(train.stats.noise, mean(train, 0.33, 1.0))
    throughout = ramp(relative(t.noise_late, max(t.noise, 1e-300)), 0.3, 0.6)
    white = ramp(t.smoothness, -0.2, -0.35)
    return (
        0.7 * ramp(noise, 0.3, 0.5) * ramp(relative(calm, max(noise, 1e-9)), 0.35, 0.2) * throughout * white
    )


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
