"""Validation gets worse while training does not.

Why it matters
    From the turn on the model memorizes the training set. The final checkpoint is worse than one the
    run already had.

How it decides
    The validation loss ends at least 10 % above its best logged value (a rise of 5 to 10 % is worth
    knowing), beyond its own noise: by several standard errors, or by a steady trend (Mann-Kendall); of
    fewer than eight points, most must go up after the best one. The best point is not in the last tenth
    of the run, at least two points follow it, and the training loss fell on or stayed: if it climbs as
    well, something else is wrong.
    Without a training curve the validation curve says it alone, less certainly. (Prechelt's
    generalization loss, made robust.) The best point is the lowest that was logged, at its own step.
    Where no validation loss is logged, a validation score that falls is read the same way. Two or three evaluations
    suffice where the training loss steps down with each new epoch and is level between: then the samples are known by heart,
    and an end 5 % above the best is a warning.

What to try
    Stop at the best validation loss and keep that checkpoint; to do better than that, regularize
    (weight decay, dropout, augmentation) or get more data; then a smaller model.

When it is wrong
    One validation term may rise while the metric that matters still improves: cross-entropy grows
    with over-confidence although accuracy holds. Then stopping early is not among the remedies; and
    while the loss stays far below an untrained model's, or 95 % of the answers are right, it is worth knowing, no more. So it is with
    any loss where mAP, Dice or IoU is logged and holds: the score that the checkpoint is chosen by decides. One of several
    validation terms is otherwise a warning only if it ends half above its best or more.

References
    Mann (1945), Nonparametric tests against trend. Prechelt (1998), Early stopping - but when? Goodfellow et al. (2016), Deep Learning, ch. 7.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from curvedoctor.conditions.base import Condition, finding, number, percent, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.measures.selects import selects
from curvedoctor.conditions.measures.shape import error_of_mean, name, why_unjudgeable
from curvedoctor.conditions.measures.staircase import staircase
from curvedoctor.conditions.measures.turn import SHORT, Turn, at, holds, serves, turn, untrained
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Severity, Unjudged

ID = "overfitting"
ENOUGH = 3
#: generalization loss (Prechelt 1998) that is worth knowing, that is sick, and that is beyond doubt
NOTABLE, RISE, PLAIN = 0.05, 0.1, 0.3
#: the same for one of several validation terms while the others hold
TERM_NOTABLE, TERM_RISE = 0.2, 0.5
#: a rise below this share of an untrained model's level is of no consequence; below the second it is mild
MATTERS, MILD = 0.01, 0.1
#: a share of wrong answers must rise by a point or two of a hundred
POINTS = 0.02
#: training climbs as well if it ends above its level where validation was best by more than this share
CLIMBS = 0.02
#: what helps a short fine-tuning that remembers its samples
BY_HEART = ("stop-early", "regularize", "lower-lr", "more-data")
#: actions where stopping early would throw away what still improves
GO_ON = ("regularize", "more-data", "smaller-model")


class _Claim(NamedTuple):
    """How a turn is told."""

    severity: Severity
    confidence: float
    text: str
    actions: tuple[str, ...] = ()


def check(case: Case) -> Finding | Unjudged | None:
    chosen_by = selects(case)
    if chosen_by is not None and (lost := _by_score(case, chosen_by)) is not None:
        return lost
    val = case.val or (case.val_score if case.val_score is not None and case.val_score.ceiling else None)
    if val is None:
        return unjudged(ID, "no validation loss is logged")
    reason = why_unjudgeable(case, min(ENOUGH, int(val.stats.n)), of_pairs=True)
    if reason is not None:
        return unjudged(ID, reason)
    if (by_heart := _by_heart(case, val)) is not None:
        return by_heart
    if val.stats.n < ENOUGH:
        return unjudged(ID, f"{val.stats.n:.0f} validation points are too few; {ENOUGH} are needed")
    return _by_judged_curve(case, val) or _terms(case, val)


def _by_judged_curve(case: Case, val: Series) -> Finding | None:
    train = case.coarsest_train
    turned = _turned(case, val, train, NOTABLE)
    if turned is None:
        return None
    stays, improves = _scores(case, val, turned)
    chosen_by = selects(case)
    decided = chosen_by is not None and holds(chosen_by, at(val, chosen_by, turned.index))
    mild = decided or (stays and (turned.end - turned.best < MILD * untrained(case, val) or serves(case)))
    severity: Severity = "info" if mild or turned.rise < RISE else "warning"
    confidence = 0.75 + 0.2 * ramp(turned.rise, NOTABLE, PLAIN) - (0.15 if train is None or stays else 0.0)
    though = (
        ", though its score still improves"
        if improves
        else ", though its score holds"
        if stays or decided
        else ""
    )
    text = f"{_course(val, turned)}{though}."
    return _finding(
        val, train, turned, _Claim(severity, confidence, text, GO_ON if improves or decided else ())
    )


def _by_score(case: Case, score: Series) -> Finding | None:
    """The score that the checkpoint is chosen by falls: whatever the loss terms do."""
    turned = _turned(case, score, case.coarsest_train, NOTABLE)
    if turned is None:
        return None
    lost = (turned.end - turned.best) / max(1.0 - turned.best, 1e-9)
    text = f"{score.curve.tag}, which the checkpoint is chosen by, is best ({number(score.logged(turned.best))}) at {score.curve.axis} {score.step_at(turned.index):g} and falls to {number(score.logged(turned.end))} after it."
    severity: Severity = "warning" if lost >= RISE else "info"
    return _finding(
        score, case.coarsest_train, turned, _Claim(severity, 0.75 + 0.2 * ramp(lost, NOTABLE, PLAIN), text)
    )


def _by_heart(case: Case, val: Series) -> Finding | None:
    """A short fine-tuning that remembers its samples: too few evaluations to see a turn, but the training loss tells."""
    best, end = float(val.y[val.best_index]), float(val.y[-1])
    rise = (end - best) / max(abs(best), 1e-300)
    if not 2 <= val.stats.n < SHORT or rise < NOTABLE or float(val.y[-1]) < float(val.y.max()):
        return None
    stairs = staircase(case)
    if stairs is None:
        return None
    text = f"{_course(val, Turn(val.best_index, best, end, rise, True))}, and the {name(stairs.train)} steps down with each new epoch ({number(stairs.before)} → {number(stairs.after)}): its samples are known by heart."
    turned = Turn(val.best_index, best, end, rise, True)
    return _finding(val, stairs.train, turned, _Claim("warning", 0.85, text, BY_HEART))


def _turned(case: Case, val: Series, train: Series | None, least: float) -> Turn | None:
    """The turn of a validation curve if it is clear, of weight, and training does not share it."""
    turned = turn(val)
    if turned is None or not turned.clear or turned.rise < least:
        return None
    up = turned.end - turned.best
    if up < MATTERS * untrained(case, val) or (val.ceiling is not None and up < POINTS):
        return None
    return turned if train is None or _holds_on(train, at(val, train, turned.index)) else None


def _holds_on(train: Series, before: float) -> bool:
    """Whether training has not risen with validation: it falls on, or stays where it was."""
    return train.stats.end <= before + max(CLIMBS * abs(before), error_of_mean(train, 0.05))


def _scores(case: Case, val: Series, turned: Turn) -> tuple[bool, bool]:
    """Whether all validation scores end about as good as where the loss was best, and whether the main one ends better."""
    kinds = [s for s in case.series.values() if s.curve.role.quantity == "accuracy" and s is not val]
    scores = [s for s in kinds if s.curve.role.split in ("val", "test") and s.stats.n >= ENOUGH]
    if not scores or case.val_score is None or case.val_score is val:
        return False, False
    score, before = case.val_score.stats, at(val, case.val_score, turned.index)
    margin = max(2 * score.noise / max(score.n, 1.0) ** 0.5, 0.01 * abs(before))
    return all(holds(s, at(val, s, turned.index)) for s in scores), score.end < before - margin


def _course(val: Series, turned: Turn) -> str:
    """'Validation loss is best (0.518) at epoch 1 and ends 16 % above it (0.601)'; a score falls."""
    what = name(val).capitalize()
    best, end = number(val.logged(turned.best)), number(val.logged(turned.end))
    start = f"{what} is best ({best}) at {val.curve.axis} {val.step_at(turned.index):g}"
    if val.ceiling is not None:
        return f"{start} and falls to {end} after it"
    return f"{start} and ends {percent(turned.rise)} above it ({end})"


def _finding(val: Series, train: Series | None, turned: Turn, claim: _Claim) -> Finding:
    return finding(
        ID, claim.severity, claim.confidence, val, claim.text, others=(train,), onset=float(val.x[turned.index]),
        actions=claim.actions, rise=turned.rise, best=val.logged(turned.best), end=val.logged(turned.end),
        gap=None if train is None else turned.end - train.stats.end,
    )  # fmt: skip


def _terms(case: Case, val: Series) -> Finding | None:
    """One of several validation losses that turns while the one that is judged does not."""
    turned = [
        (worst, s, train)
        for s, train in _pairs(case, val)
        if (worst := _turned(case, s, train, TERM_NOTABLE)) is not None
    ]
    if not turned:
        return None
    worst, s, train = max(turned, key=lambda t: t[0].rise)
    text = (
        f"{s.curve.tag} is best ({number(worst.best)}) at {s.curve.axis} {s.step_at(worst.index):g} and ends "
    )
    text += f"{percent(worst.rise)} above it, though {val.curve.tag} does not rise."
    severity: Severity = "warning" if worst.rise >= TERM_RISE and selects(case) is None else "info"
    confidence = 0.7 + 0.2 * ramp(worst.rise, TERM_NOTABLE, 2 * TERM_RISE)
    return _finding(s, train, worst, _Claim(severity, confidence, text, GO_ON))


def _pairs(case: Case, val: Series) -> Iterator[tuple[Series, Series]]:
    """The other validation losses, each with the training loss of the same name."""
    losses = [
        s for s in case.series.values() if s.curve.role.quantity == "loss" and s.curve.role.better == "lower"
    ]
    train = {_term(s): s for s in losses if s.curve.role.split == "train"}
    for s in losses:
        if s is not val and s.curve.role.split == "val" and s.stats.n >= 2 * ENOUGH and s.stats.low >= 0:
            partner = train.get(_term(s))
            if partner is not None:
                yield s, partner


def _term(s: Series) -> str:
    """The tag without the words that name a split: `val/obj_loss` → `obj_loss`."""
    return re.sub(r"train(ing)?|valid(ation)?|val|eval(uation)?|[^a-z0-9]+", "", s.curve.tag[:500].lower())


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
        "rise": "validation at the end over its best, minus 1 (of a score: of its distance to the best possible)",
        "best": "the best logged validation value",
        "end": "the last validation value, of many points the median of the last tenth, as logged",
        "gap": "final validation minus training level; null without a training loss",
    },
    sick=(_classic, _noisy),
    healthy=(*HEALTHY, _flat_gap, _both_rise),
)
