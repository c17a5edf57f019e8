"""Validation gets worse while training still improves.

Why it matters
    From the onset on the model learns the training set by heart. The final checkpoint is worse than
    one the run already had.

How it decides
    The smoothed validation loss has risen from its lowest point by at least 5 %, beyond its own noise
    (several times as far, or by a steady trend: Mann-Kendall), the lowest point is not in the last tenth of the run, and the training loss went on
    falling meanwhile. (Prechelt's generalization loss, made robust.)

What to try
    Stop at the best validation loss and keep that checkpoint; to do better than that, regularize
    (weight decay, dropout, augmentation) or get more data; then a smaller model.

When it is wrong
    One validation term may rise while the metric that matters still improves: cross-entropy grows
    with over-confidence although accuracy holds. Then the finding is kept, with lower confidence,
    and stopping early is not among the remedies.

References
    Mann (1945), Nonparametric tests against trend. Prechelt (1998), Early stopping - but when? Goodfellow et al. (2016), Deep Learning, ch. 7.
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import FIRES, Condition, finding, number, percent, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.shape import cannot, error_of_mean, rising
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged

ID = "overfitting"
ENOUGH = 6
#: generalization loss (Prechelt 1998) from which a rise is of interest
RISE = 0.05


def check(case: Case) -> Finding | Unjudged | None:
    val = case.val
    if val is None:
        return unjudged(ID, "no validation loss is logged")
    reason = cannot(case)
    if reason is not None:
        return unjudged(ID, reason)
    t = val.stats
    if t.n < ENOUGH:
        return unjudged(ID, f"{t.n:.0f} validation points are too few; {ENOUGH} are needed")
    rise = (t.end - t.best) / max(abs(t.best), 1e-300)
    train = case.train or case.train_step
    sure = _rule(val, train, rise)
    if sure < FIRES:
        return None
    still = _improves(case.val_score, t.best_at)
    if still:
        sure *= 0.7
    onset = t.best_at
    if rise >= 0.01:
        summary = (
            f"Validation is best ({number(val.logged(t.best))}) at {val.curve.axis} {val.axis_at(onset):g} "
            f"and rises by {percent(rise)} after it"
        )
        summary += ", though its score still improves." if still else "."
    else:
        summary = f"Validation ends at {number(val.logged(t.end))}, well above training: the model fits its training set."
    return finding(
        ID, "warning", sure, val, summary, others=(train,), onset=onset,
        actions=("regularize", "more-data", "smaller-model") if still else (),
        rise=rise, best=val.logged(t.best), end=val.logged(t.end), gap=None if train is None else t.end - train.stats.end,
    )  # fmt: skip


def _rule(val: Series, train: Series | None, rise: float) -> float:
    t = val.stats
    # the best of some twenty windows lies about two standard errors low by chance alone
    sigma = max(1.4 * error_of_mean(val, 0.05), 1e-12 * abs(t.best), 1e-300)
    by_level = ramp((t.end - t.best) / sigma, 2.0, 4.0)
    beyond_noise = max(by_level, ramp(rising(val, t.best_at), 2.5, 3.5))
    falls_on = 0.7
    if train is not None:
        at_best = float(np.interp(t.best_at, np.linspace(0, 1, len(train.grid)), train.grid))
        falls_on = 1.0 if train.stats.end < at_best - 0.02 * abs(at_best) else 0.0
    return ramp(rise, RISE / 2, 3 * RISE) * beyond_noise * falls_on * (1.0 if t.best_at < 0.9 else 0.0)


def _improves(score: Series | None, since: float) -> bool:
    """Whether a validation score got clearly better after `since`."""
    if score is None:
        return False
    at = float(np.interp(since, np.linspace(0, 1, len(score.grid)), score.grid))
    return bool(
        score.stats.end < at - max(2 * score.stats.noise / max(score.stats.n, 1.0) ** 0.5, 0.01 * abs(at))
    )


def _classic(rng: np.random.Generator) -> Run:
    t = np.linspace(0, 1, 60)
    val = falling(rng, floor=0.5, speed=15) + 0.6 * np.clip(t - 0.25, 0, None)
    return run(train_loss=falling(rng, floor=0.01, speed=8), val_loss=val)


def _noisy(rng: np.random.Generator) -> Run:
    t = np.linspace(0, 1, 100)
    val = falling(rng, 100, floor=0.4, speed=20, noise=0.04) * (1 + 0.9 * np.clip(t - 0.2, 0, None))
    return run(train_loss=falling(rng, 100, floor=0.02, speed=6), val_loss=val)


def _flat_gap(rng: np.random.Generator) -> Run:
    """A wide gap, but validation does not rise."""
    return run(train_loss=falling(rng, floor=0.05), val_loss=falling(rng, floor=0.5, noise=0.03))


def _both_rise(rng: np.random.Generator) -> Run:
    """Training climbs as well: that is not overfitting."""
    rising = 1 + 0.8 * np.clip(np.linspace(0, 1, 60) - 0.4, 0, None)
    return run(train_loss=falling(rng, floor=0.4) * rising, val_loss=falling(rng, floor=0.4) * rising)


CONDITION = Condition(
    id=ID,
    title="overfitting",
    severity="warning",
    actions=("stop-early", "regularize", "more-data", "smaller-model"),
    check=check,
    evidence={
        "rise": "validation at the end over its best, minus 1",
        "best": "lowest smoothed validation level, as logged",
        "end": "final validation level, as logged",
        "gap": "final validation minus training loss; null without a training loss",
    },
    sick=(_classic, _noisy),
    healthy=(*HEALTHY, _flat_gap, _both_rise),
)
