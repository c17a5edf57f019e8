"""What a condition is: one module of this package, with its manual page, its check and its examples.

A module defines `CONDITION = Condition(...)`; dropping one file in is the whole contribution. Its
docstring is the manual page, with the headings of `HEADINGS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from typing import Literal

import numpy as np

from curvedoctor.features import sentences
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.model import EvidenceValue, Finding, Run, Severity, Unjudged

HEADINGS = ("Why it matters", "How it decides", "What to try", "When it is wrong", "References")
number = sentences.number

#: a rule this sure is a finding, which is then likelier than not; share of a level that is all of it
REPORT_FROM, EVEN, ALL = 0.35, 0.5, 0.95

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
    #: its evidence is what running on would bring: pictures show where its curves are heading
    extrapolates: bool = False
    #: concerns one kind of training only (agents, adversarial pairs): where unjudged, people read of it last
    special: bool = False
    #: preview: thresholds not yet calibrated on trainings whose remedies were tried
    stage: Literal["preview", "stable"] = "stable"
    #: True for what only gradient steps, batches, layers or schedules can suffer from
    networks_only: bool = False

    def judge(self, case: Case) -> Finding | Unjudged | None:
        """What it says of a case; of boosted trees nothing if it concerns networks only."""
        if self.networks_only and case.boosting:
            return unjudged(self.id, "it concerns networks only, and the run grows boosted trees")
        result = self.check(case)
        return (
            replace(result, confidence=max(result.confidence, EVEN))
            if isinstance(result, Finding)
            else result
        )

    @property
    def manual(self) -> str:
        """The manual page: the docstring of the condition's module."""
        return import_module(self.check.__module__).__doc__ or ""


@cache
def all_conditions() -> Mapping[str, Condition]:
    """Every condition by id, in alphabetical order."""
    import curvedoctor.conditions as package

    by_id: dict[str, Condition] = {}
    for module in walk_packages(package.__path__, f"{package.__name__}."):
        condition = getattr(import_module(module.name), "CONDITION", None)
        if isinstance(condition, Condition):
            by_id[condition.id] = condition
    return dict(sorted(by_id.items()))


def finding(
    condition: str,
    severity: Severity,
    confidence: float,
    series: Series | None,
    summary: str,
    *,
    others: tuple[Series | None, ...] = (),
    onset: float | None = None,
    at: int | None = None,
    until: float | None = 1.0,
    actions: tuple[str, ...] = (),
    **evidence: EvidenceValue,
) -> Finding:
    """A finding on `series` (and `others`); its onset is given as progress 0..1 or, `at`,
    as one of the finite points."""
    curves = tuple(s.curve.id for s in (series, *others) if s is not None)
    start = None if onset is None or series is None else series.axis_at(onset)
    if at is not None and series is not None:
        start = series.step_at(at)
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


def unjudged(condition: str, reason: str) -> Unjudged:
    """Say that a condition could not be judged."""
    return Unjudged(condition, reason)


def too_few(condition: str, points: float, least: int, what: str = "points") -> Unjudged:
    """Say that a condition could not be judged for want of points."""
    return Unjudged(condition, f"{points:.0f} {what} are too few; {least} are needed")


def _plain(value: EvidenceValue) -> EvidenceValue:
    if isinstance(value, (float, np.floating)):
        return float(f"{float(value):.4g}") if math.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value


def ramp(value: float, low: float, high: float) -> float:
    """0 at `low` and below, 1 at `high` and above, linear between; `low` may exceed `high`."""
    if low == high:
        return float(value >= low)
    share = (value - low) / (high - low)
    return min(float(share), 1.0) if share > 0 else 0.0  # NaN: 0


def percent(share: float) -> str:
    """A share as people read it: 0.384 → '38 %'."""
    p = 100 * share
    return f"{p:.1g} %" if 5e-4 <= abs(p) < 0.05 else f"{p:.1f} %" if abs(p) < 10 else f"{p:.0f} %"


def times(factor: float) -> str:
    """A factor as people read it: 20 000 rather than 2e+04."""
    return f"{factor:,.0f}".replace(",", " ") if factor >= 100 else f"{factor:.2g}"


def lowered(least: float, most: float | None = None) -> str:
    """By how much something is expected to fall, given as shares:
    no extrapolation knows the last twentieth."""
    if least >= ALL:
        return "to next to nothing"
    if most is not None and most >= ALL:
        return f"by {percent(least)} or more"
    return "by " + " to ".join(dict.fromkeys(percent(share) for share in (least, most or least)))
