"""The learning rate stays at its peak to the end, and the tail of the loss is noise around a floor.

Why it matters
    At a constant rate the weights keep jumping around the minimum at a distance that is proportional
    to the rate. Decaying it to zero over the last part lets them settle: often the cheapest gain.

How it decides
    The learning rate is constant (as logged, or as configured), the loss per epoch has been flat over
    the second half, and it fluctuates: by 4 % of its level or more in both training and validation, and
    by more than a hundredth of what was learnt.

What to try
    Decay to zero by a cosine, or cut by ten at three quarters of the run.

When it is wrong
    Fluctuation from a small validation set stays when the rate goes to zero. A run that is still
    falling needs time rather than decay.

References
    Robbins and Monro (1951), A stochastic approximation method. Smith et al. (2018), Don't decay the
    learning rate, increase the batch size.
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import FIRES, Condition, finding, percent, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, cosine_lr, falling, run
from curvedoctor.conditions.shape import cannot, course, flat, mean, name, relative
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged

ID = "lr-never-decayed"


def check(case: Case) -> Finding | Unjudged | None:
    reason = cannot(case, 12)
    if reason is not None:
        return unjudged(ID, reason)
    constant = constant_lr(case)
    if constant is None:
        return unjudged(ID, "neither a learning rate nor a schedule is logged")
    s = case.train or case.val or case.main
    assert s is not None
    noise = _tail(s)
    rule = 0.0
    if constant and s is not case.train_step:
        both = noise if case.val is None else min(noise, _tail(case.val))
        learnt = max(s.stats.start - s.stats.best, 1e-300)
        matters = ramp(relative(s.stats.noise_late, learnt), 0.004, 0.012)
        rule = 0.65 * ramp(both, 0.03, 0.1) * float(flat(s, 0.5, 0.15)) * matters
    sure = rule
    if sure < FIRES:
        return None
    at = "at a constant learning rate" if constant else "and the learning rate is not seen to decay"
    summary = f"{course(s)} {at}; decaying it towards the end is likely to end lower."
    if noise >= 0.03:
        summary = f"The {name(s)} fluctuates by ±{percent(noise)} of its level over the last third {at}."
    return finding(
        ID, "warning", sure, s, summary, others=(case.val,), onset=0.5,
        noise=noise, lr_constant=constant, lr_last_share=case.schedule.last / case.schedule.peak if case.schedule else None,
    )  # fmt: skip


def constant_lr(case: Case) -> bool | None:
    """Whether the lr stays at its peak; None where the log does not say."""
    if case.schedule is not None:
        return case.schedule.decay_start >= 1.0
    named = case.word("schedule")
    return None if named is None else named == "constant"


def _tail(s: Series) -> float:
    return relative(s.stats.noise_late, mean(s, 0.67, 1.0))


def _constant(rng: np.random.Generator) -> Run:
    lr = np.full(80, 0.1)
    return run(
        {"lr": 0.1}, train_loss=falling(rng, 80, noise=0.2), val_loss=falling(rng, 80, noise=0.2), lr=lr
    )


def _configured(rng: np.random.Generator) -> Run:
    return run({"lr": 0.1, "schedule": "constant"}, train_loss=falling(rng, 60, noise=0.15))


def _decays(rng: np.random.Generator) -> Run:
    return run(train_loss=falling(rng, 80, noise=0.1), val_loss=falling(rng, 80, noise=0.1), lr=cosine_lr(80))


def _calm(rng: np.random.Generator) -> Run:
    """Constant, and the tail is calm: nothing to gain."""
    return run(train_loss=falling(rng, 80, noise=0.005), lr=np.full(80, 1e-3))


CONDITION = Condition(
    id=ID,
    title="learning rate never decayed",
    severity="warning",
    actions=("decay-lr", "lower-lr"),
    check=check,
    evidence={
        "noise": "σ from point to point over the last third, relative to the level",
        "lr_constant": "true if the learning rate stays at its peak; null if unknown",
        "lr_last_share": "last learning rate over its peak; null if no lr is logged",
    },
    sick=(_constant, _configured),
    healthy=(*HEALTHY, _decays, _calm),
)
