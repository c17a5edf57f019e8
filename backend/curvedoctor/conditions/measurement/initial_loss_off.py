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
    doing is seen. Of a regression a first R² far below zero tells the same: from an error of 25 times the
    mean's on. Where training and validation both start that high, at a rate not above custom, it was not the
    first steps; and an error where the run ends worth less than a guess, or than the mean.

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

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, number, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.measurement.beside import DECADES, ID, against_beside
from curvedoctor.conditions.measures.shape import relative, why_unjudgeable
from curvedoctor.features.case import Case
from curvedoctor.features.chance import expected_first_loss, supposing_loss
from curvedoctor.features.rates import decades_below_usual
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, ParamValue, Run, Severity, Unjudged

#: times the expected loss from which on inputs of thousands are likelier than weights that are too large
HUGE = 10.0
#: first steps that still show an untrained model
FIRST_STEPS = 3
#: a mean over an epoch tells of its start only from so many times the expected loss on, over so many epochs
MEAN_RATIO, EPOCHS = 3.3, 4
#: why a mean over an epoch says nothing
MEAN = "only means over epochs are logged, and not how far the learning rate is from custom"
_WARNING: Severity = "warning"


def check(case: Case) -> Finding | Unjudged | None:
    reason = why_unjudgeable(case, 2)
    if reason is not None:
        return unjudged(ID, reason)
    known = _against_expected(case)
    return known if isinstance(known, Finding) else against_beside(case) or known


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


def _beyond_mean(rng: np.random.Generator) -> Run:
    """A regression on raw inputs: nothing tells what its loss should be, but its R²."""
    y = falling(rng, 40, 9e4, 150.0, 6)
    return run(train_loss=y, val_loss=y, val_r2=1.0 - y / 90.0)


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
        "first": "first logged training loss, in its unit; of R² one minus it",
        "expected": "loss of an untrained model, or what so many right answers cost, in the same unit; "
        "of R² 1",
        "ratio": "first over expected",
        "loss": "the loss function as logged",
    },
    sick=(_huge, _binary, _unscaled, _beyond_mean),
    healthy=(*HEALTHY, _as_it_must, _fast_epoch, _summed, _words),
    scale_free=False,
)
