"""There is too little training data: the model has memorized it, and validation stays far behind.

Why it matters
    What is missing can't be learnt by any setting of the optimizer: more data, or augmentation, ends
    clearly better.

How it decides
    The training set is memorized (its loss falls below a fiftieth of its start, or its error below
    1 %) while validation ends many times higher, at a sixth of an untrained model's level or more, and
    (where a score is logged) with a twentieth or more of a guess's wrong answers. The number of training
    samples is small where it is logged; of a run of more than 20,000 steps it must be. Of 3,000 samples or
    fewer, a training loss below a sixth of its start says it already, four times below a validation loss that
    keeps a tenth of an untrained model's. Without a validation curve nothing is said.

What to try
    More data; augmentation; transfer from a pre-trained model. Until then regularize and stop early.

When it is wrong
    A model that is far too large memorizes any amount of data and may generalize all the same. Where
    the gap is open at once, the evaluation may be at fault (statistics of batch normalization that are
    stale): score the training set in evaluation mode, which takes a minute.

References
    Cortes et al. (1994), Learning curves: asymptotic values and rate of convergence. Hestness et al.
    (2017), Deep learning scaling is predictable, empirically.
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.measures.shape import relative, why_unjudgeable
from curvedoctor.features import told
from curvedoctor.features.case import Case
from curvedoctor.features.chance import chance_error, expected_first_loss
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged

ID = "dataset-too-small"
#: share of an untrained model's loss, and of a guess's wrong answers, from which validation is poor
POOR, WRONG = 0.16, 0.05
#: difference between shares of wrong answers that is none
AS_RIGHT = 0.01
#: steps beyond which a data set whose size is not known is not small
MANY_STEPS = 20_000
#: validation over training, at its second evaluation, that was not opened by memorizing
AT_ONCE = 1.5
#: so few samples are few for any network; then this share of an untrained model's loss is enough,
#: over so many points
FEW_SAMPLES, LEFT, MIN_POINTS = 3000, 0.1, 8


def check(case: Case) -> Finding | Unjudged | None:
    reason = why_unjudgeable(case)
    if reason is not None:
        return unjudged(ID, reason)
    train, val = case.coarsest_train, case.val
    n = case.number("n_train")
    if val is None or train is None:
        return unjudged(ID, "training and validation are not both logged")
    memorized = relative(train.stats.end, train.stats.start)
    ratio = relative(val.stats.end, max(train.stats.end, 1e-3 * abs(train.stats.start), 1e-300))
    confidence = max(
        _memorized(case, memorized) * _behind(case, val, ratio) * _small(case, n),
        _few(val, n, memorized, ratio, _top(case, val)),
    )
    if confidence < REPORT_FROM or _as_right(case):
        return None
    size = f" on {n:g} training samples" if n else ""
    return finding(
        ID, "warning", confidence, val,
        f"Training data are memorized{size}: the loss ends at {told.last(train)} "
        f"there, and in validation at {told.last(val)}.",
        others=(train,), onset=float(val.x[val.best_index]), memorized=memorized, ratio=ratio, n_train=n,
        actions=(*CONDITION.actions, "check-split") if _open_at_once(train, val) else (),
    )  # fmt: skip


def _open_at_once(train: Series, val: Series) -> bool:
    """Whether validation is far above training at its second evaluation: nothing can be memorized by then."""
    return val.stats.n > 1 and float(val.y[1]) >= AT_ONCE * float(np.interp(val.x[1], train.x, train.y))


def _as_right(case: Case) -> bool:
    """Whether held-out samples are answered as well as those trained on: then nothing was memorized."""
    train, val = case.train_score, case.val_score
    if train is None or val is None or train.ceiling != 1.0 or val.ceiling != 1.0:
        return False
    return val.stats.end <= train.stats.end + AS_RIGHT


def _memorized(case: Case, share: float) -> float:
    right = case.train_score
    if right is None or right.ceiling is None:
        return ramp(share, 0.08, 0.02)
    return max(ramp(share, 0.08, 0.02), ramp(right.stats.end, 0.03, 0.005) * ramp(share, 0.3, 0.1))


def _top(case: Case, val: Series) -> float:
    """The loss that nothing learnt gives: an untrained model's where known, else validation's start."""
    expected = expected_first_loss(case) if case.judged_quantity == "loss" else None
    return max(val.stats.start, expected or 0.0)


def _few(val: Series, n: float | None, memorized: float, ratio: float, top: float) -> float:
    """Where there are known to be few samples, training far below validation says it earlier."""
    if n is None or n > FEW_SAMPLES or val.stats.n < MIN_POINTS:
        return 0.0
    behind = ramp(ratio, 3, 5) * ramp(relative(val.stats.end, top), LEFT / 1.5, 1.2 * LEFT)
    return 0.85 * ramp(memorized, 0.25, 0.1) * behind


def _behind(case: Case, val: Series, ratio: float) -> float:
    """How sure it is that validation ends far above training and far from what a good model gives."""
    far = ramp(ratio, 5, 15) * ramp(relative(val.stats.end, _top(case, val)), POOR, 2.5 * POOR)
    score = case.val_score
    if score is None or score.ceiling is None:
        return far
    return far * ramp(score.stats.end / (chance_error(case) or 1.0), WRONG / 2, WRONG)


def _small(case: Case, n: float | None) -> float:
    """How sure it is that there are few samples: by their number, else by the length of the run."""
    if n is not None:
        return 0.9 * ramp(np.log10(max(n, 1)), 4.5, 3.0)
    steps = max((int(c.steps.max()) for c in case.run.curves if len(c) and c.axis == "step"), default=0)
    return 0.0 if steps > MANY_STEPS else 0.7


def _small_set(rng: np.random.Generator) -> Run:
    val = falling(rng, 60, 2.3, 1.2, 15) + 0.8 * np.linspace(0, 1, 60)
    return run({"n_train": 200}, train_loss=falling(rng, 60, 2.3, 0.005, 14), val_loss=val)


def _few_known(rng: np.random.Generator) -> Run:
    """Not all is memorized yet, and validation has stopped at a seventh of the start: of 800 samples."""
    return run(
        {"n_train": 800},
        train_loss=falling(rng, 60, 2.3, 0.04, 8),
        val_loss=falling(rng, 60, 2.3, 0.34, 12),
    )


def _memorizes(rng: np.random.Generator) -> Run:
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
    networks_only=True,
    evidence={
        "memorized": "final training level over its start",
        "ratio": "final validation over final training level",
        "n_train": "training samples; null if not logged",
    },
    sick=(_small_set, _few_known, _memorizes),
    healthy=(*HEALTHY, _well_learnt),
)
