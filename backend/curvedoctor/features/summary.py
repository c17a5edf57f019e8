"""What siblings need to know of a run: small enough to keep for every run of a large scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from curvedoctor.features.case import Case
from curvedoctor.model import ParamValue

#: statuses of runs whose end proves nothing
UNENDED = ("running", "scheduled", "failed", "killed")


@dataclass(frozen=True, slots=True)
class Summary:
    """One run's hyperparameters and how it ended."""

    run: str
    params: Mapping[str, ParamValue]
    #: which curve `end` was read from
    curve: str | None
    #: final and best level of the validation loss (training loss where none is logged); lower is better
    end: float | None
    best: float | None
    #: σ of the noise of that level
    noise: float


def summarize(case: Case) -> Summary:
    """The summary of one run."""
    s = case.outcome
    # a run that goes on, or was stopped from outside, did not end where its settings lead
    if s is None or s.stats.bad_tail or case.run.status in UNENDED:
        return Summary(case.run.name, case.params, s.curve.id if s else None, None, None, 0.0)
    t = s.stats
    return Summary(case.run.name, case.params, s.curve.id, t.end, t.best, t.noise_late)
