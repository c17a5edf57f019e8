"""The first loss is not what an untrained model must give.

Why it matters
    Before any step the loss is known: ln K for K balanced classes, ln 2 for two, 1 for hinge. Another
    value means that something is wrong before training starts: weights, inputs, the loss function or
    how it is averaged. It is the cheapest check there is.

How it decides
    The loss of the first three steps is more than twice, or less than half of, what loss function and number
    of classes imply. The mean over the first epoch tells less: it counts from 3.3 times that on, and only
    where the learning rate is not far above custom, which does the same within an epoch. Or, whatever the
    number of classes, the first loss is above 8 and four times what a model with so many right answers need
    pay (the entropy of right and wrong, and of the wrong ones among the classes, ten where unknown), and
    comes down to it later, or to a fifth of that multiple; not where the rate is far above custom and its
    doing is seen.

What to try
    Too high: default initialization, last layer's weights small, inputs standardized. Too low: the
    loss is divided by the wrong count, or labels leak into the inputs.

When it is wrong
    A pre-trained or resumed model starts lower, and rightly so. A first point that is logged after
    many steps is not the first loss.

References
    Karpathy (2019), A recipe for training neural networks ("verify loss @ init"). CS231n, Sanity checks
    (2023).
"""

from __future__ import annotations

import math

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, number, percent, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.learning_rate.too_large import too_large
from curvedoctor.conditions.measures.proportions import CROSS, proportion, warranted
from curvedoctor.conditions.measures.shape import name, relative, why_unjudgeable
from curvedoctor.features.case import Case
from curvedoctor.features.chance import classes, expected_first_loss, supposing_loss
from curvedoctor.features.rates import decades_below_usual
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, ParamValue, Run, Severity, Unjudged

ID = "initial-loss-off"

#: times the expected loss from which on inputs of thousands are likelier than weights that are too large
HUGE = 10.0
#: first steps that still show an untrained model
FIRST_STEPS = 3
#: a mean over an epoch tells of its start only from so many times the expected loss on, over so many epochs,
#: and where the learning rate is no more than so many decades above custom
MEAN_RATIO, EPOCHS, DECADES = 3.3, 4, 1.2
#: a first loss that high, as a multiple of what its answers warrant;
#: which it then comes down from by this factor, to that multiple, or by so much that no sum over a batch does
HIGH, OVER, COMES_DOWN, USUAL, FAR_DOWN = 8.0, 4.0, 2.0, 3.0, 5.0
#: classes where their number is not known, and where so many answers are wrong at first that they may be
#: words; least cost in nats that a ratio is taken of
CLASSES, WORDS, WRONG, LEAST = 10.0, 1e5, 0.8, 0.2
#: what makes a first loss far too high: the inputs, the weights, or the first steps
OFF = ("normalize-input", "fix-init", "lower-lr", "add-warmup")
#: why a mean over an epoch says nothing
MEAN = "only means over epochs are logged, and not how far the learning rate is from custom"
_WARNING: Severity = "warning"


def check(case: Case) -> Finding | Unjudged | None:
    reason = why_unjudgeable(case, 2)
    if reason is not None:
        return unjudged(ID, reason)
    known = _against_expected(case)
    return known if isinstance(known, Finding) else _against_answers(case) or known


def _against_expected(case: Case) -> Finding | Unjudged | None:
    """The first loss against that of an untrained model."""
    expected = expected_first_loss(case)
    if expected is None or case.judged_quantity != "loss":
        return unjudged(ID, "the loss function or the number of classes is not logged")
    s = case.finest_train
    if s is None:
        return unjudged(ID, "no training loss is logged")
    first = s.stats.first
    ratio = relative(first, expected)
    if not _at_start(s):
        below = decades_below_usual(case)
        if below is None or below < -DECADES or s.stats.n < EPOCHS or s.curve.role.granularity == "step":
            mean = below is None and s.curve.role.granularity != "step"
            return unjudged(ID, MEAN if mean else "the loss of the first steps is not logged")
        confidence, severity = (0.9 if ratio >= MEAN_RATIO else 0.0), _WARNING
    else:
        confidence, severity = _first(case, ratio)
    if confidence < REPORT_FROM:
        return None
    actions = ("normalize-input", "fix-init") if ratio > HUGE else CONDITION.actions
    which = "first loss" if _at_start(s) else "mean loss of the first epoch"
    return finding(
        ID, severity, confidence, s,
        f"The {which} is {number(first)}; an untrained model gives {number(expected)}"
        f"{supposing_loss(case, expected)}.",
        onset=0.0, until=0.0, actions=actions, first=first, expected=expected, ratio=ratio,
        loss=case.word("loss"),
    )  # fmt: skip


