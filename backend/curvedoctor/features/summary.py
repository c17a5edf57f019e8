"""What siblings need to know of a run: small enough to keep for every run of a large scan."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from curvedoctor.features.case import Case
from curvedoctor.features.rates import reached_lr
from curvedoctor.features.series import Series
from curvedoctor.features.told import last_value
from curvedoctor.model import Ending, ParamValue
from curvedoctor.params.repeats import repeat_in

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
    end: float | None = None
    best: float | None = None
    #: σ of the noise of that level
    noise: float = 0.0
    #: a loss was not finite at the end
    lost: bool = False
    #: what was logged first of training and of validation, lower is better; None where it is not
    begun: tuple[float | None, float | None] = (None, None)
    #: a score was validated beside the loss; None where nothing was validated
    scored: bool | None = None


def ending(case: Case) -> Ending | None:
    """How good the run became, whatever ended it."""
    s = case.outcome or case.reward
    if s is None:
        return None
    values = s.curve.values[np.isfinite(s.curve.values)]
    best = values.min() if s.curve.role.better == "lower" else values.max()
    finite = not s.stats.bad_tail and math.isfinite(s.stats.end)
    return Ending(s.curve.id, s.curve.role.better, s.logged(last_value(s)) if finite else None, float(best))


def settings(case: Case, named: Mapping[str, ParamValue]) -> dict[str, ParamValue]:
    """What was set for a run, to hold beside its siblings: as logged, else as its name tells; the learning
    rate else as its curve does."""
    lr = reached_lr(case)
    return {**({} if lr is None else {"lr": lr}), **named, **case.params}


def summarize(case: Case) -> Summary:
    """The summary of one run."""
    s, params = case.outcome, settings(case, repeat_in(case.run.name))
    # a run that goes on, or was stopped from outside, did not end where its settings lead
    if s is None or s.stats.bad_tail or case.run.status in UNENDED:
        lost = any(
            c.role.quantity == "loss" and len(c) and not np.isfinite(c.values[-1]) for c in case.run.curves
        )
        told = Summary(case.run.name, params, s.curve.id if s else None, lost=lost)
    else:
        t = s.stats
        told = Summary(case.run.name, params, s.curve.id, t.end, t.best, t.noise_late)
    return replace(told, begun=(first_of(case.train), first_of(case.val)), scored=scored(case))


def scored(case: Case) -> bool | None:
    """Whether a score was validated beside the loss; None where nothing was validated."""
    return None if case.val is None else case.val_score is not None


def first_of(s: Series | None) -> float | None:
    """The first point of a curve, lower is better."""
    return None if s is None else s.stats.first
