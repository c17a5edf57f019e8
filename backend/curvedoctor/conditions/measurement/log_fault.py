"""The log itself misleads: what it shows is not what happened.

Why it matters
    Two quantities under one tag look like an oscillation, a stuck logger like convergence, a restart
    that overlaps like a loop. A diagnosis of such curves is void until the log is repaired.

How it decides
    By proof only. Steps go back into the middle of what was logged, once or irregularly, over three
    points and more: a restart that overlaps. Two values at most steps, or values that alternate point by
    point, where one series is always above the other, each smoother than a third of the distance, and the
    distance is a tenth of the level and more. A training loss that is the very same number for its
    last quarter, at a level that it learnt, while validation moves on or, where it still left that level by
    0.3 % from point to point, the learning rate is not zero.

    Several rows per epoch, counters and running means that start anew each epoch, and a constant that
    other curves explain (a dead network, a rate of zero, a rounded log, half precision) are no fault of the
    log.

What to try
    A new directory per run; one tag per quantity; resume from the step of the checkpoint; flush and
    update the value that is logged.

When it is wrong
    Full-batch gradient descent at the edge of stability alternates too, though hardly between two
    smooth levels from the first point on. Full-batch descent that has come to rest repeats itself.

References
    Humbatova et al. (2020), Taxonomy of real faults in deep learning systems. TensorBoard FAQ (2023), on
    several event files in one directory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from curvedoctor.conditions.base import Condition, finding, number, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.measures.shape import name, rising, two_levels
from curvedoctor.conditions.measures.still import coarse, constant_answer, few_bits
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.model import Curve, Finding, Floats, Run, Severity, Unjudged

ID = "log-fault"
KINDS = ("loss", "accuracy", "error")
#: points that are looked at, the last ones; fewest of a curve
MAX_POINTS, MIN_POINTS = 16384, 4
#: restarts are few, lead beyond this share of what was logged,
#: and overlap by so many points and so large a share of them
RESTARTS, INSIDE, OVERLAP, OVERLAP_SHARE = 3, 0.05, 3, 0.03
#: share of the points that are pairs of two at one step
PAIRED = 0.6
#: points, and share of them, that are the very same at the end
TAIL, TAIL_SHARE = 5, 0.2
#: median change of the points right before, as a share of the level, up to which a loss may have come to rest
STIRS = 0.003
#: share of its first value below which a loss is memorized, and rounded as it comes
MEMORIZED = 0.05
#: z of a trend that no noise makes, and share of the level by which it matters;
#: relative noise of a loss per batch
TREND, MATTERS, NOISY = 3.0, 0.02, 0.02
#: kinds that make every judgement of the curve void
MIXED = ("two values per step", "alternating values")
Seen = tuple[str, float, str, int]


def check(case: Case) -> Finding | Unjudged | None:
    curves = [c for c in case.run.curves if c.role.quantity in KINDS and c.role.better != "none"]
    long_enough = [c for c in curves if len(c) >= MIN_POINTS]
    if not long_enough:
        return unjudged(ID, f"no loss, error or score of {MIN_POINTS} points or more is logged")
    seen = [(look(case, curve), curve) for curve in long_enough for look in _LOOKS]
    faults = [(fault, curve) for fault, curve in seen if fault is not None]
    if not faults:
        return None
    (kind, confidence, words, at), curve = min(faults, key=lambda p: (-p[0][1], -len(p[1]), p[1].id))
    severity: Severity = "error" if kind in MIXED else "warning"
    base = finding(ID, severity, confidence, None, words, fault=kind, points=len(curve))
    onset = float(curve.steps[at])
    end = max(onset, float(curve.steps.max()))
    return replace(base, curves=(curve.id,), onset=onset, span=(onset, end), axis=curve.axis)


def _overlap(case: Case, curve: Curve) -> Seen | None:
    """A restart from a checkpoint: steps go back into the middle of what was logged, once or irregularly.

    Steps that go back to the start are two runs, or a counter that starts anew each epoch, as are steps that
    go back again and again by the same distance: none misleads about the training.
    """
    steps = curve.steps
    back = np.flatnonzero(np.diff(steps) < 0)
    regular = len(back) > 1 and len(set((steps[back] - steps[back + 1]).tolist())) == 1
    if not len(back) or len(back) > RESTARTS or regular:
        return None
    at = int(back[0]) + 1
    again = np.count_nonzero(steps[:at] >= steps[at])
    first, last = float(steps[0]), float(steps[at - 1])
    inside = float(steps[at]) > first + INSIDE * (last - first)
    if not inside or again < OVERLAP or again < OVERLAP_SHARE * len(curve) or len(curve) - at < OVERLAP:
        return None
    times = "once" if len(back) == 1 else f"{len(back)} times"
    words = (
        f"Steps go back {times}, first from {steps[at - 1]} to {steps[at]}: a restart overlaps "
        f"{again} points."
    )
    return "overlap", 0.92, words, at


def _mixed(case: Case, curve: Curve) -> Seen | None:
    """Two values at most steps, of which one is always the higher: their levels are far apart,
    each of them smooth."""
    pairs = np.flatnonzero(np.diff(curve.steps) == 0)
    if curve.role.quantity != "loss" or len(pairs) < 4 or 2 * len(pairs) < PAIRED * len(curve):
        return None
    first, second = curve.values[pairs], curve.values[pairs + 1]
    distance = two_levels(first, second)
    if distance is None:
        return None
    words = (
        f"{2 * len(pairs)} of {len(curve)} points share a step with another that is "
        f"{number(distance)} off, each series smooth: two quantities under one tag."
    )
    return "two values per step", 0.93, words, int(pairs[0])


def _alternates(case: Case, curve: Curve) -> Seen | None:
    if curve.role.quantity != "loss" or not bool(np.all(np.diff(curve.steps[-MAX_POINTS:]) > 0)):
        return None
    y = _finite(curve)
    if len(y) < 16 or len(y) != len(curve):
        return None
    n = len(y) // 2
    distance = two_levels(y[: 2 * n : 2], y[1 : 2 * n : 2])
    if distance is None:
        return None
    words = (
        f"The values alternate between two levels, {number(distance)} apart, each of them "
        "smooth: two quantities under one tag."
    )
    return "alternating values", 0.92, words, max(0, len(curve) - MAX_POINTS)


def _frozen(case: Case, curve: Curve) -> Seen | None:
    """A training loss that is the very same number for long, at a level that it learnt,
    though the training went on."""
    s = case.series.get(curve.id)
    if s is None or curve.role.quantity != "loss" or curve.role.split in ("val", "test"):
        return None
    off = np.flatnonzero(s.y != s.y[-1])
    at = int(off[-1]) + 1 if len(off) else 0
    if at < TAIL or len(s.y) - at < max(TAIL, TAIL_SHARE * len(s.y)) or not _learnt(s, at):
        return None
    level = float(s.y[-1])
    why = None if constant_answer(case, s, level) is not None else _goes_on(case, s, at)
    if why is None:
        return None
    words = (
        f"The last {len(s.y) - at} points are the very same number ({number(level)}), though "
        f"{why}: the value is no longer updated."
    )
    return "frozen tail", 0.92, words, int(np.flatnonzero(np.isfinite(curve.values))[at])


def _learnt(s: Series, at: int) -> bool:
    """Whether a loss stands at a level that was reached by learning: not memorized, not rounded,
    not lost again (see collapsed)."""
    before, level = s.y[:at], float(s.y[-1])
    half = 0.5 * (float(before[0]) + float(before.min()))
    varied = len(np.unique(before)) >= 0.8 * at and not coarse(s.y) and not few_bits(s.y)
    return varied and MEMORIZED * float(before[0]) < level <= half


def _goes_on(case: Case, s: Series, at: int) -> str | None:
    """What proves that the training went on while its loss stood still; None if nothing does:
    weights that rest score the same."""
    for other in (case.val, case.val_score):
        if other is not None and other is not s and _moves(other, float(s.x[at])):
            return f"the {name(other)} moves on"
    if s.curve.role.granularity == "step" and s.stats.noise_early > NOISY * float(s.y[-1]):
        return "batches differ"
    stirs = float(np.median(np.abs(np.diff(s.y[at - TAIL : at + 1]))))
    if stirs <= STIRS * abs(float(s.y[-1])):
        return None  # it may have come to rest at whatever rate
    if case.lr is None or case.schedule is None or case.schedule.last <= 1e-6 * case.schedule.peak:
        return None
    return f"the learning rate is {number(float(case.lr.values[-1]))}"


def _moves(s: Series, since: float) -> bool:
    """Whether a curve has a trend from a place of progress on, by an amount that matters."""
    y = s.y[s.x >= since]
    return len(y) >= TAIL and float(np.ptp(y)) > MATTERS * abs(float(y[-1])) and abs(rising(s, since)) > TREND


def _finite(curve: Curve) -> Floats:
    y = curve.values[-MAX_POINTS:]
    return np.clip(y[np.isfinite(y)], -1e150, 1e150)


_LOOKS: tuple[Callable[[Case, Curve], Seen | None], ...] = (_overlap, _mixed, _alternates, _frozen)


def _restarted(rng: np.random.Generator) -> Run:
    made = run(train_loss=falling(rng, 80), val_loss=falling(rng, 80))
    again = replace(made.curves[0], steps=np.concatenate((np.arange(50), np.arange(30, 60))))
    return replace(made, curves=(again,))


def _two_losses(rng: np.random.Generator) -> Run:
    made = run(train_loss=np.column_stack((falling(rng, 40, 2.3, 0.3), falling(rng, 40, 8.0, 4.0))).ravel())
    return replace(made, curves=(replace(made.curves[0], steps=np.repeat(np.arange(40), 2)),))


def _interleaved(rng: np.random.Generator) -> Run:
    both = (falling(rng, 100, 2.3, 0.3, 6), falling(rng, 100, 8.0, 4.0, 6))
    return run(train_loss_step=np.column_stack(both).ravel())


def _stuck_logger(rng: np.random.Generator) -> Run:
    y = falling(rng, 80)
    y[45:] = y[45]
    return run(train_loss=y, val_loss=falling(rng, 80, 2.3, 0.2, 2))


def _coarse(rng: np.random.Generator) -> Run:
    """Rounded to two digits: equal values at the end mean nothing."""
    return run(train_loss=np.round(falling(rng, 80, 2.3, 0.3, 12, 0.001), 2))


def _weights_at_rest(rng: np.random.Generator) -> Run:
    """The weights no longer change: validation is the same for good, batches go on to differ."""
    val = falling(rng, 60)
    val[30:] = val[30]
    return run(train_loss_step=falling(rng, 600, 2.3, 0.3, 30, 0.2), val_loss=val)


def _oscillating(rng: np.random.Generator) -> Run:
    return run(train_loss=falling(rng, 80, noise=0.4))


CONDITION = Condition(
    id=ID,
    title="misleading log",
    severity="error",
    actions=("fix-logging",),
    check=check,
    evidence={
        "fault": "overlap, two values per step, alternating values, frozen tail",
        "points": "logged points of the curve",
    },
    sick=(_restarted, _two_losses, _interleaved, _stuck_logger),
    healthy=(*HEALTHY, _coarse, _weights_at_rest, _oscillating),
)
