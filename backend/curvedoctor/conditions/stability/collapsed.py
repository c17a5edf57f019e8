"""It learnt, or moved, and then answers the same for ever.

Why it matters
    Dead or saturated units pass no gradient: the run can't come back, however long it goes on. A
    curve this flat is easily taken for convergence, or for a logger that got stuck.

How it decides
    The loss (or, without one, a score) is constant to float noise, or to the last digit that was
    logged, from some step on and until the end: three points and more. Before that it moved, if only
    between its first value and the second. The level is that of a constant answer (ln K, ln 2, a
    margin, 1 for hinge), or no better than the start, or more than half of what was gained is lost.
    Or both fell within the first twentieth of their points and have not moved by half a per cent since, at
    more than 15 % of where they began, while the learning rate goes on.
    Other curves may move on: a training accuracy differs from batch to batch. Nothing is said where
    the learning rate is gone, where the loss is zero (unless it became so at once, and the score is zero too:
    a detector that finds nothing any more), or where too few digits were logged for equal values to mean
    anything.

What to try
    A step too long kills units: a lower learning rate, a warm-up, the default initialization, an
    activation that doesn't die. Where output and loss can't fit (softmax over one unit, tanh for
    targets of order 100) change the output's activation or the targets.

When it is wrong
    An evaluation that loads the same weights again and again is as constant: then the training loss
    moves on, which is looked for.

References
    Lu, Shin, Su and Karniadakis (2020), Dying ReLU and initialization. Hermans, Beyer and Leibe (2017), In
    defense of the triplet loss (collapse to the margin).
"""

from __future__ import annotations

import math

import numpy as np

from curvedoctor.conditions.base import Condition, finding, number, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.measures.shape import name, why_unjudgeable
from curvedoctor.conditions.measures.still import (
    constant_answer,
    misfit,
    rests_from,
)
from curvedoctor.conditions.stability.came_to_rest import (
    ID,
    MIN_POINTS,
    TRIED,
    finds_nothing,
    remedies,
    stuck,
)
from curvedoctor.conditions.stability.for_good import collapsed
from curvedoctor.features.case import Case
from curvedoctor.features.chance import supposing_loss
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged


def check(case: Case) -> Finding | Unjudged | None:
    reason = why_unjudgeable(case, MIN_POINTS + 1, of_pairs=True)
    if reason is not None:
        return unjudged(ID, reason)
    s = collapsed(case)
    return _finding(case, s) if s is not None else stuck(case) or finds_nothing(case)


def _finding(case: Case, s: Series) -> Finding:
    at = rests_from(s.y)
    level, best = float(s.y[-1]), float(s.y[:at].min())
    answer, why = constant_answer(case, s, level), misfit(case, s)
    which = "" if answer is None else f", the {_kind(answer)} of a constant answer"
    which += "" if answer is None else supposing_loss(case, answer)
    before = number(s.logged(best))
    after = f", after {before}" if before != number(s.logged(level)) else ""
    known = f": {why}" if why is not None else ""
    return finding(
        ID, "error", 0.97, s,
        f"The {name(s)} is {number(s.logged(level))} from {s.curve.axis} {s.step_at(at):g} on, "
        f"{len(s.y) - at} points without a change{which}{after}{known}.",
        onset=float(s.x[at]), actions=remedies(case, why), level=s.logged(level), points=len(s.y) - at,
        best=s.logged(best), answer=answer,
    )  # fmt: skip


def _kind(answer: float) -> str:
    k = round(math.exp(min(answer, 13.0)))
    return f"loss (ln {k})" if k >= 2 and abs(math.log(k) / answer - 1) < 1e-9 else f"loss ({number(answer)})"


def _dies(rng: np.random.Generator) -> Run:
    """Moves a little, then ln 10 for ever."""
    y = np.concatenate((2.3 - rng.uniform(0.01, 0.1, 4), np.full(20, math.log(10))))
    return run({"lr": 0.1, "n_classes": 10}, train_loss_step=y)


def _blows_up(rng: np.random.Generator) -> Run:
    """A few wild steps, then ln 2 to four digits; the accuracy of the batches goes on."""
    y = np.concatenate((rng.uniform(0.7, 9, 8), np.full(25, 0.6931)))
    return run(train_loss=y, train_accuracy=0.7 + 0.06 * rng.standard_normal(33))


def _never_fitted(rng: np.random.Generator) -> Run:
    """Targets of order 100 for a tanh output: the first value differs by a hair."""
    y = np.full(int(rng.integers(5, 20)), 16771.4415)
    y[0] *= 1.0005
    return run({"loss": "mse", "last_activation": "tanh"}, train_loss=y)


def _margin(rng: np.random.Generator) -> Run:
    """A triplet loss that falls to its margin: all embeddings are the same."""
    y = np.concatenate((0.2 + np.geomspace(1, 0.01, 10) * rng.uniform(0.9, 1.1, 10), np.full(30, 0.2)))
    return run({"loss": "triplet"}, train_loss=y, val_loss=y)


def _forgets(rng: np.random.Generator) -> Run:
    """Half learnt, then back to a constant answer that no table knows."""
    y = np.concatenate((falling(rng, 30, 4.7, 1.9, 5, 0.02), np.full(15, 4.412371)))
    return run(train_loss=y, val_loss=y)


def _converged(rng: np.random.Generator) -> Run:
    """Full-batch descent that has come to rest at its best."""
    y = falling(rng, 80, 2.3, 0.3, 12, 0.0)
    y[50:] = y[50]
    return run(train_loss=y, val_loss=1.1 * y)


def _few_digits(rng: np.random.Generator) -> Run:
    return run(train_loss=np.round(falling(rng, 60, 0.05, 0.04, 12, 0.01), 2))


def _rate_gone(rng: np.random.Generator) -> Run:
    """Stepped per batch: nothing changes once the rate is zero."""
    val = np.concatenate(([2.31, 2.29], np.full(18, 2.285714)))
    lr = np.concatenate(([0.1, 0.01], np.zeros(18)))
    return run(train_loss=2.29 + 0.02 * rng.standard_normal(20), val_loss=val, lr=lr)


CONDITION = Condition(
    id=ID,
    title="collapsed to one answer",
    severity="error",
    actions=(*TRIED, "fix-targets", "change-loss"),
    check=check,
    evidence={
        "level": "the value at which it stays, as logged",
        "points": "logged points from the onset on",
        "best": "best value before the onset, as logged",
        "answer": "the loss of a constant answer that the level is, in the loss's unit; null if none "
        "that is known",
    },
    sick=(_dies, _blows_up, _never_fitted, _margin, _forgets),
    healthy=(*HEALTHY, _converged, _few_digits, _rate_gone),
    scale_free=False,
)
