"""The model is too small for the task: training and validation settle together on a high floor.

Why it matters
    More training, data or regularization brings nothing; a bigger model at its own best learning rate
    ends clearly lower. A linear model on a non-linear problem swings around such a floor.

How it decides
    Training and validation end within 10 % of each other, both flat over the last third, well above
    what the task should allow: above three quarters of the start (or of an untrained model's loss), with
    a quarter of the answers wrong; and the model is linear or narrow where that is logged. A linear model
    that keeps 60 % of an untrained model's loss, or one of at most four units that keeps 42 % (of
    two, 20 %), is too small; and so is one of at most four units, half as many as there are classes or
    fewer (as many as are logged, else as the first loss asks for: e to its power), that gets a fifth of its
    own training answers wrong. Where the learning rate is logged and far below the custom, or the
    regularization far above it, that comes first. Make sure that the splits are sound. Of a linear model it
    is information and makes nobody sick, unless it fits classes by squared error: on a task that is linear
    but for its noise it looks the same, and in the clinic a bigger model helped 11 of 29 such runs. So it is
    of five to eight units, of which it helped 5 of 11.

What to try
    More units, another hidden layer with a non-linear activation; then tune the learning rate anew. If
    a bigger model stops at the same floor, look for wrong labels.

When it is wrong
    Noise in labels and targets sets a floor that no model beats. A learning rate that is too low or
    too high, or regularization that is too strong, holds a big model on a high floor as well.

References
    Goodfellow, Bengio and Courville (2016), Deep Learning, ch. 5. CS231n, Learning curves (2023).
"""

from __future__ import annotations

import math

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.generalization.held_down import held_down
from curvedoctor.conditions.learning_rate.crawl import low_rate
from curvedoctor.conditions.measures.proportions import nats, proportion
from curvedoctor.conditions.measures.shape import flat, relative, score_of, why_unjudgeable
from curvedoctor.features import told
from curvedoctor.features.case import Case
from curvedoctor.features.chance import chance_error, classes, expected_first_loss
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, ParamValue, Run, Unjudged

ID = "underfitting"
#: units that can hardly bend a line, and that can't
TINY, NARROW = 4, 2
#: share of an untrained model's loss that is a high floor,
#: for a linear model (many tasks are linear) and a tiny one
LINEAR_FLOOR, TINY_FLOOR, NARROW_FLOOR = 0.6, 0.42, 0.15
#: share of a guess's loss above which nothing was learnt
LEARNT = 0.95
#: units per class below which a hidden layer is a bottleneck; share of wrong answers that it leaves
PER_CLASS, WRONG = 0.5, (0.12, 0.22)
#: share by which validation may differ from training there, and a level still move over the last two fifths
APART, MOVES = (0.3, 0.2), 0.04


def check(case: Case) -> Finding | Unjudged | None:
    reason = why_unjudgeable(case)
    if reason is not None:
        return unjudged(ID, reason)
    train, val = case.coarsest_train, case.val
    if train is None or val is None:
        return unjudged(ID, "training and validation are not both logged")
    gap = relative(val.stats.end - train.stats.end, train.stats.end)
    confidence = _rule(case, train, gap)
    if confidence < REPORT_FROM or isinstance(held_down(case), Finding):
        return None
    return finding(
        ID, "warning" if _telling(case) else "info", confidence, train,
        f"Training ({told.last(train)}) and validation "
        f"({told.last(val)}) level off together at a high loss{_size(case)}.",
        others=(val,), onset=min(train.stats.t90, 1.0), gap=gap,
        floor=relative(train.stats.end, train.stats.start),
        model=case.word("model"), width=case.number("width"),
    )  # fmt: skip


def _size(case: Case) -> str:
    if _linear(case):
        return " with a linear model"
    width = case.number("width")
    return f" with {width:g} units" if width else ""


def _rule(case: Case, s: Series, gap: float) -> float:
    if low_rate(case):
        return 0.0
    crowded = _crowded(case, s, gap)
    if not flat(s, 0.6, 0.015):
        return crowded
    together = ramp(abs(gap), 0.2, 0.08)
    floor, untrained = relative(s.stats.end, s.stats.start), expected_first_loss(case)
    high = ramp(floor, 0.5, 0.75)
    if untrained is not None and case.judged_quantity == "loss":
        high = ramp(relative(s.stats.end, untrained), 0.6, 0.85)
    score = score_of(case)
    if score is not None and score.ceiling is not None:
        wrong, worst = score.stats.end, chance_error(case)
        high = min(high, ramp(wrong, 0.1, 0.25))
        if worst is not None:
            high = min(high, ramp(wrong / worst, 0.4, 0.6))
            high *= 0.3 if wrong > 0.93 * worst else 1.0  # nothing at all was learnt: another fault
    learnt = ramp(relative(s.stats.start - s.stats.end, s.stats.start), 0.03, 0.1)
    width = case.number("width")
    small = 0.3
    if _linear(case):
        small = 0.55 if score is not None else 0.34
    elif width is not None:
        small = 0.75 if width <= TINY else 0.6 if width <= 8 else 0.3
    near = 0.0
    tiny = _linear(case) or (width is not None and width <= TINY)
    if tiny and untrained is not None and case.judged_quantity == "loss":
        left = relative(s.stats.end, untrained)
        high_from = LINEAR_FLOOR if _linear(case) else TINY_FLOOR if (width or 0) > NARROW else NARROW_FLOOR
        near = (
            0.8 * ramp(abs(gap), 0.2, 0.15) * ramp(left, high_from, high_from + 0.1) * ramp(left, 0.99, 0.96)
        )
    return max(near, crowded, small * together * high * learnt)


