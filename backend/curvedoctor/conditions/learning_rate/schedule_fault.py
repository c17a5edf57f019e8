"""The learning-rate curve itself is wrong: it does not do what a schedule is meant to do.

Why it matters
    A scheduler that is stepped once per batch instead of once per epoch is through in the first
    minutes; one that is never stepped does nothing; one that runs past its end rises again. The loss
    shows it late, the learning rate at once.

How it decides
    From the logged learning rates, where all parameter groups agree: zero for more than a fifth of the
    run after the peak; below a hundredth of the peak from before a third of the run on; falling and
    then rising smoothly above half of the peak (a cosine past its end); a configured schedule that
    falls from its first step on (or whose first step is long due), and a rate that is constant to the last
    digit; a rise until the end of the run that takes the loss 5 % above its best. A rate that merely stays or
    rises again is a warning where the loss ends 12 % (5 %) above its best, information else.

    No finding: sudden returns to the peak (warm restarts), a schedule longer than the run or
    interrupted, a run that ended within its warm-up, zeros before the first step, a rate that follows
    the run (plateau, KL divergence), small rates that were rounded to zero, one group of several.

What to try
    Step the scheduler once per epoch if its length counts epochs; call it at all; set its length to
    the length of the run. A rate that is meant to end so early: let it decay later.

When it is wrong
    Training the last part at zero learning rate may be wanted for evaluation only. A range test rises
    on purpose: it is recognized and read as such.

References
    Loshchilov and Hutter (2017), SGDR. Smith (2017), Cyclical learning rates.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from curvedoctor.conditions.base import Condition, finding, number, percent, too_few, unjudged
from curvedoctor.conditions.examples import HEALTHY, cosine_lr, falling, run
from curvedoctor.conditions.measures.shape import name, probing
from curvedoctor.conditions.measures.swing import told_above
from curvedoctor.conditions.measures.turns import deliberate, reversals, rise
from curvedoctor.features.blocks import median
from curvedoctor.features.case import Case
from curvedoctor.features.resample import LIMIT
from curvedoctor.features.schedule import SAME, Schedule, recognize
from curvedoctor.model import Curve, Finding, Floats, Run, Severity, Unjudged

ID = "schedule-fault"
MIN_POINTS = 6
#: of the peak: no learning rate at all, and as good as none
NOTHING, HUNDREDTH = 1e-6, 0.01
#: shares of the run: so long at zero is no end of a schedule; before so early nothing has been learnt
ZERO, THIRD = 0.2, 0.34
#: share by which a loss ends above its best that a rate which rises, or stays, is to blame for
HARM, HARM_CONSTANT = 0.05, 0.12
#: what to do about a rate that is next to zero for long, most usual first
ENDED, EARLY = ("fix-schedule", "decay-later"), ("zero", "finished early")
#: times the distance between its steps that a step schedule must have lasted to be one that is never stepped
DUE = 1.5
#: schedules that fall from their first step after the warm-up on
SMOOTH = {"cosine", "linear", "exponential", "polynomial", "inverse-sqrt", "one-cycle"}


@dataclass(frozen=True, slots=True)
class _Fault:
    kind: str
    words: str
    #: index of the logged point where it shows
    at: int
    severity: Severity


def check(case: Case) -> Finding | Unjudged | None:
    if case.lr is None or case.schedule is None:
        return unjudged(ID, "no learning-rate curve is logged")
    if len(case.lr) < MIN_POINTS:
        return too_few(ID, len(case.lr), MIN_POINTS, "points of the learning rate")
    if probing(case):
        return None
    fault = _fault(case, case.lr, case.schedule)
    if fault is None:
        return None
    rates = [c for c in case.run.curves if c.role.quantity == "lr" and len(c) >= MIN_POINTS]
    others = [_fault(case, lr, recognize(lr)) for lr in rates if lr is not case.lr]
    if any(other is None or other.kind != fault.kind for other in others):
        return None  # one of several groups is warmed down, as biases are
    schedule, steps = case.schedule, case.lr.steps
    base = finding(
        ID, fault.severity, 0.93, None, fault.words,
        actions=ENDED if fault.kind in EARLY else ("fix-schedule",), fault=fault.kind,
        configured=case.word("schedule"), peak=schedule.peak, last=schedule.last, zero_share=schedule.zero,
    )  # fmt: skip
    onset = float(steps[fault.at])
    span = (onset, max(onset, float(steps.max())))
    return replace(base, curves=(case.lr.id,), onset=onset, span=span, axis=case.lr.axis)


def _fault(case: Case, lr: Curve, schedule: Schedule | None) -> _Fault | None:
    if schedule is None or not np.isfinite(lr.values).all():
        return None
    y = np.clip(lr.values, -LIMIT, LIMIT)
    readings = (_ended, _never_stepped, _past_end, _only_rises)
    return next((f for f in (read(case, schedule, y) for read in readings) if f is not None), None)


def _ended(case: Case, s: Schedule, y: Floats) -> _Fault | None:
    """Next to zero for long, after its peak; or below a hundredth of it from before a third of the run on."""
    top = int(np.argmax(y))
    after = y[top:]
    gone = np.flatnonzero(after <= NOTHING * s.peak)
    if len(gone) >= ZERO * len(y) and not _rounded(y):
        at, share = top + int(gone[0]), percent(len(gone) / len(y))
        zero = f"next to zero ({number(y[at])} and less)" if after[gone].max() > 0 else "zero"
        words = f"The learning rate is {zero} for {share} of the run, first at {_place(case, at)}."
        return _Fault("zero", words, at, "error" if at < THIRD * len(y) else "warning")
    if _steered(case) or s.kind == "plateau" or np.any(np.diff(after) > SAME * s.peak):
        return None
    low = np.flatnonzero(after < HUNDREDTH * s.peak)
    if not len(low) or top + low[0] >= THIRD * len(y) or _rounded(y):
        return None
    where = f"{_place(case, at := top + int(low[0]))} on, {percent(at / len(y))} of the run"
    words = f"The learning rate is below a hundredth of its peak from {where}"
    return _Fault("finished early", f"{words}: stepped per batch instead of per epoch?", at, "error")


def _place(case: Case, at: int) -> str:
    assert case.lr is not None
    return f"{case.lr.axis} {case.lr.steps[min(at, len(case.lr) - 1)]:g}"


def _steered(case: Case) -> bool:
    """Whether the rate follows the run: agents adapt it to the KL divergence, others to a plateau."""
    return case.word("schedule") == "plateau" or any(c.role.quantity == "reward" for c in case.run.curves)


def _rounded(y: Floats) -> bool:
    """Whether a zero may be a small rate, rounded: those before it are one to three of the last digit."""
    positive = y[y > 0]
    digits = [10.0**-k for k in range(3, 8) if positive.min() > 0.9 * 10.0**-k]
    digits = [d for d in digits if np.all(np.abs(y / d - np.round(y / d)) < 1e-6)]
    return bool(digits) and positive[-1] <= 3.001 * digits[0] and len(np.unique(positive)) >= 3


def _never_stepped(case: Case, s: Schedule, y: Floats) -> _Fault | None:
    named = case.word("schedule")
    if float(y.min()) < float(y.max()) or not (named in SMOOTH or (named == "step" and _steps_due(case))):
        return None
    words = f"The schedule {named} is configured, but the learning rate stays at {number(s.peak)}"
    severity: Severity = "warning" if _harm(case) >= HARM_CONSTANT else "info"
    return _Fault("never stepped", f"{words}{_end(case)}.", 0, severity)


def _steps_due(case: Case) -> bool:
    """Whether a step schedule must have taken its first step, whether its distance counts epochs or steps."""
    every, epochs = case.number("step_size"), case.number("epochs")
    if case.lr is None or not every or np.ptp(case.lr.steps) < DUE * every:
        return False
    return case.lr.axis == "epoch" or (epochs is not None and epochs >= DUE * every)


def _past_end(case: Case, s: Schedule, y: Floats) -> _Fault | None:
    """A smooth rise after the decay, to more than half of the peak: a schedule that runs past its end."""
    turns = reversals(y, s.peak)
    if _steered(case) or rise(y) <= 0.5 or turns != 1 or not s.restarts or deliberate(y, s.peak):
        return None
    top = int(np.argmax(y >= 0.999 * y.max()))
    at = top + int(np.argmin(y[top:]))
    words = f"The learning rate rises again from {_place(case, at)} on, to {number(s.last)} at the end"
    return _Fault("rises again", f"{words}{_end(case)}.", at, "warning" if _harm(case) >= HARM else "info")


def _only_rises(case: Case, s: Schedule, y: Floats) -> _Fault | None:
    """A rise until the end that the loss does not survive; to be ended within a warm-up is no fault."""
    late = int(np.argmax(y)) >= 0.9 * (len(y) - 1)
    rises = late and not reversals(y, s.peak) and s.last > 2 * y[0] and median(y) < 0.8 * s.peak
    if not rises or _steered(case) or _harm(case) < HARM:
        return None
    words = f"The learning rate rises to its peak ({number(s.peak)}) at the end of the run{_end(case)}."
    return _Fault("only rises", words, 0, "warning")


def _harm(case: Case) -> float:
    """By how much the judged loss ends above its best, as share of it."""
    s = case.outcome
    if s is None or s.stats.n < MIN_POINTS or not s.stats.best > 0:
        return 0.0
    return s.stats.end / s.stats.best - 1


def _end(case: Case) -> str:
    s, harm = case.outcome, _harm(case)
    return (
        f", and the {name(s)} ends {told_above(s, s.stats.low)} above its best"
        if s is not None and harm >= HARM
        else ""
    )


def _per_batch(rng: np.random.Generator) -> Run:
    lr = 0.1 * np.maximum(1e-4, 0.9 ** np.arange(400.0))
    return run({"schedule": "exponential"}, train_loss_step=falling(rng, 400), lr=lr)


def _uncalled(rng: np.random.Generator) -> Run:
    return run({"schedule": "cosine", "lr": 0.01}, train_loss=falling(rng), lr=np.full(60, 0.01))


def _past_its_end(rng: np.random.Generator) -> Run:
    lr = 0.05 * (1 + np.cos(np.pi * np.linspace(0, 2, 80)))
    return run(train_loss=falling(rng, 80), lr=lr)


def _zero_for_long(rng: np.random.Generator) -> Run:
    return run(train_loss=falling(rng), lr=np.where(np.arange(60) < 30, 0.1, 0.0))


def _warm_restarts(rng: np.random.Generator) -> Run:
    lr = np.concatenate([cosine_lr(n, 0.1) for n in (10, 20, 40)])
    return run(train_loss=falling(rng, 70), lr=lr)


def _one_cycle(rng: np.random.Generator) -> Run:
    lr = np.concatenate((np.linspace(0.004, 0.1, 18), cosine_lr(42, 0.1)))
    return run({"schedule": "one-cycle"}, train_loss=falling(rng), lr=lr)


def _controlled(rng: np.random.Generator) -> Run:
    """Adapted to the KL divergence at every iteration."""
    lr = 1e-3 * 1.5 ** np.clip(np.cumsum(rng.choice([-1, 0, 1], 300)), -6, 4)
    return run(train_loss=falling(rng, 300), lr=lr)


CONDITION = Condition(
    id=ID,
    title="faulty learning-rate schedule",
    severity="warning",
    actions=("fix-schedule", "decay-later"),
    check=check,
    networks_only=True,
    evidence={
        "fault": "zero, finished early, never stepped, rises again, only rises",
        "configured": "the schedule in the hyperparameters; null if none",
        "peak": "highest learning rate",
        "last": "last learning rate",
        "zero_share": "share of the logged points at zero",
    },
    sick=(_per_batch, _uncalled, _past_its_end, _zero_for_long),
    healthy=(*HEALTHY, _warm_restarts, _one_cycle, _controlled),
)
