"""What several conditions ask of an agent's reward: its rise, its noise, its fall. Turned round: lower is
better.

By means over parts of the run, since single returns say little, and in units of the rise: rewards have no
zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curvedoctor.conditions.measures.signals import Kind, signals
from curvedoctor.features.blocks import median
from curvedoctor.features.case import Case
from curvedoctor.features.resample import GRID
from curvedoctor.features.rewards import is_whole
from curvedoctor.features.series import Series
from curvedoctor.features.statistics import MAD_TO_SIGMA, smooth
from curvedoctor.model import Floats

#: fewest points of a reward that is judged
MIN_POINTS = 12
#: a fall counts over at least this last part of the run
STAYS = 0.15
#: share of the level within which a reward that wanders has not moved
WANDERS = (0.06, 0.12)
#: shares of a fall between which a line is laid that is followed back to where it began; half of it;
#: cells of a slow one
EARLY, HALF, LATE, SLOW = 0.15, 0.5, 0.65, 5
_TAIL = max(3, int(GRID * STAYS))


@dataclass(frozen=True, slots=True)
class Fall:
    """How a reward fell from what it had reached, in its own unit turned round."""

    #: best level before the last part, level at the end, and how much had been gained before
    best: float
    end: float
    rise: float
    #: logged point at which the fall begins
    at: int
    #: length of what follows the fall against the longest earlier time so low, as a ratio
    longest: float

    @property
    def lost(self) -> float:
        """Share of the rise that is lost; above 1 where the end is worse than the start."""
        return (self.end - self.best) / max(self.rise, 1e-12 * max(abs(self.best), abs(self.end)), 1e-300)


def cannot_judge(case: Case, least: int = MIN_POINTS) -> str | None:
    """Why the reward can't be judged; None if it can."""
    if not case.agent or case.reward is None:
        return "no agent's reward is logged"
    n = case.reward.stats.n
    return f"{n:.0f} points are too few; {least} are needed" if n < least else None


def noise_of_part(s: Series) -> float:
    """σ of a mean over one part in GRID of the run; of one point where there are fewer."""
    level = 1e-9 * float(np.abs(s.grid).max())
    if len(s.y) < GRID:
        return s.stats.noise + level
    return MAD_TO_SIGMA * median(np.abs(np.diff(s.grid))) / math.sqrt(2) + level


def tail(s: Series) -> Floats:
    """The reward over the last part of the run, on the grid."""
    return s.grid[-_TAIL:]


def gained(s: Series) -> float:
    """How far the reward rose from its start to its end."""
    return float(s.grid[0] - s.grid[-GRID // 8 :].mean())


def span(s: Series) -> float:
    """How far the parts of the run lie apart, as share of the level:
    a running mean wanders by some percent for nothing."""
    eighths = s.grid.reshape(8, GRID // 8).mean(axis=1)
    return float(np.ptp(eighths)) / max(abs(median(s.grid)), 1e-300)


def fall(s: Series) -> Fall | None:
    """The fall after the best part of the run; None where the end is no worse."""
    calm = smooth(s.grid[None])[0]
    best, end = float(calm[:-_TAIL].min()), float(tail(s).mean())
    if end - best <= 1e-9 * abs(best):  # rounding: a reward that stays
        return None
    held = np.flatnonzero(calm < best + HALF * (end - best))
    last = int(held[-1])
    low = calm[held[0] : last + 1] >= best + HALF * (end - best)
    return Fall(
        best=best,
        end=_end(tail(s)),
        rise=max(0.0, float(s.grid[0]) - best),
        at=_began(s, calm, best, end, last),
        longest=(GRID - 1 - last) / max(1, _longest(low)),
    )


def _end(last: Floats) -> float:
    """The level at the end: the mean of the last part, or, where it still falls,
    what its line has come to."""
    slope = float(np.polyfit(np.arange(len(last)), last, 1)[0])
    return float(last.mean()) + max(slope, 0.0) * (len(last) - 1) / 2


def _longest(low: npt.NDArray[np.bool_]) -> int:
    """Length of the longest stretch that is true."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], low.astype(np.int8), [0]))))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _began(s: Series, calm: Floats, best: float, end: float, half: int) -> int:
    """The logged point where the line through the fall, without its ends, leaves the level before it."""
    early, late = (_last_above(calm, best + share * (end - best)) for share in (EARLY, LATE))
    cell = float(early)
    if late - early >= SLOW:
        cells = np.arange(early, late + 1)
        slope, level = np.polyfit(cells, s.grid[cells], 1)
        top = float(np.convolve(s.grid, np.full(SLOW, 1 / SLOW), mode="valid").min())
        cell = min(cell, (top - level) / slope) if slope > 0 else cell
    place = s.x[0] + (s.x[-1] - s.x[0]) * max(cell + 0.5, 0.0) / GRID
    at = int(np.argmin(np.abs(s.x - place)))
    held = int(np.searchsorted(s.x, s.x[0] + (s.x[-1] - s.x[0]) * (half + 1) / GRID))
    # what is named as its best comes before it falls
    return max(_sharpest(s, at, half, end - best), int(np.argmin(s.y[: max(held, 1)])))


def _last_above(calm: Floats, level: float) -> int:
    """The last cell that is better than a level, one at least."""
    return int(np.flatnonzero(calm < level)[-1])


def _sharpest(s: Series, at: int, half: int, depth: float) -> int:
    """The first point after a step that makes most of the fall, if there is one around."""
    last = int(np.searchsorted(s.x, s.x[0] + (s.x[-1] - s.x[0]) * (half + 3) / GRID))
    around = np.arange(max(1, at - 1), min(len(s.y), max(at + 3, last + 1)))
    if not len(around):
        return at
    steps = s.y[around] - s.y[around - 1]
    sharp = int(around[np.argmax(steps)])
    after = float(np.median(s.y[sharp : sharp + 5]) - np.median(s.y[max(0, sharp - 5) : sharp]))
    return sharp if steps.max() > 0.5 * depth and after > 0.5 * depth else at


def rewards(case: Case) -> list[Series]:
    """The reward that is judged, and the same of other data:
    what training got beside what an evaluation got."""
    s = case.reward
    others = [
        o
        for o in case.series.values()
        if s is not None and o is not s and o.curve.role.quantity == "reward"
        and o.curve.role.better == "higher" and o.curve.role.split != s.curve.role.split
        and o.stats.n >= MIN_POINTS and is_whole(o)
    ]  # fmt: skip
    return [s, *others] if s is not None else []


def harder_task(case: Case) -> bool:
    """Whether a curriculum's level rises, or players play each other:
    then a lower reward is no loss of skill."""
    kind: Kind = "curriculum"
    found = signals(case).get(kind)
    if found is None:
        return False
    third = max(1, len(found.y) // 3)
    early, late = median(found.y[:third]), median(found.y[-third:])
    return late > early + 1e-9 * abs(early) or "elo" in found.curve.tag.lower().replace("-", "/").split("/")


def succeeds(case: Case) -> bool:
    """Whether a share of successes is logged that ends at its best level."""
    for s in case.series.values():
        if (
            s.curve.role.quantity == "accuracy"
            and s.curve.role.better == "higher"
            and s.stats.n >= MIN_POINTS
        ):
            return s.stats.end <= s.stats.best + 0.05 and s.stats.end < s.stats.start - 0.05
    return False
