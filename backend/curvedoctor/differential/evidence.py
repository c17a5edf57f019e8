"""What the statistical model judges from: the curves' statistics and what each condition's own rule says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np

from curvedoctor.conditions.base import all_conditions
from curvedoctor.conditions.once import Outcome, by_rules
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
    known = [case if case.outcomes else with_rules(case) for case in cases]
    rules = np.array([[_strength(case, c) for c in all_conditions()] for case in known], dtype=np.float64)
    return np.hstack([vector.matrix(known), rules.reshape(len(cases), -1)])


def with_rules(case: Case) -> Case:
    """`case` with what each condition's own rule makes of it, before any model has judged it."""
    return by_rules(case, {name: condition.check for name, condition in all_conditions().items()})


def in_plain_words(name: str, value: float) -> str:
    """One piece of evidence as a reader understands it."""
    if name.startswith(_RULE):
        said = "can't say" if math.isnan(value) else f"gives {100 * value:.0f} %"
        return f"the rule for {name[len(_RULE) :]} {said}"
    return in_words(name, value)


def _strength(case: Case, condition: str) -> float:
    """What a condition's own rule made of the case: 0..1, NaN if it can't say."""
    outcome = case.outcomes[condition]
    assert isinstance(outcome, Outcome)
    if isinstance(outcome.found, Unjudged):
        return math.nan
    return 0.0 if outcome.found is None else outcome.found.confidence
