"""Step resets: several experiments that one writer logged into one file."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from curvedoctor.model import Floats, Ints
from curvedoctor.sources.tensorboard.segments import Points

#: points before a reset, and points of a curve, from which a reset is believed
_MIN_BEFORE, _MIN_POINTS = 3, 4
#: share of the span reached so far that still counts as "back at the start"
_START_SHARE = 0.05
#: share of backward steps, resets aside, above which a curve's steps go to and fro anyway
_MAX_JITTER = 0.1
#: resets beyond which nobody started anew each time
_MAX_RESETS = 1000
#: positions around a wall time in which another curve's reset is looked for
_NEIGHBORHOOD = 3


def split(series: Mapping[str, Points]) -> list[dict[str, Points]]:
    """The experiments of one file, in order; just `series` if there is one.

    A reset counts if the steps of *all* curves start over at that time. One curve alone that starts
    over counts its steps within epochs; parallel environments step back a little, not to the start.
    """
    resets = {tag: _resets(points[0]) for tag, points in series.items() if len(points[0]) >= _MIN_POINTS}
    if not resets or not any(map(len, resets.values())):
        return [dict(series)]
    main = max(resets, key=lambda tag: (len(resets[tag]), len(series[tag][0]), tag))
    if len(resets[main]) > _MAX_RESETS or _counts_within_epochs(series[main], resets[main]):
        return [dict(series)]
    walls = series[main][2]
    ordered = bool(np.all(np.diff(walls) >= 0)) and bool(walls[-1] > walls[0])
    cuts: list[dict[str, int]] = []
    last: dict[str, int] = {}
    for number, reset in enumerate(resets[main].tolist()):
        if ordered:
            cut = _cut_at(series, float(walls[reset]), last)
        else:
            cut = _cut_by_count(series, resets, number, len(resets[main]))
        if cut is not None:
            last = cut | {main: reset}
            cuts.append(last)
    return _apply(series, cuts)


def _resets(steps: Ints) -> Ints:
    """Positions at which the steps start over."""
    backward = steps[1:] < steps[:-1]
    if not backward.any():
        return np.empty(0, np.int64)
    back = np.flatnonzero(backward) + 1
    resets: list[int] = []
    start = 0
    for at in back.tolist():
        if at - start >= _MIN_BEFORE and _starts_over(steps, start, at):
            resets.append(at)
            start = at
    if len(back) - len(resets) > _MAX_JITTER * len(steps):
        return np.empty(0, np.int64)  # parallel environments: the steps go to and fro all the time
    return np.array(resets, np.int64)


def _starts_over(steps: Ints, start: int, at: int) -> bool:
    """Whether the steps, after rising since `start`, are back there at `at` and rise anew."""
    before = steps[start:at]
    # Python numbers: steps may lie near ±2^63
    first, reached = int(before[0]), int(before.max())
    span = reached - first
    near = first + max(_START_SHARE * span, min(2 * span / (at - start - 1), 0.3 * span))
    if span <= 0 or int(steps[at]) > near:
        return False
    return all(int(step) <= first + 0.5 * span for step in steps[at + 1 : at + 3]) or at - start < 6


def _counts_within_epochs(points: Points, resets: Ints) -> bool:
    """Equally long stretches whose values go on where they were: the axis is a position in the epoch."""
    if len(resets) < 2:
        return False
    bounds = np.concatenate([[0], resets])
    lengths = np.diff(bounds)
    if np.ptp(lengths) > 1:
        return False
    values = points[1]
    smooth = 0
    for before, at in zip(bounds[:-1].tolist(), resets.tolist(), strict=True):
        count = min(3, at - before)
        first, last, new = (
            float(np.median(part))
            for part in (values[before : before + count], values[at - count : at], values[at : at + count])
        )
        smooth += abs(new - last) < 0.5 * abs(new - first)
    return smooth >= 0.7 * len(resets)


def _cut_by_count(
    series: Mapping[str, Points], resets: Mapping[str, Ints], number: int, total: int
) -> dict[str, int] | None:
    """Without usable wall times: only if every curve starts over equally often."""
    cut: dict[str, int] = {}
    for tag, (steps, _, _) in series.items():
        if len(resets.get(tag, ())) == total:
            cut[tag] = int(resets[tag][number])
        elif len(steps) >= _MIN_POINTS:
            return None
    return cut


def _cut_at(series: Mapping[str, Points], when: float, last: Mapping[str, int]) -> dict[str, int] | None:
    """Where each curve is cut by a reset at this wall time; None if some curve goes on across it."""
    cut: dict[str, int] = {}
    for tag, (steps, _, walls) in series.items():
        at = _turn(steps, walls, when, last.get(tag, 0))
        if at is None:
            return None
        cut[tag] = at
    return cut


def _turn(steps: Ints, walls: Floats, when: float, last: int) -> int | None:
    """The position near a wall time at which a curve starts over; None if it goes on instead."""
    at = int(np.searchsorted(walls, when))
    close = range(max(last + 1, at - _NEIGHBORHOOD), min(len(steps), at + _NEIGHBORHOOD + 1))
    for near in sorted(close, key=lambda i: abs(i - at)):
        if steps[near] < steps[near - 1] or (near == at and steps[near] == steps[near - 1]):
            return near  # a curve with one point in each of two attempts stays at its step
    if at in (0, len(steps)) or len(steps) < _MIN_POINTS:
        return at
    return None


def _apply(series: Mapping[str, Points], cuts: list[dict[str, int]]) -> list[dict[str, Points]]:
    parts: list[dict[str, Points]] = []
    for number in range(len(cuts) + 1):
        part: dict[str, Points] = {}
        for tag, (steps, values, walls) in series.items():
            start = cuts[number - 1].get(tag, 0) if number else 0
            stop = cuts[number].get(tag, len(steps)) if number < len(cuts) else len(steps)
            if stop > start:
                part[tag] = (steps[start:stop], values[start:stop], walls[start:stop])
        if part:
            parts.append(part)
    return parts
