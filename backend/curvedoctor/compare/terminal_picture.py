"""A range test drawn in the terminal: loss over lr, lr on a logarithmic axis."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from curvedoctor.compare.types import RangeTest
from curvedoctor.reports.base import OutputStyle
from curvedoctor.reports.plot import characters, join, raster
from curvedoctor.reports.text import Paint

HEIGHT = 7
WIDEST = 72


def range_picture(test: RangeTest, style: OutputStyle) -> Iterator[str]:
    """Lines of the picture, an arrow below the suggested lr."""
    if len(test.points) < 3:
        return
    across, down = (2, 4) if style.unicode else (1, 1)
    width = min(style.width, WIDEST) - 14
    lr = np.log([p[0] for p in test.points])
    loss = np.array([p[1] for p in test.points])
    count = width * across
    at = np.minimum(((lr - lr[0]) / max(lr[-1] - lr[0], 1e-12) * count).astype(np.int64), count - 1)
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(low, at, loss)
    np.maximum.at(high, at, loss)
    empty = ~np.isfinite(low)
    low[empty], high[empty] = np.nan, np.nan
    join(low, high, np.array([], dtype=np.int64))
    bottom, top = float(loss.min()), float(loss.max())
    span = (top - bottom) or 1.0
    lines = characters(raster((low - bottom) / span, (high - bottom) / span, HEIGHT * down), style.unicode)
    labels = [f"{top:.3g}", *[""] * (HEIGHT - 2), f"{bottom:.3g}"]
    margin = max(len(label) for label in labels)
    bar = "│" if style.unicode else "|"
    paint = Paint(style.color)
    for label, line in zip(labels, lines, strict=True):
        yield f"    {label:>{margin}} {bar}" + paint(line, "cyan")
    first, last = f"{math.exp(lr[0]):.1e}", f"{math.exp(lr[-1]):.1e}"
    yield " " * (margin + 6) + first + last.rjust(width - len(first))
    if test.suggested is not None and lr[0] <= math.log(test.suggested) <= lr[-1]:
        column = int((math.log(test.suggested) - lr[0]) / (lr[-1] - lr[0]) * width)
        arrow = ("▲ " if style.unicode else "^ ") + f"lr {test.suggested:g}"
        column = min(column, width - len(arrow))
        yield " " * (margin + 6 + column) + paint(arrow, "green")
