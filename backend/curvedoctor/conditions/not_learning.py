"""Nothing moves from the first step on.

Why it matters
    The weights are not updated, the gradient does not arrive, or labels and inputs are unrelated: no
    hyperparameter will help before the fault is found. A loss that is constant looks "converged".

How it decides
    The training loss is the same from the first to the last point: to float noise, or within its own
    noise at the level that an untrained model has (ln K for cross-entropy, ln 2 for binary, 1 for
    hinge, the variance 1 of standardized targets for squared error). Or validation is never better than
    that although training falls: labels and inputs are unrelated. A score clearly above chance, or a loss near zero, contradicts it. A flat loss at a level
    that means nothing is not judged as sick: it may have converged before the first point.

What to try
    Overfit one batch of 5 to 10 samples: if the loss stays where it is, the code is at fault. Check
    that the optimizer holds the model's parameters, that the gradient is not zero or detached, that
    labels belong to their inputs, that no unit is dead from the start. Then raise the learning rate.

When it is wrong
    A learning rate that is far too low, or so high that the run collapsed in its first steps, ends at
    the same level.

References
    Karpathy (2019), A recipe for training neural networks. Wardat et al. (2022), DeepDiagnosis.
"""

from __future__ import annotations

import math

import numpy as np

from curvedoctor.conditions.base import FIRES, Condition, finding, number, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.shape import cannot, error_of_mean, name, relative
from curvedoctor.features.case import Case
from curvedoctor.features.chance import chance_error, expected_first_loss
from curvedoctor.features.rates import decades_below_usual
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged

ID = "not-learning"
#: relative spread that float32 arithmetic alone gives
FLOAT = 2e-5
#: fewest points of a score that say it stays at chance
FEWEST = 4
#: what may help where nothing is learnt
TRIED = (
    "overfit-one-batch", "change-optimizer", "raise-lr", "lower-lr", "clean-data", "fix-init", "fix-activation",
)  # fmt: skip
#: ln K of the usual numbers of classes, for a loss whose function and classes are unknown
USUAL = tuple(math.log(k) for k in (2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 50, 100, 200, 1000))


def check(case: Case) -> Finding | Unjudged | None:
    reason = cannot(case)
    if reason is not None:
        return unjudged(ID, reason)
    known = [c for c in (case.train, case.train_step, case.val) if c is not None and c.stats.n >= 4]
    stuck = [c for c in known if relative(c.stats.top - c.stats.low, c.stats.top) <= FLOAT]
    s = next(iter(stuck or [c for c in known if c.stats.n >= 6]), None)
    if s is None:
        return _no_better_than_chance(case) or unjudged(ID, "the training loss has too few points")
    if any(_falls(c) for c in known):
        return _unrelated(case) or _no_better_than_chance(case)
    t = s.stats
    spread = relative(t.top - t.low, t.top)
    moved = max(abs(t.start - t.end), abs(t.start - t.best))
    chance = _chance(case, s)
    sure = _rule(case, s, spread, moved, chance)
    if sure < FIRES:
        return _unrelated(case) or _no_better_than_chance(case)
    how = (
        "constant to float noise"
        if spread <= FLOAT
        else f"flat to within {100 * relative(moved, t.end):.1f} %"
    )
    at = "" if chance is None else f", the level of an untrained model ({number(chance)})"
    slow = (
        ""
        if not _crawls(case)
        else f"; a learning rate of {number(_lr(case))} is far below what is customary"
    )
    actions = _actions(case)
    return finding(
        ID, "error", sure, s,
        f"The {name(s)} stays at {number(s.logged(t.end))} from the first point on, {how}{at}{slow}.",
        others=(case.grad_norm,), onset=0.0, actions=actions,
        level=s.logged(t.end), spread=spread, chance=chance, decades_below_usual=decades_below_usual(case),
        grad_norm=case.grad_norm.stats.at50 if case.grad_norm is not None else None,
    )  # fmt: skip


def _unrelated(case: Case) -> Finding | None:
    """Training falls, but validation never gets better than an untrained model: labels and inputs are unrelated."""
    val, train, expected = case.val, case.train or case.train_step, expected_first_loss(case)
    if val is None or train is None or expected is None or case.judged != "loss" or val.stats.n < 8:
        return None
    if train.stats.end > min(0.98 * train.stats.start, 0.98 * expected):
        return None
    worse, score = chance_error(case), case.val_score
    at_chance = 1.0 if score is None or worse is None else ramp(score.stats.best / worse, 0.85, 0.95)
    sure = (
        0.8
        * ramp(val.stats.best / expected, 0.975, 0.995)
        * ramp(val.stats.best / expected, 1.3, 1.1)
        * at_chance
    )
    if sure < FIRES:
        return None
    t = val.stats
    return finding(
        ID, "error", sure, val,
        f"The {name(val)} is never better than {number(t.best)}, that of an untrained model ({number(expected)}): "
        "do labels belong to their inputs?",
        others=(train,), onset=0.0, actions=("clean-data", "overfit-one-batch"),
        level=t.best, spread=relative(t.top - t.low, t.top), chance=expected, grad_norm=None,
        decades_below_usual=decades_below_usual(case),
    )  # fmt: skip


