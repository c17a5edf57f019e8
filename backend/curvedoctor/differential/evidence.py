"""What the statistical model judges from: the curves' statistics and what each condition's own rule says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np

from curvedoctor.conditions.base import all_conditions
from curvedoctor.features import vector
from curvedoctor.features.case import Case
from curvedoctor.features.words import in_words
from curvedoctor.model import Floats, Unjudged

_RULE = "rule:"


@cache
def names() -> tuple[str, ...]:
    """The evidence's names, in the order of a row."""
    return (*vector.names(), *(f"{_RULE}{condition}" for condition in all_conditions()))


def rows(cases: Sequence[Case]) -> Floats:
    """Evidence of many cases, shape (n, len(names())); NaN where the log does not say."""
    rules = np.array([[_strength(case, c) for c in all_conditions()] for case in cases], dtype=np.float64)
    return np.hstack([vector.matrix(list(cases)), rules.reshape(len(cases), -1)])


def in_plain_words(name: str, value: float) -> str:
    """One piece of evidence as a reader understands it."""
    if name.startswith(_RULE):
        said = "can't say" if math.isnan(value) else f"gives {100 * value:.0f} %"
        return f"the rule for {name[len(_RULE) :]} {said}"
    return in_words(name, value)


def _strength(case: Case, condition: str) -> float:
    """What a condition's own rule makes of a case that no model has judged yet: 0..1, NaN if it can't say."""
    result = all_conditions()[condition].check(case)
    if isinstance(result, Unjudged):
        return math.nan
    return 0.0 if result is None else result.confidence
