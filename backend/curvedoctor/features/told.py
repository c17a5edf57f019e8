"""How a curve begins and ends, in words: a logged point, or what says that it is none.

Rules judge by levels (means of the first and the last twentieth), which noise moves less. Whoever reads a
number looks for it on the chart, so what is told is the last value that was logged, wherever that speaks for
the level; else the level, as "around 0.94".
"""

from __future__ import annotations

from curvedoctor.features.sentences import number
from curvedoctor.features.series import Series

#: points up to which the outermost one is told, whatever the level: of so few a twentieth is one point
FEW = 20
#: how far a logged value may lie from the level that it speaks for, as share of the level
NEAR = 0.05
#: of a level that stands beside another one: the same, as share of their distance
NEAR_CHANGE = 0.25
AROUND = "around "


def first(s: Series, *, over: float | None = None) -> str:
    """How a curve begins, as it was logged: "2.31", or "around 2.31"."""
    return _told(s, s.stats.first, s.stats.start, over)


def last(s: Series, level: float | None = None, *, over: float | None = None) -> str:
    """How a curve ends, as it was logged: "0.413", or "around 0.94".

    `level`: what a rule took for the end, in the unit of `Series.y`; the mean of the last twentieth if None.
    `over`: a level that the sentence compares it with.
    """
    return _told(s, s.stats.last, s.stats.end if level is None else level, over)


def last_value(s: Series, level: float | None = None, *, over: float | None = None) -> float:
    """The value that `last` tells, in the unit of `Series.y`."""
    level = s.stats.end if level is None else level
    return s.stats.last if _speaks(s, s.stats.last, level, over) else level


def _told(s: Series, value: float, level: float, over: float | None = None) -> str:
    if _speaks(s, value, level, over):
        return number(s.logged(value))
    return AROUND + number(s.logged(level))


def _speaks(s: Series, value: float, level: float, over: float | None = None) -> bool:
    """Whether a logged value may be told for a level."""
    off = abs(value - level)
    if s.stats.n <= FEW:  # but it must not seem to be where the other level is
        return over is None or (value - over) * (level - over) >= NEAR_CHANGE * (level - over) ** 2
    beside = over is None or off <= NEAR_CHANGE * abs(level - over)
    return beside and off <= NEAR * abs(s.logged(level))
