"""The run was stopped while it was still clearly improving.

Why it matters
    Everything is right but the budget: training on ends clearly better, with no other change.

How it decides
    Two extrapolations of the validation loss (training loss where none is logged) both expect a
    clear gain from running as long again: a power law with offset, and a geometric continuation of
    the last quarters; and the fall over the last quarter is beyond its noise. A run that already
    ended at a hundredth of its first loss is not judged by ratios.

What to try
    Train twice as long and stretch the schedule with it: running on at a learning rate that has
    decayed to zero brings nothing. On very large data, count passes: few of them is normal.

When it is wrong
    A learning rate that is too low looks the same, and raising it is cheaper. A validation loss that
    is about to turn (overfitting) can't be foreseen by any extrapolation.

References
    Domhan, Springenberg and Hutter (2015), Extrapolation of learning curves. Hestness et al. (2017),
    Deep learning scaling is predictable, empirically.
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import FIRES, Condition, finding, percent, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, cosine_lr, falling, run
from curvedoctor.conditions.shape import ENOUGH, cannot, course, name, relative, remaining
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged

ID = "undertrained"
#: gain from running as long again, as share of the end level, from which it is worth it
WORTH = 0.10


def check(case: Case) -> Finding | Unjudged | None:
    reason = cannot(case)
    if reason is not None:
        return unjudged(ID, reason)
    s = case.val if case.val is not None and case.val.stats.n >= ENOUGH else case.main
    assert s is not None
    gain = remaining(s)
    sure = _rule(case, s, gain)
    if sure < FIRES:
        return None
    t = s.stats
    summary = f"{course(s)}; training longer is likely to end lower."
    if gain >= 0.02:
        summary = (
            f"The {name(s)} still improves at the end: running as long again is expected to bring another "
            f"{percent(gain)}."
        )
    return finding(
        ID, "warning", sure, s, summary, others=(case.train,) if s is case.val else (), onset=1.0,
        gain_double=gain, gain_half=t.gain_half, slope_end=relative(t.slope_late, t.end),
    )  # fmt: skip


def _rule(case: Case, s: Series, gain: float) -> float:
    t = s.stats
    if case.schedule is not None and case.schedule.restarts:
        return 0.0  # each cycle is a descent of its own: none of them extrapolates
    if case.schedule is not None and case.schedule.last < 0.1 * case.schedule.peak and t.at50 > 0.98 * t.at25:
        return 0.0  # the decay of the learning rate alone brought the loss down
    at_best = ramp(relative(t.end - t.best, t.best), 0.06, 0.02)
    return 0.9 * ramp(gain, 0.6 * WORTH, 2.2 * WORTH) * at_best * ramp(relative(t.end, t.start), 0.005, 0.02)


def _stopped(rng: np.random.Generator) -> Run:
    y = falling(rng, 20, 2.3, 0.1, 1.8, 0.01)
    return run({"epochs": 20, "lr": 1e-3, "optimizer": "adam"}, train_loss=y, val_loss=y * 1.03)


def _slow_power(rng: np.random.Generator) -> Run:
    y = 4.0 * (1 + np.arange(200.0)) ** -0.35 * np.exp(0.01 * rng.standard_normal(200))
    return run({"epochs": 200}, train_loss=y)


def _score_only(rng: np.random.Generator) -> Run:
    return run(val_accuracy=0.2 + 0.5 * np.linspace(0, 1, 30) + 0.005 * rng.standard_normal(30))


def _finished(rng: np.random.Generator) -> Run:
    y = falling(rng, 80, 2.3, 0.4, 9, 0.01)
    return run(train_loss=y, val_loss=y * 1.1, lr=cosine_lr(80))


def _turns(rng: np.random.Generator) -> Run:
    """Training still falls, validation has turned."""
    t = np.linspace(0, 1, 60)
    return run(train_loss=falling(rng, 60, 2.3, 0.05, 2), val_loss=falling(rng, 60, 2.3, 0.6, 9) + 0.3 * t)


CONDITION = Condition(
    id=ID,
    title="stopped too early",
    severity="warning",
    actions=("train-longer", "raise-lr"),
    check=check,
    evidence={
        "gain_double": "expected gain from running as long again, share of the end level",
        "gain_half": "expected gain from running half as long again, by the power law, share of the end level",
        "slope_end": "robust slope over the last quarter, share of the end level per run length",
    },
    sick=(_stopped, _slow_power, _score_only),
    healthy=(*HEALTHY, _finished, _turns),
)
