"""Whether a file that a walk came upon is a training's log: its first bytes decide, its name only helps.

A log counts (a column that rises, of a name that counts epochs or steps) and measures (a numeric column
called as a loss, a score, an error or a reward is). Data sets have rows, too, and now and then a column
`error`: where the name of the file says nothing, a word that only may be a measure is not enough, unless
epochs are counted from the first on.
"""

# ruff: noqa: SIM905 - lists of words read best as text
from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from curvedoctor.sources.text import console, content, delimited, jsons, kinds, lists, names
from curvedoctor.sources.text.numbers import number
from curvedoctor.sources.text.rows import Rows

#: lines of a console log and of a table that are looked at; titles of a table
_LINES, _ROWS, _TITLES = 800, 16, 256
#: lines of a console log whose name says nothing, and rows that it must have
_UNNAMED, _FEWEST = 300, 3
#: words that data sets and reports use as well, where nothing else stands in the name
_WEAK = frozenset(
    "error score scores cost costs map reward return returns precision recall accuracy acc performance "
    "mse mae rmse auc correct".split()
)
_NO_COUNTER = "no column counts epochs or steps"
_NO_MEASURE = "no column is called as a loss or score is"
_NUMBER = r"-?[\d.]+(?:[eE][-+]?\d+)?\s*"
#: a list of records in a document
_RECORDS = re.compile(r'"[^"\n]{1,80}"\s*:\s*\[\s*(?=\{)')
_LISTS = re.compile(rf'"([^"\n]{{1,80}})"\s*:\s*\[\s*{_NUMBER},\s*{_NUMBER},\s*{_NUMBER}')
#: numbers with a fraction: of a console log with none in its first lines nothing can be judged
_FRACTION = re.compile(r"\d\.\d")
#: share of lines that hold a loss or score in a console log whose name says nothing
_DENSE = 0.04
#: seconds since 1970 from which a number is a time of today
_TODAY = 1e9


class Look(NamedTuple):
    """What the first bytes of a file say."""

    taken: bool
    #: a table or JSON, whose values are exact, and no console log
    exact: bool = True
    #: why it is passed over; empty where nothing of a log is in it
    why: str = ""


NOTHING = Look(False)


def look(name: str, head: bytes, *, named: bool) -> Look:
    """Whether a file is a log; `named`: whether its name is one that logs have."""
    encoding = content.encoding_of(head)
    if encoding is None:
        return NOTHING
    lines = head.decode(encoding, "replace").split("\n")
    filled = [line for line in (lines if len(lines) < 3 else lines[:-1]) if line.strip()][:_LINES]
    first = filled[0].lstrip("\ufeff \t")[:1] if filled else ""
    if not first or kinds.no_log(name, filled):
        return NOTHING
    if jsons.is_lines(filled[:_ROWS]):
        rows = [row for line in filled[:_ROWS] if isinstance(row := jsons.parsed(line), Mapping)]
        return _rows(rows, named)
    if first in "[{" and (found := _document("\n".join(filled), named)) is not None:
        return found
    if kinds.suffix(name) in ("csv", "tsv") and not named and not _may_be_table(filled[0]):
        return NOTHING
    form = delimited.Delimited(filled[:_ROWS], ())
    if form.fits():
        return _table(form, named)
    return Look(True, exact=False) if _console(filled, named) else NOTHING


def _may_be_table(header: str) -> bool:
    """Whether a word of a header counts or measures: cheap, for folders full of data."""
    cells = [cell.strip(' "') for cell in re.split(r"[,;\t]", header)[:_TITLES]]
    return any(map(names.is_counter, cells)) or any(console.MEASURE.search(cell) for cell in cells)


def _table(form: delimited.Delimited, named: bool) -> Look:
    if delimited.is_download(form.header):
        return Look(True)
    cells = map(form.cells, form.lines[not form.headless :])
    rows = [dict(zip(form.header, map(str.strip, row), strict=False)) for row in cells]
    key = next((title for title in form.header if names.plain(title) in names.KEYS), None)
    amount = next((title for title in form.header if names.plain(title) in names.VALUES), None)
    if key and amount:  # one number per row, beside its name
        rows = [
            {row.get(key, "") if title == amount else title: cell for title, cell in row.items()}
            for row in rows
        ]
    return _rows(
        [{title: number(cell, decimal_comma=form.comma) for title, cell in row.items()} for row in rows],
        named,
    )


