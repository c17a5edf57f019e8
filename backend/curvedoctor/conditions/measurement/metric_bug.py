"""The metric is computed wrongly: it contradicts the loss.

Why it matters
    The model may be fine while its accuracy hovers around a coin toss; remedies are then sought in
    the training although only the measurement is at fault.

How it decides
    By proof, on the loss and the score of one split. (1) A wrong answer costs at least ln 2 of cross-entropy
    and 1 of hinge loss, so no more than loss / ln 2 (or the hinge loss) of the answers can be wrong: more of
    them are, throughout the second half, beyond noise. (2) The score is the same at every point, or at its
    value of nothing (Dice, F1, mAP or R² at zero, AUC at one half, or below 0.4 and not rising), while the
    loss falls by a quarter and more, on after the first fifth of the run, below what a constant answer
    costs. (3) The accuracy hovers around a blind guess without a trend while the cross-entropy (or
    perplexity) is that of answers that are often right. (4) Numbers are predicted: an accuracy says nothing
    about them.

What to try
    With one sigmoid output, argmax over it is always 0: threshold at 0.5 instead. Keep predictions
    and labels in the same shape: [N] against [N, 1] compares every pair, N×N. Check the axis, and
    accumulate over the whole epoch rather than over its last batch.

When it is wrong
    A loss that is averaged over several outputs, weighted or masked does not obey the bound; where
    the loss function is not logged, one that breaks it from the first point on is not judged by it. With
    heavy class imbalance accuracy may stay at the majority rate, and recall at zero, while the loss falls to
    what one answer costs: see class-imbalance.

References
    Bartlett, Jordan and McAuliffe (2006), Convexity, classification, and risk bounds. Humbatova et al.
    (2020), Taxonomy of real faults in deep learning systems.
"""

from __future__ import annotations

import math

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, number, percent, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.measures.nothing import CHEAPER, FAR, learns, loss_beside, of_nothing
from curvedoctor.conditions.measures.proportions import (
    any_proportion,
    binomial_sigma,
    entropy,
    error_bound,
    informed,
    nats,
    proportion,
)
from curvedoctor.conditions.measures.shape import begin, error_of_mean, fall, mean, name, why_unjudgeable
from curvedoctor.conditions.measures.still import rests_from
from curvedoctor.features import told
from curvedoctor.features.case import Case
from curvedoctor.features.chance import classes, guessing
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged
from curvedoctor.roles import is_proportion

ID = "metric-bug"
MIN_POINTS, MANY_POINTS = 4, 8
#: by how much the share of wrong answers breaks its bound, at least
EXCESS = 0.03
#: share of wrong answers of a poor score; share of right ones that is none
POOR, NONE = 0.2, 0.005


def check(case: Case) -> Finding | Unjudged | None:
    reason = why_unjudgeable(case, MIN_POINTS)
    if reason is not None:
        return unjudged(ID, reason)
    pairs = [(s, score) for s, score in _pairs(case) if min(s.stats.n, score.stats.n) >= MIN_POINTS]
    if not pairs:
        return unjudged(ID, f"no loss and score of one split with {MIN_POINTS} points each are logged")
    findings = [_judge(case, loss, score) for loss, score in pairs]
    return max((f for f in findings if f is not None), key=lambda f: f.confidence, default=None)


def _pairs(case: Case) -> list[tuple[Series, Series]]:
    """Losses (cross-entropies under the name of perplexity too) with the scores of the same split."""
    out = []
    for split, losses, score in (
        (("val", "test"), (case.val,), case.val_score),
        (("train", "none"), (case.train_step, case.train), case.train_score),
    ):
        error = proportion(case, split[0]) or score
        usable = [s for s in losses if s is not None and s.ceiling is None]
        if error is not None and error.ceiling == 1.0 and error.curve.role.split in split:
            out += [(loss, error) for loss in usable if loss.curve.role.split in split][:1]
    rest = [(loss_beside(case, s), s) for s in (each.series for each in of_nothing(case))]
    return out + [(loss, s) for loss, s in rest if loss is not None and all(s is not e for _, e in out)]


