"""A loss that had learnt, jumps, and stays for the rest of the run where it began, or where a constant answer
is: that it goes on fluctuating there, as batches differ, is no learning."""

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
#: of the first loss or level, what it stays at, at least (the first batch may be a difficult one); how far a
#: loss may lie below and above that of a constant answer: weights that are still thrown about cost a little
BEGAN, BESIDE = 0.9, (0.03, 0.15)
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
    if not at or len(y) - at < last or low > LEARNT * _start(case, s, level):
        return None
    before, after = float(calm[max(0, at - near) : at].min()), median(y[at : at + near])
    at_once = before <= low + AT_ONCE * jump and after >= level - AT_ONCE * jump
    first, second = np.array_split(y[at + (len(y) - at) // 2 :], 2)
    spread = MAD_TO_SIGMA * max(median(np.abs(half - median(half))) for half in (first, second))
    stays = abs(median(first) - median(second)) <= LEVEL * jump and spread <= CALM * jump
    return at + len(s.y) - len(y) if at_once and stays else None


def _start(case: Case, s: Series, level: float) -> float:
    """What a level is to be measured by where it is that of a model that knows nothing, else 0."""
    known, first = expected_first_loss(case), min(s.stats.first, s.stats.start)
    if known is not None and 1 - BESIDE[0] <= level / known <= 1 + BESIDE[1]:
        return level
    return min(level, s.stats.first) if level >= BEGAN * first else 0.0
