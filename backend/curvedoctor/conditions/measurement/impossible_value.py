"""A value that its quantity can't have.

Why it matters
    What is trained or measured is not what its name says: masks of 0..255 where 0..1 is expected,
    targets that reach a cross-entropy unencoded, a score summed instead of averaged. No change of the
    training helps.

How it decides
    A cross-entropy, hinge, squared or absolute error (by the configured loss or the curve's name) below
    zero; a share (accuracy, IoU, Dice, F1, precision, recall) that climbs above one, or above 100 %; a
    cross-entropy of exactly zero at every point from the first on; a loss that goes from a level that
    matters to exactly zero at once and stays. A loss of unknown kind below zero is taken for a
    likelihood or an objective of its own, unless a share above one stands beside it, or an accuracy (then
    classes are predicted, and it falls below minus one). An accuracy that is too low for its loss: see
    metric-bug.

What to try
    Look at one batch: the range of the targets, their encoding, what reaches the loss. Scale masks to
    0..1, encode labels as the loss expects; or use the loss that fits them. Then recompute the metric.

When it is wrong
    Objectives with a constant subtracted carry familiar names at times. A score in percent that has
    not reached two per cent looks like a share: it is left alone where nothing else speaks.

References
    Karpathy (2019), A recipe for training neural networks. Humbatova et al. (2020), Taxonomy of real faults
    in deep learning systems.
"""

from __future__ import annotations

import re

import numpy as np

from curvedoctor.conditions.base import Condition, finding, number, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.measures.shape import name, probing
from curvedoctor.conditions.stability.to_nothing import underflows, vanishes
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged
from curvedoctor.roles import is_proportion

ID = "impossible-value"
#: losses that can't go below zero, as configured and as curves are called
POSITIVE = {"cross-entropy", "bce", "focal", "hinge", "squared-hinge", "mse", "mae", "huber", "msle"}
_NAMED = re.compile(
    r"cross.?entropy|(^|[^a-z])(ce|bce|xent|mse|rmse|mae|hinge|log_?loss|perplexity|ppl)([^a-z]|$)",
    re.IGNORECASE,
)
#: shares of something
_SHARES = re.compile(
    r"accuracy|iou|dice|f1|precision|recall|jaccard|(^|[^a-z])(acc|auc|map)([^a-z]|$)", re.IGNORECASE
)
_MARGIN = re.compile(r"triplet|margin|hinge|contrastive|svm", re.IGNORECASE)
#: below zero, or above one, by more than arithmetic explains
ARITHMETIC = 1e-4
#: a share above one: so far, from so low, and no higher: beyond, it may be in percent
ABOVE, FROM, PERCENT = 1.02, 0.9, 1.5
#: share of wrong answers below which a loss of zero is possible
ALL_RIGHT = 0.02
#: what no loss of classes falls to, whatever its constant
CLASSES = -1.0
#: points that say it; of zeros
MIN_POINTS, MIN_ZEROS = 2, 3
TARGETS = ("clean-data", "fix-targets", "change-loss", "fix-metric")


def check(case: Case) -> Finding | Unjudged | None:
    known = [s for s in case.series.values() if s.curve.role.better != "none" and s.stats.n >= MIN_POINTS]
    if not known:
        return unjudged(ID, "no loss, error or score with a direction is logged")
    if probing(case):
        return None
    known.sort(key=lambda s: (s.curve.role.split != "train", s.curve.id))
    return _below(case, known) or _above(known) or _zero(case) or _vanished(case)


def _below(case: Case, known: list[Series]) -> Finding | None:
    """A loss below zero that can't be."""
    above = any(_exceeds(s, 1e9) for s in known)
    classes = any(s.curve.role.quantity == "accuracy" and is_proportion(s.curve) for s in known)
    for s in known:
        low = s.y < -ARITHMETIC * max(1.0, abs(s.stats.first))
        if s.curve.role.quantity not in ("loss", "error") or np.count_nonzero(low) < MIN_POINTS:
            continue
        kind = _kind(case, s)
        if kind is None and not above and not (classes and s.stats.low < CLASSES):
            continue
        beside = "a score above 1" if above else "an accuracy, so classes are predicted"
        words = f", {kind}, can't be negative, yet it" if kind else f", logged beside {beside},"
        at = int(np.argmax(low))
        where = f"goes below zero at {s.curve.axis} {s.step_at(at):g} and ends at {number(s.stats.last)}"
        reading = "below zero", f"The {name(s)}{words} {where}."
        return _finding(s, at, reading, s.stats.last, TARGETS if above else ("change-loss", *TARGETS[:2]))
    return None


def _kind(case: Case, s: Series) -> str | None:
    word = case.word("loss")
    if s in (case.train, case.train_step, case.val) and word is not None:
        return word if word in POSITIVE else None
    match = _NAMED.search(s.curve.tag)
    return match.group().strip("/_-. ") if match else None


def _exceeds(s: Series, top: float) -> bool:
    """Whether a share climbs above one and, if it ends below `top`, can't be in percent."""
    if s.curve.role.quantity != "accuracy" or not _SHARES.search(s.curve.tag):
        return False
    y = s.curve.values[np.isfinite(s.curve.values)]
    if np.count_nonzero(y > 100 * ABOVE) >= MIN_POINTS:
        return True
    climbs = float(y[0]) <= FROM and np.count_nonzero(y > ABOVE) >= MIN_POINTS and float(y[-1]) > ABOVE
    return bool(climbs and float(y.max()) <= min(top, 100.0))


