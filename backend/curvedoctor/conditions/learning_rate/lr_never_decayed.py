"""The learning rate stays at its peak to the end, and the tail of the loss is noise around a floor.

Why it matters
    At a constant rate the weights keep jumping around the minimum at a distance that is proportional
    to the rate. Decaying it to zero over the last part lets them settle: often the cheapest gain.

How it decides
    The learning rate is constant (as logged, or as configured), and the validation loss swings at the end: it
    fluctuates by 4 % of its level or more from point to point, and ends 12 % or more above the best it had
    already reached. Where no validation is logged: the training loss per epoch has been flat over the second
    half and fluctuates by 15 % or more. Below a fiftieth of the start nothing is judged, nor is a run that
    was stopped on its way.

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

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, number, percent, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, cosine_lr, falling, run
from curvedoctor.conditions.measures.shape import flat, name, why_unjudgeable
from curvedoctor.conditions.measures.swing import (
    above_best,
    fluctuates,
    roughness,
    score_holds,
    swings_from,
    told_above,
)
from curvedoctor.conditions.measures.unfinished import stopped
from curvedoctor.features.case import Case
from curvedoctor.model import Finding, Run, Unjudged

ID = "lr-never-decayed"
#: fluctuation from point to point, and the end above the best, as shares of the level
SWINGS, ABOVE = (0.03, 0.05), (0.10, 0.14)
#: fluctuation of the training loss per epoch, where it is all there is
ALONE = (0.1, 0.16)
MIN_POINTS, MANY_POINTS = 5, 12


def check(case: Case) -> Finding | Unjudged | None:
    reason = why_unjudgeable(case, MIN_POINTS)
    if reason is not None:
        return unjudged(ID, reason)
    constant = constant_lr(case)
    if constant is None:
        return unjudged(ID, "neither a learning rate nor a schedule is logged")
    s = case.val or case.train
    if s is None or s.stats.n < MIN_POINTS:
        return unjudged(ID, "neither validation nor a training loss per epoch has points enough")
    if stopped(case, s) is not None:
        return unjudged(ID, "the run was stopped on its way: its learning rate may have been about to decay")
    noise, rise = roughness(s), above_best(s)
    confidence = (
        0.9
        * ramp(noise, *SWINGS)
        * ramp(rise, *ABOVE)
        * float(fluctuates(s) and not score_holds(case.val_score))
    )
    if s is not case.val:
        confidence = (
            0.9 * ramp(noise, *ALONE) * float(rise > 0 and flat(s, 0.5, 0.15) and s.stats.n >= MANY_POINTS)
        )
    if confidence < REPORT_FROM or not constant:
        return None
    since = swings_from(s)
    return finding(
        ID, "warning", confidence, s,
        f"At a constant learning rate the {name(s)} fluctuates by ±{percent(noise)} of its "
        f"level from {s.at_step(since)} on and ends {told_above(s, s.stats.low)} above "
        f"its best, {number(s.logged(s.stats.low))} at {s.at_step(s.best_index)}.",
        others=(case.finest_train,) if s is case.val else (), at=since, noise=noise, above_best=rise,
        lr_last_share=case.schedule.last / case.schedule.peak if case.schedule else None,
    )  # fmt: skip


def constant_lr(case: Case) -> bool | None:
    """Whether the lr stays at its peak; None where the log does not say."""
    if case.schedule is not None:
        return case.schedule.decay_start >= 1.0
    named = case.word("schedule")
    return None if named is None else named == "constant"


def _constant(rng: np.random.Generator) -> Run:
    lr = np.full(80, 0.1)
    return run(
        {"lr": 0.1}, train_loss=falling(rng, 80, noise=0.2), val_loss=falling(rng, 80, noise=0.2), lr=lr
    )


def _configured(rng: np.random.Generator) -> Run:
    return run({"lr": 0.1, "schedule": "constant"}, train_loss=falling(rng, 60, noise=0.3))


def _decays(rng: np.random.Generator) -> Run:
    return run(train_loss=falling(rng, 80, noise=0.1), val_loss=falling(rng, 80, noise=0.1), lr=cosine_lr(80))


def _calm(rng: np.random.Generator) -> Run:
    """Constant, and the tail is calm: nothing to gain."""
    return run(train_loss=falling(rng, 80, noise=0.005), lr=np.full(80, 1e-3))


CONDITION = Condition(
    id=ID,
    title="learning rate never decayed",
    severity="warning",
    actions=("decay-lr", "lower-lr", "bigger-batch"),
    check=check,
    networks_only=True,
    evidence={
        "noise": "σ of the fluctuation over the last third, relative to the end level",
        "above_best": "share by which the end lies above the best logged value",
        "lr_last_share": "last learning rate over its peak; null if no lr is logged",
    },
    sick=(_constant, _configured),
    healthy=(*HEALTHY, _decays, _calm),
)
