"""Nothing moves from the first step on.

Why it matters
    The weights are not updated, the gradient does not arrive, or labels and inputs are unrelated: no
    hyperparameter will help before the fault is found. A loss that is constant looks "converged".

How it decides
    A loss (or a poor score) that is the same from the first to the last point, to float noise or to the
    last digit that was logged: three points and more are certain, whatever the level, unless it is well
    below an untrained model's. Or it stays within its own noise (of fewer than eight points: within half a
    per cent) at the level that an untrained model has: ln K for cross-entropy, ln 2 for binary, 1 for hinge,
    the variance 1 of standardized targets for squared error; or training and validation both move by less
    than 0.3 % over eight points and more. Or validation is never better than an untrained model, or than one
    answer for every input, though training learns: labels and inputs are unrelated. Or neither gets below a
    guess's loss, nor do answers get better than a guess's. Or they are right as often as a guess, or equally
    often, at a constant answer's loss. Or
    no held-out score is ever better than nothing (Dice, F1, mAP 0; AUC 0.5; R² 0; WER 1; the same share of
    right answers at every point), and the loss does not fall on, which would make it the metric's fault. A
    score clearly above chance, a loss near zero, a learning rate that has gone and losses that are NaN
    contradict it.

What to try
    Overfit one batch of 5 to 10 samples: if the loss stays where it is, the code is at fault. Check
    that the optimizer holds the model's parameters, that the gradient is not zero or detached, that
    labels belong to their inputs, that no unit is dead from the start. What the configuration explains
    comes first: an output that can't fit its targets, a learning rate decades off.

When it is wrong
    A learning rate that is far too low, or so high that the run collapsed in its first steps, ends at
    the same level.

References
    Karpathy (2019), A recipe for training neural networks. Wardat et al. (2022), DeepDiagnosis.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, number, percent, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.measures.nothing import beside
from curvedoctor.conditions.measures.shape import MIN_POINTS, error_of_mean, name, relative, why_unjudgeable
from curvedoctor.conditions.measures.still import (
    constant_answer,
    misfit,
    rate_too_high,
    rests_from,
    too_coarse,
)
from curvedoctor.conditions.progress.blind import answers_better, chance_level, in_vain, shared
from curvedoctor.conditions.progress.explained import STUCK, actions, why
from curvedoctor.conditions.progress.plateau import unseen
from curvedoctor.conditions.progress.unheld import never_held
from curvedoctor.conditions.progress.useless import of_no_use
from curvedoctor.conditions.stability.for_good import collapsed
from curvedoctor.features import told
from curvedoctor.features.case import Case
from curvedoctor.features.chance import chance_error, expected_first_loss, supposing_loss
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged

ID = "not-learning"
#: points from which on a curve that never moved says it
CONSTANT = 3
#: share of wrong answers of a constant score from which on it has not converged before the first point
POOR = 0.3
#: share of an untrained model's loss below which something was learnt before the first point
LEARNT = 0.8
#: points from which on noise can be told from a trend; of fewer, the range has to be this share of chance
MIN_TREND_POINTS, SHORT = 8, 0.005
#: relative range of losses that nobody sees moving
UNSEEN = 0.003


def check(case: Case) -> Finding | Unjudged | None:
    reason = why_unjudgeable(case, CONSTANT)
    if reason is not None:
        return unjudged(ID, reason)
    if collapsed(case) is not None or _lost(case):
        return None
    known = [c for c in (case.train, case.train_step, case.val) if c is not None and c.stats.n >= CONSTANT]
    if not any(_falls(c) for c in known):
        finding = _stays(case, known)
        if finding is not None:
            return finding
    finding = never_held(case) or in_vain(case) or of_no_use(case)
    if finding is None and max((c.stats.n for c in known), default=0.0) < MIN_POINTS:
        return unjudged(ID, "the training loss has too few points")
    return finding


def _lost(case: Case) -> bool:
    """Whether every loss is NaN, which is why the scores stay: see non-finite."""
    losses = [c for c in case.run.curves if c.role.quantity == "loss" and c.role.better == "lower" and len(c)]
    return bool(losses) and not any(np.isfinite(c.values[-1]) for c in losses)


def _stays(case: Case, known: Sequence[Series]) -> Finding | None:
    """The first curve that never moved, else the first that only fluctuates at an untrained model's level."""
    still = [c for c in known if rests_from(c.y) == 0 and not too_coarse(c.y, [each.y for each in known])]
    s = next(iter(still or known), None)
    if s is None:
        return None
    t = s.stats
    moved, chance = max(abs(t.start - t.end), abs(t.start - t.best)), chance_level(case, s)
    confidence = _certain(case, s, chance) if still else _near(case, s, moved, chance)
    if confidence < REPORT_FROM:
        return None
    how = "constant to float noise" if still else f"flat to within {percent(relative(moved, t.end))}"
    guess = None if chance is None else s.logged(chance)
    at = "" if guess is None else f"{supposing_loss(case, guess)} ({number(guess)})"
    return finding(
        ID, "error", confidence, s,
        f"The {name(s)} stays at {told.last(s)} from the first point on, {how}"
        f"{at and ', the level of an untrained model'}{at}{why(case, s)}{beside(case, s)}.",
        others=(case.grad_norm,), onset=0.0, actions=actions(case, s, bool(still)), level=s.logged(t.end),
        chance=guess, **shared(case, s),
    )  # fmt: skip


def _falls(s: Series) -> bool:
    """Whether a curve has clearly improved."""
    t = s.stats
    return t.start - t.end > max(0.1 * abs(t.start), 4 * error_of_mean(s, 1 / 20))


def _contradicted(case: Case) -> bool:
    """Whether a score is clearly above chance, or the learning rate has ended it: see schedule-fault."""
    return answers_better(case) or (case.schedule is not None and case.schedule.dead_from < 0.25)


