"""Batches are so small that the gradient is mostly noise.

Why it matters
    The loss swings from step to step and the weights with it: a batch several times larger settles
    lower, or allows a larger learning rate.

How it decides
    The training loss per step fluctuates by a third of its level or more around a flat tail, without
    rhythm, and the logged batch size is 8 or less.

What to try
    A batch four times larger, or gradients accumulated over four; the learning rate may rise with it.

When it is wrong
    Fluctuation of the loss that is logged per step is in part the samples' own difficulty, and
    harmless: most sound runs with small batches look like this. Hence the low confidence without
    a model. Noise that
    shrinks with 1/√batch from run to run proves it.

References
    McCandlish et al. (2018), An empirical model of large-batch training. Keskar et al. (2017), On
    large-batch training for deep learning.
"""

from __future__ import annotations

import math

import numpy as np

from curvedoctor.conditions.base import FIRES, Condition, finding, percent, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.shape import cannot, course, flat, mean, name, relative
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged

ID = "noisy-batches"


def check(case: Case) -> Finding | Unjudged | None:
    reason = cannot(case)
    if reason is not None:
        return unjudged(ID, reason)
    size = case.number("batch_size")
    if size is None:
        return unjudged(ID, "the batch size is not logged")
    s = case.train_step or case.train or case.val
    assert s is not None
    noise = relative(s.stats.noise_late, mean(s, 0.67, 1.0))
    sure = _rule(case, s, noise, size)
    if sure < FIRES:
        return None
    of = f" in batches of {size:g}" if size else ""
    summary = f"{course(s)}{of}; bigger batches are likely to end lower."
    if noise >= 0.1:
        summary = f"The {name(s)} fluctuates by ±{percent(noise)} of its level from point to point{of}."
    return finding(
        ID, "warning", sure, s, summary, others=(case.val,), onset=0.0,
        noise=noise, batch_size=size,
    )  # fmt: skip


def _rule(case: Case, s: Series, noise: float, size: float | None) -> float:
    if size is None or s is case.val:
        return 0.0
    small = ramp(math.log2(max(size, 1)), 4.0, 2.0)
    return (
        0.6 * small * ramp(noise, 0.25, 0.5) * float(flat(s, 0.6, 0.1)) * ramp(s.stats.smoothness, 0.0, -0.3)
    )


def _tiny(rng: np.random.Generator) -> Run:
    return run(
        {"batch_size": 2}, train_loss_step=falling(rng, 600, 2.3, 0.8, 10, 0.7), val_loss=falling(rng, 30)
    )


def _one_by_one(rng: np.random.Generator) -> Run:
    return run({"batch_size": 1, "lr": 0.01}, train_loss_step=falling(rng, 1000, 2.3, 0.8, 10, 0.7))


def _usual(rng: np.random.Generator) -> Run:
    return run(
        {"batch_size": 64}, train_loss_step=falling(rng, 600, 2.3, 0.8, 10, 0.35), val_loss=falling(rng, 30)
    )


CONDITION = Condition(
    id=ID,
    title="batches too small",
    severity="warning",
    actions=("bigger-batch", "lower-lr", "decay-lr"),
    check=check,
    evidence={
        "noise": "σ from point to point over the last third, relative to the level",
        "batch_size": "samples per batch; null if not logged",
    },
    sick=(_tiny, _one_by_one),
    healthy=(*HEALTHY, _usual),
)
