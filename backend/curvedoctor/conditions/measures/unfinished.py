"""Whether a run came to the end of its schedule, or was stopped on the way to it."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, number, percent, ramp
from curvedoctor.conditions.measures.shape import error_of_mean, fall, name, probing
from curvedoctor.conditions.measures.swing import FINISHED, begins
from curvedoctor.conditions.measures.turn import turn
from curvedoctor.features import told
from curvedoctor.features.case import Case
from curvedoctor.features.schedule_end import ENDED, End, planned_end
from curvedoctor.features.series import Series
from curvedoctor.model import Severity

#: schedules that reach their end with the run
PLANNED = {"cosine", "linear", "one-cycle", "polynomial"}
#: share of the way at which a schedule has come to its end, whatever it levels off at
ARRIVED = 0.95
#: share of its peak that the rate still has, and share of the way made, where a run is stopped on its way
LEFT, DONE = (0.2, 0.3), (0.8, 0.65)
#: what a line or half a cosine that rises to the end has of its last value, at the half and at three quarters
#: of the log; and its fewest values
HALF_UP, LATE_UP, SOME = (0.3, 0.8), (0.6, 0.97), 5
#: share by which a curve must have fallen to have learnt; rise after the best from which on it has turned
LEARNT, TURNED = 0.03, 0.01


class Stopped(NamedTuple):
    """A run that was ended on its way: how sure, what to say, where it was to end."""

    severity: Severity
    confidence: float
    text: str
    planned: float | None


@lru_cache(maxsize=8)
def schedule_end(case: Case) -> End | None:
    """Where the learning rate was to come to its end; None where its curve does not tell."""
    return planned_end(case.lr) if case.lr is not None else None


def rate_ended(case: Case) -> bool:
    """Whether the learning rate has come to its end, or starts anew again and again."""
    schedule = case.schedule
    if schedule is None:
        return case.word("schedule") in PLANNED and not case.cut_short
    end = schedule_end(case)
    arrived = end is not None and end.done >= ARRIVED
    return arrived or schedule.restarts > 0 or schedule.last < ENDED * schedule.peak


def stopped(case: Case, s: Series) -> Stopped | None:
    """How a run was ended on its way; None where it came to its end, or nothing more was to be had."""
    if _meant(case, s):
        return None
    return _in_its_schedule(case, s) or _as_it_rose(case, s) or _from_without(case, s)


def _in_its_schedule(case: Case, s: Series) -> Stopped | None:
    """The rate is high still, and the formula that it follows ends far ahead."""
    end, lr = schedule_end(case), case.lr
    if end is None or lr is None:
        return None
    confidence = 0.9 * ramp(end.left, *LEFT) * ramp(end.done, *DONE)
    if confidence < REPORT_FROM:
        return None
    text = (
        f"{_ends(case, s)}, in a {end.kind} schedule of about {end.at:.4g} "
        f"{lr.axis}s, with the learning rate still at {percent(end.left)} of its peak: what the "
        f"{name(s)} ({told.last(s)}) gains as the rate decays is still to come"
    )
    return Stopped("warning", confidence, text + _or_goes_on(case), end.at)


def _ends(case: Case, s: Series) -> str:
    what = "run" if case.run.status is not None else "log"
    return f"The {what} ends at {s.at_step(len(s.y) - 1)}"


def _or_goes_on(case: Case) -> str:
    """How the sentence ends: no log tells by itself whether its run goes on."""
    return "." if case.run.status is not None else "; if the run goes on, let it."


def _as_it_rose(case: Case, s: Series) -> Stopped | None:
    """The rate rises to the end: of a schedule of one cycle the first part."""
    if case.lr is None or probing(case):
        return None
    y = case.lr.values[np.isfinite(case.lr.values)]
    if len(y) < SOME or not float(y[-1]) > 0 or float(np.diff(y).min()) < 0:
        return None
    last, half, late = float(y[-1]), float(y[len(y) // 2]), float(y[3 * len(y) // 4])
    as_far = case.number("epochs") is not None and not case.cut_short
    rises = HALF_UP[0] <= half / last <= HALF_UP[1] and LATE_UP[0] <= late / last <= LATE_UP[1]
    if as_far or not rises:
        return None
    text = (
        f"{_ends(case, s)}, where the learning rate is at the highest it ever was ({number(last)}) and still "
        f"rose: its schedule has only begun, and what the {name(s)} ({told.last(s)}) gains "
        "as it comes down is still to come"
    )
    return Stopped("warning", 0.85, text + _or_goes_on(case), None)


def _from_without(case: Case, s: Series) -> Stopped | None:
    """A run that failed or was killed long before its configured epochs, or left its configured schedule."""
    epochs, last = case.number("epochs"), s.step_at(len(s.y) - 1)
    if epochs is None or s.curve.axis != "epoch" or last + (s.step_at(0) == 0) > DONE[1] * epochs:
        return None
    named = case.word("schedule") if case.lr is None else None
    if named in PLANNED:
        text = (
            f"The log ends at epoch {last:g}, in a {named} schedule of {epochs:g} epochs, as configured: "
            f"what the {name(s)} ({told.last(s)}) gains as the rate decays is still to come"
        )
        return Stopped("warning", 0.75, text + _or_goes_on(case), epochs)
    text = f"The run was stopped at epoch {last:g} ({case.run.status}): {epochs:g} are configured."
    return Stopped("info", 0.9, text, epochs) if case.run.status in ("failed", "killed") else None


def _meant(case: Case, s: Series) -> bool:
    """Whether it was right to stop: patience was at its end, validation has turned, or all is won; or nothing
    was learnt, which no schedule mends."""
    patience, turned = case.number("patience"), turn(s)
    waited = patience is not None and len(s.y) - 1 - s.best_index >= patience
    up = turned is not None and turned.clear and turned.rise > TURNED
    learnt = fall(s) > LEARNT and s.stats.start - s.stats.end > 3 * error_of_mean(s, 0.05)
    return waited or up or s.stats.end < FINISHED * begins(s) or not learnt
