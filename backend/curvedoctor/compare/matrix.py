"""The grid of two hyperparameters as a small table of outcomes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from curvedoctor.compare.types import Group, Outcome
from curvedoctor.compare.wording import level, value
from curvedoctor.model import ParamValue

#: columns of a cell
CELL = 9
#: rows and columns up to which a table is readable
MOST = 16


def axes(group: Group) -> tuple[str, str] | None:
    """The two hyperparameters that span the grid: lr and the batch size if they vary, else the first two."""
    names = [f.name for f in group.factors if 2 <= len(f.levels) <= MOST]
    if len(names) < 2:
        return None
    preferred = [n for n in ("lr", "batch_size") if n in names]
    rest = [n for n in names if n not in preferred]
    ordered = [*preferred, *rest]
    return ordered[0], ordered[1]


def cell(group: Group, chosen: dict[str, ParamValue | None]) -> tuple[float | None, int, int]:
    """Median level, runs and bad runs of a setting, over whatever else varies."""
    members: Sequence[Outcome] = [
        o for o in group.outcomes if all(o.params.get(n) == v for n, v in chosen.items())
    ]
    bad = sum(o.bad is not None for o in members)
    levels = [o.level for o in members if o.level is not None]
    # half of the runs lost: the setting is lost
    if not levels or 2 * sum(o.level is None for o in members) > len(members):
        return None, len(members), bad
    return float(np.median(levels)), len(members), bad


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
    lines = [
        f"{'':<{size}}  {names[1]}",
        f"{names[0]:<{size}} " + "".join(f" {value(c.value):>{CELL}}" for c in columns),
    ]
    for label, row in zip(labels, rows, strict=True):
        text = f"{label:<{size}} "
        for column in columns:
            middle, runs, _ = cell(group, {names[0]: row.value, names[1]: column.value})
            here = best.get(names[0]) == row.value and best.get(names[1]) == column.value
            text_of_cell = "" if runs == 0 else "diverged" if middle is None else level(middle)
            text += f" {('*' if here else '') + text_of_cell:>{CELL}}"
        lines.append(text)
    return lines