def _no_better_than_chance(case: Case) -> Finding | None:
    """Answers are right as often as a blind guess is, and the loss is that of one: whatever moved, nothing was learnt."""
    score, worse, expected = case.val_score or case.train_score, chance_error(case), expected_first_loss(case)
    s = case.val or case.train
    if score is None or worse is None or s is None or score.ceiling != 1.0 or score.stats.n < FEWEST:
        return None
    gained, most = worse - score.stats.end, worse - score.stats.best
    sure = 0.9 * ramp(gained, 0.1, 0.05) * ramp(most, 0.2, 0.1)
    if case.judged == "loss":
        low = s.stats.best / (expected or s.stats.first or 1.0)
        sure *= ramp(low, 0.85, 0.93)  # a loss that fell speaks for a metric that is computed wrongly
    if sure < FIRES:
        return None
    actions = _actions(case)
    right = score.logged(score.stats.end)
    return finding(
        ID, "error", sure, score,
        f"The {name(score)} ends at {number(right)}, no better than a blind guess ({number(score.logged(worse))}).",
        others=(s,), onset=0.0, actions=actions,
        level=right, spread=relative(s.stats.top - s.stats.low, s.stats.top), chance=expected,
        decades_below_usual=decades_below_usual(case),
        grad_norm=case.grad_norm.stats.at50 if case.grad_norm is not None else None,
    )  # fmt: skip


def _falls(s: Series) -> bool:
    """Whether a curve has clearly improved."""
    t = s.stats
    return t.start - t.end > max(0.1 * abs(t.start), 4 * error_of_mean(s, 1 / 20))


def _crawls(case: Case) -> bool:
    """Whether the lr is so far below custom that no step can be seen."""
    return (decades_below_usual(case) or 0.0) >= 1.5


def _lr(case: Case) -> float:
    lr = case.number("lr")
    return lr if lr is not None else case.schedule.peak if case.schedule is not None else 0.0


def _actions(case: Case) -> tuple[str, ...]:
    """With such an lr the code may be sound: then the optimizer and its lr come before looking for a fault."""
    if not _crawls(case):
        return ()
    plain = case.word("optimizer") == "sgd"
    first = ("change-optimizer", "raise-lr") if plain else ("raise-lr", "change-optimizer")
    return (*first, "overfit-one-batch")


def _rule(case: Case, s: Series, spread: float, moved: float, chance: float | None) -> float:
    t = s.stats
    if not t.end > 1e-12 or not t.top > 0:
        return 0.0
    score = case.val_score or case.train_score
    worse = chance_error(case)
    if score is not None and worse is not None and score.stats.end < 0.8 * worse:
        return 0.0
    if case.schedule is not None and case.schedule.dead_from < 0.25:
        return 0.0  # the learning rate has ended it: see schedule-fault
    if spread <= FLOAT:
        if chance is not None:
            return 0.97
        known = expected_first_loss(case) is not None or case.word("loss") == "mse"
        return 0.0 if known else 0.8 if case.judged == "loss" else 0.5  # it has learnt before the first point
    # what noise alone moves the best and the mean levels of 64 cells by
    allowed = max(0.01 * abs(t.start), 3.5 * error_of_mean(s, 1 / 20))
    still = ramp(moved / allowed, 1.3, 0.9) * ramp(relative(moved, t.start), 0.12, 0.05)
    if chance is None or t.n < 8:
        return 0.0
    known = expected_first_loss(case) is not None or case.judged != "loss"
    if score is not None and worse is None and score.stats.start - score.stats.end > 0.05:
        return 0.0
    return (0.9 if known else 0.7) * still


def _chance(case: Case, s: Series) -> float | None:
    """The untrained level, if the curve ends there; in the curve's unit."""
    end = s.stats.end
    if case.judged != "loss":
        worse = chance_error(case)
        near = worse is not None and abs(end - worse) <= 0.04 + 3 * error_of_mean(s, 0.05)
        return worse if near else None
    expected = expected_first_loss(case)
    if expected is not None:
        # untrained weights are not zero: they may cost a little more, and then the loss has to stay there
        steady = abs(s.stats.start - end) <= 0.02 * abs(end)
        return expected if 0.95 <= end / expected <= (1.35 if steady else 1.05) else None
    if case.word("loss") == "mse":
        return 1.0 if 0.85 <= end <= 1.2 else None  # the variance of standardized targets
    near_usual = [v for v in USUAL if abs(end / v - 1) <= 0.004]
    return near_usual[0] if near_usual else None


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
    """Neither loss nor classes are logged by name; a rate that is too high keeps everything bouncing at chance."""
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
    actions=("overfit-one-batch", "raise-lr", "fix-init", "lower-lr", "clean-data"),
    check=check,
    evidence={
        "level": "the level at which it stays, as logged",
        "spread": "highest minus lowest value over the highest",
        "chance": "the untrained model's level, in the loss's unit; null if unknown",
        "decades_below_usual": "log10(customary lr of the optimizer / lr); null if either is unknown",
        "grad_norm": "gradient norm in the middle of the run; null if not logged",
    },
    sick=(_frozen, _at_chance, _unknown_loss, _noise_labels, _guessing),
    healthy=(*HEALTHY, _converged, _slow, _barely),
    scale_free=False,
)
