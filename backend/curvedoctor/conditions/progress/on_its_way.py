"""What undertrained says of runs that were stopped in their schedule, and of rewards that still rise."""

from __future__ import annotations

from curvedoctor.conditions.base import finding
from curvedoctor.conditions.measures.returns import rewards
from curvedoctor.conditions.measures.reward_course import rises_with, still_rises
from curvedoctor.conditions.measures.shape import lately, relative
from curvedoctor.conditions.measures.unfinished import Stopped, rate_ended
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.model import Finding

ID = "undertrained"


def stopped_on_its_way(case: Case, s: Series, way: Stopped) -> Finding:
    """A run that its schedule, or its configuration, would have taken further."""
    return finding(
        ID, way.severity, way.confidence, s, way.text, others=(case.train,) if s is case.val else (),
        at=len(s.y) - 1, actions=("train-longer",), gain_least=None, gain_most=None,
        last_quarter=relative(lately(s), s.stats.end), planned_end=way.planned,
    )  # fmt: skip


def of_an_agent(case: Case, judged: Series) -> Finding | None:
    """A reward that still rises at the end."""
    rise, s = None if case.schedule and rate_ended(case) else still_rises(judged), judged
    if rise is None and rises_with(judged):  # what training got shows first that the rise has only begun
        begun = ((still_rises(s), s) for s in rewards(case)[1:])
        rise, s = next(((r, s) for r, s in begun if r is not None and r.least >= 1), (None, judged))
    if rise is None:
        return None
    at = len(s.y) - 1
    least, most = (rise.least, rise.most) if rise.credible else (None, None)
    return finding(
        ID, rise.severity, rise.confidence, s,
        f"The reward still rises where the run ends, at {s.curve.axis} {s.step_at(at):g}: {rise.text}.",
        at=at, actions=("train-longer",), gain_least=least, gain_most=most, last_quarter=rise.last,
        planned_end=None,
    )  # fmt: skip