def _crowded(case: Case, s: Series, gap: float) -> float:
    """How sure it is of a handful of units between the inputs and many more classes."""
    width, fitted, held = case.number("width"), proportion(case, "train"), proportion(case, "val")
    val = case.val
    if width is None or width > TINY or held is None or val is None or case.judged_quantity != "loss":
        return 0.0
    first = min(nats(s, s.stats.first), nats(val, val.stats.first))
    k = classes(case) or math.exp(min(first, 7.0))
    rests = flat(s, 0.6, MOVES) and flat(val, 0.6, MOVES)
    if width > PER_CLASS * k or not rests or nats(s, s.stats.end) > LEARNT * math.log(k):
        return 0.0
    wrong = min(each.stats.end for each in (held, fitted or held))
    return 0.8 * ramp(abs(gap), *APART) * ramp(wrong, *WRONG)


def _telling(case: Case) -> bool:
    """Whether such a model is seldom what its task asks for: many tasks are linear, or need a few units."""
    return _squared(case) if _linear(case) else (case.number("width") or 0) <= TINY


def _linear(case: Case) -> bool:
    return "linear" in (case.word("model"), case.word("activation")) or case.number("depth") == 0


def _squared(case: Case) -> bool:
    """Whether classes are fitted by squared error: then no task's noise is all that keeps the loss up."""
    return case.word("loss") == "mse" and classes(case) is not None


def _straight(rng: np.random.Generator) -> Run:
    y = falling(rng, 60, 0.72, 0.6, 14)
    acc = 1 - falling(rng, 60, 0.5, 0.32, 14, 0.02)
    return run(
        {"model": "linear"}, train_loss=y, val_loss=y * 1.02, train_accuracy=acc, val_accuracy=acc - 0.01
    )


def _little_better(rng: np.random.Generator) -> Run:
    """A sigmoid unit and squared error: a step below the 0.25 of a coin, and no further."""
    y = falling(rng, 100, 0.245, 0.229, 40, 0.004)
    acc = 0.61 + 0.006 * rng.standard_normal(100)
    known: dict[str, ParamValue] = {
        "model": "linear",
        "loss": "mse",
        "last_activation": "sigmoid",
        "n_classes": 2,
    }
    return run(known, train_loss=y, val_loss=y * 0.995, train_accuracy=acc, val_accuracy=acc)


def _narrow(rng: np.random.Generator) -> Run:
    return run(
        {"width": 2}, train_loss=falling(rng, 80, 2.3, 1.7, 10), val_loss=falling(rng, 80, 2.3, 1.72, 10)
    )


def _bottleneck(rng: np.random.Generator) -> Run:
    """Three units before ten classes; the classes are not logged."""
    y, acc = falling(rng, 60, 2.29, 1.1, 14, 0.004), 1 - falling(rng, 60, 0.88, 0.42, 14, 0.004)
    known: dict[str, ParamValue] = {"width": 3, "lr": 0.003, "optimizer": "adam"}
    return run(known, train_loss=y, val_loss=0.97 * y, train_accuracy=acc, val_accuracy=acc - 0.05)


def _good_enough(rng: np.random.Generator) -> Run:
    """Together, but on a low floor."""
    acc = 1 - falling(rng, 60, 0.5, 0.02, 10)
    return run(
        {"width": 256},
        train_loss=falling(rng, floor=0.08),
        val_loss=falling(rng, floor=0.082),
        val_accuracy=acc,
    )


CONDITION = Condition(
    id=ID,
    title="model too small",
    severity="warning",
    actions=("bigger-model", "clean-data", "reduce-regularization", "train-longer"),
    check=check,
    evidence={
        "gap": "final validation over final training level, minus 1",
        "floor": "final over first level",
        "model": "model family; null if not logged",
        "width": "units; null if not logged",
    },
    sick=(_straight, _narrow, _little_better, _bottleneck),
    healthy=(*HEALTHY, _good_enough),
    scale_free=False,
)
