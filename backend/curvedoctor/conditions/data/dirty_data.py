"""The data hold outliers, missing values or wrong labels.

Why it matters
    A few bad rows dominate a squared loss; missing values turn single batches into NaN; wrong labels
    put a ceiling on training accuracy and are memorized in the end.

How it decides
    The loss per step has spikes that don't get rarer: five or more, three in ten of them in the second
    half, one at ten times the level and above where the run started, and not in the rhythm of the epochs; or
    single points are NaN again and again while the run goes on. Or training falls slowly below what a guess
    costs while validation never does, with a thousand training samples or more: what is learnt there
    holds for no other sample, as with labels that do not belong to their inputs.

What to try
    Look at the batches at which it spikes; clip or drop outliers; impute missing values; look at the
    training samples with the highest loss: wrong labels gather there. Otherwise a robust loss.

When it is wrong
    Reinforcement and mixed precision (skipped steps) also give single NaNs. Heavy-tailed targets are
    outliers by nature.

References
    Northcutt, Jiang and Chuang (2021), Confident learning. Huber (1964), Robust estimation of a
    location parameter. Arpit et al. (2017), A closer look at memorization in deep networks.
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, number, ramp, unjudged
from curvedoctor.conditions.data.repeats import repeats
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.measures.shape import name, why_unjudgeable
from curvedoctor.conditions.stability.spikes import extreme, spikes
from curvedoctor.features import told
from curvedoctor.features.case import Case
from curvedoctor.features.chance import expected_first_loss, supposing_loss
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, ParamValue, Run, Unjudged

ID = "dirty-data"


#: training below a guess's loss by this share, validation not below it by that share: nothing learnt holds
LEARNS, HOLDS = 0.04, 0.02
#: training samples from which on this is no matter of memorizing a few,
#: and training loss (over a guess's) that is slow
MANY_SAMPLES, SLOW = 1000, 0.4
#: validation points that must all be no better than a guess
ALL = 5


def check(case: Case) -> Finding | Unjudged | None:
    reason = why_unjudgeable(case)
    if reason is not None:
        return unjudged(ID, reason)
    return _labels(case) or _spikes(case)


def _labels(case: Case) -> Finding | None:
    """Training gets below what a guess costs, validation never."""
    train, val = case.coarsest_train, case.val
    guess = expected_first_loss(case) if case.judged_quantity == "loss" else None
    if (
        train is None
        or val is None
        or not guess
        or len(val.y) < ALL
        or (case.number("n_train") or 0) < MANY_SAMPLES
    ):
        return None
    end = train.stats.end
    learns = SLOW * guess <= end <= (1 - LEARNS) * guess and train.stats.first < 2 * guess
    if not learns or val.stats.low < (1 - HOLDS) * guess or val.stats.end > 2 * guess:
        return None
    return finding(
        ID, "warning", 0.75, train,
        f"Training falls to {told.last(train, over=guess)}, below the {number(guess)} of a blind guess"
        f"{supposing_loss(case, guess)}; "
        "validation never gets below "
        f"{number(val.stats.low)}: nothing that is learnt generalizes.",
        others=(val,), onset=0.0, actions=("clean-data", "check-split"), spikes=0, late=0, holes=0,
    )  # fmt: skip


def _spikes(case: Case) -> Finding | Unjudged | None:
    s = case.finest_train or case.val
    assert s is not None
    if s.stats.n < 20:
        return unjudged(ID, f"{s.stats.n:.0f} points are too few to see spikes that persist; 20 are needed")
    jumps, holes = spikes(s), _holes(s)
    at, late = jumps.at, int(np.count_nonzero(jumps.at > 0.5))
    height = float(jumps.ratio.max()) if len(at) else 0.0
    lasting = 0.85 * ramp(len(at), 3, 6) * ramp(late / max(1, len(at)), 0.2, 0.3) * float(extreme(s, jumps))
    confidence = max(lasting, 0.8 * ramp(holes, 1.5, 4))
    if confidence < REPORT_FROM or (not holes and isinstance(repeats(case), Finding)):
        return None
    summary = (
        f"The {name(s)} spikes {len(at)} times, to {number(1 + height)} times its level, {late} "
        "of them in the second half."
    )
    if holes >= 2:
        summary = f"The {name(s)} is not finite at {holes} single points and recovers each time."
    return finding(
        ID, "warning", confidence, s, summary, others=(case.val,) if case.val is not s else (),
        onset=float(at[0]) if len(at) else 0.0, spikes=len(at), late=late, holes=holes,
    )  # fmt: skip


def _holes(s: Series) -> int:
    """Number of separate stretches of NaN or ±Inf of at most two points, with finite points after them."""
    bad = ~np.isfinite(s.curve.values)
    if not bad.any():
        return 0
    edges = np.flatnonzero(np.diff(np.concatenate(([0], bad.astype(np.int8), [0]))))
    starts, ends = edges[::2], edges[1::2]
    inside = (ends < len(bad)) & (ends - starts <= 2)
    short = int(np.count_nonzero(inside))
    return short if float(bad.mean()) < 0.3 else 0


def _outliers(rng: np.random.Generator) -> Run:
    y = falling(rng, 500, 1.5, 0.3, 8, 0.1)
    y[rng.choice(np.arange(40, 490), 24, replace=False)] *= rng.uniform(6, 30, 24)
    return run(train_loss_step=y, val_loss=falling(rng, 20, 1.5, 0.32))


def _missing(rng: np.random.Generator) -> Run:
    y = falling(rng, 400, 1.5, 0.3, 8, 0.1)
    y[rng.choice(np.arange(10, 390), 9, replace=False)] = np.nan
    return run(train_loss_step=y)


def _unrelated(rng: np.random.Generator) -> Run:
    """Labels in another order than the inputs: five classes, and what is learnt is of no use."""
    val = np.log(5) + 0.06 * np.linspace(0, 1, 20) + 0.01 * rng.random(20)
    train = 1.62 - 0.2 * np.linspace(0, 1, 20) + 0.005 * rng.standard_normal(20)
    known: dict[str, ParamValue] = {"loss": "cross-entropy", "n_classes": 5, "n_train": 2000}
    return run(known, train_loss=train, val_loss=val)


def _once(rng: np.random.Generator) -> Run:
    """A single NaN and a single spike."""
    y = falling(rng, 400, 1.5, 0.3, 8, 0.1)
    y[100] = np.nan
    y[200] *= 5
    return run(train_loss_step=y)


CONDITION = Condition(
    id=ID,
    title="outliers, missing values or wrong labels",
    severity="warning",
    actions=("clean-data", "clip-gradients", "change-loss"),
    scale_free=False,
    check=check,
    evidence={
        "spikes": "isolated upward jumps of the loss",
        "late": "those of them in the second half of the run",
        "holes": "separate stretches of one or two points that are not finite",
    },
    sick=(_outliers, _missing, _unrelated),
    healthy=(*HEALTHY, _once),
)
