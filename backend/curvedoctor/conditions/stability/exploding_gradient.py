"""The gradient explodes, and with it the steps.

Why it matters
    One step of a hundred times the usual length can undo an epoch. It is the usual path from a sound
    run to NaN, above all in recurrent and very deep networks.

How it decides
    The logged gradient norm jumps to more than ten times its local level, or has grown a hundredfold
    by the end, or becomes infinite. Without a gradient norm only the loss can tell: see loss-spikes.

What to try
    Clip the gradient norm at its usual level. Then a lower learning rate or a warm-up.

When it is wrong
    A norm that is logged before unscaling (mixed precision) jumps with the loss scale. A norm that
    is logged before clipping may jump harmlessly when it is clipped already.

References
    Pascanu, Mikolov and Bengio (2013), On the difficulty of training recurrent neural networks.
    Zhang et al. (2020), Why gradient clipping accelerates training.
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, number, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.measures.shape import relative, why_unjudgeable
from curvedoctor.conditions.stability.spikes import Spikes, spikes
from curvedoctor.features.blocks import median
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged

ID = "exploding-gradient"


def check(case: Case) -> Finding | Unjudged | None:
    reason = why_unjudgeable(case)
    if reason is not None:
        return unjudged(ID, reason)
    grad = case.grad_norm
    if grad is None or grad.stats.n < 10:
        return unjudged(ID, "no gradient norm is logged")
    s = case.finest_train or case.primary
    assert s is not None
    peaks = spikes(grad) if grad is not None else None
    height = 1 + float(peaks.ratio.max()) if peaks is not None and len(peaks.ratio) else 1.0
    growth = _growth(grad)
    confidence = _rule(case, grad, peaks, height, growth)
    if confidence < REPORT_FROM:
        return None
    if height >= 5:
        summary = f"The gradient norm jumps up to {number(height)} times its level."
    else:
        summary = f"The gradient norm grows {number(growth)} times over the run."
    return finding(
        ID, "warning", confidence, grad if grad is not None and max(height, growth) >= 5 else s, summary,
        others=(s if grad is not None else None,),
        onset=float(peaks.at[0]) if peaks is not None and len(peaks.at) else 0.0,
        jumps=len(peaks.at) if peaks is not None else None, height=height, growth=growth,
        typical=grad.stats.at50 if grad is not None else None,
    )  # fmt: skip


def _growth(grad: Series | None) -> float:
    """Gradient norm over the last tenth over that of the first quarter, as a ratio."""
    if grad is None or grad.stats.low < 0:
        return 1.0
    return relative(median(grad.grid[-6:]), max(median(grad.grid[2:16]), 1e-300))


def _rule(case: Case, grad: Series | None, peaks: Spikes | None, height: float, growth: float) -> float:
    if grad is None or peaks is None or grad.stats.low < 0:
        return 0.0
    confidence = 0.85 * ramp(np.log10(height), 0.7, 1.2) * ramp(len(peaks.at), 0, 3)
    loss = case.finest_train
    if loss is not None and len(spikes(loss).at) == 0:
        confidence *= 0.6  # the loss does not care
    at_floor = loss is not None and loss.stats.end < 0.1 * loss.stats.start
    return max(confidence, 0.8 * ramp(np.log10(max(growth, 1e-9)), 1.3, 2.3) * (0.4 if at_floor else 1.0))


def _jumps(rng: np.random.Generator) -> Run:
    y, g = falling(rng, 300, 2.3, 0.4, 8, 0.05), falling(rng, 300, 2.0, 1.0, 5, 0.15)
    at = rng.choice(np.arange(40, 280), 6, replace=False)
    g[at] *= rng.uniform(20, 100, 6)
    y[at + 1] *= 3
    return run(train_loss_step=y, grad_norm=g)


def _grows(rng: np.random.Generator) -> Run:
    g = np.geomspace(1, 3e3, 80) * np.exp(0.2 * rng.standard_normal(80))
    return run(train_loss=2.0 * np.exp(0.03 * rng.standard_normal(80)), grad_norm=g)


def _noisy_norm(rng: np.random.Generator) -> Run:
    """A norm with heavy noise, and one that rises threefold as usual."""
    g = np.linspace(0.5, 1.5, 300) * np.exp(0.4 * rng.standard_normal(300))
    return run(train_loss_step=falling(rng, 300, noise=0.1), grad_norm=g)


CONDITION = Condition(
    id=ID,
    title="exploding gradient",
    severity="warning",
    actions=("clip-gradients", "lower-lr", "add-warmup"),
    check=check,
    networks_only=True,
    evidence={
        "jumps": "isolated upward jumps of the gradient norm; null if it is not logged",
        "height": "highest jump, as a multiple of the local level",
        "growth": "gradient norm at the end over that of the first quarter",
        "typical": "gradient norm in the middle of the run; null if it is not logged",
    },
    sick=(_jumps, _grows),
    healthy=(*HEALTHY, _noisy_norm),
)
