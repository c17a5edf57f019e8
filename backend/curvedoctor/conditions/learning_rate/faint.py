"""An agent that learns, and so faintly that its learning rate is why: far below what any is trained with."""

from __future__ import annotations

import math
from typing import NamedTuple

from curvedoctor.conditions.base import number, times
from curvedoctor.conditions.measures.returns import gained, succeeds
from curvedoctor.conditions.measures.shape import lately, rising
from curvedoctor.conditions.measures.signals import median_late, signals
from curvedoctor.features import told
from curvedoctor.features.case import Case
from curvedoctor.features.language import of_language
from curvedoctor.features.rates import logged_lr, trained_before
from curvedoctor.features.series import Series

#: what agents are trained with (Schulman et al. 2017; Raffin et al. 2021); times below it that is far: the
#: lowest in use, of values from pictures, is five times below (Hessel et al. 2018)
CUSTOM, FAR = 3e-4, 15.0
#: fewest points; Mann-Kendall's z of a rise over the run and over its second half, and the part of what was
#: gained that the last quarter brings
MIN_POINTS, TREND, STILL, PART = 20, 3.0, 1.5, 0.08
#: KL of an update, in nats, of steps that are large enough
MOVES = 3e-3


class Faint(NamedTuple):
    """The reward, what to say, and log10 of how far the rate is below custom."""

    series: Series
    text: str
    decades: float


def faint(case: Case) -> Faint | None:
    """A reward that still rises at the end of a run at such a rate; None where it does not, or the policy is
    seen to take large steps, or had been trained before."""
    s, lr = case.reward, logged_lr(case)
    if s is None or lr is None or FAR * lr > CUSTOM or s.stats.n < MIN_POINTS or succeeds(case):
        return None
    kl = median_late(signals(case).get("kl"))
    if trained_before(case) or of_language(case) or (kl is not None and abs(kl) > MOVES):
        return None
    if rising(s, 0.0) > -TREND or rising(s, 0.5) > -STILL or lately(s) < PART * max(gained(s), 0.0):
        return None
    below = CUSTOM / lr
    text = (
        f"At a learning rate of {number(lr)}, {times(below)} times below what agents are trained with, the "
        f"reward rises faintly, from {told.first(s, over=s.stats.end)} to {told.last(s, over=s.stats.start)}."
    )
    return Faint(s, text, math.log10(below))
