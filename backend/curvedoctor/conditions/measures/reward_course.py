"""Where an agent's reward is going: whether it still rises at the end, and since when it has been flat at its
best.

Gains count against what the reward had risen by, since rewards have no zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, percent, ramp
from curvedoctor.conditions.measures.returns import WANDERS, gained, noise_of_part, span
from curvedoctor.conditions.measures.shape import lately, mean
from curvedoctor.features.blocks import median
from curvedoctor.features.extrapolate import gain_interval
from curvedoctor.features.resample import GRID
from curvedoctor.features.series import Series
from curvedoctor.features.statistics import smooth
from curvedoctor.model import Severity

#: what is to be gained by going on as long again, as share of the rise: where it hardly slows,
#: and where it does
AHEAD, SLOWING = (0.35, 0.6), (0.1, 0.2)
#: share of all that was gained beyond which a continued rise is no forecast
CREDIBLE = 0.5
#: share of its rise that an evaluation made in the last quarter, where training's reward still rises
LATELY = 0.15
#: share of the run that must have been flat
FLAT = (0.45, 0.6)


@dataclass(frozen=True, slots=True)
class Rise:
    """A reward that still rises: least and greatest gain to expect, and that of the last quarter,
    as shares of the rise."""

    confidence: float
    severity: Severity
    least: float
    most: float
    last: float

    @property
    def credible(self) -> bool:
        """Whether what is to come can be told: a reward that doubles once more may as well stop tomorrow."""
        return self.most <= CREDIBLE

    @property
    def text(self) -> str:
        """What is to be expected, in words; no number that nobody would believe."""
        if not self.credible:
            part = percent(self.last)
            return f"the last quarter brought {part} of what was gained so far, and it does not slow"
        shares = " to ".join(dict.fromkeys(percent(share) for share in (self.least, self.most)))
        return f"going on as long again is expected to bring another {shares} of what was gained so far"


def still_rises(s: Series) -> Rise | None:
    """The rise at the end, if there is one: a warning where it hardly slows, information where it does."""
    risen, noise = gained(s), noise_of_part(s)
    last = lately(s)
    if not risen > 4 * noise or span(s) < WANDERS[1] or last < 3 * noise * (4 / GRID) ** 0.5:
        return None
    calm, end = smooth(s.grid[None])[0], float(s.grid[-GRID // 16 :].mean())
    at_best = ramp((end - float(calm.min()) - 2 * noise) / risen, 0.12, 0.06)
    recent = mean(s, 0.75, 0.875) - mean(s, 0.875, 1.0)
    rises = at_best * ramp(last / risen, 0.06, 0.1) * ramp(recent / risen, 0.015, 0.035)
    least, most = (min(gain, _room(s, end)) / risen for gain in gain_interval(s.grid, s.stats.n))
    confidence = 0.9 * rises * ramp(least, *AHEAD)
    if confidence >= REPORT_FROM:
        return Rise(confidence, "warning", least, most, last / risen)
    confidence = 0.6 * rises * ramp(most, *SLOWING) * ramp(least, 0.0, SLOWING[0])
    return Rise(confidence, "info", least, most, last / risen) if confidence >= REPORT_FROM else None


def _room(s: Series, end: float) -> float:
    """How far a reward can rise yet: one that is below zero at all of its points is a cost, and the best of a
    cost is nothing."""
    return abs(s.logged(end)) if s.logged(s.stats.low) < 0 else math.inf


def rises_with(s: Series) -> bool:
    """Whether a reward of few points has gained a good part of all its rise lately."""
    return lately(s) > max(LATELY * gained(s), 2 * noise_of_part(s))


def flat_since(s: Series) -> tuple[float, float, float]:
    """How sure it is that the reward has been flat at its best, since which progress of its own,
    and at which level."""
    risen, noise = gained(s), noise_of_part(s)
    end, calm = median(s.grid[-GRID // 5 :]), smooth(s.grid[None])[0]
    worse = end - float(calm.min()) > max(0.1 * risen, 2 * noise)
    if not risen > 8 * noise or span(s) < WANDERS[1] or worse:
        return 0.0, 1.0, end
    off = np.flatnonzero(np.abs(calm - end) > max(0.05 * risen, 2.5 * noise))
    since = float(off[-1] + 1) / GRID if len(off) else 0.0
    return (0.9 * ramp(1 - since, *FLAT) if since else 0.0), since, end
