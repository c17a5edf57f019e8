"""`--format csv`: one row per finding, for spreadsheets and scripts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping

from curvedoctor.model import Diagnosis, Problem
from curvedoctor.reports.base import OutputStyle
from curvedoctor.reports.rows import COLUMNS, Cell, rows
from curvedoctor.reports.text import safe


def guarded(cell: Cell) -> Cell:
    """A cell that no spreadsheet takes for a formula, and no terminal for an escape."""
    if not isinstance(cell, str):
        return cell
    cell = safe(cell)
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@"} else cell


def render(results: Iterable[Diagnosis | Problem], style: OutputStyle) -> Iterator[str]:
    """A header, then the rows of each run as soon as it is judged."""
    return written((rows(item) for item in results if isinstance(item, Diagnosis)), COLUMNS)


def written(blocks: Iterable[Iterable[Mapping[str, Cell]]], columns: Iterable[str]) -> Iterator[str]:
    """A header, then the rows of each block as they come."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(columns), lineterminator="\n")
    writer.writeheader()
    for block in blocks:
        for row in block:
            writer.writerow({name: guarded(cell) for name, cell in row.items()})
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()
