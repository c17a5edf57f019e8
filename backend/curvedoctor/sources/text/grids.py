"""Tables within a log: a line of names, then lines of as many numbers (fastai, YOLO, skorch, Markdown)."""

from __future__ import annotations

import re

from curvedoctor.sources.text import names
from curvedoctor.sources.text.numbers import number

_WORD = re.compile(r"[A-Za-z_#%][\w./@%#:()\-\[\]]{0,60}$")
_SIZE = re.compile(r"(?P<value>\d+\.?\d*)[GM]i?B?$")
_TIME = re.compile(r"\d{1,4}:\d\d(:\d\d)?$")
_PART = re.compile(r"(?P<value>\d{1,15})/(?P<total>\d{1,15})$")
#: first cells of a row that stands for all classes
_ALL = frozenset({"all", "mean", "total", "average", "overall"})
_MOST = 256


class Grid:
    """The latest header, and rows below it."""

    def __init__(self) -> None:
        self.header: list[str] = []
        #: split that all its numbers belong to
        self.split: str | None = None
        self._pipes = False
        #: whether no row came since
        self._fresh = False

    def is_header(self, text: str) -> bool:
        """Whether a line without numbers is a header; it is remembered."""
        pipes = text.strip().startswith("|") or text.count("|") > 1
        wide = not pipes and bool(re.search(r"\S\s{2,}\S|\t", text.strip()))
        cells = _cells(text, pipes, wide)
        if self._goes_on(cells, pipes):
            return True
        if not 2 <= len(cells) <= _MOST or not all(_is_title(cell) for cell in cells):
            return False
        known = any(names.is_counter(cell) for cell in cells)
        if not (known or (wide and len(cells) > 2) or pipes):
            return False
        self.header, self._pipes = names.spelled([_title(cell) for cell in cells]), pipes
        # YOLO's table of classes is what validation says
        self.split = "val" if cells[0].lower() == "class" else None
        self._fresh = True
        return True

    def _goes_on(self, cells: list[str], pipes: bool) -> bool:
        """Whether a line is the second one of a header (MATLAB's)."""
        more = (
            pipes
            and (self._fresh and self._pipes and len(cells) == len(self.header))
            and not any(map(_value, cells))
        )
        if more:
            self.header = [
                f"{first} {second}".strip() for first, second in zip(self.header, cells, strict=True)
            ]
        return more

    def cells(self, text: str) -> dict[str, tuple[float, float | None]] | None:
        """The numbers of a line, each with its total ("3/50"), if it is a row of the table."""
        if not self.header:
            return None
        self._fresh = False
        cells = _cells(text, self._pipes, wide=False)
        if len(cells) != len(self.header):
            cells = _cells(text, self._pipes, wide=True)
            if len(cells) != len(self.header):
                return None
        by_column: dict[str, tuple[float, float | None]] = {}
        for index, (name, cell) in enumerate(zip(self.header, cells, strict=True)):
            got = _value(cell)
            if got is not None:
                by_column[name] = got
            elif not (self._pipes or _TIME.match(cell) or (index == 0 and cell.lower() in _ALL)):
                return None
        return by_column or None


def _cells(text: str, pipes: bool, wide: bool) -> list[str]:
    text = text.strip()
    if pipes:
        return [cell.strip() for cell in text.strip("|").split("|")]
    text = text.rstrip(":")
    return re.split(r"\s{2,}|\t", text) if wide else text.split()


def _is_title(cell: str) -> bool:
    words = cell.split()
    return 0 < len(words) <= 4 and all(_WORD.match(word) for word in words)


def _title(cell: str) -> str:
    """A name without half a pair of parentheses: YOLOv8's "Box(P  R  mAP50)"."""
    return cell if cell.count("(") == cell.count(")") else cell.rpartition("(")[2].rstrip(")")


def _value(cell: str) -> tuple[float, float | None] | None:
    if part := _PART.match(cell):
        return float(part["value"]), float(part["total"])
    if size := _SIZE.match(cell):
        return float(size["value"]), None
    value = number(cell)
    return None if value is None else (value, None)