def _certain(case: Case, s: Series, chance: float | None) -> float:
    """How sure it is of a curve that is the same from the first to the last point that nothing was learnt."""
    if not s.stats.end > 1e-12 or _contradicted(case):
        return 0.0
    if chance is not None or misfit(case, s) is not None or rate_too_high(case):
        return 0.97
    if case.judged_quantity == "accuracy":
        return 0.95 if s.stats.end >= POOR else 0.0
    expected = expected_first_loss(case)
    learnt = expected is not None and case.judged_quantity == "loss" and s.stats.end < LEARNT * expected
    return 0.0 if learnt else 0.95


def _near(case: Case, s: Series, moved: float, chance: float | None) -> float:
    """The same of one that fluctuates at the level of an untrained model."""
    t, score = s.stats, case.val_score or case.train_score
    if not t.end > 1e-12 or _contradicted(case):
        return 0.0
    if t.n < MIN_TREND_POINTS:
        answers = chance is not None and (
            case.word("loss") is not None or constant_answer(case, s, t.end) is not None
        )
        return 0.92 if answers and case.judged_quantity == "loss" and t.top - t.low <= SHORT * t.end else 0.0
    if chance is None:
        return 0.8 if _all_flat(case) else 0.0
    still = ramp(moved / unseen(s), 1.3, 0.9) * ramp(relative(moved, t.start), 0.12, 0.05)
    named = expected_first_loss(case) is not None or case.judged_quantity != "loss"
    known = named or constant_answer(case, s, t.end) is not None
    if score is not None and chance_error(case) is None and score.stats.start - score.stats.end > 0.05:
        return 0.0
    return (0.92 if known else 0.7) * still


def _all_flat(case: Case) -> bool:
    """Whether neither training nor validation moved by what anyone would see,
    and no score says that they were good before."""
    both = [c for c in (case.coarsest_train, case.val) if c is not None and c.stats.n >= MIN_TREND_POINTS]
    score = case.val_score or case.train_score
    good = score is not None and score.stats.end < POOR
    flat = all(c.stats.top - c.stats.low <= UNSEEN * abs(c.stats.end) for c in both)
    return len(both) == 2 and case.judged_quantity == "loss" and flat and not good


def _frozen(rng: np.random.Generator) -> Run:
    y = np.full(50, math.log(2)) + 1e-8 * rng.standard_normal(50)
    return run({"lr": 1e-3, "optimizer": "adam", "loss": "bce"}, train_loss=y, val_loss=y)


def _at_chance(rng: np.random.Generator) -> Run:
    y = math.log(10) * (1 + 0.004 * rng.standard_normal(60))
    acc = 0.1 + 0.005 * rng.standard_normal(60)
    return run({"loss": "cross-entropy", "n_classes": 10}, train_loss=y, val_loss=y, val_accuracy=acc)


def _unknown_loss(rng: np.random.Generator) -> Run:
    return run(train_loss=np.full(30, math.log(2)) + 1e-8 * rng.standard_normal(30))


def _noise_labels(rng: np.random.Generator) -> Run:
    """Labels drawn at random: training learns some by heart, validation never gets below chance."""
    train = falling(rng, 40, math.log(5), 1.3, 3, 0.005)
    val = math.log(5) * (1 + 0.06 * np.linspace(0, 1, 40)) * np.exp(0.004 * rng.standard_normal(40)) + 0.02
    return run(
        {"loss": "cross-entropy", "n_classes": 5},
        train_loss=train,
        val_loss=val,
        val_accuracy=0.2 + 0.01 * rng.standard_normal(40),
    )


def _guessing(rng: np.random.Generator) -> Run:
    """Neither loss nor classes are logged by name;
    a rate that is too high keeps everything bouncing at chance."""
    y = math.log(5) * (1 + 0.03 * np.abs(rng.standard_normal(40)))
    acc = 0.2 + 0.015 * rng.standard_normal(40)
    return run(train_loss=y, val_loss=y, val_accuracy=acc)


def _barely(rng: np.random.Generator) -> Run:
    """A hard task: little better than chance, but better."""
    acc = 0.35 - 0.12 * np.exp(-np.linspace(0, 5, 40)) + 0.005 * rng.standard_normal(40)
    y = falling(rng, 40, math.log(5), 1.48, 5, 0.003)
    return run({"n_classes": 5, "loss": "cross-entropy"}, train_loss=y, val_loss=y, val_accuracy=acc)


def _converged(rng: np.random.Generator) -> Run:
    """Flat from the first point, but good: a fine-tuned model."""
    y = 0.21 * (1 + 0.01 * rng.standard_normal(40))
    acc = 0.93 + 0.003 * rng.standard_normal(40)
    return run({"loss": "cross-entropy", "n_classes": 10}, train_loss=y, val_loss=y, val_accuracy=acc)


def _slow(rng: np.random.Generator) -> Run:
    return run({"loss": "cross-entropy", "n_classes": 10}, train_loss=falling(rng, 60, 2.31, 1.2, 3))


CONDITION = Condition(
    id=ID,
    title="nothing is learnt",
    severity="error",
    actions=STUCK,
    check=check,
    evidence={
        "level": "the level at which it stays, as logged",
        "spread": "highest minus lowest value over the highest",
        "chance": "the untrained model's level, as logged; null if unknown",
        "decades_below_usual": "log10(customary lr of the optimizer / lr); null if either is unknown",
        "grad_norm": "gradient norm in the middle of the run; null if not logged",
    },
    sick=(_frozen, _at_chance, _unknown_loss, _noise_labels, _guessing),
    healthy=(*HEALTHY, _converged, _slow, _barely),
    scale_free=False,
)
