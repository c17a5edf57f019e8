"""A loss that had learnt, jumps, and stays for the rest of the run near where it began, or where a constant
answer is: that it goes on fluctuating there, as batches differ, is no learning."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from curvedoctor.features.blocks import median, of_three
from curvedoctor.features.case import Case
from curvedoctor.features.chance import expected_first_loss
from curvedoctor.features.series import Series
from curvedoctor.features.statistics import MAD_TO_SIGMA

#: fewest points of a run, and after the jump; share of a longer run that must follow it
POINTS, AFTER, PART = 6, 4, 0.1
#: steps from which on a single one is a batch, and three together tell a level
SINGLE = 24
#: of where it stays, what had been reached before, at most: more is no learning to lose
LEARNT = 0.85
#: of what had been gained since the first point (which may be a difficult batch), what is lost at least; how
#: far a loss may lie below and above that of a constant answer: weights that are thrown about cost a little
GONE, BESIDE = 0.6, (0.03, 0.15)
#: of the jump: what may be missing before and after it, and within how many points (least, and share of the
#: run); what the later half may rise or fall by, and σ of its fluctuation
AT_ONCE, WITHIN, NEAR = 0.3, 2, 0.03
LEVEL, CALM = 0.1, 0.25
#: points looked at, the last ones
MAX_POINTS = 65536


@lru_cache(maxsize=8)  # a divergence and a spike ask for the same
def lost_for_good(case: Case, s: Series) -> int | None:
    """The first finite point after the jump; None where not all was lost, or not for good."""
    y = s.y[-MAX_POINTS:]
    if s.stats.low < 0 or s.ceiling is not None or len(y) < POINTS:
        return None
    single = s.curve.role.granularity == "step" and len(y) >= SINGLE
    calm = of_three(np.pad(y, 1, mode="edge")) if single else y
    last = max(AFTER, round(PART * len(y)))
    level, low = median(y[-last:]), float(calm.min())
    jump, near = level - low, max(WITHIN, round(NEAR * len(y)))
    at = int(np.flatnonzero(calm < low + jump / 2)[-1]) + 1 if jump > 0 else 0
    if not at or len(y) - at < last or not _knows_nothing(case, s, low, level):
        return None
    before, after = float(calm[max(0, at - near) : at].min()), median(y[at : at + near])
    at_once = before <= low + AT_ONCE * jump and after >= level - AT_ONCE * jump
    first, second = np.array_split(y[at + (len(y) - at) // 2 :], 2)
    spread = MAD_TO_SIGMA * max(median(np.abs(half - median(half))) for half in (first, second))
    stays = abs(median(first) - median(second)) <= LEVEL * jump and spread <= CALM * jump
    return at + len(s.y) - len(y) if at_once and stays else None


def _knows_nothing(case: Case, s: Series, low: float, level: float) -> bool:
    """Whether a level is that of a constant answer, or most of what had been gained is lost at it."""
    known, first = expected_first_loss(case), s.stats.first
    if known is not None and 1 - BESIDE[0] <= level / known <= 1 + BESIDE[1]:
        return low <= LEARNT * level
    return low <= LEARNT * min(level, first) and level - low >= GONE * (first - low)
