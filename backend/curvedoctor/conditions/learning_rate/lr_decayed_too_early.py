"""The learning rate decayed while the loss was still falling, and the loss stopped there.

Why it matters
    Everything after the decay is spent at steps too short to move: the same budget with a later decay ends
    clearly lower.

How it decides
    The learning rate stays below a twentieth of its peak from before 55 % of the run on; the loss was
    falling, beyond its noise, when the rate went below a third of its peak; and after it the loss is all but
    flat and far from finished, with validation not above its best (a curve that would have turned anyway lost
    nothing). Warm restarts are left alone. Where no rate is logged: the loss moved at first (if only the
    training loss, within its first epoch), and from before 15 % of the run on validation stays the same to
    the last digit, far from finished, while training no longer falls either; not at a rate that is decades
    below custom, which moves nothing without any decay.

What to try
    Start the decay later, after three quarters of the run; decay less; raise the final rate.

When it is wrong
    A loss that would have stopped by itself just there looks the same. Where no learning rate is logged
    nothing is said.

References
    CS231n, Learning rate decay. Godbole et al. (2023), Deep learning tuning playbook.
"""

from __future__ import annotations

import math

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, percent, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, cosine_lr, falling, run
from curvedoctor.conditions.measures.first_steps import far_below
from curvedoctor.conditions.measures.shape import error_of_mean, mean, name, relative, why_unjudgeable
from curvedoctor.conditions.measures.still import rate_stays, rests_from, too_coarse
from curvedoctor.conditions.stability.for_good import collapsed
from curvedoctor.features import told
from curvedoctor.features.case import Case
from curvedoctor.features.resample import progress
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Floats, Run, Unjudged

ID = "lr-decayed-too-early"
#: shares of its peak: below the first the rate hardly moves anything,
#: below the second the decay is on its way
DEAD, DECAYING = 0.05, 1 / 3
#: progress before which the rate must be dead
EARLY = (0.6, 0.5)
#: share of its start at which a loss is far from finished
FAR = (0.05, 0.15)
#: rate of fall after the decay against that before it
STOPPED = (0.35, 0.2)
#: share of the points before which a frozen validation loss has stopped, and fewest points that it stays so
FROZEN, STILL = 0.15, 6
#: of its level: by how much training flickers while no weight moves (batches differ),
#: and what its first epoch must have brought
FLICKERS, FELL = 0.01, 0.003
#: standard errors beyond which training still falls
ON = 3.0
#: how far above its best logged value the end may be
AT_BEST = (0.06, 0.03)


def check(case: Case) -> Finding | Unjudged | None:
    reason = why_unjudgeable(case)
    if reason is not None:
        return unjudged(ID, reason)
    s = case.outcome
    assert s is not None
    if case.lr is None or case.schedule is None:
        return _frozen(case, s) or unjudged(ID, "no learning-rate curve is logged")
    decaying, dead = _below(case, DECAYING), _below(case, DEAD)
    before, after = _fall(s, decaying), _rate(s, dead, 1.0)
    confidence = 0.92 * ramp(dead, *EARLY) * _open(s) * float(before > 0 and not case.schedule.restarts)
    confidence *= ramp(relative(after, before), *STOPPED) if before > 0 else 0.0
    if confidence < REPORT_FROM:
        return None
    here = int(np.searchsorted(s.x, decaying))
    return finding(
        ID, "warning", confidence, s,
        f"The learning rate is below {percent(DEAD)} of its peak from {percent(dead)} of the "
        f"run on: the {name(s)} was still "
        f"falling when it decayed, at {s.curve.axis} {s.step_at(min(here, len(s.y) - 1)):g}, "
        f"and stays at {told.last(s)}.",
        others=(case.finest_train,), at=min(here, len(s.y) - 1),
        decayed_at=decaying, dead_from=dead, fall_before=before, fall_after=after, lr_curve=case.lr.id,
    )  # fmt: skip


def _frozen(case: Case, s: Series) -> Finding | None:
    """No rate is logged, but validation moves and then stays the same to the last digit:
    the weights are no longer moved."""
    since = rests_from(s.y)
    early = since / len(s.y) <= FROZEN and since <= len(s.y) - STILL
    moved = since > 0 or _moved_at_first(case, s)
    if (
        s is not case.val
        or not early
        or not moved
        or rate_stays(case)
        or far_below(case)
        or _training_moves(case, s, since)
        or _open(s) < REPORT_FROM
        or collapsed(case)
    ):
        return None
    return finding(
        ID, "warning", 0.85, s,
        f"The {name(s)} stays at {told.last(s)} to the last digit from "
        f"{s.curve.axis} {s.step_at(since):g} on: the weights no longer move, as at a learning rate of zero.",
        others=(case.finest_train,), at=since, decayed_at=None, dead_from=None, fall_before=None,
        fall_after=None, lr_curve=None,
    )  # fmt: skip


