"""Whether a score is a share of right answers: only those have binomial noise, p(1−p)/n."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from curvedoctor.model import Curve
from curvedoctor.roles import vocabulary as v
from curvedoctor.roles.quantity import inner
from curvedoctor.roles.tag_words import parse

_CLASSIFICATION_ERROR = frozenset({"misclassification", "merror"})
_COUNTED = frozenset({"rate", "top1", "top5", "topk", "classification", "cls", "class"})


@lru_cache(maxsize=32)  # several conditions ask of the same few curves
def is_proportion(curve: Curve) -> bool:
    """True for accuracies and error rates in [0, 1] or [0, 100]; false for R², mAP, AUC, F1, BLEU …"""
    words = frozenset(inner(parse(curve.id, curve.tag))[0])
    if curve.role.quantity == "accuracy":
        named = bool(words & v.PROPORTION) and not words & (v.SCORE | {"balanced"})
    elif curve.role.quantity == "error":
        named = bool(words & _CLASSIFICATION_ERROR or (words & {"error", "err"} and words & _COUNTED))
    else:
        named = False
    if not named:
        return False
    finite = curve.values[np.isfinite(curve.values)]
    return bool(finite.size and finite.min() >= 0 and finite.max() <= 100.0 + 1e-9)
