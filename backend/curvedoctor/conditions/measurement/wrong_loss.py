"""The loss function does not fit the task, or gets what it was not made for.

Why it matters
    Squared error on class probabilities flattens where the model is most wrong; a softmax before a
    cross-entropy that applies its own caps the gradient; a cross-entropy of targets outside 0..1
    falls for ever. The fitting loss ends clearly lower.

How it decides
    A cross-entropy that settles at the lowest value it can reach on probabilities instead of logits (ln(e + K
    − 1) − 1) while accuracy is so high that a sound one would be far lower. Or one that settles above what
    its answers cost a model that knows how often it is wrong (the entropy of right and wrong, and of the
    wrong ones among the classes; three points of a hundred for chance) by a tenth and more, but below a blind
    guess, though training is no lower (unless regularization far above the custom or a rate far below it is
    logged, or the loss still falls to the end at a rate not above custom, which explain it). Squared or
    absolute error although classes are predicted is information: it trains as well when tuned. A
    cross-entropy below zero is an impossible-value. Of an agent: a discount below 0.9 that looks ahead a
    twentieth of an episode
    or less (1 / (1 - discount) steps; a fifth, below 0.5), unless its episodes end alike; 0 is meant, as of
    bandits.

What to try
    Cross-entropy on logits for classes, binary cross-entropy on logits for yes or no and for several
    labels at once, squared error (or Huber) for numbers. A discount of 0.99.

When it is wrong
    What holds outputs back may as well be regularization, wrong labels, a rate that is too low or units that
    are too few. Squared error on one-hot targets can work as well as cross-entropy when tuned. Label
    smoothing and mixed labels raise the floor of a sound cross-entropy.

References
    Golik, Doetsch and Ney (2013), Cross-entropy vs. squared error training. Humbatova et al. (2020),
    Taxonomy of real faults in deep learning systems.
"""

from __future__ import annotations

import math

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, number, percent, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.generalization.held_down import held_down
from curvedoctor.conditions.learning_rate.crawl import crawl, low_rate
from curvedoctor.conditions.measures.held_back import short_sighted
from curvedoctor.conditions.measures.proportions import entropy, proportion, unsure
from curvedoctor.conditions.measures.shape import flat, name, why_unjudgeable
from curvedoctor.features import told
from curvedoctor.features.case import Case
from curvedoctor.features.chance import classes, expected_first_loss, supposing
from curvedoctor.features.rates import decades_below_usual
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Severity, Unjudged

ID = "wrong-loss"
#: what holds outputs back, most usual first
HELD_BACK = ("change-loss", "reduce-regularization", "clean-data", "raise-lr", "bigger-model")
#: how much a level may still fall to have settled
SETTLED = 0.02
#: times what its answers cost, from which on a loss clearly costs more
CLEARLY = 1.1
SQUARED = {"mse", "mae", "huber", "logcosh"}


def check(case: Case) -> Finding | Unjudged | None:
    if case.agent and (sight := short_sighted(case)) is not None and sight.confidence >= REPORT_FROM:
        end = sight.series.logged(sight.series.stats.end)
        return finding(
            ID, "warning", sight.confidence, sight.series, sight.text, onset=0.0, actions=("change-loss",),
            loss=None, end=end,
            floor=None, accuracy=None,
        )  # fmt: skip
    reason = why_unjudgeable(case)
    if reason is not None:
        return unjudged(ID, reason)
    s, named = case.coarsest_train or case.val, case.word("loss")
    assert s is not None
    error = proportion(case, "train") or proportion(case, "val")
    if named is None and error is None:
        return unjudged(ID, "neither the loss function nor an accuracy is logged")
    held = unsure(case)
    floor = _floor(case, s, error)
    if (
        floor is None
        and held is not None
        and _unexplained(case, held[0], held[2])
        and flat(held[0], 0.6, SETTLED)
    ):
        return _held_back(case, *held)
    squared = named in SQUARED and _classifies(case, error)
    if floor is None and not squared:
        return None
    severity: Severity = "warning" if floor is not None else "info"
    summary = f"Classes are predicted, and the loss is {named}: cross-entropy is what fits the task."
    if floor is not None and error is not None:
        summary = (
            f"The loss settles at {told.last(s)} with {percent(1 - told.last_value(error))} of "
            "answers right: the lowest "
            f"value that it can reach{supposing(case, classes(case) or 0.0)} ({number(floor)}) where "
            "probabilities are passed instead of logits."
        )
    return finding(
        ID, severity, 0.9, s, summary, others=(error,), onset=0.0,
        loss=named, end=s.stats.end, floor=floor, accuracy=None if error is None else 1 - error.stats.end,
    )  # fmt: skip


def _unexplained(case: Case, val: Series, costs: float) -> bool:
    """Whether outputs are clearly too unsure, and neither regularization nor a low rate, nor one at which
    they grow surer to the end, is why. What costs more than a guess is too sure instead."""
    guess = expected_first_loss(case)
    if val.stats.end < CLEARLY * costs or (guess is not None and val.stats.end > guess):
        return False
    slow = low_rate(case) or crawl(case, val, decades_below_usual(case)) is not None
    return not slow and not isinstance(held_down(case), Finding)


