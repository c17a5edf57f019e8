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
    Of two epochs, the second must be a quarter worse, with training a tenth better and no score that holds.
    Without a training curve the validation curve says it alone, less certainly. (Prechelt's
    generalization loss, made robust.) The best point is the lowest that was logged, at its own step.
    Where no validation loss is logged, a validation score that falls is read the same way. Two or three
    evaluations suffice where the training loss steps down with each new epoch and is level between: then the
    samples are known by heart, and an end 5 % above the best is a warning.

What to try
    Stop at the best validation loss and keep that checkpoint; to do better than that, regularize
    (weight decay, dropout, augmentation) or get more data; then a smaller model.
    Boosted trees: early stopping at the best round, smaller trees, more samples per leaf; where the best
    round is one of the first 25 at a rate of 0.2 or more, a lower rate first.

When it is wrong
    One validation term may rise while the metric that matters still improves: cross-entropy grows
    with over-confidence although accuracy holds or rises. Then stopping early is not among the remedies; and
    while the loss stays far below an untrained model's, or 95 % of the answers are right, it is worth
    knowing, no more. So it is with any loss where mAP, Dice or IoU is logged and holds: the score that the
    checkpoint is chosen by decides. One of several validation terms is otherwise a warning only if it ends
    half above its best or more.

References
    Mann (1945), Nonparametric tests against trend. Prechelt (1998), Early stopping - but when? Goodfellow et
    al. (2016), Deep Learning, ch. 7.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from curvedoctor.conditions.base import Condition, number, ramp, too_few, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.generalization.memorized import by_heart, by_score, second_epoch
from curvedoctor.conditions.generalization.turned import (
    GO_ON,
    ID,
    NOTABLE,
    PLAIN,
    RISE,
    Claim,
    course_of,
    say,
    turned_of,
)
from curvedoctor.conditions.measures.proportions import binomial_sigma, sample_size
from curvedoctor.conditions.measures.shape import why_unjudgeable
from curvedoctor.conditions.measures.swing import told_above
from curvedoctor.conditions.measures.turn import HOLDS, Turn, at, holds, serves, untrained
from curvedoctor.conditions.progress.blind import best_above_guess
from curvedoctor.features.case import Case
from curvedoctor.features.rates import logged_lr
from curvedoctor.features.resample import GRID
from curvedoctor.features.selects import selects
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Severity, Unjudged
from curvedoctor.roles import is_proportion

MIN_POINTS = 3
#: the same for one of several validation terms while the others hold
TERM_NOTABLE, TERM_RISE = 0.2, 0.5
#: σ of one evaluation by which a score is better
SIGMAS = 4.0
#: a rise below this share of an untrained model's level is mild
MILD = 0.1
#: boosted trees: a best round before the first at a rate from here on,
#: or before the second where none is logged, is the rate's
EARLY, STEEP = (25, 8), 0.2
TREES, TREES_STEEP = (
    ("stop-early", "smaller-model", "regularize", "lower-lr"),
    ("lower-lr", "stop-early", "smaller-model", "regularize"),
)


def check(case: Case) -> Finding | Unjudged | None:
    chosen_by = selects(case)
    if chosen_by is not None and (lost := by_score(case, chosen_by)) is not None:
        return lost
    val = case.val or (case.val_score if case.val_score is not None and case.val_score.ceiling else None)
    if val is None:
        return unjudged(ID, "no finite validation loss is logged")
    unjudgeable = why_unjudgeable(case, 2, of_pairs=True)
    if unjudgeable is None and (short := by_heart(case, val) or second_epoch(case)) is not None:
        return short
    reason = why_unjudgeable(case, MIN_POINTS, of_pairs=True)
    if reason is not None:
        return unjudged(ID, reason)
    if val.stats.n < MIN_POINTS:
        return too_few(ID, val.stats.n, MIN_POINTS, "validation points")
    return _by_judged_curve(case, val) or _terms(case, val)


