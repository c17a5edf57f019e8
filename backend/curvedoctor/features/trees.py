"""Boosted trees by the names of their curves: each library calls its measures as networks' logs do not."""

from __future__ import annotations

import re
from functools import lru_cache

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


@lru_cache(maxsize=256)  # siblings log the same
def library_of(tags: tuple[str, ...]) -> str | None:
    """The library whose curves these are; None where nothing says that trees are grown."""
    for name, own in _OWN.items():
        if any(own.search(tag[:200]) for tag in tags):
            return name
    if tags and all(_XGBOOST.match(tag[:200]) for tag in tags):
        return "xgboost"
    return "sklearn" if set(tags) >= _HISTOGRAM else None
