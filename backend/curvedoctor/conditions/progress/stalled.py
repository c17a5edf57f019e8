"""Fast, then slow: the optimizer stopped making progress though the floor is not reached.

Why it matters
    The run spends most of its budget on next to nothing; another optimizer goes on where this one
    creeps.

How it decides
    Four fifths of the fall are done in the first tenth of the run; since then the loss creeps on,
    beyond its noise, along a power law that promises a tenth more if only it went on four times as
    long, and the learning rate has not decayed. A warning where the optimizer is plain gradient descent and
    the loss is still above half of its start, information otherwise.

What to try
    SGD with momentum where Adam stagnates (or other betas); Adam where plain SGD creeps along a
    narrow valley; look at the learning rate of late steps.

When it is wrong
    Every long run on plenty of data creeps along a power law: that is how learning goes. A learning
    rate that decayed, a vanishing gradient and unscaled inputs creep too.

References
    Wilson et al. (2017), The marginal value of adaptive gradient methods. Keskar and Socher (2017),
    Improving generalization performance by switching from Adam to SGD.
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, percent, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, cosine_lr, falling, run
from curvedoctor.conditions.measures.shape import error_of_mean, mean, name, relative, why_unjudgeable
from curvedoctor.features import rates
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Floats, Run, Unjudged

ID = "stalled"
#: fewest points; share of its start above which a loss is unfinished
MIN_POINTS, UNFINISHED = 12, 0.5


def check(case: Case) -> Finding | Unjudged | None:
    reason = why_unjudgeable(case, MIN_POINTS)
    if reason is not None:
        return unjudged(ID, reason)
    s = case.coarsest_train or case.val
    assert s is not None
    t = s.stats
    early = relative(t.start - t.at10, max(t.start - t.best, 1e-300))
    creep = mean(s, 0.5, 0.75) - mean(s, 0.75, 1.0)
    confidence = _rule(case, s, early, creep)
    if confidence < REPORT_FROM:
        return None
    # every long run on plenty of data creeps: only plain gradient descent, far from finished, is to blame
    heavy = _plain(case) and relative(t.end, t.start) >= UNFINISHED
    word = case.word("optimizer")
    optimizer = f" with {word}" if word else ""
    return finding(
        ID, "warning" if heavy else "info", confidence, s,
        f"The {name(s)} made {percent(min(early, 1.0))} of its fall in the first tenth of the "
        f"run{optimizer}; over the last quarter it fell by {percent(relative(creep, t.end))}.",
        others=(case.val,), onset=0.1,
        early=early, creep=relative(creep, t.end), gain_four=t.gain_four, optimizer=word,
    )  # fmt: skip


def _plain(case: Case) -> bool:
    return rates.optimizer(case) == "sgd"


def _rule(case: Case, s: Series, early: float, creep: float) -> float:
    t = s.stats
    decayed = case.schedule is not None and case.schedule.decay_start < 0.9
    if decayed or creep < 4 * error_of_mean(s, 0.25):
        return 0.0
    slow = ramp(relative(creep, t.end), 0.004, 0.01) * ramp(relative(creep, t.end), 0.12, 0.06)
    high = ramp(relative(t.end, t.start), 0.1, 0.25)
    return 0.85 * ramp(early, 0.7, 0.8) * slow * high * ramp(t.gain_four, 0.06, 0.12)


def _creep(rng: np.random.Generator, n: int, noise: float) -> Floats:
    t = np.arange(n) / n
    return np.asarray(
        (1.7 * np.exp(-60 * t) + 0.75 * (t + 0.05) ** -0.09) * np.exp(noise * rng.standard_normal(n))
    )


def _plain_sgd(rng: np.random.Generator) -> Run:
    y = _creep(rng, 200, 0.004)
    return run({"optimizer": "sgd", "lr": 0.05, "momentum": 0.0}, train_loss=y, val_loss=y * 1.02)


def _sgd_long(rng: np.random.Generator) -> Run:
    y = _creep(rng, 800, 0.01)
    return run({"optimizer": "sgd", "lr": 0.1}, train_loss=y, lr=np.full(800, 0.1))


def _at_the_floor(rng: np.random.Generator) -> Run:
    return run(
        {"optimizer": "sgd"},
        train_loss=falling(rng, 200, 2.3, 0.6, 50),
        val_loss=falling(rng, 200, 2.3, 0.62, 50),
    )


def _decayed(rng: np.random.Generator) -> Run:
    return run({"optimizer": "sgd"}, train_loss=_creep(rng, 200, 0.004), lr=cosine_lr(200))


CONDITION = Condition(
    id=ID,
    title="progress stalled",
    severity="warning",
    actions=("change-optimizer", "raise-lr", "train-longer"),
    check=check,
    networks_only=True,
    extrapolates=True,
    evidence={
        "early": "share of the whole fall done in the first tenth of the run",
        "creep": "fall over the last quarter, share of the end level",
        "gain_four": "expected gain from running four times as long, share of the end level",
        "optimizer": "as logged; null if not",
    },
    sick=(_plain_sgd, _sgd_long),
    healthy=(*HEALTHY, _at_the_floor, _decayed),
)