def _by_judged_curve(case: Case, val: Series) -> Finding | None:
    train = case.coarsest_train
    turned = turned_of(case, val, train, NOTABLE)
    if turned is None or best_above_guess(case) is not None:
        return None  # nothing was learnt that could hold for the training samples alone
    stays, improves = _scores(case, val, turned)
    chosen_by = selects(case)
    decided = chosen_by is not None and holds(chosen_by, at(val, chosen_by, turned.index))
    mild = decided or (stays and (turned.end - turned.best < MILD * untrained(case, val) or serves(case)))
    severity: Severity = "info" if mild or turned.rise < RISE else "warning"
    confidence = 0.75 + 0.2 * ramp(turned.rise, NOTABLE, PLAIN) - (0.15 if train is None or stays else 0.0)
    though = (
        ", though its score is better at the end"
        if improves
        else ", though its score holds"
        if stays or decided
        else ""
    )
    claim = Claim(
        severity, confidence, f"{course_of(val, turned)}{though}.", _actions(case, val, turned, though)
    )
    return say(val, train, turned, claim)


def _actions(case: Case, val: Series, turned: Turn, though: str) -> tuple[str, ...]:
    """What to try where it is not what is usual; nobody stops for the loss where a score is as good."""
    if though or not case.boosting:
        return GO_ON if though else ()
    best, rate = val.step_at(turned.index), logged_lr(case)
    steep = best < EARLY[0] and rate >= STEEP if rate is not None else best < EARLY[1]
    return TREES_STEEP if steep else TREES


def _scores(case: Case, val: Series, turned: Turn) -> tuple[bool, bool]:
    """Whether all validation scores end about as good as where the loss was best,
    and whether the main one ends better."""
    kinds = [s for s in case.series.values() if s.curve.role.quantity == "accuracy" and s is not val]
    scores = [s for s in kinds if s.curve.role.split in ("val", "test") and s.stats.n >= MIN_POINTS]
    if not scores or case.val_score is None or case.val_score is val:
        return False, False
    better = _better(case, case.val_score, at(val, case.val_score, turned.index))
    return all(holds(s, at(val, s, turned.index)) for s in scores), better


def _better(case: Case, score: Series, before: float) -> bool:
    """Whether a score ends better than a level before (turned round), beyond its noise, that of its samples,
    and what anyone would call better."""
    t = score.stats
    # one logged point has the noise of one point; of more points than cells, a cell has that of their mean
    noise = max(t.noise, t.noise_late, _of_samples(case)) / max(t.n / GRID, 1.0) ** 0.5
    fewer = min(abs(before), abs(1 - before))
    return bool(t.end < before - max(SIGMAS * noise, HOLDS * fewer))


def _of_samples(case: Case) -> float:
    """σ that its few samples give a share of right answers; 0 where their number is not known."""
    score = case.val_score
    if score is None or not is_proportion(score.curve):
        return 0.0
    n = case.number("n_val") or sample_size(score)
    return binomial_sigma(score.stats.end, n) if n else 0.0


def _terms(case: Case, val: Series) -> Finding | None:
    """One of several validation losses that turns while the one that is judged does not."""
    turned = [
        (worst, s, train)
        for s, train in _pairs(case, val)
        if (worst := turned_of(case, s, train, TERM_NOTABLE)) is not None
    ]
    if not turned:
        return None
    worst, s, train = max(turned, key=lambda t: t[0].rise)
    text = f"{s.curve.tag} is best ({number(worst.best)}) at {s.at_step(worst.index)} and ends "
    text += f"{told_above(s, worst.best, worst.end)} above it, though {val.curve.tag} does not rise."
    severity: Severity = "warning" if worst.rise >= TERM_RISE and selects(case) is None else "info"
    confidence = 0.7 + 0.2 * ramp(worst.rise, TERM_NOTABLE, 2 * TERM_RISE)
    return say(s, train, worst, Claim(severity, confidence, text, GO_ON))


def _pairs(case: Case, val: Series) -> Iterator[tuple[Series, Series]]:
    """The other validation losses, each with the training loss of the same name."""
    losses = [
        s for s in case.series.values() if s.curve.role.quantity == "loss" and s.curve.role.better == "lower"
    ]
    train = {_term(s): s for s in losses if s.curve.role.split == "train"}
    for s in losses:
        if s is not val and s.curve.role.split == "val" and s.stats.n >= 2 * MIN_POINTS and s.stats.low >= 0:
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
        "rise": "validation at the end over its best, minus 1 (of a score: of its distance to the best "
        "possible)",
        "best": "the best logged validation value",
        "end": "the last validation value, of many points the median of the last tenth, as logged",
        "gap": "final validation minus training level; null without a training loss",
    },
    sick=(_classic, _noisy),
    healthy=(*HEALTHY, _flat_gap, _both_rise),
)
