"""The log itself misleads: what it shows is not what happened.

Why it matters
    Two runs in one file look like a divergence, two quantities under one tag like an oscillation, a
    stopped logger like convergence. Any diagnosis of such curves is void until the log is repaired.

How it decides
    Steps go back (a restart that overlaps); most steps of a loss hold two or more values; values
    alternate point by point between two levels that are each far smoother than the distance
    between them; or a loss that fluctuated is the very same number for the last quarter of its points
    and more.

What to try
    A new directory per run; one tag per quantity; resume from the step of the checkpoint; flush and
    update the value that is logged.

When it is wrong
    Full-batch gradient descent at the edge of stability alternates too, though hardly between two
    smooth levels from the first point on. A loss of exactly zero may be honest, and a learning rate
    of zero freezes validation by right: not judged where a training loss goes on to fluctuate, without a trend.

References
    Humbatova et al. (2020), Taxonomy of real faults in deep learning systems. TensorBoard FAQ (2023), on
    several event files in one directory.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from curvedoctor.conditions.base import FIRES, Condition, finding, number, percent, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.shape import flat
from curvedoctor.features.case import Case
from curvedoctor.features.chance import expected_first_loss
from curvedoctor.features.series import Series
from curvedoctor.model import Curve, Finding, Floats, Run, Unjudged

ID = "log-fault"
#: points that are looked at, the last ones
MOST = 16384
Seen = tuple[str, float, str, int]


def check(case: Case) -> Finding | Unjudged | None:
    judged = [c for c in case.run.curves if c.role.quantity in ("loss", "accuracy", "error") and len(c) >= 4]
    if not judged:
        return unjudged(ID, "no loss, error or score of four points or more is logged")
    best: tuple[Seen, Curve] | None = None
    for curve in judged:
        for look in _LOOKS:
            seen = look(case, curve)
            if seen is not None and seen[1] >= FIRES and (best is None or seen[1] > best[0][1]):
                best = seen, curve
    if best is None:
        return None
    (kind, sure, words, at), curve = best
    base = finding(
        ID, "error" if kind != "frozen tail" else "warning", sure, None, words, fault=kind, points=len(curve)
    )
    onset = float(curve.steps[min(at, len(curve) - 1)])
    end = max(onset, float(curve.steps.max()))
    return Finding(
        base.condition, base.severity, base.confidence, (curve.id,), base.summary, base.evidence,
        onset, (onset, end), curve.axis,
    )  # fmt: skip


def _overlap(case: Case, curve: Curve) -> Seen | None:
    back = np.flatnonzero(np.diff(curve.steps) < 0)
    if not len(back) or len(back) > max(10, len(curve) // 20):
        return None  # never, or so often that parallel writers share the log
    at = int(back[0]) + 1
    times = "once" if len(back) == 1 else f"{len(back)} times"
    words = f"Steps go back {times}, first from {curve.steps[at - 1]} to {curve.steps[at]}: a restart overlaps what was logged."
    return "overlap", 0.85, words, at


def _mixed(case: Case, curve: Curve) -> Seen | None:
    same = np.diff(curve.steps) == 0
    share = float(np.mean(same))
    if curve.role.quantity != "loss" or len(curve) < 8 or share < 0.3:
        return None
    different = float(np.mean((curve.values[1:] != curve.values[:-1])[same]))
    words = f"{percent(share)} of the points repeat the step of the one before, with other values: two quantities under one tag."
    return "two values per step", 0.9 * ramp(share, 0.3, 0.45) * ramp(different, 0.3, 0.6), words, 0


def _alternates(case: Case, curve: Curve) -> Seen | None:
    y = _finite(curve)
    if curve.role.quantity != "loss" or len(y) < 16:
        return None
    even, odd = y[::2], y[1::2]
    n = min(len(even), len(odd))
    gap = odd[:n] - even[:n]
    one_sided = max(np.count_nonzero(gap > 0), np.count_nonzero(gap < 0)) / n
    if one_sided <= 0.97:
        return None  # the usual case
    noise = max(_jitter(even), _jitter(odd))
    distance = abs(float(np.median(gap)))
    sure = (
        0.8
        * ramp(distance / max(noise, 1e-12 * float(np.abs(y).max()), 1e-300), 5, 10)
        * ramp(one_sided, 0.97, 1.0)
    )
    first = gap[: max(4, n // 8)]
    sure *= float(np.all(first > 0) or np.all(first < 0))
    words = f"The values alternate between two levels, {number(distance)} apart, each of them smooth: two quantities under one tag."
    return "alternating values", sure, words, 0


def _frozen(case: Case, curve: Curve) -> Seen | None:
    y = _finite(curve)
    if curve.role.quantity != "loss" or len(y) < 20 or float(y[-1]) == 0.0:
        return None
    off = np.flatnonzero(y != y[-1])
    tail = len(y) - (int(off[-1]) + 1 if len(off) else 0)
    before = y[: len(y) - tail]
    if len(before) < 5 or len(np.unique(before)) < 0.8 * len(before):
        return None  # constant throughout, or so coarse that equal values mean nothing
    if _untrained(case, float(y[-1])) or _at_rest(case, curve, tail / len(y)):
        return None  # weights that rest score the same for good
    if (
        case.schedule is not None
        and case.schedule.last <= 1e-6 * case.schedule.peak
        and case.schedule.zero > 0.02
    ):
        return None
    share = tail / len(y)
    words = f"The last {tail} points are the very same number ({number(float(y[-1]))}): the logged value is no longer updated."
    return "frozen tail", 0.9 * ramp(share, 0.15, 0.3) * ramp(tail, 4, 10), words, len(curve) - tail


def _at_rest(case: Case, curve: Curve, share: float) -> bool:
    """Whether only the batches still make a difference: a training loss fluctuates on without a trend, no validation does."""
    moving = [
        s
        for s in case.series.values()
        if s.curve is not curve and s.curve.role.quantity == "loss" and _moves(s, share)
    ]
    if any(s.curve.role.split in ("val", "test") for s in moving):
        return False
    return bool(moving) and all(flat(s, 1 - share, 0.02) for s in moving)


def _moves(s: Series, share: float) -> bool:
    tail = s.y[-max(2, int(share * len(s.y))) :]
    return len(s.y) >= 8 and bool(np.any(tail != tail[-1]))


def _untrained(case: Case, level: float) -> bool:
    """Whether a loss is at the level of a constant answer."""
    expected = expected_first_loss(case) or (1.0 if case.word("loss") == "mse" else None)
    return expected is not None and 0.85 <= level / expected <= 1.35


def _finite(curve: Curve) -> Floats:
    y = curve.values[-MOST:]
    return np.clip(y[np.isfinite(y)], -1e150, 1e150)


def _jitter(y: Floats) -> float:
    """Median size of the change from point to point."""
    return float(np.median(np.abs(np.diff(y)))) if len(y) > 1 else 0.0


_LOOKS: tuple[Callable[[Case, Curve], Seen | None], ...] = (_overlap, _mixed, _alternates, _frozen)


def _restarted(rng: np.random.Generator) -> Run:
    made = run(train_loss=falling(rng, 80), val_loss=falling(rng, 80))
    curve = made.curves[0]
    steps = np.concatenate((np.arange(50), np.arange(30, 60)))
    again = Curve(curve.id, curve.tag, steps, curve.values, curve.wall_times, curve.role, curve.axis)
    return Run(made.name, made.source, made.group, (again,), made.params)


def _two_losses(rng: np.random.Generator) -> Run:
    made = run(train_loss=np.column_stack((falling(rng, 40, 2.3, 0.3), falling(rng, 40, 8.0, 4.0))).ravel())
    curve = made.curves[0]
    doubled = Curve(
        curve.id,
        curve.tag,
        np.repeat(np.arange(40), 2),
        curve.values,
        curve.wall_times,
        curve.role,
        curve.axis,
    )
    return Run(made.name, made.source, made.group, (doubled,), made.params)


def _interleaved(rng: np.random.Generator) -> Run:
    return run(
        train_loss_step=np.column_stack(
            (falling(rng, 100, 2.3, 0.3, 6), falling(rng, 100, 8.0, 4.0, 6))
        ).ravel()
    )


def _stuck_logger(rng: np.random.Generator) -> Run:
    y = falling(rng, 80)
    y[45:] = y[45]
    return run(train_loss=y, val_loss=falling(rng, 80))


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
