"""Rows of numbers → tables: runs told apart, counters taken away, one column per curve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from curvedoctor.model import Axis, Curve, Floats, Ints
from curvedoctor.sources.text import names
from curvedoctor.sources.text.place import Places
from curvedoctor.sources.text.rows import Cells, Rows

Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
#: runs of one table
_MAX_RUNS = 500
#: whole numbers that a double can't tell from their neighbours are no steps
_WHOLE = 2.0**63


#: how the note begins that tells which lines of a text were used
READ_AS = "read as a console log"


@dataclass(slots=True)
class Column:
    """One series; all of shape (n,)."""

    steps: Ints
    values: Floats
    wall_times: Floats
    #: the rows of the file that they stand in; None where it has none
    rows: Ints | None = None
    #: what its steps count, if not what those of its table do
    axis: Axis | None = None


@dataclass(slots=True)
class Table:
    """A history: one run."""

    columns: dict[str, Column] = field(default_factory=dict)
    axis: Axis = "step"
    #: what stands beside the history in the same file
    settings: dict[str, object] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    #: what tells it from the other runs of its file; empty if it is the only one
    name: str = ""

    def curves(self) -> list[Curve]:
        """Its columns as curves without roles, by name."""
        from curvedoctor.sources.tensorboard.assemble import curve_id

        return [
            Curve(
                curve_id(name),
                name,
                column.steps,
                column.values,
                column.wall_times,
                axis=column.axis or self.axis,
            )
            for name, column in sorted(self.columns.items())
        ]


def tables_of(rows: Rows) -> list[Table]:
    """The runs of one file, in the order in which they begin."""
    tables = [_table(rows, mask, name) for name, mask in _runs(rows)]
    tables = [table for table in tables if table.columns] or tables[:1]
    for table in tables:
        table.settings, table.problems = dict(rows.settings), list(rows.problems)
    return tables


def _runs(rows: Rows) -> Iterator[tuple[str, Mask]]:
    everything = np.ones(rows.count, bool)
    label = _run_column(rows)
    if label is None:
        yield "", everything
        return
    ids, names_of = label
    for number in sorted(names_of, key=lambda number: int(np.argmax(ids == number)))[:_MAX_RUNS]:
        yield names_of[number], ids == number


def _run_column(rows: Rows) -> tuple[Floats, dict[float, str]] | None:
    """A number per row that tells the runs apart, and their names."""
    for name, texts in rows.texts.items():
        plain = names.plain(name)
        ids = texts.cells.dense(rows.count)
        names_of = {float(number): text for text, number in texts.names.items()}
        if len(names_of) > 1 and (
            plain in names.RUNS or (plain in names.MAYBE_RUNS and _start_over(rows, ids))
        ):
            return ids, names_of
    for name, cells in rows.cells.items():
        if names.plain(name) in names.RUNS | names.MAYBE_RUNS and len(cells.rows) == rows.count:
            ids = cells.dense(rows.count)
            numbers = np.unique(ids)
            if 1 < len(numbers) <= _MAX_RUNS and _start_over(rows, ids):
                return ids, {float(number): f"{name} {number:g}" for number in numbers}
    return None


def _start_over(rows: Rows, ids: Floats) -> bool:
    """Whether a counter goes forward in each of the groups, but not in the whole."""
    for name in rows.cells:
        if names.is_counter(name):
            counter = rows.cells[name].dense(rows.count)
            groups = [counter[ids == number] for number in np.unique(ids[~np.isnan(ids)])[:_MAX_RUNS]]
            if all(len(group) > 1 and _rises(group) for group in groups) and (
                not _rises(counter) or _in_turns(groups)
            ):
                return True
    return False


def _rises(values: Floats) -> bool:
    return bool(np.all(values[1:] >= values[:-1]))


def _in_turns(groups: Sequence[Floats]) -> bool:
    """Whether the groups count the same, so that they alternate step by step."""
    return len(groups[0]) > 2 and len({float(group[0]) for group in groups}) == 1


def _table(rows: Rows, mask: Mask, name: str) -> Table:
    places = Places(rows, mask)
    table = Table(axis=places.axis, name=name)
    wall = _wall(rows)
    for title, cells in rows.cells.items():
        if title in places.used or _is_derived(title, rows) or _is_no_curve(title, cells, rows.count):
            continue
        kept = places.once(cells) if names.is_counter(title) or not names.has_split(title) else None
        column = _column(cells, mask if kept is None else mask & kept, places.at, wall)
        if len(column.steps):
            table.columns[title] = column if names.is_counter(title) else _by_epoch(column, places.epochs)
    return table


def _by_epoch(column: Column, epochs: Floats | None) -> Column:
    """What is logged once per epoch, at the log's own epochs, where steps would be made of them."""
    if epochs is None or column.rows is None or len(column.rows) < 2:
        return column
    at = epochs[column.rows]
    if not np.all(at == np.floor(at)) or not np.all(at[1:] > at[:-1]):
        return column
    return replace(column, steps=at.astype(np.int64), axis="epoch")


def _is_derived(title: str, rows: Rows) -> bool:
    """The best so far, beside what it is the best of; the band around a curve."""
    kind, _, rest = title.partition("_")
    return names.is_extreme(title) or (kind.lower() == "best" and rest in rows.cells)


def _is_no_curve(title: str, cells: Cells, count: int) -> bool:
    plain = names.plain(title)
    if plain in names.WALL | names.BATCH | names.RUNS | {"seed", "fold"}:
        return True
    numbers = np.array(cells.values)
    if names.is_counter(title) and len(np.unique(numbers)) < 2:
        return True  # "step 500/500" in each line counts nothing
    in_order = len(numbers) == count and bool(np.all(numbers[1:] == numbers[:-1] + 1))
    return plain in names.INDEX and in_order


def _wall(rows: Rows) -> Floats | None:
    for name, cells in rows.cells.items():
        if names.plain(name) in names.WALL:
            return cells.dense(rows.count)
    return None


def _column(cells: Cells, mask: Mask, at: Floats, wall: Floats | None) -> Column:
    index, values = cells.arrays()
    with np.errstate(invalid="ignore"):
        kept = mask[index] & (np.abs(at[index]) < _WHOLE)
    index, values = index[kept], values[kept]
    walls = np.full(len(index), np.nan) if wall is None else wall[index]
    return Column(at[index].astype(np.int64), values, walls, index)
