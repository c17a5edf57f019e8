"""A held-out curve that turned while training did not, and how that is told."""

from __future__ import annotations

from typing import NamedTuple

from curvedoctor.conditions.base import finding, number, percent
from curvedoctor.conditions.measures.shape import begin, error_of_mean, name, relative
from curvedoctor.conditions.measures.turn import Turn, at, turn, untrained
from curvedoctor.features import told
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Severity

ID = "overfitting"
#: generalization loss (Prechelt 1998) that is worth knowing, that is sick, and that is beyond doubt
NOTABLE, RISE, PLAIN = 0.05, 0.1, 0.3
#: a rise below this share of an untrained model's level is of no consequence
MATTERS = 0.01
#: a share of wrong answers must rise by a point or two of a hundred
POINTS = 0.02
#: what to try where a score holds or improves and only the loss climbs: stopping early would gain it nothing
GO_ON = ("regularize", "more-data", "smaller-model")
#: training climbs as well if it ends above its level where validation was best by more than this share
CLIMBS = 0.02


class Claim(NamedTuple):
    """How a turn is told."""

    severity: Severity
    confidence: float
    text: str
    actions: tuple[str, ...] = ()


def turned_of(case: Case, val: Series, train: Series | None, least: float) -> Turn | None:
    """The turn of a validation curve if it is clear, of weight, and training does not share it."""
    turned = turn(val)
    if turned is None or not turned.clear or turned.rise < least:
        return None
    up = turned.end - turned.best
    if up < MATTERS * untrained(case, val) or (val.ceiling is not None and up < POINTS):
        return None
    return turned if train is None or _holds_on(train, at(val, train, turned.index)) else None


def _holds_on(train: Series, before: float) -> bool:
    """Whether training has not risen with validation: it falls on, or stays where it was."""
    return train.stats.end <= before + max(CLIMBS * abs(before), error_of_mean(train, 0.05))


def course_of(val: Series, turned: Turn) -> str:
    """'Validation loss is best (0.518) at epoch 1 and ends 16 % above it (0.601)'; a score falls."""
    what = begin(name(val))
    best, end = number(val.logged(turned.best)), told.last(val, turned.end, over=turned.best)
    start = f"{what} is best ({best}) at {val.at_step(turned.index)}"
    if val.ceiling is not None:
        return f"{start} and falls to {end} after it"
    return f"{start} and ends {percent(rises(val, turned))} above it ({end})"


def rises(s: Series, turned: Turn) -> float:
    """How far the end that is told lies above the best point, as share of it."""
    end = told.last_value(s, turned.end, over=turned.best)
    return relative(end - turned.best, turned.best)


def say(val: Series, train: Series | None, turned: Turn, claim: Claim) -> Finding:
    return finding(
        ID, claim.severity, claim.confidence, val, claim.text, others=(train,),
        onset=float(val.x[turned.index]),
        actions=claim.actions, rise=turned.rise, best=val.logged(turned.best), end=val.logged(turned.end),
        gap=None if train is None else turned.end - train.stats.end,
    )  # fmt: skip
