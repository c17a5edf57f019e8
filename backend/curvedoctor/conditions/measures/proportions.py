"""Shares of right answers: which curves are such, their binomial noise,
and the sample size that their steps reveal."""

from __future__ import annotations

import math
import re

import numpy as np

from curvedoctor.features.case import Case
from curvedoctor.features.chance import classes
from curvedoctor.features.series import Series
from curvedoctor.model import Floats
from curvedoctor.roles import is_proportion

#: largest sample size looked for; beyond it float32 and binomial noise say nothing
MAX_SAMPLES = 5000
#: losses whose every wrong answer costs ln 2 at least, as configured and as curves are called
CROSS = ("bce", "cross-entropy", "nll")
#: share by which the weight on the truth has to exceed that of right answers
MARGIN = 0.03
#: classes that there are at least where their number is not known: more of them warrant a higher loss
FEWEST_CLASSES = 10.0
#: share of wrong answers that few samples may hide, and validation over training above which it is memorized
CHANCE, APART = 0.03, 0.2
#: cross-entropy below which no answer is unsure
POOR_LOSS = 0.25
_PERPLEXITY = re.compile(r"(^|[^a-z])(ppl|perplexity)([^a-z]|$)", re.IGNORECASE)
_NAMED = re.compile(
    r"cross.?entropy|log_?loss|(^|[^a-z])(ce|bce|xent|nll|ppl|perplexity)([^a-z]|$)", re.IGNORECASE
)
#: three shares that differ need four samples
_SIZES = np.arange(4, MAX_SAMPLES + 1, dtype=np.float64)


def proportion(case: Case, split: str) -> Series | None:
    """The error rate (1 − accuracy) of a split as a series,
    if one is logged that is a share of right answers."""
    first = (case.val_score, case.val) if split == "val" else (case.train_score, case.train, case.train_step)
    for s in first:
        if s is not None and s.curve.role.quantity in ("accuracy", "error") and is_proportion(s.curve):
            return s
    return None


def any_proportion(case: Case, split: str) -> Series | None:
    """The same, or one that is logged beside the main score of the split: an accuracy beside a recall."""
    main = proportion(case, split)
    if main is not None:
        return main
    splits = ("val", "test") if split == "val" else ("train", "none")
    beside = (s for s in case.series.values() if s.curve.role.split in splits and s.ceiling == 1.0)
    return min((s for s in beside if is_proportion(s.curve)), key=lambda s: s.curve.id, default=None)


def shares(s: Series) -> Floats:
    """Values as logged, as shares 0..1, shape (n,)."""
    values = s.curve.values[np.isfinite(s.curve.values)]
    return np.asarray(values / (100.0 if float(values.max(initial=0.0)) > 1.5 else 1.0))


def sample_size(s: Series) -> int | None:
    """The number of samples of which all logged shares are whole multiples of 1/n; None if none or if
    rounding may be why.

    The smallest n up to MAX_SAMPLES that fits all values to float32 precision. Values that are whole
    multiples of 0.1, 0.01, … may have been rounded for the log and reveal nothing.
    """
    values = np.unique(shares(s))
    values = values[(values > 0) & (values < 1)]
    if len(values) < 3:
        return None
    distinct = len(values)
    values = values[:: max(1, len(values) // 64)]
    n = _SIZES
    for few in (values[:1], values[1:2], values[2:8], values[8:]):  # each leaves few candidates to the next
        product = few[:, None] * n
        n = n[np.all(np.abs(product - np.round(product)) <= 2e-7 * n + 1e-9, axis=0)]
    size = int(n[0]) if len(n) else None
    # values rounded to k digits are multiples of 10⁻ᵏ, and by chance of a coarser raster
    raster = next((r for r in (10, 100, 1000, 10_000) if size and r % size == 0), None)
    return None if size is None or (raster is not None and (size / raster) ** distinct > 0.02) else size


def binomial_sigma(share: float, n: float) -> float:
    """Standard deviation of a share of right answers on n samples: √(p(1−p)/n)."""
    p = min(max(share, 0.0), 1.0)
    return math.sqrt(p * (1 - p) / max(n, 1.0))


def entropy(share: float) -> float:
    """Binary entropy in nats: the loss of a constant prediction with this error rate."""
    p = min(max(share, 1e-12), 1 - 1e-12)
    return -p * math.log(p) - (1 - p) * math.log(1 - p)


def warranted(wrong: float, k: float) -> float:
    """Cross-entropy in nats of a model that knows how often it is wrong, among k classes (Fano):
    what its answers warrant."""
    p = min(max(wrong, 0.0), 1.0 - 1.0 / k)
    return entropy(p) + p * math.log(max(k - 1.0, 1.0))


def unsure(case: Case) -> tuple[Series, Series, float] | None:
    """Validation's loss, its error, and what the answers warrant, where the loss is above that though
    training is no lower.

    A network that memorizes is too sure of what it gets wrong; one held back, or not trained enough, is not
    sure of what it gets right. Label smoothing does that on purpose.
    """
    val, error, train = case.val, proportion(case, "val"), case.coarsest_train
    if (
        val is None
        or error is None
        or train is None
        or case.judged_quantity != "loss"
        or case.number("label_smoothing")
    ):
        return None
    first = max(nats(val, val.stats.first), nats(train, train.stats.first))
    k = classes(case) or max(FEWEST_CLASSES, math.exp(min(first, 7.0)))
    wrong, end = error.stats.end + CHANCE, nats(val, val.stats.end)
    apart = end - nats(train, train.stats.end) > APART * max(nats(train, train.stats.end), 0.0)
    if case.word("loss") not in (None, *CROSS) or apart or not end > POOR_LOSS or wrong > 0.8 * (1 - 1 / k):
        return None
    costs = warranted(wrong, max(k, 2.0))
    return (val, error, costs) if end > costs else None


def nats(loss: Series, level: float) -> float:
    """A mean cross-entropy in nats: perplexity is its exponential."""
    return math.log(max(level, 1.0)) if _PERPLEXITY.search(loss.curve.tag) else level


def is_cross_entropy(case: Case, loss: Series) -> bool:
    """Whether the loss is a cross-entropy, by its name or configuration:
    only of one follows how often answers are right."""
    return case.word("loss") in CROSS or _NAMED.search(loss.curve.tag) is not None


def error_bound(case: Case, loss: Series, level: float) -> float:
    """Highest possible error rate at a mean loss, 0..; above 1 where nothing follows."""
    k = classes(case)
    if case.word("loss") == "hinge":
        return level
    if case.word("loss") == "bce" and k is not None and k > 2:
        return math.inf
    return nats(loss, level) / math.log(2) if is_cross_entropy(case, loss) else math.inf


def informed(case: Case, loss: Series, error: Series) -> bool:
    """Whether the loss gives the truth more weight than answers are ever right: exp(−loss) on average,
    at least (Jensen)."""
    level = nats(loss, loss.stats.end)
    if case.word("loss") == "hinge":
        return level < 0.75
    if case.word("loss") is None and nats(loss, loss.stats.first) < math.log(2) * (error.stats.first - 0.02):
        return False  # no cross-entropy: it breaks the bound from the first point on
    return case.word("loss") in (None, *CROSS) and math.exp(-level) > 1.0 - error.stats.best + MARGIN
