"""Inputs on very different or large scales make the problem ill-conditioned.

Why it matters
    One direction is so steep that the learning rate must be tiny, all others then crawl: huge first
    losses, spikes, a slow start. Standardizing the inputs is one line.

How it decides
    The first loss is many times what an untrained model on standardized inputs must give (known for
    cross-entropy and hinge), it is gone within the first tenth, and the rest is slow; or the inputs
    are logged as unscaled. Or the error of a regression stays above what targets of order one make by a
    million. Or the first epoch costs a hundred times what validation does after it, at a learning rate far
    below custom, whose steps can't have been too large.

What to try
    Standardize each input to mean 0 and variance 1 (statistics of the training set); scale targets of
    a regression as well.

When it is wrong
    Huge initial weights start with a huge loss too. Tree models and networks with normalization on
    their inputs do not care.

References
    LeCun et al. (1998), Efficient BackProp, section 4.3. Ioffe and Szegedy (2015), Batch normalization.
"""

from __future__ import annotations

import math

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, number, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.measures.first_steps import after_first, blew_up_at_first, far_below
from curvedoctor.conditions.measures.shape import course, relative, why_unjudgeable
from curvedoctor.features.case import Case
from curvedoctor.features.chance import expected_first_loss, supposing_loss
from curvedoctor.features.rates import logged_lr
from curvedoctor.model import Finding, Run, Unjudged

ID = "inputs-unscaled"
#: what mends inputs
INPUTS = ("normalize-input", "lower-lr", "fix-init")
#: least error, by its kind, that only targets in the thousands make;
#: of a loss whose kind is not known no sum is so large
HUGE = {"mse": 1e6, "mae": 1e3, "huber": 1e3, "": 1e8}
#: share of the first loss below which it has got there all the same;
#: and above which it was the steps that blew it up
ARRIVED, CLIMBS = 0.5, 1.5
#: share of the second epoch's loss that a run ends at which never recovered from its first
STAYS = 0.9
#: an error that no targets make
BEYOND = 1e20


def check(case: Case) -> Finding | Unjudged | None:
    reason = why_unjudgeable(case)
    if reason is not None:
        return unjudged(ID, reason)
    if (huge := _targets(case) or _first_steps(case)) is not None:
        return huge
    scaling, expected = case.word("input_scaling"), expected_first_loss(case)
    if scaling is None and expected is None:
        return unjudged(
            ID, "neither the loss function with its classes nor the scaling of the inputs is logged"
        )
    if scaling is not None and scaling != "none":
        return None
    s = case.finest_train or case.val
    assert s is not None
    t = s.stats
    excess = relative(t.first, expected) if expected is not None and case.judged_quantity == "loss" else None
    slow = ramp(relative(t.end, expected), 0.15, 0.5) if expected is not None else 0.6
    rule = 0.6 * ramp(math.log10(max(excess, 1e-9)), 0.5, 1.1) * slow if excess is not None else 0.0
    if scaling == "none":
        rule = max(rule, 0.5 * ramp(relative(t.end, t.start), 0.3, 0.6), min(0.69, 1.2 * rule))
    confidence = rule
    if confidence < REPORT_FROM:
        return None
    summary = f"{course(s)} on inputs that are not scaled, as configured."
    if excess is not None and excess > 2 and expected is not None:
        per_epoch = s.curve.role.split != "val" and s.curve.role.granularity != "step"
        what = "mean loss of the first epoch" if per_epoch else "first loss"
        summary = (
            f"The {what} is {number(t.first)}, {number(excess)} times what an untrained model "
            f"gives{supposing_loss(case, expected)} ({number(expected)})."
        )
    return finding(
        ID, "warning", confidence, s, summary, others=(case.val,), onset=0.0, until=0.1, actions=INPUTS,
        first=t.first, expected=expected, excess=excess, scaling=scaling,
    )  # fmt: skip


def _targets(case: Case) -> Finding | None:
    """An error so large throughout that the targets are in the thousands: a network begins near zero."""
    s, kind = case.coarsest_train or case.val, case.word("loss")
    assert s is not None
    known = case.judged_quantity in ("loss", "error") and kind in (None, *HUGE)
    if not known or not HUGE[kind or ""] <= s.stats.low < BEYOND or s.stats.top > CLIMBS * s.stats.first:
        return None
    left = relative(s.stats.end, s.stats.first)
    return finding(
        ID, "warning" if left > ARRIVED else "info", 0.85, s,
        f"{course(s)}: the targets are not scaled, and outputs that begin near zero take long to reach them.",
        others=(case.val,), onset=0.0, actions=("fix-targets", "normalize-input"),
        first=s.stats.first, expected=None, excess=None, scaling=case.word("input_scaling"),
    )  # fmt: skip


def _first_steps(case: Case) -> Finding | None:
    """A first epoch far above what came after it, at a rate so low that its steps were none too large."""
    s, times, scaling = case.train, after_first(case), case.word("input_scaling")
    if s is None or not blew_up_at_first(case) or not far_below(case) or scaling not in (None, "none"):
        return None
    lost = relative(s.stats.end, float(s.y[1])) > STAYS
    return finding(
        ID, "error" if lost else "warning", 0.85, s,
        f"The mean loss of the first epoch is {number(s.stats.first)}, {number(times)} times that of "
        f"validation after it, and a learning rate of {number(logged_lr(case) or 0.0)} makes no step too "
        f"large: inputs or weights are{', and nothing is learnt from there on' if lost else ''}.",
        others=(case.val,), onset=0.0, until=0.1, actions=("normalize-input", "fix-init"),
        first=s.stats.first, expected=None, excess=None, scaling=scaling,
    )  # fmt: skip


def _huge_start(rng: np.random.Generator) -> Run:
    y = 1.2 + 60 * np.exp(-np.arange(200) / 4) + 0.5 * np.exp(-np.arange(200) / 150)
    y *= np.exp(0.05 * rng.standard_normal(200))
    return run({"loss": "cross-entropy", "n_classes": 10}, train_loss_step=y)


def _raw(rng: np.random.Generator) -> Run:
    return run(
        {"input_scaling": "none"},
        train_loss=falling(rng, 60, 2.3, 1.6, 5),
        val_loss=falling(rng, 60, 2.3, 1.6, 5),
    )


def _prices(rng: np.random.Generator) -> Run:
    """Targets of the order of a hundred thousand: a network that begins near zero hardly gets anywhere."""
    y = falling(rng, 60, 5e10, 4e10, 3)
    return run({"loss": "mse"}, train_loss=y, val_loss=1.1 * y)


def _as_expected(rng: np.random.Generator) -> Run:
    y = falling(rng, 60, 2.4, 0.2)
    return run({"loss": "cross-entropy", "n_classes": 10, "input_scaling": "none"}, train_loss=y)


CONDITION = Condition(
    id=ID,
    title="inputs or targets not scaled",
    severity="warning",
    actions=(*INPUTS, "fix-targets"),
    check=check,
    networks_only=True,
    evidence={
        "first": "first loss, in its unit",
        "expected": "an untrained model's loss; null where loss function or classes are unknown",
        "excess": "first over expected; null where that is unknown",
        "scaling": "the inputs' scaling as logged; null if not",
    },
    sick=(_huge_start, _raw, _prices),
    healthy=(*HEALTHY, _as_expected),
    scale_free=False,
)
