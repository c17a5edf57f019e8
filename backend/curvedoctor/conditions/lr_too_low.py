"""The learning rate is so low that the run ends far from where it could be.

Why it matters
    The run looks healthy, smooth and falling, but a learning rate 3 to 30 times higher ends clearly
    lower for the same budget. It is among the most frequent and most expensive of faults.

How it decides
    The loss falls smoothly and nearly linearly from the first step, is still falling at the end as
    fast as in the middle, and shows next to no oscillation. A logged learning rate far below what
    is customary for the optimizer adds weight.

What to try
    Raise the learning rate tenfold; a range test over 100 to 500 steps finds the right region.

When it is wrong
    A batch that is too large, a schedule that decayed too early, unscaled inputs and a run that was
    simply stopped too early look alike: the learning rate's size against the custom tells them apart.

References
    Smith (2017), Cyclical learning rates. Godbole et al. (2023), Deep learning tuning playbook.
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import FIRES, Condition, finding, number, percent, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.shape import cannot
from curvedoctor.features.case import Case
from curvedoctor.features.rates import decades_below_usual
from curvedoctor.model import Finding, Run, Unjudged

ID = "lr-too-low"


def check(case: Case) -> Finding | Unjudged | None:
    reason = cannot(case)
    if reason is not None:
        return unjudged(ID, reason)
    s = case.main
    assert s is not None
    t = s.stats
    done = t.start - t.end
    second_half = (t.at50 - t.end) / done if done > 0 else 0.0
    lr, below = case.number("lr"), decades_below_usual(case)
    calm = ramp(t.noise_late / max(done, 1e-300), 0.1, 0.02)
    rule = (
        ramp(second_half, 0.25, 0.45)
        * ramp(second_half, 0.85, 0.7)
        * calm
        * ramp(t.end / max(t.start, 1e-300), 0.2, 0.5)
    )
    rule *= 0.75 if below is None else ramp(below, -0.5, 1.0)
    sure = rule
    if sure < FIRES:
        return None
    said = f" at a learning rate of {number(lr)}" if lr else ""
    summary = f"The loss still falls steadily at the end{said}: {percent(second_half)} of its fall is in the second half."
    if second_half < 0.2:
        summary = f"The loss ends at {number(s.logged(t.end))}{said}; a higher rate is likely to end lower."
    return finding(
        ID, "warning", sure, s, summary,
        others=(case.val,), onset=0.0,
        second_half_share=second_half, noise=t.noise_late / max(abs(t.end), 1e-300), decades_below_usual=below,
    )  # fmt: skip


def _crawls(rng: np.random.Generator) -> Run:
    t = np.linspace(0, 1, 80)
    y = 2.3 - 0.7 * t + 0.003 * rng.standard_normal(80)
    return run({"lr": 1e-5, "optimizer": "adam"}, train_loss=y, val_loss=y + 0.01)


def _crawls_unknown(rng: np.random.Generator) -> Run:
    t = np.linspace(0, 1, 50)
    y = 0.69 - 0.1 * t + 0.0005 * rng.standard_normal(50)
    return run(train_loss=y, val_loss=y + 0.005)


def _fast(rng: np.random.Generator) -> Run:
    """A low rate by the optimizer's custom, and the descent has long ended."""
    y = falling(rng, 80, 2.3, 0.3, 15)
    return run({"lr": 1e-4, "optimizer": "adam"}, train_loss=y, val_loss=y * 1.05)


def _drops_late(rng: np.random.Generator) -> Run:
    """Half of the fall comes where the rate is cut: a step schedule, not a crawl."""
    y = np.where(np.arange(80) < 50, falling(rng, 80, 2.3, 0.9, 20), 0.4) * np.exp(
        0.02 * rng.standard_normal(80)
    )
    return run({"lr": 0.1, "optimizer": "sgd"}, train_loss=y, val_loss=y * 1.02)


CONDITION = Condition(
    id=ID,
    title="learning rate too low",
    severity="warning",
    actions=("raise-lr", "train-longer", "change-optimizer"),
    check=check,
    evidence={
        "second_half_share": "share of the whole fall that happened in the second half of the run, 0..1",
        "noise": "σ of the point-to-point noise at the end, relative to the level",
        "decades_below_usual": "log10(customary lr of the optimizer / lr); null if not logged",
    },
    sick=(_crawls, _crawls_unknown),
    healthy=(*HEALTHY, _fast, _drops_late),
)