def _judge(case: Case, loss: Series, error: Series) -> Finding | None:
    """The first proof that holds: a bound that is broken, one value, chance, a regression."""
    share = is_proportion(error.curve)
    proofs = (_bound_broken, _one_value, _at_chance, _regression) if share else (_stays_at_nothing,)
    proven = next((p for p in (proof(case, loss, error) for proof in proofs) if p is not None), None)
    if proven is None:
        return None
    confidence, why = proven
    around = number(error.logged(mean(error, 0.25, 1.0)))
    level = f"at {around}" if rests_from(error.y) == 0 else f"around {around}"
    words = (
        f"{begin(name(error))} stays {level} while the loss falls by {percent(fall(loss))} to "
        f"{told.last(loss)}: {why}."
    )
    bound = min(error_bound(case, loss, loss.stats.end), 1.0)
    return finding(
        ID, "error", confidence, error, words, others=(loss,), onset=0.0, noise=error.stats.noise,
        fall=fall(loss), accuracy=error.logged(error.stats.end), bound=bound,
    )  # fmt: skip


def _bound_broken(case: Case, loss: Series, error: Series) -> tuple[float, str] | None:
    """A wrong answer costs ln 2 at least: over the last half,
    more answers are wrong than the loss can pay for."""
    n = case.number("n_val" if loss is case.val else "n_train")
    room = max(EXCESS, 3 * error_of_mean(error, 0.125), 3 * binomial_sigma(0.5, n) if n else 0.0)
    eighths = ((at, at + 0.125) for at in (0.5, 0.625, 0.75, 0.875))
    if not all(mean(error, *part) - error_bound(case, loss, mean(loss, *part)) > room for part in eighths):
        return None
    bound = error_bound(case, loss, loss.stats.end)
    return 0.97, f"at that loss at most {percent(bound)} of answers can be wrong"


def _one_value(case: Case, loss: Series, error: Series) -> tuple[float, str] | None:
    """A share that is the same at every point, at zero or at chance, though the loss falls far."""
    return _same(loss, error, 0.93) if informed(case, loss, error) else None


def _stays_at_nothing(case: Case, loss: Series, error: Series) -> tuple[float, str] | None:
    """The same of a Dice, AUC or R²: one value, or that of nothing, while the loss falls on."""
    if error.stats.n < MANY_POINTS or _right_answers(case, loss, error) or not learns(case, loss):
        return None
    found = next((each for each in of_nothing(case) if each.series is error), None)
    if found is None:
        return _same(loss, error, 0.75)
    far = fall(loss) >= FAR and _significant(loss)
    return (0.75, f"{found.meaning}, at all of its {error.stats.n:.0f} points") if far else None


def _same(loss: Series, error: Series, at_zero: float) -> tuple[float, str] | None:
    far = fall(loss) >= FAR and _significant(loss)
    if not far or rests_from(error.y) > 0 or error.stats.end < POOR:
        return None
    points = f"at all of its {error.stats.n:.0f} points"
    return (at_zero, f"zero {points}") if error.stats.end >= 1 - NONE else (0.92, f"the same {points}")


def _right_answers(case: Case, loss: Series, error: Series) -> bool:
    """Whether an accuracy of the same split is good,
    or the same at every point at no less than one answer for all costs."""
    accuracy = any_proportion(case, "train" if error.curve.role.split in ("train", "none") else "val")
    if accuracy is None or accuracy is error:
        return False
    wrong = accuracy.stats.end
    one_answer = rests_from(accuracy.y) == 0 and loss.stats.end >= CHEAPER * entropy(min(wrong, 0.5))
    return wrong < POOR or one_answer


