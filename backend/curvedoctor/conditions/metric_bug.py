"""The metric is computed wrongly: it contradicts the loss.

Why it matters
    The model may be fine while its accuracy hovers around a coin toss; remedies are then sought in
    the training although only the measurement is at fault.

How it decides
    A sample that is classified wrongly costs at least ln 2 of cross-entropy and at least 1 of hinge
    loss, so the error rate can't exceed loss / ln 2 (or the hinge loss) on the same samples. An error rate
    beyond that bound and its binomial noise proves the metric wrong. Short of the bound: the loss
    falls clearly, below the entropy of a constant answer, while the accuracy is constant or hovers
    with no trend around the same level from the first point to the last.

What to try
    With one sigmoid output, argmax over it is always 0: threshold at 0.5 instead. Keep predictions
    and labels in the same shape: [N] against [N, 1] compares every pair, N×N. Check the axis, and
    accumulate over the whole epoch rather than over its last batch.

When it is wrong
    A loss that is averaged over several outputs, weighted or masked does not obey the bound; where
    the loss function is not logged, one that breaks it from the first point on is not judged by it. With heavy class imbalance accuracy may stay at the
    majority rate while the loss falls a little: see class-imbalance.

References
    Bartlett, Jordan and McAuliffe (2006), Convexity, classification, and risk bounds. Humbatova et al.
    (2020), Taxonomy of real faults in deep learning systems.
"""

from __future__ import annotations

import math

import numpy as np

from curvedoctor.conditions.base import FIRES, Condition, finding, number, percent, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.proportions import binomial_sigma, entropy, proportion
from curvedoctor.conditions.shape import cannot, error_of_mean, fall, relative
from curvedoctor.features.case import Case
from curvedoctor.features.chance import chance_error, classes
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged

ID = "metric-bug"


def check(case: Case) -> Finding | Unjudged | None:
    reason = cannot(case)
    if reason is not None:
        return unjudged(ID, reason)
    if case.judged != "loss":
        return unjudged(ID, "no loss is logged that the metric could be held against")
    pairs = [
        (loss, error)
        for loss, error in ((case.val, proportion(case, "val")), (case.training, proportion(case, "train")))
        if loss is not None and error is not None and error.stats.n >= 5 and loss.stats.n >= 5
    ]
    if not pairs:
        return unjudged(ID, "no accuracy is logged beside the loss of its split")
    said = [_judge(case, loss, error) for loss, error in pairs]
    return max((f for f in said if f is not None), key=lambda f: f.confidence, default=None)


def _judge(case: Case, loss: Series, error: Series) -> Finding | None:
    bound = _bound(case, loss.stats.end)
    if case.word("loss") is None and loss.stats.first < math.log(2) * (error.stats.first - 0.02):
        bound = math.inf  # not a cross-entropy: it breaks the bound from the first point on
    n = case.number("n_val" if loss is case.val else "n_train")
    e = error.stats.end
    sigma = max(error_of_mean(error, 0.05), binomial_sigma(min(bound, 0.5), n) if n else 0.0)
    excess = (e - bound) / max(3 * sigma, 0.03)
    certain = 0.97 if case.word("loss") in ("bce", "cross-entropy", "nll", "hinge") else 0.85
    sure = max(certain * ramp(excess, 0.7, 1.3) if bound < 1 else 0.0, _hovers(case, loss, error))
    if sure < FIRES:
        return None
    score, loss_end = error.logged(e), number(loss.stats.end)
    summary = f"{_where(loss)} accuracy hovers at {number(score)} while the loss falls by {percent(fall(loss))} to {loss_end}"
    summary += (
        f": at that loss at most {percent(min(bound, 1.0))} of answers can be wrong." if bound < e else "."
    )
    return finding(
        ID, "error", sure, error, summary, others=(loss,), onset=0.0,
        accuracy=score, fall=fall(loss), bound=min(bound, 1.0), noise=error.stats.noise,
    )  # fmt: skip


def _where(loss: Series) -> str:
    return "Validation" if loss.curve.role.split in ("val", "test") else "Training"


def _bound(case: Case, level: float) -> float:
    """Highest possible error rate at a mean loss, 0..; above 1 where nothing follows."""
    kind = case.word("loss")
    if kind == "hinge":
        return level
    k = classes(case)
    if kind == "mse":
        return 4 * level if k == 2 else math.inf
    if kind == "bce" and k is not None and k > 2:
        return math.inf
    if kind in (None, "bce", "cross-entropy", "nll"):
        return level / math.log(2)
    return math.inf


def _hovers(case: Case, loss: Series, error: Series) -> float:
    """The loss falls below what a constant answer costs while the accuracy has no trend."""
    t, e = loss.stats, error.stats
    level = 0.5 * (e.start + e.end)
    moved = max(abs(e.start - e.end), abs(e.at25 - e.at75), e.start - e.best - 2 * error_of_mean(error, 0.05))
    still = ramp(moved, max(0.04, 6 * error_of_mean(error, 0.1)), max(0.02, 3 * error_of_mean(error, 0.1)))
    chance = chance_error(case)
    poor = ramp(level / chance, 0.75, 0.9) if chance else ramp(level, 0.2, 0.35)
    informed = 1.0
    if case.word("loss") in (None, "bce", "cross-entropy", "nll"):
        informed = ramp(t.end / entropy(min(level, 0.5)), 0.95, 0.75)
    clear = ramp(fall(loss), 0.15, 0.35) * ramp(relative(t.start - t.end, max(t.noise, 1e-300)), 2.0, 5.0)
    return 0.85 * still * poor * clear * informed


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
