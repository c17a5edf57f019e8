"""Progress bars: frames that overwrite each other, of which the last of each epoch counts.

A bar that is drawn three times or more is drawn once per epoch: its last frame holds the epoch's numbers,
those before it running means. A bar that is drawn once goes over the whole training: all frames count.
"""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from curvedoctor.sources.text.rows import Cells, Rows

#: bars of one kind from which they are taken to be epochs'
_EPOCHS = 3
_BREAK = re.compile(r"\r|\x08+")
_TQDM = re.compile(r"\d{1,3}%\s?\|[^|]{0,300}\|\s*(?P<at>\d+)/(?P<total>\d+)\s*(?P<rest>\[?[^\]]*\]?)")
#: rich's and Ultralytics' bars
_RICH = re.compile(r"(?:\d{1,3}%\s*)?[━╸╺─]{3,}[━╸╺─\s]*(?:\d{1,3}%\s*)?(?P<at>\d+)/(?P<total>\d+)\s")
_KERAS = re.compile(
    r"^\s*(?:\x1b\[[0-9;]*m)*\s*(?P<at>\d+)/(?P<total>\d+)(?:\x1b\[[0-9;]*m)*\s*(?:(?:\x1b\[[0-9;]*m)*[\[━╸╺].*?|-\s)(?=\s|$)"
)
_RATE = re.compile(r"^\[[^,\]]*(?:,\s*(?:[\d.?]+\s*[a-zµ]+/[a-z]+|\?\S*))?", re.IGNORECASE)
_LONGEST = 8000


@dataclass(frozen=True, slots=True)
class Frame:
    """One state of a line."""

    head: str
    #: (position, total) if it is a progress bar
    bar: tuple[float, float] | None = None
    tail: str = ""


@dataclass(slots=True)
class _Bar:
    rows: list[int] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    epoch: float | None = None


def frames(line: str) -> Iterator[Frame]:
    """The frames that were drawn in one line of a file."""
    if "\r" not in line and "\x08" not in line:
        yield _frame(line)
        return
    for part in _BREAK.split(line):
        if part.strip():
            yield _frame(part)


def _frame(text: str) -> Frame:
    if len(text) > _LONGEST:
        text = text[:_LONGEST]
    if "/" not in text:
        return Frame(text)
    if "%" in text and (match := _TQDM.search(text)):
        rest = _RATE.sub("", match["rest"], count=1)
        return Frame(
            text[: match.start()],
            (float(match["at"]), float(match["total"])),
            rest + " " + text[match.end() :],
        )
    if match := _RICH.search(text):
        rest = re.sub(r"^[\s\d:•.\-]*(?:it/s)?", " ", text[match.end() :])
        return Frame(text[: match.start()], (float(match["at"]), float(match["total"])), rest)
    if match := _KERAS.match(text):
        return Frame("", (float(match["at"]), float(match["total"])), text[match.end() :])
    return Frame(text)


class Bars:
    """Remembers which rows are frames of which bar."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._kinds: dict[float, list[_Bar]] = defaultdict(list)

    def frame(self, row: int, bar: tuple[float, float], epoch: float | None) -> None:
        """One more frame, which is a row."""
        at, total = bar
        known = self._kinds[total]
        if not known or at < known[-1].at[-1] or epoch != known[-1].epoch:
            known.append(_Bar(epoch=epoch))
        known[-1].rows.append(row)
        known[-1].at.append(at)

    def end(self) -> None:
        """Drop the frames that were running means; count those of a single bar."""
        dropped: list[int] = []
        for total, bars in self._kinds.items():
            if len(bars) >= _EPOCHS:
                for bar in bars:
                    dropped.extend(bar.rows[:-1])
                if all(bar.epoch is None for bar in bars):
                    self._number("epoch", [(bar.rows[-1], float(i)) for i, bar in enumerate(bars)])
            else:
                for bar in bars:
                    again = [
                        row for row, at, new in zip(bar.rows, bar.at, bar.at[1:], strict=False) if at == new
                    ]
                    dropped.extend(again)
                last = [pair for bar in bars for pair in zip(bar.rows, bar.at, strict=True)]
                self._number("batch" if bars[0].epoch is not None else "step", last)
                self._rows.totals.setdefault("batch", total)
        self._drop(dropped)

    def _number(self, name: str, points: list[tuple[int, float]]) -> None:
        cells = self._rows.cells.setdefault(name, Cells())
        merged = dict(zip(cells.rows, cells.values, strict=True)) | dict(points)
        cells.rows = array("q", sorted(merged))
        cells.values = array("d", [merged[row] for row in cells.rows])

    def _drop(self, dropped: list[int]) -> None:
        if not dropped:
            return
        gone = np.zeros(self._rows.count, bool)
        gone[dropped] = True
        for cells in self._rows.cells.values():
            rows, values = cells.arrays()
            kept = ~gone[rows]
            cells.rows, cells.values = array("q", rows[kept].tolist()), array("d", values[kept].tolist())
