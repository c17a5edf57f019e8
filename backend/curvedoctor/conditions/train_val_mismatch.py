"""Validation is persistently better than training, more than the way they are measured explains.

Why it matters
    The usual cause is a leak: validation samples are also training samples, or easier ones. Then
    every decision made on validation is wrong.

How it decides
    Through the second half of the run validation is better than the training loss of the *next*
    epoch, which is a mean over later weights: lag can't explain it. Dropout, augmentation and label
    smoothing can; so it is said only where they are logged as absent, or where training has fallen
    to next to nothing, which none of them allows.

What to try
    Look for duplicates between the splits; split by group, patient or time rather than at random;
    score the training set in evaluation mode and compare again.

When it is wrong
    Regularization terms that are part of the training loss only (weight decay, auxiliary heads). A
    validation set that is easier by chance: four standard errors are allowed for its size (300 samples
    where none is logged).

References
    Kapoor and Narayanan (2023), Leakage and the reproducibility crisis in machine-learning-based science.
    Barz and Denzler (2020), Do we train on test data?
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import FIRES, Condition, finding, number, percent, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.shape import cannot, error_of_mean, mean, relative
from curvedoctor.features.case import Case
from curvedoctor.features.resample import GRID
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged

ID = "train-val-mismatch"


def check(case: Case) -> Finding | Unjudged | None:
    reason = cannot(case)
    if reason is not None:
        return unjudged(ID, reason)
    train, val = case.train or case.train_step, case.val
    if train is None or val is None or min(train.stats.n, val.stats.n) < 6:
        return unjudged(ID, "training and validation are not both logged")
    a, b = mean(train, 0.75, 1.0), mean(val, 0.75, 1.0)
    below = _below(train, val)
    memorized = relative(a, train.stats.start)
    explained = _explained(case)
    better = 1 - relative(b, a)
    z = (a - b) / max(error_of_mean(train, 0.25) + error_of_mean(val, 0.25), 1e-300)
    # how much easier than training a sample of this size may be by chance: its losses spread by about their mean
    chance = 1.2 / max(case.number("n_val") or 300.0, 1.0) ** 0.5
    seen = ramp(below, 0.75, 0.92) * ramp(better, 2.5 * chance, 4 * chance) * ramp(z, 2.5, 5.0)
    by_heart = ramp(memorized, 0.05, 0.02) * (0.5 if explained else 1.0)
    if explained is None and seen >= FIRES and by_heart < FIRES:
        return unjudged(
            ID, "dropout or augmentation may explain that validation is better, and neither is logged"
        )
    sure = seen * max(0.65 if explained is False else 0.0, 0.65 * by_heart)
    if sure < FIRES:
        return None
    return finding(
        ID, "warning", sure, val,
        f"Validation ({number(val.logged(b))}) stays better than training ({number(train.logged(a))}), by {percent(better)}: "
        "do the splits share samples?",
        others=(train,), onset=0.5, better=better, below=below, memorized=memorized, explained=explained,
    )  # fmt: skip


def _below(train: Series, val: Series) -> float:
    """Share of the second half of the run in which validation is below the training loss of an epoch later."""
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
    """Learnt by heart, and validation follows: it is part of the training set."""
    return run(
        train_loss=falling(rng, 80, 2.3, 0.012, 8, 0.03), val_loss=falling(rng, 80, 2.2, 0.008, 8.4, 0.03)
    )


def _no_dropout(rng: np.random.Generator) -> Run:
    return run(
        {"dropout": 0.0, "lr": 0.01},
        train_loss=falling(rng, 60, floor=0.5),
        val_loss=falling(rng, 60, floor=0.32),
    )


def _lags(rng: np.random.Generator) -> Run:
    """The mean over an epoch lags behind the validation at its end, most of all early on."""
    whole = falling(rng, 30, 2.3, 0.3, 6, 0.0)
    lagging = np.concatenate(([2.3], (whole[:-1] + whole[1:]) / 2))
    noise = np.exp(0.01 * rng.standard_normal((2, 30)))
    return run({"dropout": 0.0}, train_loss=lagging * noise[0], val_loss=whole * noise[1])


CONDITION = Condition(
    id=ID,
    title="validation better than training",
    severity="warning",
    actions=("check-split",),
    check=check,
    evidence={
        "better": "1 − validation over training level, over the last quarter",
        "below": "share of the second half with validation below the training loss of the next epoch",
        "memorized": "final over first training level",
        "explained": "true if dropout, augmentation or label smoothing is logged; null if the log does not say",
    },
    sick=(_duplicates, _no_dropout),
    healthy=(*HEALTHY, _lags),
)
