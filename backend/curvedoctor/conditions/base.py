"""What a condition is: one module of this package, with its manual page, its check and its examples.

A module defines `CONDITION = Condition(...)`; dropping one file in is the whole contribution. Its
docstring is the manual page, with the headings of `HEADINGS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Literal

import numpy as np

from curvedoctor.conditions.once import ask
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.model import EvidenceValue, Finding, Run, Severity, Unjudged

HEADINGS = ("Why it matters", "How it decides", "What to try", "When it is wrong", "References")

#: a suspicion from here on is a finding
FIRES = 0.35
#: odds of its action from which on the model agrees with a rule, and of the run being sick at all
AGREES, RATHER_SICK = 0.3, 0.6
#: a rule from here on stands whatever the model says, with this share of its own confidence
CERTAIN, TRUSTED = 0.7, 0.95
#: probability that the first action of a condition helps, given that the condition is true
FIRST = 0.9
#: below this probability that its remedies help, a fault is a harmless fact
HARMLESS = 0.04

Check = Callable[[Case], Finding | Unjudged | None]
#: makes an example run; the generator varies noise and sizes, never what is true
Example = Callable[[np.random.Generator], Run]


@dataclass(frozen=True, slots=True)
class Condition:
    """A named training problem."""

    id: str
    #: a few words, as in a list
    title: str
    severity: Severity
    #: what to try, most usual first (the vocabulary of `curvedoctor.actions`)
    actions: tuple[str, ...]
    #: None: judged and absent. A case without the curves it needs: `Unjudged`
    check: Check
    #: evidence key → unit and meaning
    evidence: Mapping[str, str]
    sick: tuple[Example, ...]
    healthy: tuple[Example, ...]
    #: False where the absolute level of the loss is the evidence (ln K, entropy of the base rate)
    scale_free: bool = True
    #: preview: thresholds not yet calibrated on trainings whose remedies were tried
    stage: Literal["preview", "stable"] = "stable"

    @property
    def manual(self) -> str:
        """The manual page: the docstring of the condition's module."""
        return import_module(self.check.__module__).__doc__ or ""


@cache
def all_conditions() -> Mapping[str, Condition]:
    """Every condition by id, in alphabetical order."""
    import curvedoctor.conditions as package

    found: dict[str, Condition] = {}
    for module in iter_modules(package.__path__, f"{package.__name__}."):
        condition = getattr(import_module(module.name), "CONDITION", None)
        if isinstance(condition, Condition):
            found[condition.id] = condition
    return dict(sorted(found.items()))


def finding(
    condition: str,
    severity: Severity,
    confidence: float,
    series: Series | None,
    summary: str,
    *,
    others: tuple[Series | None, ...] = (),
    onset: float | None = None,
    until: float | None = 1.0,
    actions: tuple[str, ...] = (),
    **evidence: EvidenceValue,
) -> Finding:
    """A finding on `series` (and `others`) whose `onset` and `until` are given as progress 0..1."""
    curves = tuple(s.curve.id for s in (series, *others) if s is not None)
    start = None if onset is None or series is None else series.axis_at(onset)
    span = None
    if start is not None and until is not None and series is not None:
        span = (start, max(start, series.axis_at(until)))
    return Finding(
        condition=condition,
        severity=severity,
        confidence=round(min(max(confidence, 0.0), 0.99), 3),
        curves=curves,
        summary=summary,
        evidence={k: _plain(v) for k, v in evidence.items()},
        onset=start,
        span=span,
        axis=series.curve.axis if series is not None else None,
        actions=actions,
    )


def suspicion(case: Case, actions: tuple[str, ...], rule: float) -> float:
    """How sure it is that one of `actions` helps: the model's odds where it judged the run, else `rule`.

    `rule` is what the curves alone say, 0..1. A rule that is all but certain (`CERTAIN`) is not
    overruled; one that merely fires, where the model suspects nothing, stands if the model thinks it
    not improbable that the action helps (`AGREES`) in a run that is rather sick. The result is to be
    compared with `FIRES`; what lies below it is 0.
    """
    return ask(case, _suspicion, actions, rule)


def weigh(case: Case, actions: tuple[str, ...], severity: Severity) -> Severity:
    """`severity`, or info where the model judged the run and expects none of `actions` to help: a harmless fact."""
    return ask(case, _weigh, actions, severity)


def as_likely(case: Case, sure: float, actions: tuple[str, ...]) -> float:
    """`sure`, lowered (to `FIRES` at most) where the model thinks it less probable that any of `actions` helps."""
    best = max((case.odds[action] for action in actions if action in case.odds), default=None)
    return sure if best is None else min(sure, max(FIRES, best / FIRST))


def _suspicion(case: Case, actions: tuple[str, ...], rule: float) -> float:
    sure = rule
    known = [action for action in actions if action in case.odds]
    if known:
        sure = max(case.suspects.get(action, 0.0) for action in known)
        odds = max(case.odds[action] for action in known)
        if rule >= CERTAIN:
            sure = max(sure, odds, TRUSTED * rule)
        elif not sure and rule >= FIRES and odds >= AGREES and case.odds.get("sick", 0.0) >= RATHER_SICK:
            sure = max(odds, FIRES)
    return sure if sure >= FIRES else 0.0


def _weigh(case: Case, actions: tuple[str, ...], severity: Severity) -> Severity:
    odds = [case.odds[action] for action in actions if action in case.odds]
    return "info" if odds and max(odds) < HARMLESS else severity


def unjudged(condition: str, reason: str) -> Unjudged:
    """Say that a condition could not be judged."""
    return Unjudged(condition, reason)


def _plain(value: EvidenceValue) -> EvidenceValue:
    if isinstance(value, (float, np.floating)):
        return float(f"{float(value):.4g}") if math.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value


def ramp(value: float, low: float, high: float) -> float:
    """0 at `low` and below, 1 at `high` and above, linear between; `low` may exceed `high`."""
    if low == high:
        return float(value >= low)
    place = (value - low) / (high - low)
    return min(float(place), 1.0) if place > 0 else 0.0  # NaN: 0


def percent(share: float) -> str:
    """A share as people read it: 0.384 → '38 %'."""
    p = 100 * share
    return f"{p:.1f} %" if abs(p) < 10 else f"{p:.0f} %"


def number(value: float) -> str:
    """A level as people read it: three significant digits."""
    return f"{value:.3g}"
