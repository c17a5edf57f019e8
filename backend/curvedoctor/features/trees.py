"""Boosted trees by the names of their curves: each library calls its measures as networks' logs do not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from curvedoctor.model import Curve

#: of some curve: a name that only this library gives
_OWN = {
    "lightgbm": re.compile(
        r"(^|[^a-z0-9])((binary|multi)_logloss|binary_error|multi_error|valid_\d)($|[^a-z0-9])"
        r"|^l[12][. -](train|valid)\w*$|^(training|valid_\w+)[. '_/-]+l[12]$|^(train|valid)\w*[. '_-]+l[12]$",
        re.IGNORECASE,
    ),
    "xgboost": re.compile(r"(^|[^a-z0-9])(mlogloss|merror|validation_\d)($|[^a-z0-9])", re.IGNORECASE),
    "catboost": re.compile(r"^learn(/|$)|^(learn|test|validation)\w*[/-](MultiClass|Logloss)(\W|$)"),
    "sklearn": re.compile(r"^OOB Improve$"),
}
#: of every curve: "train-rmse", as XGBoost prints them, with a measure of its own
_XGBOOST = re.compile(
    r"^\w{1,30}-(rmse|rmsle|mae|mape|mphe|logloss|error(@[\d.]+)?|auc|aucpr|pre(@\d+)?|ndcg(@\d+-?)?|map(@\d+-?)?|\w+-nloglik|\w+-deviance)$"
)
#: scikit-learn's histogram boosting prints how each round's trees have grown
_HISTOGRAM = {"train loss", "max depth"}
#: of every curve: LightGBM's "training" and "valid", which networks' logs say too
_LIGHTGBM = re.compile(
    r"^(training|valid\w{0,9}?)[ '._/-]{1,3}(rmse|mae|mape|l1|l2|auc|average_precision|cross_entropy"
    r"|huber|fair|poisson|quantile|gamma|tweedie|(ndcg|map)(@\d+)?|kullback_leibler)$",
    re.IGNORECASE,
)
#: rounds, and the share of them that fit better what is learnt from: each tree does,
#: a step on a batch need not
ROUNDS, FITS = 10, 0.98


def library_of(curves: Sequence[Curve]) -> str | None:
    """The library whose curves these are, by their names; None where nothing says that trees are grown."""
    tags = tuple(curve.tag for curve in curves)
    library = _by_names(tags)
    if library or not tags or not all(_LIGHTGBM.match(tag[:200]) for tag in tags):
        return library
    learnt = [curve for curve in curves if curve.tag.lower().startswith("training")]
    return "lightgbm" if learnt and all(_fitted(curve) for curve in learnt) else None


def _fitted(curve: Curve) -> bool:
    """Whether round after round fits better."""
    ways = np.diff(curve.values if curve.role.better == "higher" else -curve.values)
    return (
        len(ways) >= ROUNDS and bool(np.mean(ways >= 0) >= FITS) and bool((np.diff(curve.steps) == 1).all())
    )


@lru_cache(maxsize=256)  # siblings log the same
def _by_names(tags: tuple[str, ...]) -> str | None:
    for name, own in _OWN.items():
        if any(own.search(tag[:200]) for tag in tags):
            return name
    if tags and all(_XGBOOST.match(tag[:200]) for tag in tags):
        return "xgboost"
    return "sklearn" if set(tags) >= _HISTOGRAM else None
