"""Reduced precision over- or underflows: the arithmetic is lost, not the learning.

Why it matters
    float16 ends at 65504, 8-bit formats sooner. Steps that overflow are skipped, or their NaN is
    logged as a loss of zero: the run looks calm, even perfect, and nothing is trained.

How it decides
    A loss is exactly zero from its first point on, or falls to it at once from a level that matters, and
    stays there (or is NaN from its first tenth on), and beside it one of: reduced precision is configured
    (float16, float8, 8 bit, mixed), the validation loss or the gradient norm is NaN, or the first steps were
    skipped: the learning rate stands at zero, as a schedule does that waits for the first step without an
    overflow. Or the logged loss scale is still falling at the end, to a 256th of what it was, or to one and
    less.

What to try
    bfloat16 or float32; with float16, dynamic loss scaling. Where the loss or the gradient explodes
    first: clip the gradient norm and lower the learning rate, which keep them in range.

When it is wrong
    A rate that is far too high gives NaN in any precision: then a learning rate that is known to be
    that high is left to non-finite.

References
    Micikevicius et al. (2018), Mixed precision training. Dettmers et al. (2022), LLM.int8().
"""

from __future__ import annotations

import re

import numpy as np

from curvedoctor.conditions.base import Condition, finding, number, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.measures.shape import probing
from curvedoctor.conditions.measures.still import rate_too_high
from curvedoctor.conditions.stability.to_nothing import (
    REDUCED,
    ZEROS,
    finest_loss,
    in_favour,
    skipped,
    vanishes,
)
from curvedoctor.features.blocks import median
from curvedoctor.features.case import Case
from curvedoctor.model import Curve, Finding, Floats, Run, Unjudged

ID = "precision-fault"
#: share of the run within which a NaN comes "at once"
AT_ONCE = 0.1
#: times the median from which on a loss has exploded
EXPLODED = 10.0
#: a loss scale that fell to this share, or to one
SCALE = 1 / 256
_SCALE = re.compile(r"(loss|grad|amp)[^a-z0-9]*scale|scaler", re.IGNORECASE)


def check(case: Case) -> Finding | Unjudged | None:
    loss = finest_loss(case)
    scale = next((c for c in case.run.curves if _SCALE.search(c.tag) and len(c) >= 6), None)
    if loss is None and scale is None:
        return unjudged(ID, "neither a training loss of four points nor a loss scale is logged")
    if probing(case):
        return None
    return (_lost(case, loss) if loss is not None else None) or (
        _scaled(scale) if scale is not None else None
    )


def _lost(case: Case, loss: Curve) -> Finding | None:
    y, why = loss.values, in_favour(case)
    zero = vanishes(y)
    at = zero if zero is not None else _nan_at_once(case, y)
    if at is None or not why:
        return None
    before = y[:at]
    exploded = len(before) > ZEROS and float(before.max()) > EXPLODED * median(before)
    after = f", after {number(float(before[-1]))}" if at else ""
    made = finding(
        ID, "error", 0.95 if zero is not None else 0.8, None,
        f"The loss is {'exactly 0' if zero is not None else 'NaN'} from {loss.axis} "
        f"{loss.steps[at]:g} on{after}, and {' and '.join(why)}.",
        kind="zero" if zero is not None else "NaN", before=float(before[-1]) if at else None,
        skipped=skipped(case),
        precision=case.word("precision"),
    )  # fmt: skip
    actions = ("clip-gradients", "lower-lr", "fix-precision") if exploded else CONDITION.actions
    return _placed(made, loss, at, actions)


def _nan_at_once(case: Case, y: Floats) -> int | None:
    """Where a loss in float16 or less becomes NaN for good within its first tenth,
    at a rate that is no reason for it."""
    if case.word("precision") not in REDUCED[:3] or rate_too_high(case) or np.isfinite(y[-1]):
        return None
    finite = np.flatnonzero(np.isfinite(y))
    at = int(finite[-1]) + 1 if len(finite) else 0
    return at if at <= max(1, AT_ONCE * len(y)) else None


def _scaled(scale: Curve) -> Finding | None:
    y = scale.values
    if not np.isfinite(y).all() or not float(y.min()) > 0 or float(y[-1]) > float(y.min()):
        return None
    if float(y[-1]) >= float(y[len(y) // 2]) or not (
        float(y[-1]) <= SCALE * float(y.max()) or float(y[-1]) <= 1
    ):
        return None
    at = int(np.flatnonzero(y == y.max())[-1])
    made = finding(
        ID, "error", 0.92, None,
        f"The loss scale falls from {number(float(y.max()))} at {scale.axis} "
        f"{scale.steps[at]:g} to {number(float(y[-1]))} and still falls at the end: every step overflows.",
        kind="loss scale", before=float(y.max()), skipped=None, precision=None,
    )  # fmt: skip
    return _placed(made, scale, at, ())


def _placed(base: Finding, curve: Curve, at: int, actions: tuple[str, ...]) -> Finding:
    onset = float(curve.steps[at])
    return Finding(
        base.condition, base.severity, base.confidence, (curve.id,), base.summary, base.evidence,
        onset, (onset, max(onset, float(curve.steps.max()))), curve.axis, actions,
    )  # fmt: skip


def _zero_and_skipped(rng: np.random.Generator) -> Run:
    """Every step is skipped, then one overflow too many: NaN, logged as zero."""
    y = np.concatenate((rng.uniform(200, 2500, 14), [6e7], np.zeros(6)))
    lr = np.concatenate((np.zeros(14), np.linspace(3e-6, 1e-4, 7)))
    return run({"precision": "fp16"}, train_loss_step=y, lr=lr)


def _evaluated_as_nan(rng: np.random.Generator) -> Run:
    y = np.concatenate((falling(rng, 12, 2.3, 1.5, 3), np.zeros(20)))
    return run(train_loss=y, val_loss=np.full(32, np.nan))


def _at_once(rng: np.random.Generator) -> Run:
    y = np.full(40, np.nan)
    y[0] = 9.1
    return run({"precision": "fp16", "lr": 1e-4, "optimizer": "adamw"}, train_loss=y)


def _zero_from_the_start(rng: np.random.Generator) -> Run:
    """As trainers log it that take a NaN for zero."""
    n = int(rng.integers(4, 20))
    return run(train_loss_step=np.zeros(n), grad_norm=np.full(n, np.nan), val_loss=np.full(2, np.nan))


def _memorized(rng: np.random.Generator) -> Run:
    """Driven to zero step by step, in half precision."""
    y = np.concatenate((np.geomspace(2.3, 1e-7, 40), np.zeros(20)))
    return run({"precision": "fp16"}, train_loss=y)


def _rate_too_high(rng: np.random.Generator) -> Run:
    y = np.full(40, np.nan)
    y[0] = 9.1
    return run({"precision": "fp16", "lr": 1.0, "optimizer": "adam"}, train_loss=y)


CONDITION = Condition(
    id=ID,
    title="arithmetic over- or underflows",
    severity="error",
    actions=("fix-precision", "clip-gradients", "lower-lr"),
    check=check,
    networks_only=True,
    evidence={
        "kind": "zero, NaN or loss scale",
        "before": "last loss before the onset (highest loss scale), as logged; null if there is none",
        "skipped": "logged points at the start with a learning rate of zero; null for a loss scale",
        "precision": "the configured floating-point format; null if not logged",
    },
    sick=(_zero_and_skipped, _evaluated_as_nan, _at_once, _zero_from_the_start),
    healthy=(*HEALTHY, _memorized, _rate_too_high),
)
