"""The learning rate is so high that the run ends far above where it could be.

Why it matters
    The optimizer leaps over the valley instead of descending into it. Accuracy swings, the loss stays
    high or jumps, and a rate 3 to 30 times lower ends clearly better.

How it decides
    One of three pictures: the loss per epoch bounces by a third of its level or more without
    improving over the second half of the run; it stays high and flat though the learning rate is far
    above what is customary for the optimizer; or it shoots up at the start and never makes up for it.
    Fluctuation between batches alone proves nothing.

What to try
    Lower the learning rate to a tenth; a schedule that decays helps late in the run; a range test
    over 100 to 500 steps finds the right region.

When it is wrong
    Tiny batches and a tiny validation set make curves bounce too: then training is smooth where
    validation jumps, or the bounce shrinks with the batch. A broken model is high and flat at any
    learning rate.

References
    Smith (2017), Cyclical learning rates. Godbole et al. (2023), Deep learning tuning playbook.
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import FIRES, Condition, finding, number, percent, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.shape import cannot, course, flat, mean, name, relative
from curvedoctor.features.blocks import of_three
from curvedoctor.features.case import Case
from curvedoctor.features.chance import chance_error, expected_first_loss
from curvedoctor.features.rates import decades_below_usual
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged

ID = "lr-too-high"


def check(case: Case) -> Finding | Unjudged | None:
    reason = cannot(case)
    if reason is not None:
        return unjudged(ID, reason)
    s = case.train or case.train_step or case.val
    assert s is not None
    t = s.stats
    below = decades_below_usual(case)
    bounce = relative(t.noise_late, mean(s, 0.67, 1.0))
    pictures = {
        "bounces": _bounces(case, s, bounce, below),
        "high and flat": _high(case, s, below),
        "shoots up": _shoots(case),
    }
    best = max(pictures, key=lambda k: pictures[k])
    sure = pictures[best]
    if sure < FIRES:
        return None
    lr = case.number("lr")
    said = f" at a learning rate of {number(lr)}" if lr else ""
    summary = f"{course(s)}{said}; a lower rate is likely to end better."
    if pictures[best] >= 0.2:
        summary = {
            "bounces": f"The {name(s)} bounces by ±{percent(bounce)} of its level at the end{said} and no longer improves.",
            "high and flat": f"The {name(s)} stays at {number(s.logged(t.end))}{said}, far above what is customary.",
            "shoots up": f"The loss shoots up from {number(t.first)} at the start{said} and ends at {number(t.end)}.",
        }[best]
    return finding(
        ID, "error" if fall_is_nothing(s) else "warning", sure, s, summary, others=(case.val,), onset=0.0,
        noise=bounce, best=s.logged(t.best), end=s.logged(t.end), decades_above_usual=None if below is None else -below,
    )  # fmt: skip


def fall_is_nothing(s: Series) -> bool:
    """Whether the run ends no better than it began."""
    return s.stats.end >= 0.95 * s.stats.start


def _bounces(case: Case, s: Series, bounce: float, below: float | None) -> float:
    if s is case.val or s is case.train_step or s.stats.n < 10:
        return 0.0  # no mean over an epoch: batches or validation samples may be what bounces
    low, high = (0.15, 0.3) if below is not None and below < -1.0 else (0.33, 0.55)
    val = case.val
    both = 1.0 if val is None else ramp(relative(val.stats.noise_late, val.stats.end), 0.3 * low, low)
    decayed = case.schedule is not None and case.schedule.last < 0.1 * case.schedule.peak
    return 0.8 * ramp(bounce, low, high) * both * _matters(s) * float(_settled(s)) * (0.3 if decayed else 1.0)


def _matters(s: Series) -> float:
    """0 where the bounce is nothing beside what was learnt."""
    t = s.stats
    return ramp(relative(min(t.noise, t.noise_late), max(t.start - t.best, 1e-300)), 0.015, 0.05)


def _settled(s: Series) -> bool:
    """Whether the last quarter is no lower than the one before, by the spread of heavy-tailed changes."""
    changes = np.diff(s.y[-4096:])
    spread = float(np.sqrt(np.mean(changes * changes) / 2))
    gain = mean(s, 0.5, 0.75) - mean(s, 0.75, 1.0)
    return bool(gain <= 0.1 * abs(s.stats.end) + 3 * spread / max(1.0, s.stats.n / 4) ** 0.5)


def _high(case: Case, s: Series, below: float | None) -> float:
    """Flat near the level of an untrained model, at a rate far above the custom."""
    if below is None:
        return 0.0
    if s.stats.top - s.stats.low <= 1e-4 * s.stats.top:
        return 0.0  # nothing moves at all: another fault
    score, chance = case.val_score or case.train_score, chance_error(case)
    untrained = expected_first_loss(case) if case.judged == "loss" else chance
    if score is not None and chance is not None:
        high = ramp(score.stats.end / chance, 0.75, 0.9)
    else:
        high = ramp(relative(s.stats.end, untrained), 0.88, 0.97) if untrained is not None else 0.0
    return 0.8 * ramp(-below, 0.5, 1.5) * high * float(flat(s, 0.5))


def _shoots(case: Case) -> float:
    """A jump within the first tenth to a multiple of the first value, and an end no better than the start."""
    s = case.training
    if s is None or s.stats.n < 20:
        return 0.0
    y = s.y[: max(5, len(s.y) // 10)]
    calm = float(of_three(y).max()) if len(y) >= 3 else 0.0
    begin = float(np.median(s.y[:2]))
    return 0.7 * ramp(relative(calm, begin), 2.5, 5.0) * ramp(relative(s.stats.end, begin), 0.5, 0.8)


def _bouncing(rng: np.random.Generator) -> Run:
    y = 0.8 * np.exp(0.9 * rng.standard_normal(80)) + 1.6 * np.exp(-np.linspace(0, 12, 80))
    return run(
        {"lr": 1.0, "optimizer": "sgd", "batch_size": 64},
        train_loss=y,
        val_loss=y * np.exp(0.4 * rng.standard_normal(80)),
    )


def _high_flat(rng: np.random.Generator) -> Run:
    y = 2.4 * np.exp(0.03 * rng.standard_normal(40))
    acc = 0.1 + 0.01 * rng.standard_normal(40)
    return run({"lr": 0.3, "optimizer": "adam", "n_classes": 10}, train_loss=y, val_loss=y, val_accuracy=acc)


def _shooting(rng: np.random.Generator) -> Run:
    y = np.concatenate(([0.7, 1.5, 6.0, 9.0, 8.0, 6.0], np.full(114, 1.2))) * np.exp(
        0.05 * rng.standard_normal(120)
    )
    return run({"lr": 0.1, "optimizer": "adam"}, train_loss_step=y)


def _noisy_validation(rng: np.random.Generator) -> Run:
    """Validation bounces, training does not: a small validation set, not the learning rate."""
    return run({"lr": 0.1, "optimizer": "sgd"}, train_loss=falling(rng), val_loss=falling(rng, noise=0.4))


CONDITION = Condition(
    id=ID,
    title="learning rate too high",
    severity="warning",
    actions=("lower-lr", "decay-lr", "add-warmup"),
    check=check,
    evidence={
        "noise": "σ of the point-to-point fluctuation over the last third, relative to the end level",
        "best": "lowest smoothed level, as logged",
        "end": "final level, as logged",
        "decades_above_usual": "log10(lr / customary lr of the optimizer); null if not logged",
    },
    sick=(_bouncing, _high_flat, _shooting),
    healthy=(*HEALTHY, _noisy_validation),
)
