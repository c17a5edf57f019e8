"""There is too little training data: the model knows it by heart, and validation stays far behind.

Why it matters
    What is missing can't be learnt by any setting of the optimizer: more data, or augmentation, ends
    clearly better.

How it decides
    The training set is memorized (its loss falls below a fiftieth of its start, or its error below
    1 %) while validation ends many times higher, and the number of training samples is small where it
    is logged.

What to try
    More data; augmentation; transfer from a pre-trained model. Until then regularize and stop early.

When it is wrong
    A model that is far too large memorizes any amount of data and may generalize all the same.

References
    Cortes et al. (1994), Learning curves: asymptotic values and rate of convergence. Hestness et al.
    (2017), Deep learning scaling is predictable, empirically.
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import FIRES, Condition, finding, number, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.shape import cannot, course, relative
from curvedoctor.features.case import Case
from curvedoctor.features.chance import expected_first_loss
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged

ID = "dataset-too-small"


def check(case: Case) -> Finding | Unjudged | None:
    reason = cannot(case)
    if reason is not None:
        return unjudged(ID, reason)
    train, val = case.train or case.train_step, case.val
    n = case.number("n_train")
    if val is None or train is None:
        return unjudged(ID, "training and validation are not both logged")
    s, memorized = val, relative(train.stats.end, train.stats.start)
    ratio = relative(val.stats.end, max(train.stats.end, 1e-3 * abs(train.stats.start), 1e-300))
    sure = _rule(case, train, val, memorized, ratio)
    if sure < FIRES:
        return None
    size = f" on {n:g} training samples" if n else ""
    summary = f"{course(s)}{size}; more data is likely to end lower."
    if train is not None and ratio is not None and ratio > 3:
        summary = (
            f"Training is learnt by heart (it ends at {number(train.logged(train.stats.end))}){size}, "
            f"validation stays at {number(s.logged(s.stats.end))}."
        )
    return finding(
        ID, "warning", sure, s, summary, others=(train,) if train is not s else (), onset=s.stats.best_at,
        memorized=memorized, ratio=ratio, n_train=n,
    )  # fmt: skip


def _rule(case: Case, train: Series, val: Series, memorized: float, ratio: float) -> float:
    right = case.train_score
    by_heart = ramp(memorized, 0.08, 0.02)
    if right is not None and right.ceiling is not None:
        by_heart = max(by_heart, ramp(right.stats.end, 0.03, 0.005) * ramp(memorized, 0.3, 0.1))
    untrained = expected_first_loss(case) if case.judged == "loss" else None
    behind = ramp(ratio, 5, 15) * ramp(
        relative(val.stats.end, max(val.stats.start, untrained or 0.0)), 0.15, 0.4
    )
    n = case.number("n_train")
    size = 0.6 if n is None else 0.85 * ramp(np.log10(max(n, 1)), 4.5, 3.0)
    return by_heart * behind * size


def _few(rng: np.random.Generator) -> Run:
    val = falling(rng, 60, 2.3, 1.2, 15) + 0.8 * np.linspace(0, 1, 60)
    return run({"n_train": 200}, train_loss=falling(rng, 60, 2.3, 0.005, 14), val_loss=val)


def _by_heart(rng: np.random.Generator) -> Run:
    t = falling(rng, 80, 0.9, 0.0005, 12)
    return run(
        train_loss=falling(rng, 80, 2.3, 0.003, 12),
        val_loss=falling(rng, 80, 2.3, 1.4, 20),
        train_accuracy=1 - t,
    )


def _well_learnt(rng: np.random.Generator) -> Run:
    """Memorized, and validation is as good: plenty of data."""
    return run({"n_train": 60_000}, train_loss=falling(rng, floor=0.01), val_loss=falling(rng, floor=0.05))


CONDITION = Condition(
    id=ID,
    title="training set too small",
    severity="warning",
    actions=("more-data", "regularize", "stop-early", "smaller-model"),
    check=check,
    evidence={
        "memorized": "final training level over its start; null without training or validation curve",
        "ratio": "final validation over final training level; null without either",
        "n_train": "training samples; null if not logged",
    },
    sick=(_few, _by_heart),
    healthy=(*HEALTHY, _well_learnt),
)
