"""Training and validation do not fit together: validation is better than it can be, or worse than guessing.

Why it matters
    Validation that is too good has a leak as a rule: its samples are also training samples, or easier
    ones. Validation that is worse than guessing beside good training was cut from sorted data, or is
    scored in the wrong mode. Either way every decision made on it is wrong.

How it decides
    Worse than guessing: validation accuracy lies (by its median) below half of what a guess gives, or
    below 2 % where the classes are not known, from three points on, while training answers half or more
    rightly. Exploding: the validation loss lies (by its median) at ten times an untrained model's
    or more, from its first points on, while the training loss falls calmly to half of its start or less. Or
    it falls with training and at its best stays above where training began. Wild: it jumps to and fro, five
    times as rough as training, which learns calmly, and is a sixth of the time far worse than that began.
    Too good: through the second half of the run validation is better than the training loss of the
    *next* epoch, which is a mean over later weights: lag can't explain it. Dropout, augmentation and
    label smoothing can; so it is said only where they are logged as absent, or where training has fallen
    to next to nothing, which none of them allows; and not with fewer than 200 validation samples.

What to try
    Look for duplicates between the splits; split by group, patient or time rather than at random;
    score the training set in evaluation mode and compare again. Shuffle before splitting, and let both
    parts hold every class; look at what batch normalization does in evaluation.

When it is wrong
    Regularization terms that are part of the training loss only (weight decay, auxiliary heads). A
    validation set that is easier by chance: four standard errors are allowed for its size (200 samples
    where none is known).

References
    Kapoor and Narayanan (2023), Leakage and the reproducibility crisis in machine-learning-based science.
    Barz and Denzler (2020), Do we train on test data?
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, number, percent, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.measurement.held_out import (
    ID,
    MIN_COMPARED_POINTS,
    MIN_POINTS,
    badly_held,
    held_out_samples,
)
from curvedoctor.conditions.measures.shape import error_of_mean, mean, relative, why_unjudgeable
from curvedoctor.features.case import Case
from curvedoctor.features.resample import GRID
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged

#: validation samples, known or revealed by the steps of the score, below which an easier sample may be chance
FEW_SAMPLES = 200


def check(case: Case) -> Finding | Unjudged | None:
    reason = why_unjudgeable(case, MIN_POINTS)
    if reason is not None:
        return unjudged(ID, reason)
    train, val = case.coarsest_train, case.val
    if train is None or val is None:
        return unjudged(ID, "training and validation are not both logged")
    return badly_held(case) or _too_good(case, train, val)


def _too_good(case: Case, train: Series, val: Series) -> Finding | Unjudged | None:
    if min(train.stats.n, val.stats.n) < MIN_COMPARED_POINTS:
        few = min(train.stats.n, val.stats.n)
        return unjudged(ID, f"{few:.0f} points are too few; {MIN_COMPARED_POINTS} are needed")
    if (held_out_samples(case) or FEW_SAMPLES) < FEW_SAMPLES or train.stats.end > train.stats.start:
        return None
    a, b = mean(train, 0.75, 1.0), mean(val, 0.75, 1.0)
    below, memorized, better = _below(train, val), relative(a, train.stats.start), 1 - relative(b, a)
    seen = _seen(case, train, val, below)
    explained = _explained(case)
    near_nothing = ramp(memorized, 0.05, 0.02) * (0.5 if explained else 1.0)
    if explained is None and seen >= REPORT_FROM and near_nothing < REPORT_FROM:
        why = "dropout or augmentation may explain that validation is better, and neither is logged"
        return unjudged(ID, why)
    confidence = seen * max(0.65 if explained is False else 0.0, 0.65 * near_nothing)
    if confidence < REPORT_FROM:
        return None
    means = f"mean {number(val.logged(b))}", f"mean {number(train.logged(a))}"
    levels = f"Over the last quarter validation ({means[0]}) stays better than training ({means[1]})"
    return finding(
        ID, "warning", confidence, val, f"{levels}, by {percent(better)}: do the splits share samples?",
        others=(train,), onset=0.5, better=better, below=below, memorized=memorized, explained=explained,
    )  # fmt: skip


def _seen(case: Case, train: Series, val: Series, below: float) -> float:
    """How sure it is that validation is better beyond its noise, its lag and an easier sample."""
    a, b = mean(train, 0.75, 1.0), mean(val, 0.75, 1.0)
    z = (a - b) / max(error_of_mean(train, 0.25) + error_of_mean(val, 0.25), 1e-300)
    # how much easier than training such a sample may be by chance: its losses spread by about their mean
    chance = 1.2 / max(held_out_samples(case) or FEW_SAMPLES, 1.0) ** 0.5
    return ramp(below, 0.75, 0.92) * ramp(1 - relative(b, a), 2.5 * chance, 4 * chance) * ramp(z, 2.5, 5.0)


def _below(train: Series, val: Series) -> float:
    """Share of the second half of the run in which validation is below training an epoch later."""
    epoch = 1.0 / max(val.stats.n, 2.0)
    places = np.linspace(0.5, 1.0 - epoch if epoch < 0.4 else 1.0, GRID // 2)
    grid = np.linspace(0.0, 1.0, GRID)
    later = np.interp(np.minimum(places + epoch, 1.0), grid, train.grid)
    return float(np.mean(np.interp(places, grid, val.grid) < later))


def _explained(case: Case) -> bool | None:
    """Whether dropout, augmentation or label smoothing is at work; None where the log does not say."""
    amounts = [case.number(k) for k in ("dropout", "label_smoothing")]
    augmented = case.params.get("augmentation")
    if any(v for v in amounts) or augmented is True:
        return True
    return None if amounts[0] is None else False


def _duplicates(rng: np.random.Generator) -> Run:
    """Memorized, and validation follows: it is part of the training set."""
    return run(
        train_loss=falling(rng, 80, 2.3, 0.012, 8, 0.03), val_loss=falling(rng, 80, 2.2, 0.006, 8.4, 0.03)
    )


def _no_dropout(rng: np.random.Generator) -> Run:
    return run(
        {"dropout": 0.0, "lr": 0.01},
        train_loss=falling(rng, 60, floor=0.5),
        val_loss=falling(rng, 60, floor=0.28),
    )


def _sorted_split(rng: np.random.Generator) -> Run:
    """The last rows of data sorted by class are validated on: a class that training never saw."""
    wrong = 1 - np.where(rng.random(8) < 0.3, rng.uniform(0, 0.08, 8), 0.0)
    wrong[[0, 2, 4, 5, 6]] = 1.0
    return run(
        train_loss=falling(rng, 8, 1.0, 0.25, 4),
        val_loss=4.5 * np.exp(0.15 * rng.standard_normal(8)),
        train_accuracy=1 - falling(rng, 8, 0.4, 0.08, 4),
        val_accuracy=1 - wrong,
    )


def _wrong_mode(rng: np.random.Generator) -> Run:
    """Batch statistics that are off in evaluation."""
    val = 400 * np.exp(0.5 * rng.standard_normal(20))
    return run(train_loss=falling(rng, 20, 2.3, 0.3, 8), val_loss=val)


def _lags(rng: np.random.Generator) -> Run:
    """The mean over an epoch lags behind the validation at its end, most of all early on."""
    whole = falling(rng, 30, 2.3, 0.3, 6, 0.0)
    lagging = np.concatenate(([2.3], (whole[:-1] + whole[1:]) / 2))
    noise = np.exp(0.01 * rng.standard_normal((2, 30)))
    return run({"dropout": 0.0}, train_loss=lagging * noise[0], val_loss=whole * noise[1])


CONDITION = Condition(
    id=ID,
    title="training and validation do not fit together",
    severity="warning",
    actions=("check-split", "shuffle", "more-validation-data"),
    check=check,
    evidence={
        "better": "1 − validation over training level, over the last quarter; of accuracies, their "
        "difference",
        "below": "share of the second half with validation below the training loss of the next epoch; "
        "null unless too good",
        "memorized": "final over first training level; null unless too good",
        "explained": "true if dropout, augmentation or label smoothing is logged; null if the log does not "
        "say, or unless too good",
    },
    sick=(_duplicates, _no_dropout, _sorted_split, _wrong_mode),
    healthy=(*HEALTHY, _lags),
)
