"""Several trainings in one history file, told apart by the same rule as those in one event file (`resets`).

detectron2, mmengine and many loops append to the file that is there each time that they are started.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from curvedoctor.sources.history.tables import Column, Table
from curvedoctor.sources.tensorboard import resets
from curvedoctor.sources.tensorboard.segments import Points


def split(table: Table) -> list[Table]:
    """One table per training, in their order; just `table` if there is one."""
    if any(column.rows is None for column in table.columns.values()):
        return [table]
    # the rows are what time is elsewhere: they say which points of other curves a reset goes with
    parts = resets.split({name: _by_row(column) for name, column in table.columns.items()})
    if len(parts) < 2:
        return [table]
    return [replace(table, columns=_cut(table.columns, part)) for part in parts]


def _by_row(column: Column) -> Points:
    assert column.rows is not None
    return column.steps, column.values, column.rows.astype(np.float64)


def _cut(columns: Mapping[str, Column], part: Mapping[str, Points]) -> dict[str, Column]:
    columns_: dict[str, Column] = {}
    for name, (_, _, kept) in part.items():
        column = columns[name]
        assert column.rows is not None
        first = int(np.searchsorted(column.rows, kept[0]))
        last = first + len(kept)
        columns_[name] = replace(
            column,
            steps=column.steps[first:last],
            values=column.values[first:last],
            wall_times=column.wall_times[first:last],
            rows=column.rows[first:last],
        )
    return columns_
