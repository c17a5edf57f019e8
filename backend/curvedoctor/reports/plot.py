"""A curve drawn in the terminal: Braille dots (2 × 4 per character), or plain ASCII."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curvedoctor.model import Curve, Floats, Ints
from curvedoctor.reports.text import number

#: bit of each dot of a Braille character, by row and column
DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
#: a positive curve that spans more than this factor is drawn on a logarithmic axis
LOG_FROM = 30.0
#: share of its level that an axis holds at least: a flat curve looks flat
FLAT = 0.02
LARGEST = float(np.finfo(float).max)


@dataclass(frozen=True, slots=True)
class Frame:
    """Size of a picture, in characters."""

    width: int = 60
    height: int = 5
    unicode: bool = True


def columns(curve: Curve, count: int) -> tuple[Floats, Floats, Floats]:
    """Lowest and highest finite value in each of `count` equal stretches of the axis, and where they start.

    Shapes (count,); NaN where a stretch holds no finite point.
    """
    finite = np.isfinite(curve.values)
    steps = curve.steps.astype(np.float64)
    first, last = (steps.min(), steps.max()) if len(steps) else (0.0, 0.0)
    width = (last - first) or 1.0
    column = np.minimum(((steps - first) / width * count).astype(np.int64), count - 1)
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(low, column[finite], curve.values[finite])
    np.maximum.at(high, column[finite], curve.values[finite])
    empty = ~np.isfinite(low)
    low[empty], high[empty] = np.nan, np.nan
    join(low, high, column[~finite])
    return low, high, first + width * np.arange(count) / count


def join(low: Floats, high: Floats, broken: Ints) -> None:
    """Fill gaps between points with straight lines, in place, except where a value was NaN or infinite."""
    filled = np.flatnonzero(np.isfinite(low))
    if len(filled) < 2:
        return
    gaps = np.setdiff1d(np.arange(filled[0], filled[-1] + 1), filled)
    following = np.searchsorted(filled, gaps)
    start, end = filled[following - 1], filled[following]
    inside = np.searchsorted(np.sort(broken), end) - np.searchsorted(np.sort(broken), start, side="right")
    gaps, start, end = gaps[inside == 0], start[inside == 0], end[inside == 0]
    share = (gaps - start) / (end - start)
    for values in (low, high):
        values[gaps] = values[start] * (1 - share) + values[end] * share


def scale(low: Floats, high: Floats) -> tuple[Floats, Floats, float, float, bool]:
    """`low` and `high` in 0..1, the values at 0 and 1, and whether the axis is logarithmic.

    The axis holds what the curve mostly does: rare peaks are cut off at the top.
    """
    bottom = float(np.nanmin(low))
    top = float(np.nanmax(high))
    typical = float(np.nanquantile(high, 0.9))
    logarithmic = bottom > 0 and top / bottom > LOG_FROM
    if not logarithmic and top - bottom > 10 * (typical - bottom) > 0:
        top = typical
    lacking = FLAT * max(abs(bottom), abs(top)) - (top - bottom)
    if top > bottom and lacking > 0:
        bottom, top = max(bottom - lacking / 2, -LARGEST), min(top + lacking / 2, LARGEST)
    ends = np.array([bottom, top])
    if logarithmic:
        low, high, ends = np.log(low), np.log(high), np.log(ends)
    # halves first: the span of values near ±1e308 is not a finite number
    span = (ends[1] / 2 - ends[0] / 2) or 0.5
    lows, highs = ((np.clip(x, ends[0], ends[1]) / 2 - ends[0] / 2) / span for x in (low, high))
    return lows, highs, bottom, top, bool(logarithmic)


def raster(low: Floats, high: Floats, rows: int) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Dots of a curve given per column in 0..1: shape (rows, columns), row 0 at the top."""
    picture = np.zeros((rows, len(low)), dtype=bool)
    before = (-2, 0, 0)
    for column in np.flatnonzero(np.isfinite(low)):
        top = rows - 1 - round(float(high[column]) * (rows - 1))
        bottom = rows - 1 - round(float(low[column]) * (rows - 1))
        start, end = top, bottom
        if before[0] == column - 1:  # join to the column before, so that the line does not break
            start, end = min(start, before[2]), max(end, before[1])
        picture[start : end + 1, column] = True
        before = (int(column), top, bottom)
    return picture


def characters(picture: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], unicode: bool) -> list[str]:
    """The dots as lines of characters."""
    if not unicode:
        return ["".join("*" if dot else " " for dot in row).rstrip() for row in picture]
    height, width = picture.shape[0] // 4, picture.shape[1] // 2
    blocks = picture.reshape(height, 4, width, 2).transpose(0, 2, 1, 3)
    codes = 0x2800 + (blocks * DOTS).sum(axis=(2, 3))
    return ["".join(chr(code) for code in row).replace("\u2800", " ").rstrip() for row in codes]


def draw(curve: Curve, frame: Frame, mark: float | None = None) -> list[str]:
    """Lines that show `curve`, the place `mark` of its axis pointed at below; empty if nothing is finite."""
    across, down = (2, 4) if frame.unicode else (1, 1)
    low, high, starts = columns(curve, frame.width * across)
    if not np.isfinite(low).any():
        return []
    low, high, bottom, top, logarithmic = scale(low, high)
    lines = characters(raster(low, high, frame.height * down), frame.unicode)
    labels = [""] * frame.height
    labels[0], labels[-1] = f"{top:.3g}", f"{bottom:.3g}"
    if top == bottom:
        labels[0] = ""
    if logarithmic and frame.height > 2:
        labels[frame.height // 2] = "log"
    margin = max(len(label) for label in labels)
    bar = "│" if frame.unicode else "|"
    body = [f"{label:>{margin}} {bar}{line}" for label, line in zip(labels, lines, strict=True)]
    return [*body, " " * (margin + 2) + axis(curve, starts, frame, mark)]


def axis(curve: Curve, starts: Floats, frame: Frame, mark: float | None) -> str:
    """The line below a picture: first and last position, and where `mark` is."""
    first, last = number(int(curve.steps.min())), number(int(curve.steps.max()))
    line = list(first.ljust(frame.width - len(last)) + last)
    if mark is None or not float(starts[0]) <= mark <= float(curve.steps.max()):
        return "".join(line)
    width = max(float(curve.steps.max()) - float(starts[0]), 1.0)
    column = min(int((mark - float(starts[0])) / width * frame.width), frame.width - 1)
    flag = ("▲" if frame.unicode else "^") + number(mark)
    if column + len(flag) > frame.width:  # the number stands on the left of its arrow
        flag = flag[1:] + flag[0]
        column = column - len(flag) + 1
    column = max(column, 0)
    left = first if column > len(first) else ""
    right = last if column + len(flag) < frame.width - len(last) else ""
    return left.ljust(column) + flag + right.rjust(frame.width - column - len(flag))
