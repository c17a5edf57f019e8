"""The learning rate was decayed while the loss was still falling fast, and the descent stopped there.

Why it matters
    The rest of the run is spent at a rate too small to get anywhere: decaying later ends clearly
    lower for the same budget.

How it decides
    Where the logged learning rate falls below a third of its peak, the descent before is continued
    geometrically (each stretch gains the same share of the one before it). If the loss falls far
    short of that continuation, beyond its noise, the decay stopped it. Decays in the second half of a
    run are not early.

What to try
    Start decaying after three quarters of the run, or use a cosine over the whole of it.

When it is wrong
    A descent that ends by itself at the very moment of the decay. Warm restarts are not judged.

References
    Loshchilov and Hutter (2017), SGDR. CS231n, Learning rate schedules (2023).
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import FIRES, Condition, finding, percent, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, cosine_lr, falling, run
from curvedoctor.conditions.shape import cannot, course, error_of_mean, level, name, relative
from curvedoctor.features.case import Case
from curvedoctor.features.resample import progress
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Floats, Run, Unjudged

ID = "lr-decayed-too-early"
#: a decay from here on is not early (progress)
LATE = 0.5


def check(case: Case) -> Finding | Unjudged | None:
    reason = cannot(case, 12)
    if reason is not None:
        return unjudged(ID, reason)
    s = case.train or case.train_step or case.val
    if case.train_step is not None and s is not None and s.stats.n < 30:
        s = case.train_step  # a handful of epochs hides the kink
    assert s is not None
    at = _decayed(case)
    if at is None:
        return unjudged(ID, "no learning rate is logged")
    missed = _missed(s, at) if at is not None else 0.0
    sure = _rule(case, s, at, missed)
    if sure < FIRES:
        return None
    summary = f"{course(s)}; the learning rate is likely to have been decayed too early."
    if at is not None and at < 1:
        where = f"{s.curve.axis} {s.axis_at(at):g}"
        summary = f"The learning rate fell below a third of its peak at {where}, and the {name(s)} hardly improved after it."
        if missed >= 0.03:
            summary = (
                f"The {name(s)} was still falling when the learning rate decayed at {where}; "
                f"it ends above the course it was on, by {percent(missed)} of its level then."
            )
    return finding(
        ID, "warning", sure, s, summary, others=(case.val,), onset=at if at is not None else 0.0,
        decayed_at=at, missed=missed, lr_curve=case.lr.id if case.lr is not None else None,
    )  # fmt: skip


def _decayed(case: Case) -> float | None:
    """Progress at which the lr falls below a third of its peak, after the peak; 1 if never, None without an lr."""
    if case.lr is None or case.schedule is None:
        return None
    finite = np.isfinite(case.lr.values)
    y = case.lr.values[finite]
    x = progress(case.lr.steps[finite], float(case.lr.steps.min()), float(case.lr.steps.max()))
    low = (y < case.schedule.peak / 3) & (np.arange(len(y)) > int(np.argmax(y)))
    return float(x[int(np.argmax(low))]) if low.any() else 1.0


def _missed(s: Series, at: float) -> float:
    """By which share of its level at the decay the loss ends above the geometric continuation of its descent before."""
    # the grid's cells are half a cell wide to either side: stay clear of the kink itself
    before = at - 0.012
    w = before / 3
    if at >= 0.95 or w <= 0.02 or w * s.stats.n < 2:
        return 0.0
    g1 = level(s, before - 2 * w) - level(s, before - w)
    g2 = level(s, before - w) - level(s, before)
    if g1 <= 0 or g2 <= 4 * error_of_mean(s, max(w / 2, 1 / 64)):
        return 0.0
    q = min(g2 / g1, 0.98)
    windows = (1 - before) / w
    here = level(s, before)
    expected = min(g2 * q * (1 - q**windows) / (1 - q), here)
    actual = here - s.stats.end
    if actual >= 0.6 * expected:
        return 0.0
    return max(0.0, relative(expected - actual, here))


def _rule(case: Case, s: Series, at: float | None, missed: float) -> float:
    if at is None or case.schedule is None or case.schedule.restarts:
        return 0.0
    noise = relative(error_of_mean(s, 0.05), s.stats.end)
    return (
        0.65 * ramp(missed, max(0.05, 4 * noise), max(0.2, 10 * noise)) * ramp(at, LATE + 0.05, LATE - 0.05)
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
    actions=("decay-later", "raise-lr"),
    check=check,
    evidence={
        "decayed_at": "progress 0..1 at which the lr falls below a third of its peak; null if no lr is logged",
        "missed": "end level above the continued descent, as share of the level at the decay",
        "lr_curve": "id of the learning-rate curve; null if none",
    },
    sick=(_step_early, _exponential),
    healthy=(*HEALTHY, _at_the_floor, _cosine),
)