def _training_moves(case: Case, s: Series, since: int) -> bool:
    """Whether training still falls where validation rests: then the weights do move."""
    train = case.coarsest_train
    if train is None:
        return False
    rest = train.y[train.x > s.x[since]]
    if len(rest) < STILL:
        return False
    third = len(rest) // 3
    begins, ends = rest[:third], rest[-third:]
    noise = math.hypot(float(begins.std()), float(ends.std())) / math.sqrt(third)
    fell = float(begins.mean() - ends.mean())
    return fell > max(FLICKERS * abs(float(ends.mean())), ON * noise)


def _moved_at_first(case: Case, val: Series) -> bool:
    """Whether training fell within its first epoch and then rests as validation does,
    both logged with digits enough."""
    train = case.train
    if train is None or train.stats.n < STILL or too_coarse(val.y, (train.y,)):
        return False
    rest = train.y[1:]
    fell, flicker = float(train.y[0] - rest.max()), float(rest.max() - rest.min())
    return flicker <= FLICKERS * abs(train.stats.end) and fell > max(2 * flicker, FELL * abs(train.stats.end))


def _below(case: Case, share: float) -> float:
    """Progress from which on the rate stays below a share of its peak; 1 if never."""
    assert case.lr is not None
    assert case.schedule is not None
    finite = np.isfinite(case.lr.values)
    y = case.lr.values[finite]
    x = progress(case.lr.steps[finite], float(case.lr.steps.min()), float(case.lr.steps.max()))
    high = np.flatnonzero(y >= share * case.schedule.peak)
    return float(x[high[-1] + 1]) if len(high) and high[-1] + 1 < len(x) else 1.0


def _rate(s: Series, since: float, until: float) -> float:
    """Fall of the level per run between two places, in the curve's unit, from the means of the two halves."""
    width = until - since
    if width < 0.03:
        return 0.0
    return (mean(s, since, since + width / 2) - mean(s, since + width / 2, until)) / (width / 2)


def _fall(s: Series, until: float) -> float:
    """The rate of fall just before a place; 0 within its noise."""
    since = max(0.0, until - 0.24)
    rate = _rate(s, since, until)
    return rate if rate * (until - since) / 2 > 2 * error_of_mean(s, (until - since) / 2) else 0.0


def _open(s: Series) -> float:
    """How sure it is that the loss is far from finished, and has not turned."""
    start = max(s.stats.start, s.stats.first)
    return ramp(relative(s.stats.end, start), *FAR) * ramp(
        relative(s.stats.end - s.stats.low, s.stats.low), *AT_BEST
    )


def _stopped(rng: np.random.Generator, n: int, at: int, noise: float) -> Floats:
    whole = falling(rng, n, 2.3, 0.1, 5, 0.0)
    t = np.arange(n)
    kept = np.where(t < at, whole, whole[at] - 0.03 * (1 - np.exp(-(t - at) / 3)))
    return np.asarray(kept * np.exp(noise * rng.standard_normal(n)))


def _step_early(rng: np.random.Generator) -> Run:
    y = _stopped(rng, 80, 20, 0.01)
    return run(
        {"lr": 0.1, "optimizer": "sgd"},
        train_loss=y,
        val_loss=y * 1.05,
        lr=np.where(np.arange(80) < 20, 0.1, 0.001),
    )


def _exponential(rng: np.random.Generator) -> Run:
    lr = 0.1 * np.where(np.arange(100) < 20, 1.0, np.exp(-0.5 * (np.arange(100) - 20.0)))
    return run(train_loss=_stopped(rng, 100, 23, 0.008), lr=lr)


def _at_the_floor(rng: np.random.Generator) -> Run:
    """A decay after the descent has ended."""
    return run(train_loss=falling(rng, 80, 2.3, 0.4, 20), lr=np.where(np.arange(80) < 32, 0.1, 0.01))


def _cosine(rng: np.random.Generator) -> Run:
    return run(train_loss=falling(rng, 80, 2.3, 0.3, 8), lr=cosine_lr(80))


CONDITION = Condition(
    id=ID,
    title="learning rate decayed too early",
    severity="warning",
    actions=("decay-later", "fix-schedule", "raise-lr"),
    check=check,
    networks_only=True,
    evidence={
        "decayed_at": "progress 0..1 from which the lr stays below a third of its peak; like the others null "
        "if no lr is logged",
        "dead_from": "progress 0..1 from which it stays below a twentieth of its peak",
        "fall_before": "fall of the loss per run length just before the decay, in the loss's unit",
        "fall_after": "the same after it",
        "lr_curve": "id of the learning-rate curve",
    },
    sick=(_step_early, _exponential),
    healthy=(*HEALTHY, _at_the_floor, _cosine),
)
