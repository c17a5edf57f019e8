"""Whether validation moves as its few samples alone make it."""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import (
    REPORT_FROM,
    finding,
    number,
    percent,
    ramp,
    too_few,
    unjudged,
)
from curvedoctor.conditions.measurement.held_out import held_out_samples
from curvedoctor.conditions.measures.proportions import binomial_sigma, proportion
from curvedoctor.conditions.measures.shape import mean, relative, why_unjudgeable
from curvedoctor.conditions.measures.sways import swayed_by_few
from curvedoctor.features.case import Case
from curvedoctor.features.selects import selects
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Unjudged

ID = "validation-too-small"
#: standard deviation of the metric from which it matters (share of right answers)
MATTERS = 0.03
#: samples: up to the first their number alone says it, beyond the second it is never the cause
FEW_SAMPLES, MANY_SAMPLES = 40, 200
#: share of the fluctuation that chance gives below which it is seen not to be its doing
CALMER = 0.5
#: points below which a noise estimate says nothing
MIN_POINTS = 8


def few_samples(case: Case) -> Finding | Unjudged | None:
    """What few samples move, as validation-too-small tells it."""
    reason = why_unjudgeable(case)
    if reason is not None:
        return unjudged(ID, reason)
    if case.val is None:
        return unjudged(ID, "no validation curve is logged")
    if case.val.stats.n < MIN_POINTS:
        return too_few(ID, case.val.stats.n, MIN_POINTS, "validation points")
    error = proportion(case, "val")
    n = held_out_samples(case)
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
    half = CALMER * expected
    moves = (
        t.noise_late if t.noise_late >= half else max(t.noise, t.noise_late)
    )  # few late points misjudge it
    calm = moves < half
    if calm and n > FEW_SAMPLES:
        return None
    confidence = 0.9 * ramp(expected, 0.7 * MATTERS, 1.2 * MATTERS) * ramp(share, 6.0, 3.0) * float(not calm)
    # what is seen must matter as well
    confidence *= ramp(t.noise_late, 0.3 * MATTERS, 0.6 * MATTERS) * ramp(n, MANY_SAMPLES, 0.6 * MANY_SAMPLES)
    confidence = max(
        confidence, 0.7 * ramp(n, 2 * FEW_SAMPLES, FEW_SAMPLES) * ramp(expected, 0.5 * MATTERS, MATTERS)
    )
    if confidence < REPORT_FROM:
        return None
    known = " (as its steps reveal)" if inferred else ""
    if calm:
        what = f"another {number(n)} would give another share, by ±{100 * expected:.1f} points"
    else:
        what = f"chance alone moves it by ±{100 * expected:.1f} points from epoch to epoch"
        what += f", and it moves by ±{100 * moves:.1f}" if moves > 0.2 * MATTERS else ""
    return finding(
        ID, "warning", confidence, error,
        f"Validation accuracy rests on {number(n)} samples{known}: {what}.",
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
