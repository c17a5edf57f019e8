"""The grid of two hyperparameters as a small table of outcomes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from curvedoctor.compare.grid import grid
from curvedoctor.compare.types import Group, Outcome
from curvedoctor.compare.wording import level, value

#: columns of a cell
CELL = 9
#: rows and columns up to which a table is readable
MAX_SIDE = 16


def axes(group: Group) -> tuple[str, str] | None:
    """The two hyperparameters that span the grid: lr and the batch size if they vary, else the first two."""
    names = [f.name for f in group.factors if 2 <= len(f.levels) <= MAX_SIDE]
    if len(names) < 2:
        return None
    preferred = [n for n in ("lr", "batch_size") if n in names]
    rest = [n for n in names if n not in preferred]
    ordered = [*preferred, *rest]
    return ordered[0], ordered[1]


def cell(members: Sequence[Outcome]) -> str:
    """The median level of a setting's runs, over whatever else varies."""
    levels = [o.level for o in members if o.level is not None]
    # half of the runs lost: the setting is lost
    if 2 * len(levels) < len(members):
        return "diverged"
    return level(float(np.median(levels))) if levels else ""


def matrix(group: Group, width: int) -> list[str]:
    """Lines of the table; empty where two hyperparameters don't span a grid or it would not fit."""
    names = axes(group)
    if names is None:
        return []
    rows, columns = (next(f for f in group.factors if f.name == n).levels for n in names)
    labels = [value(lv.value) for lv in rows]
    size = max(len(names[0]), *(len(label) for label in labels))
    if size + (CELL + 1) * len(columns) + 2 > width:
        return []
    best = group.region.best if group.region else {}
    settings = grid(group.outcomes).cells(names)
    lines = [
        f"{'':<{size}}  {names[1]}",
        f"{names[0]:<{size}} " + "".join(f" {value(c.value):>{CELL}}" for c in columns),
    ]
    for label, row in zip(labels, rows, strict=True):
        text = f"{label:<{size}} "
        for column in columns:
            here = best.get(names[0]) == row.value and best.get(names[1]) == column.value
            said = cell(settings.get((row.value, column.value), ()))
            text += f" {'*' * here + said:>{CELL}}"
        lines.append(text)
    return lines