def _against_answers(case: Case) -> Finding | None:
    """The first loss against what so many right answers cost a model that knows what it does not know.

    A loss that is summed over a batch stays as far off; one that started too high comes down to what its
    answers cost.
    """
    for split, s in (("train", case.train), ("val", case.val)):
        error = proportion(case, split) or proportion(case, "val" if split == "train" else "train")
        if (
            s is None
            or error is None
            or case.judged_quantity != "loss"
            or case.word("loss") not in (None, *CROSS)
        ):
            continue
        k = classes(case) or (WORDS if error.stats.first > WRONG else CLASSES)
        costs = warranted(error.stats.first, k)
        ratio = relative(s.stats.first, costs)
        later = relative(s.stats.end, max(warranted(error.stats.end, k), LEAST))
        if (
            s.stats.first < HIGH
            or ratio < OVER
            or later > max(min(ratio / COMES_DOWN, USUAL), ratio / FAR_DOWN)
        ):
            continue
        if (decades_below_usual(case) or 0.0) < -DECADES and isinstance(too_large(case), Finding):
            return None  # such a rate spoils any model within an epoch
        return finding(
            ID, "warning", 0.85, s,
            f"The {name(s)} starts at {number(s.stats.first)} with {percent(1 - error.stats.first)} of the "
            f"answers right, where {number(costs)} or less is usual: inputs, weights or the first steps "
            "are far too large.",
            others=(error,), onset=0.0, until=0.0, actions=OFF, first=s.stats.first, expected=costs,
            ratio=ratio,
            loss=case.word("loss"),
        )  # fmt: skip
    return None


def _first(case: Case, ratio: float) -> tuple[float, Severity]:
    """How odd the loss of the very first steps is. A fine-tuned model starts low as well: worth a look,
    no more."""
    confidence = 0.92 * ramp(math.log2(max(ratio, 1e-9)), 0.6, 1.6)
    if confidence >= REPORT_FROM:
        return confidence, _WARNING
    resumed = case.finest_train is not None and int(case.finest_train.curve.steps[0]) > FIRST_STEPS
    if resumed:
        return 0.0, "info"
    return (0.0 if case.word("init") == "pretrained" else 0.5 * ramp(ratio, 0.5, 0.25)), "info"


def _at_start(s: Series) -> bool:
    """Whether the first point is that of the first steps: not a log of every hundredth,
    which begins with the hundredth."""
    steps = s.curve.steps
    every = int(steps[1]) - int(steps[0]) if len(steps) > 1 else 0
    return s.curve.role.granularity == "step" and not FIRST_STEPS < int(steps[0]) <= 1.5 * every


def _huge(rng: np.random.Generator) -> Run:
    y = falling(rng, 200, 30.0, 0.5, 10, 0.05)
    return run({"loss": "cross-entropy", "n_classes": 10}, train_loss_step=y)


def _binary(rng: np.random.Generator) -> Run:
    params: dict[str, ParamValue] = {"loss": "bce", "lr": 1e-3, "optimizer": "adam"}
    return run(params, train_loss=falling(rng, 40, 4.0, 0.3, 10), val_loss=falling(rng, 40, 1.0, 0.3, 10))


def _unscaled(rng: np.random.Generator) -> Run:
    """Nothing is configured: half of the answers are right after the first epoch, at a loss of thirty."""
    acc = 0.95 - 0.5 * np.exp(-np.linspace(0, 6, 40)) + 0.003 * rng.standard_normal(40)
    return run(
        train_loss=falling(rng, 40, 60.0, 0.4, 6), val_loss=falling(rng, 40, 30.0, 0.5, 6), val_accuracy=acc
    )


def _summed(rng: np.random.Generator) -> Run:
    """The loss is summed over batches of 32: as far off at the end."""
    acc = 0.95 - 0.5 * np.exp(-np.linspace(0, 6, 40)) + 0.003 * rng.standard_normal(40)
    y = falling(rng, 40, 50.0, 6.0, 6)
    return run(train_loss=y, val_loss=y, val_accuracy=acc)


def _words(rng: np.random.Generator) -> Run:
    """A language model from scratch: one of twenty words is right at a loss of 10."""
    acc = 0.42 - 0.37 * np.exp(-np.linspace(0, 6, 40)) + 0.002 * rng.standard_normal(40)
    return run(
        train_loss=falling(rng, 40, 10.8, 3.2, 6), val_loss=falling(rng, 40, 10.0, 3.3, 6), val_accuracy=acc
    )


def _as_it_must(rng: np.random.Generator) -> Run:
    y = falling(rng, 200, math.log(10), 0.4, 10, 0.1)
    return run({"loss": "cross-entropy", "n_classes": 10}, train_loss_step=y)


def _fast_epoch(rng: np.random.Generator) -> Run:
    """The mean over the first epoch is far below ln K already: fine."""
    return run({"loss": "cross-entropy", "n_classes": 10}, train_loss=falling(rng, 40, 0.4, 0.05, 10))


CONDITION = Condition(
    id=ID,
    title="first loss off",
    severity="warning",
    actions=("fix-init", "normalize-input", "change-loss"),
    check=check,
    networks_only=True,
    evidence={
        "first": "first logged training loss, in its unit",
        "expected": "loss of an untrained model, or what so many right answers cost, in the same unit",
        "ratio": "first over expected",
        "loss": "the loss function as logged",
    },
    sick=(_huge, _binary, _unscaled),
    healthy=(*HEALTHY, _as_it_must, _fast_epoch, _summed, _words),
    scale_free=False,
)