def _held_back(case: Case, val: Series, error: Series, costs: float) -> Finding:
    """Right answers that are not sure: probabilities where logits belong, squashed outputs, wrong labels,
    or too little."""
    return finding(
        ID, "warning", 0.75, val,
        f"The {name(val)} settles at {told.last(val)} with "
        f"{percent(1 - told.last_value(error))} of the answers right, as training does; at that accuracy it "
        f"should be {number(costs)} at most: something keeps the outputs near even odds.",
        others=(error, case.finest_train), onset=min(val.stats.t90, 1.0), actions=HELD_BACK,
        loss=case.word("loss"),
        end=val.stats.end, floor=costs, accuracy=1 - error.stats.end,
    )  # fmt: skip


def _classifies(case: Case, error: Series | None) -> bool:
    k = case.number("n_classes")
    return (k is not None and k >= 2) or (error is not None and case.word("model") != "autoencoder")


def _floor(case: Case, s: Series, error: Series | None) -> float | None:
    """The least cross-entropy of K probabilities taken for logits,
    if the loss sits just above it and answers are right."""
    k = classes(case)
    if (
        case.judged_quantity != "loss"
        or error is None
        or k is None
        or k < 3
        or case.word("loss") not in (None, "cross-entropy", "nll")
    ):
        return None
    floor = math.log(math.e + k - 1) - 1
    wrong = error.stats.end
    # each wrong answer costs up to 1 more than a right one;
    # a sound loss with as many costs at most this on average
    sound = entropy(min(wrong, 0.5)) + wrong * math.log(k - 1)
    near = floor * 0.99 <= s.stats.low and s.stats.end <= floor + 1.2 * wrong + 0.05
    return floor if near and s.stats.end > 1.4 * sound and flat(s, 0.6, 0.03) else None


def _twice_softmax(rng: np.random.Generator) -> Run:
    acc = 0.96 + 0.004 * rng.standard_normal(60)
    y = falling(rng, 60, 2.3, 1.502, 12, 0.002)
    return run(
        {"loss": "cross-entropy", "n_classes": 10},
        train_loss=y,
        val_loss=y,
        train_accuracy=acc,
        val_accuracy=acc,
    )


def _squared(rng: np.random.Generator) -> Run:
    return run(
        {"loss": "mse", "n_classes": 10},
        train_loss=falling(rng, 60, 0.09, 0.02),
        val_loss=falling(rng, 60, 0.09, 0.02),
    )


def _held(rng: np.random.Generator) -> Run:
    """93 % are right at a loss of 0.9, in training as in validation."""
    acc = 0.93 - 0.5 * np.exp(-np.linspace(0, 12, 60)) + 0.003 * rng.standard_normal(60)
    y = falling(rng, 60, 2.3, 0.9, 12, 0.003)
    return run({"n_classes": 10}, train_loss=y, val_loss=1.03 * y, val_accuracy=acc)


def _many_classes(rng: np.random.Generator) -> Run:
    """Three quarters of a thousand classes are right at a loss of 1.2."""
    acc = 0.74 - 0.6 * np.exp(-np.linspace(0, 12, 60)) + 0.003 * rng.standard_normal(60)
    y = falling(rng, 60, 5.9, 1.2, 12, 0.003)
    return run(train_loss=y, val_loss=1.03 * y, val_accuracy=acc)


def _smoothed(rng: np.random.Generator) -> Run:
    """Smoothed labels cost more than right answers do."""
    acc = 0.95 - 0.5 * np.exp(-np.linspace(0, 12, 60)) + 0.003 * rng.standard_normal(60)
    y = falling(rng, 60, 2.3, 0.66, 12, 0.003)
    return run({"n_classes": 10, "label_smoothing": 0.1}, train_loss=y, val_loss=1.03 * y, val_accuracy=acc)


def _regression(rng: np.random.Generator) -> Run:
    return run({"loss": "mse"}, train_loss=falling(rng, 60, 1.0, 0.1), val_loss=falling(rng, 60, 1.0, 0.11))


def _elbo(rng: np.random.Generator) -> Run:
    """A likelihood goes below zero by right."""
    y = 100 - 300 * np.linspace(0, 1, 50) + rng.standard_normal(50)
    return run({"loss": "elbo"}, train_loss=y, val_loss=y)


CONDITION = Condition(
    id=ID,
    title="wrong loss function",
    severity="warning",
    actions=("change-loss",),
    check=check,
    evidence={
        "loss": "the loss function as logged; null if not",
        "end": "final loss, in its unit",
        "floor": "lowest value that the loss can reach, or what its answers cost at most; null where "
        "nothing follows",
        "accuracy": "final share of right answers; null if not logged",
    },
    sick=(_twice_softmax, _squared, _held),
    healthy=(*HEALTHY, _regression, _elbo, _many_classes, _smoothed),
    scale_free=False,
)