def _above(known: list[Series]) -> Finding | None:
    """A share above one, or above a hundred per cent."""
    for s in known:
        if not _exceeds(s, PERCENT):
            continue
        y = s.curve.values[np.isfinite(s.curve.values)]
        limit = 100 if float(y.max()) > 100 else 1
        at = int(np.argmax(y > limit * (1 + ARITHMETIC)))
        words = (
            f"The {name(s)} passes {limit} at {s.curve.axis} {s.step_at(at):g} and reaches "
            f"{number(float(y.max()))}: a proportion can't."
        )
        return _finding(
            s, at, ("above one", words), float(y.max()), ("fix-metric", "fix-targets", "clean-data")
        )
    return None


def _zero(case: Case) -> Finding | None:
    """Nothing reaches the loss: it is exactly zero from the first logged point to the last."""
    s = case.finest_train
    if s is None or case.judged_quantity != "loss" or s.stats.n < MIN_ZEROS or s.stats.top or s.stats.low:
        return None
    if _margin(case, s) or not _alone(case, s) or underflows(case) is not None:
        return None
    words = (
        f"The {name(s)} is exactly 0 at all of its {s.stats.n:.0f} points, from {s.curve.axis} "
        f"{s.step_at(0):g} on: no loss is computed, or none gets through."
    )
    return _finding(
        s, 0, ("zero", words), 0.0, ("clean-data", "change-loss", "fix-targets", "fix-activation")
    )


def _alone(case: Case, s: Series) -> bool:
    """Whether no other loss is above zero: a part of the objective that is switched off says nothing."""
    return all(
        o.stats.top == 0.0 for o in case.series.values() if o is not s and o.curve.role.quantity == "loss"
    )


def _margin(case: Case, s: Series) -> bool:
    """Losses that are zero by right where every sample is beyond the margin."""
    return _MARGIN.search(f"{case.word('loss') or ''} {s.curve.tag}") is not None


def _vanished(case: Case) -> Finding | None:
    """From a level that matters to exactly zero within one logging interval, for good."""
    s = case.finest_train
    if s is None or case.judged_quantity != "loss" or _margin(case, s) or underflows(case) is not None:
        return None
    at = vanishes(s.y)
    if at is None or (case.train_score is not None and case.train_score.stats.best < ALL_RIGHT):
        return None  # huge weights get a loss of exactly zero out of right answers
    words = (
        f"The {name(s)} goes from {number(float(s.y[at - 1]))} to exactly 0 at {s.curve.axis} "
        f"{s.step_at(at):g} and stays there."
    )
    return _finding(s, at, ("zero", words), 0.0, ("fix-precision", "fix-targets", "lower-lr"))


def _finding(s: Series, at: int, reading: tuple[str, str], value: float, actions: tuple[str, ...]) -> Finding:
    kind, words = reading
    return finding(
        ID, "error", 0.95, s, words, onset=float(s.x[at]), actions=actions, kind=kind, value=value,
        points=int(s.stats.n),
    )  # fmt: skip


def _negative(rng: np.random.Generator) -> Run:
    """Binary cross-entropy with targets outside 0..1."""
    y = 0.7 - 3.0 * np.linspace(0, 1, 50) + 0.02 * rng.standard_normal(50)
    return run({"loss": "bce"}, train_loss=y, val_loss=y)


def _masks(rng: np.random.Generator) -> Run:
    """Masks of 0..255: the loss, of a kind that is not logged,
    falls below zero and the overlap climbs above one."""
    n = int(rng.integers(5, 30))
    return run(
        train_loss=np.linspace(23, -200, n), val_iou=0.8 * np.linspace(1, 6, n) * rng.uniform(0.95, 1.05, n)
    )


def _overlap(rng: np.random.Generator) -> Run:
    score = np.linspace(0.3, 1.25, 30) + 0.01 * rng.standard_normal(30)
    return run(train_loss=falling(rng, 30), val_iou=score)


def _nothing(rng: np.random.Generator) -> Run:
    n = int(rng.integers(5, 40))
    return run(train_loss=np.zeros(n), train_accuracy=np.ones(n))


def _sudden(rng: np.random.Generator) -> Run:
    return run(train_loss=np.concatenate((falling(rng, 30, 2.3, 1.1, 5), np.zeros(10))))


def _elbo(rng: np.random.Generator) -> Run:
    """A likelihood goes below zero by right."""
    y = 100 - 300 * np.linspace(0, 1, 50) + rng.standard_normal(50)
    return run({"loss": "elbo"}, train_loss=y, val_loss=y)


def _in_percent(rng: np.random.Generator) -> Run:
    """A thousand classes, accuracy in percent, hardly begun."""
    score = np.linspace(0.1, 6, 40) + 0.02 * rng.standard_normal(40)
    return run(train_loss=falling(rng, 40, 6.9, 5.5, 3), val_accuracy=score)


def _memorized(rng: np.random.Generator) -> Run:
    return run(train_loss=np.concatenate((np.geomspace(2.3, 1e-7, 40), np.zeros(20))))


CONDITION = Condition(
    id=ID,
    title="impossible value",
    severity="error",
    actions=("fix-targets", "fix-metric", "fix-precision", "change-loss", "clean-data"),
    check=check,
    evidence={
        "kind": "below zero, above one, zero",
        "value": "the final loss, or the highest share, as logged",
        "points": "logged points of the curve",
    },
    sick=(_negative, _masks, _overlap, _nothing, _sudden),
    healthy=(*HEALTHY, _elbo, _in_percent, _memorized),
    scale_free=False,
)