def _at_chance(case: Case, loss: Series, error: Series) -> tuple[float, str] | None:
    """A share of right answers that hovers around a guess, though the loss is that of an informed answer."""
    if not _significant(loss) or _falls_clearly(error) or not informed(case, loss, error):
        return None
    k, right = classes(case) or 2.0, 1.0 - mean(error, 0.25, 1.0)
    hinge, level = case.word("loss") == "hinge", nats(loss, loss.stats.end)
    truth = 1.0 - level if hinge else math.exp(-level)
    if right > 1 / k + max(0.04, 0.5 / k**2, 2 * error_of_mean(error, 1.0)):
        return None
    confidence = 0.93 * ramp(truth - right, 0.05, 0.12) * ramp(fall(loss), 0.1, 0.25)
    said = "takes at least {} right answers" if hinge else "means a probability of {} for the right class"
    why = f"{guessing(case, right)}, though such a loss {said.format(percent(truth))}"
    return (confidence, why) if confidence >= REPORT_FROM else None


def _regression(case: Case, loss: Series, error: Series) -> tuple[float, str] | None:
    """Numbers are predicted: hardly any is hit exactly, and the share of those that are says nothing."""
    kind = case.word("loss")
    regression = case.number("n_classes") is None and kind in ("mse", "mae", "huber")
    falls = _significant(loss) and fall(loss) >= FAR and not _falls_clearly(error)
    if not regression or not falls or error.stats.end < POOR:
        return None
    return 0.92, f"numbers are predicted (loss {kind}), and accuracy says nothing about them"


def _falls_clearly(error: Series) -> bool:
    """Whether the error still falls after the first quarter, so that the metric sees what is learnt."""
    t = error.stats
    return t.at25 - min(t.at75, t.end) > max(0.03, 4 * error_of_mean(error, 0.1))


def _significant(loss: Series) -> bool:
    return loss.stats.start - loss.stats.end > 3 * error_of_mean(loss, 0.1) and fall(loss) > 0.1


def _argmax(rng: np.random.Generator) -> Run:
    """argmax over one sigmoid output: the share of zeros in each epoch's last batch."""
    acc = rng.binomial(20, 0.5, 60) / 20
    loss = falling(rng, 60, 0.69, 0.08, 6)
    return run({"loss": "bce", "batch_size": 20}, train_loss=loss, train_accuracy=acc)


def _broadcast(rng: np.random.Generator) -> Run:
    acc = 0.5 + 0.002 * rng.standard_normal(40)
    return run(
        val_loss=falling(rng, 40, 0.69, 0.2, 8), train_loss=falling(rng, 40, 0.69, 0.2, 8), val_accuracy=acc
    )


def _constant(rng: np.random.Generator) -> Run:
    loss = falling(rng, 50, 2.3, 0.3, 8)
    return run(
        {"loss": "cross-entropy", "n_classes": 10},
        train_loss=loss,
        val_loss=loss,
        val_accuracy=np.full(50, 0.1),
    )


def _saturated(rng: np.random.Generator) -> Run:
    """Accuracy is high from the first point and stays, the loss goes on falling: fine."""
    acc = np.clip(0.985 + 0.003 * rng.standard_normal(50), 0, 1)
    loss = falling(rng, 50, 0.3, 0.04, 8)
    return run({"loss": "cross-entropy", "n_classes": 10}, train_loss=loss, val_loss=loss, val_accuracy=acc)


def _majority(rng: np.random.Generator) -> Run:
    """Imbalanced: the loss falls to the entropy of the base rate, accuracy stays at the majority rate."""
    loss = falling(rng, 40, 0.69, 0.33, 8, 0.01)
    return run({"loss": "bce"}, train_loss=loss, val_loss=loss, val_accuracy=np.full(40, 0.9))


CONDITION = Condition(
    id=ID,
    title="metric computed wrongly",
    severity="error",
    actions=("fix-metric",),
    check=check,
    evidence={
        "accuracy": "final accuracy, as logged",
        "fall": "share of its start by which the loss falls",
        "bound": "highest error rate that the final loss allows, 0..1",
        "noise": "σ of the accuracy from point to point, 0..1",
    },
    sick=(_argmax, _broadcast, _constant),
    healthy=(*HEALTHY, _saturated, _majority),
    scale_free=False,
)