def _rows(rows: Sequence[Mapping[str, object]], named: bool) -> Look:
    titles = list(dict.fromkeys(str(title) for row in rows for title in row))[:_TITLES]
    counters = [title for title in titles if names.is_counter(title)]
    measures = [title for title in titles if title not in counters and lists.measures(title)]
    if named and counters and measures:
        return Look(True)
    if not counters:
        return Look(False, why=_NO_COUNTER if _strong(measures) else "")
    numeric = [title for title in measures if any(number(row.get(title)) is not None for row in rows)]
    if not numeric:
        return Look(
            False, why=_NO_MEASURE if any(names.plain(title) in names.EPOCH for title in counters) else ""
        )
    rising = [title for title in counters if _rises(rows, title)]
    from_first = any(names.plain(title) in names.EPOCH and _from_first(rows, title) for title in rising)
    if rising and (_strong(numeric) or from_first):
        return Look(True)
    weak = (
        f"column {numeric[0]!r} may measure anything"
        if rising
        else f"column {counters[0]!r} does not count up"
    )
    return Look(False, why=weak)


def _strong(measures: Iterable[str]) -> bool:
    return any(names.plain(title) not in _WEAK or names.split_of(title) for title in measures)


def _numbers(rows: Sequence[Mapping[str, object]], title: str) -> list[float]:
    cells = (number(row.get(title)) for row in rows)
    return [cell for cell in cells if cell is not None]


def _rises(rows: Sequence[Mapping[str, object]], title: str) -> bool:
    """Whether a column counts: it goes up more often than down, and ends above its start or starts over."""
    cells = _numbers(rows, title)
    steps = [after - before for before, after in pairwise(cells)]
    if not steps:
        return len(cells) == 1
    return any(steps) and 4 * sum(step < 0 for step in steps) <= len(steps)


def _from_first(rows: Sequence[Mapping[str, object]], title: str) -> bool:
    """Whether epochs begin at 0 or 1."""
    cells = _numbers(rows, title)
    return bool(cells) and 0 <= cells[0] <= 1


def _document(text: str, named: bool) -> Look | None:
    """JSON that may be cut off: lists of numbers by name, or rows; None for what begins like neither."""
    if '"log_history"' in text:
        return Look(True)
    start = text.find("{")
    if text.startswith("["):
        if re.match(r"\[\s*\[\s*(\d+(?:\.\d+)?)", text):
            first = jsons.first_row(text)
            return Look(len(first) == 3 and isinstance(first[0], int | float) and first[0] >= _TODAY)
        if start >= 0:
            rows = _first_objects(text, start)
            return _rows(rows, named) if len(rows) > 1 else None
        return None
    if (records := _RECORDS.search(text)) and (
        found := _rows(_first_objects(text, records.end()), named)
    ).taken:
        return found
    titles = _LISTS.findall(text)
    return Look(_strong(title for title in titles[:_TITLES] if lists.measures(title))) if titles else None


def _first_objects(text: str, start: int) -> list[Mapping[str, object]]:
    decoder, rows = json.JSONDecoder(), list[Mapping[str, object]]()
    while start >= 0 and len(rows) < 20:
        try:
            row, start = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            break
        if not isinstance(row, Mapping):
            break
        rows.append(row)
        start = text.find("{", start)
    return rows


def _console(filled: Sequence[str], named: bool) -> bool:
    """Whether some lines are those of a training; under a name that says nothing, three and not too few."""
    if named:
        return console.looks_like_log(filled)
    filled = filled[:_UNNAMED]
    if sum(_FRACTION.search(line) is not None for line in filled) < _FEWEST:
        return False
    rows = Rows()
    kept = console.names_in(filled, rows)
    counters = [cells for name, cells in rows.cells.items() if names.is_counter(name) and len(cells.rows) > 1]
    enough = max(_FEWEST, _DENSE * len(filled))
    return any(_rises([{"": value} for value in cells.values], "") for cells in counters) and any(
        len(rows.cells[name].rows) >= enough and lists.measures(name) for name in kept
    )
