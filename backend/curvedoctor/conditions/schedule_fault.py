"""The learning-rate curve itself is wrong: it does not do what a schedule is meant to do.

Why it matters
    A scheduler that is stepped once per batch instead of once per epoch is through in the first
    minutes; one that is never stepped does nothing; one that runs past its end rises again. The loss
    shows it late, the learning rate at once.

How it decides
    From the logged learning rate alone: it is zero for more than a fifth of the run; it has decayed
    to less than a hundredth of its peak before a third of the run and stays there; it falls and then
    rises smoothly back above half of its peak (a cosine past its end); it rises to its peak only at
    the very end; or a decaying schedule is configured and the rate is constant. Sudden returns to the
    peak are warm restarts, made on purpose; a rate that
    changes direction again and again without a rhythm follows a controller and is not judged.

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

import numpy as np

from curvedoctor.conditions.base import FIRES, Condition, finding, number, percent, unjudged
from curvedoctor.conditions.examples import HEALTHY, cosine_lr, falling, run
from curvedoctor.conditions.shape import probing
from curvedoctor.features.case import Case
from curvedoctor.features.resample import LIMIT
from curvedoctor.features.schedule import Schedule
from curvedoctor.model import Curve, Finding, Floats, Run, Severity, Unjudged

ID = "schedule-fault"
#: what to do about a rate that is next to zero for long, most usual first
ENDED = ("fix-schedule", "decay-later")
#: schedules that only ever fall after their warm-up
FALLING = {"step", "cosine", "linear", "exponential", "polynomial", "inverse-sqrt", "one-cycle"}


def check(case: Case) -> Finding | Unjudged | None:
    if case.lr is None or case.schedule is None:
        return unjudged(ID, "no learning rate is logged")
    if len(case.lr) < 6:
        return unjudged(ID, f"{len(case.lr)} points of the learning rate are too few; 6 are needed")
    if probing(case):
        return None
    found = case.schedule
    y = np.clip(case.lr.values[np.isfinite(case.lr.values)], -LIMIT, LIMIT)
    kind, sure, words = max(_faults(case, found, y), key=lambda f: f[1])
    if sure < FIRES:
        return None
    steps = case.lr.steps
    span = (float(steps.min()), float(steps.max()))
    heavy: Severity = "error" if kind in ("zero", "finished early") else "warning"
    actions = ENDED if heavy == "error" else ("fix-schedule",)
    base = finding(
        ID, heavy, sure, None, words,
        fault=kind, configured=case.word("schedule"), peak=found.peak, last=found.last, zero_share=found.zero,
    )  # fmt: skip
    at = _onset(kind, found, case.lr)
    return Finding(
        base.condition, base.severity, base.confidence, (case.lr.id,), base.summary, base.evidence,
        at, (at, max(at, span[1])), case.lr.axis, actions,
    )  # fmt: skip


def _faults(case: Case, s: Schedule, y: Floats) -> list[tuple[str, float, str]]:
    named = case.word("schedule")
    meant = named in FALLING
    turns, rises = _reversals(y, s.peak), _rise(y)
    out = [("none", 0.0, "")]
    ways = np.sign(np.diff(y))
    controlled = not meant and np.count_nonzero(np.diff(ways[ways != 0])) > 8
    if controlled:
        return out
    if s.zero >= 0.2:
        out.append(("zero", 0.95, f"The learning rate is zero for {percent(s.zero)} of the run."))
    if s.dead_from < 0.34 and not s.restarts and float(np.max(y[int(0.4 * len(y)) :])) < 0.02 * s.peak:
        words = (
            f"The learning rate is below a hundredth of its peak from {percent(s.dead_from)} of the run on"
        )
        out.append(("finished early", 0.9, f"{words}: stepped per batch instead of per epoch?"))
    if meant and s.decay_start >= 1.0 and not s.warmup_end > 0.8:
        out.append(
            (
                "never stepped",
                0.9,
                f"The schedule {named} is configured, but the learning rate stays at {number(s.peak)}.",
            )
        )
    if rises > 0.5 and turns == 1 and s.restarts and not _deliberate(y, s.peak):
        out.append(
            (
                "rises again",
                0.85,
                f"The learning rate rises again after its decay, to {number(s.last)} at the end.",
            )
        )
    if meant and turns >= 2 and not _deliberate(y, s.peak):
        out.append(
            (
                "oscillates",
                0.85,
                f"The schedule {named} is configured, but the learning rate goes up and down {turns} times.",
            )
        )
    late = float(np.argmax(y)) / max(1, len(y) - 1)
    if (
        late > 0.9
        and turns == 0
        and s.last > 2 * y[0]
        and (y[0] > 0 or late == 1.0)
        and float(np.median(y)) < 0.8 * s.peak
    ):
        out.append(
            (
                "only rises",
                0.75,
                f"The learning rate rises to its peak ({number(s.peak)}) at the end of the run.",
            )
        )
    return out


def _reversals(y: Floats, peak: float) -> int:
    """How often the rate turns upwards after a fall of at least a third of the peak (warm-up not counted)."""
    y = y[:: max(1, len(y) // 2000)]
    if not np.any(y > np.minimum.accumulate(y) + 0.33 * peak):
        return 0  # no rise of that size, wherever it may begin
    count, high, low, falling = 0, float(y[0]), float(y[0]), False
    for v in y.tolist():
        if falling:
            low = min(low, v)
            if v > low + 0.33 * peak:
                count, falling, high = count + 1, False, v
        else:
            high = max(high, v)
            if v < high - 0.33 * peak:
                falling, low = True, v
    return count


def _deliberate(y: Floats, peak: float) -> bool:
    """Whether every rise of note leads at once to at least half of the peak: warm restarts."""
    up = np.diff(y) > 0
    edges = np.flatnonzero(np.diff(np.concatenate(([0], up.astype(np.int8), [0]))))
    rises = [
        (a, b)
        for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
        if y[b] - y[a] > 0.1 * peak
    ]
    after_start = [(a, b) for a, b in rises if a > 0.1 * len(y)]
    return all(
        b - a <= max(2, len(y) // 50) and y[b] > 0.5 * peak and y[a] < 0.5 * y[b] for a, b in after_start
    )


def _rise(y: Floats) -> float:
    """Largest rise after the peak that takes at least three points, as share of the peak; sudden ones are restarts."""
    after = y[int(np.argmax(y >= 0.999 * y.max())) :]
    if len(after) < 4:
        return 0.0
    lowest = np.minimum.accumulate(after)
    sudden = float(np.diff(after).max(initial=0.0))
    whole = float((after - lowest).max())
    return (
        (whole - sudden) / max(float(y.max()), 1e-300)
        if sudden > 0.3 * whole
        else whole / max(float(y.max()), 1e-300)
    )


def _onset(kind: str, s: Schedule, lr: Curve) -> float:
    at = {"finished early": s.dead_from, "rises again": s.decay_start}.get(kind, 0.0)
    if kind == "zero":
        gone = np.flatnonzero(lr.values <= 1e-6 * s.peak)
        return float(lr.steps[gone[0]]) if len(gone) else float(lr.steps[0])
    first, last = float(lr.steps.min()), float(lr.steps.max())
    return first + at * (last - first)


def _per_batch(rng: np.random.Generator) -> Run:
    lr = 0.1 * np.maximum(1e-4, 0.9 ** np.arange(400.0))
    return run({"schedule": "exponential"}, train_loss_step=falling(rng, 400), lr=lr)


def _never_stepped(rng: np.random.Generator) -> Run:
    return run({"schedule": "step", "lr": 0.01}, train_loss=falling(rng), lr=np.full(60, 0.01))


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
    evidence={
        "fault": "zero, finished early, never stepped, rises again, oscillates, only rises, suspected",
        "configured": "the schedule in the hyperparameters; null if none",
        "peak": "highest learning rate; null if not logged",
        "last": "last learning rate; null if not logged",
        "zero_share": "share of the logged points at zero; null if not logged",
    },
    sick=(_per_batch, _never_stepped, _past_its_end, _zero_for_long),
    healthy=(*HEALTHY, _warm_restarts, _one_cycle, _controlled),
)
