"""Rows of named numbers, kept compactly: what every text format becomes before steps are told from curves."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from curvedoctor.model import Floats, Ints

#: columns, rows and numbers that are kept
MAX_COLUMNS, MAX_ROWS, MAX_CELLS = 4096, 4_000_000, 20_000_000
#: different texts of one column
_MAX_TEXTS = 1000


@dataclass(slots=True)
class Cells:
    """The numbers of one column and the rows that they stand in; both of shape (n,)."""

    rows: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))

    def arrays(self) -> tuple[Ints, Floats]:
        """Rows and values."""
        return np.array(self.rows, np.int64), np.array(self.values, np.float64)

    def dense(self, n: int) -> Floats:
        """One value per row, NaN where there is none; shape (n,)."""
        column = np.full(n, np.nan)
        rows, values = self.arrays()
        column[rows] = values
        return column


@dataclass(slots=True)
class Texts:
    """The words of one column, such as the names of runs, as numbers in the order in which they came."""

    names: dict[str, int] = field(default_factory=dict)
    cells: Cells = field(default_factory=Cells)


@dataclass(slots=True)
class Rows:
    """What was read, in the order of the file."""

    count: int = 0
    cells: dict[str, Cells] = field(default_factory=dict)
    texts: dict[str, Texts] = field(default_factory=dict)
    #: counter → how far it goes ("Epoch 3/50")
    totals: dict[str, float] = field(default_factory=dict)
    #: what stands beside the curves in the same file
    settings: dict[str, object] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    #: rows of an evaluation, whose counter within the epoch counts batches of another set
    late: array[int] = field(default_factory=lambda: array("q"))
    _kept: int = 0

    def full(self) -> bool:
        """Whether no more is kept; says so the first time."""
        if self.count < MAX_ROWS and self._kept < MAX_CELLS:
            return False
        self.tell(f"more than {min(self.count, MAX_ROWS):,} rows: the rest is not read")
        return True

    def add(
        self, numbers: Mapping[str, float], texts: Mapping[str, str] | None = None, *, late: bool = False
    ) -> None:
        """One more row."""
        row = self.count
        if late:
            self.late.append(row)
        self.count += 1
        self._kept += len(numbers)
        for name, value in numbers.items():
            cells = self.cells.get(name) or self._column(name)
            if cells is not None:
                cells.rows.append(row)
                cells.values.append(value)
        for name, text in (texts or {}).items():
            column = self.texts.setdefault(name, Texts())
            if len(column.names) < _MAX_TEXTS or text in column.names:
                column.cells.rows.append(row)
                column.cells.values.append(column.names.setdefault(text, len(column.names)))

    def _column(self, name: str) -> Cells | None:
        if len(self.cells) >= MAX_COLUMNS:
            self.tell(f"more than {MAX_COLUMNS:,} columns: only the first {MAX_COLUMNS:,} are read")
            return None
        return self.cells.setdefault(name, Cells())

    def tell(self, problem: str) -> None:
        """A problem, once; at most twenty."""
        if problem not in self.problems and len(self.problems) < 20:
            self.problems.append(problem)
