"""The last part of the run changed nothing: it could have stopped earlier.

Why it matters
    Time and energy only: the model is no worse. Worth knowing before the next run of the kind.

How it decides
    The validation loss (training loss where there is none) has been flat over the last half of
    the run or more: its level there neither falls nor rises by more than 1 % or its noise, and no
    extrapolation promises more; and a validation curve of fewer than 20 points has not got better
    meanwhile. Flat, with a learning rate that is zero, counts as well; not
    before the decay of a schedule that was left on its way. Of an agent it is the reward, flat at
    its best to 5 % of what it had risen by, or to its noise.

What to try
    Stop when validation has not improved for a while (early stopping with patience).

When it is wrong
    Plateaus end: a run may be flat for long and then drop. Nothing is said before a run has been flat
    for longer than it had been before any earlier drop.

References
    Prechelt (1998), Early stopping - but when? Power et al. (2022), Grokking.
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, percent, ramp, too_few, unjudged
from curvedoctor.conditions.examples import cosine_lr, falling, run
from curvedoctor.conditions.measures.returns import cannot_judge
from curvedoctor.conditions.measures.reward_course import flat_since
from curvedoctor.conditions.measures.shape import error_of_mean, fall, name, remaining, why_unjudgeable
from curvedoctor.conditions.measures.unfinished import stopped
from curvedoctor.features.blocks import median
from curvedoctor.features.case import Case
from curvedoctor.features.resample import GRID
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged

ID = "wasted-training"
#: share of the run that must have changed nothing
PART = 0.5


def check(case: Case) -> Finding | Unjudged | None:
    reason = cannot_judge(case, 20) if case.agent else why_unjudgeable(case, 20)
    if reason is not None:
        return unjudged(ID, reason)
    if case.agent:
        return _of_an_agent(case)
    s = case.val if case.val is not None and case.val.stats.n >= 20 else case.primary
    assert s is not None
    if s.stats.n < 20:
        return too_few(ID, s.stats.n, 20)
    way = stopped(case, s)
    if way is not None and way.severity == "warning":
        return None  # what its rate's decay brings is before it
    if case.val is not None and case.val is not s and _improves_late(case.val):
        return None
    since = _flat_since(s)
    confidence = (
        0.9
        * ramp(1 - since, PART - 0.05, PART + 0.1)
        * ramp(fall(s), 0.1, 0.3)
        * ramp(remaining(s), 0.03, 0.01)
    )
    if confidence < REPORT_FROM or any(_improves_since(o, since) for o in _held_out(case)):
        return None
    return finding(
        ID, "info", confidence, s, _summary(case, s, since),
        onset=since, flat_share=1 - since, end=s.logged(s.stats.end),
    )  # fmt: skip


def _of_an_agent(case: Case) -> Finding | None:
    """A reward that has been flat at its best for long."""
    s = case.reward
    assert s is not None
    confidence, since, end = flat_since(s)
    if confidence < REPORT_FROM:
        return None
    return finding(
        ID, "info", confidence, s,
        f"The reward has stayed at its best over the last {percent(1 - since)} of the run.",
        onset=s.x[0] + (s.x[-1] - s.x[0]) * since, flat_share=1 - since, end=s.logged(end),
    )  # fmt: skip


def _summary(case: Case, s: Series, since: float) -> str:
    flat = f"over the last {percent(1 - since)} of the run"
    if not case.boosting:
        return f"The {name(s)} has not changed {flat}."
    return (
        f"The {name(s)} has not changed since round {s.axis_at(since):g}, {flat}: early "
        "stopping would have ended it there."
    )


def _improves_late(val: Series) -> bool:
    """Whether a validation curve of few points is best in the last tenth of the run, and not by a hair."""
    best = float(val.y[val.best_index])
    earlier = val.y[val.x <= 1 - PART]
    return float(val.x[val.best_index]) > 0.9 and len(earlier) > 0 and best < 0.98 * float(earlier.min())


def _held_out(case: Case) -> list[Series]:
    """All validation curves with a direction: terms of the loss, scores."""
    return [
        o
        for o in case.series.values()
        if o.curve.role.split in ("val", "test") and o.curve.role.better != "none"
    ]


def _improves_since(s: Series, since: float) -> bool:
    """Whether a curve got better by more than 2 % and its noise after a place of progress."""
    at = min(int(since * GRID), GRID - 4)
    before, end = float(s.grid[at : at + 3].mean()), float(s.grid[-6:].mean())
    return before - end > max(0.02 * abs(s.logged(before) / s.scale), 3 * error_of_mean(s, 0.1))


def _flat_since(s: Series) -> float:
    """Progress from which the level stays within 1 % (or noise) of its end; 1 if it never settles."""
    t = s.stats
    end = median(s.grid[-GRID // 5 :])
    cells = max(1.0, t.n / GRID)
    allowed = max(0.01 * abs(end), 3.0 * t.noise_late / cells**0.5, 1.5 * error_of_mean(s, 0.1))
    if allowed > 0.1 * abs(end):
        return 1.0  # too noisy to say that nothing changed
    off = np.flatnonzero(np.abs(s.grid - end) > allowed)
    if not len(off):
        return 0.0
    # two cells may stand out by chance; the last run of three that is off decides
    places = set(off.tolist())
    solid = [i for i in places if {i - 1, i - 2} <= places]
    return (float(max(solid) if solid else off[-1]) + 1) / GRID


def _flat_half(rng: np.random.Generator) -> Run:
    y = falling(rng, 100, 2.3, 0.4, 30, 0.004)
    return run(train_loss=y, val_loss=y * 1.05)


def _flat_scores(rng: np.random.Generator) -> Run:
    return run(val_accuracy=1 - falling(rng, 200, 0.8, 0.1, 30, 0.02))


def _cosine_end(rng: np.random.Generator) -> Run:
    """Flat only where the cosine ends."""
    t = np.linspace(0, 1, 100)
    y = (0.3 + 1.5 * (0.5 * (1 + np.cos(np.pi * t))) ** 1.5) * np.exp(0.004 * rng.standard_normal(100))
    return run(train_loss=y, lr=cosine_lr(100))


def _false_plateau(rng: np.random.Generator) -> Run:
    y = np.concatenate((np.linspace(3, 1, 15), np.full(5, 1.0), np.geomspace(1, 0.05, 20)))
    return run(train_loss=y * np.exp(0.01 * rng.standard_normal(40)))


CONDITION = Condition(
    id=ID,
    title="the last part changed nothing",
    severity="info",
    actions=("stop-early",),
    check=check,
    extrapolates=True,
    evidence={
        "flat_share": "share of the run over which nothing changed",
        "end": "final level, as logged",
    },
    sick=(_flat_half, _flat_scores),
    healthy=(_cosine_end, _false_plateau),
)
