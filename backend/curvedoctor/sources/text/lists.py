"""A JSON document that holds columns as lists → a table, and what stands beside them.

Keras' `history.history`, and nested by data set as XGBoost's `evals_result`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import numpy as np

from curvedoctor.sources import sidecars
from curvedoctor.sources.text import names
from curvedoctor.sources.text.curves import Column, Table
from curvedoctor.sources.text.numbers import number
from curvedoctor.sources.text.rows import MAX_COLUMNS

#: keys that only wrap the history
WRAPPERS = frozenset({"history", "metrics", "log", "logs", "results"})
_DEEPEST = 6

Path = tuple[str, ...]


def table_of(whole: Mapping[str, object]) -> Table:
    """The lists that are curves as columns, everything else as settings."""
    curves = _curves(whole)
    by_set = bool(curves) and all(len(path) > 1 and path[0] not in WRAPPERS for path in curves)
    table = Table(axis="step" if by_set else "epoch")
    folders: dict[Path, dict[str, Sequence[object]]] = {}
    for path, cells in curves.items():
        folders.setdefault(path[:-1], {})[path[-1]] = cells
    for folder, held in folders.items():
        _fill(table, folder, held)
    taken = {sidecars.joined(path) for path in curves}
    table.settings = {name: v for name, v in sidecars.flatten(whole).items() if name not in taken}
    return table


def measures(name: str) -> bool:
    """Whether a name says that something is measured that training is judged by."""
    from curvedoctor.roles import infer

    return infer(name).quantity in ("loss", "accuracy", "error", "reward")


def _curves(whole: Mapping[str, object]) -> dict[Path, Sequence[object]]:
    """The lists of numbers over time. A short list that measures nothing, and is not as long as one that
    does, is a setting: sizes of layers, milestones of a schedule."""
    found = dict(islice(_lists(whole, ()), MAX_COLUMNS))
    lengths = {len(cells) for path, cells in found.items() if measures(path[-1])}

    def is_setting(path: Path, cells: Sequence[object]) -> bool:
        short = bool(lengths) and len(cells) not in lengths and len(cells) <= sidecars.MAX_LIST
        return short and not names.is_counter(path[-1]) and _says_nothing(path[-1])

    return {path: cells for path, cells in found.items() if not is_setting(path, cells)}


def _says_nothing(name: str) -> bool:
    from curvedoctor.roles import infer

    return infer(name).quantity == "other"


def _lists(whole: Mapping[str, object], folder: Path) -> Iterator[tuple[Path, Sequence[object]]]:
    """The lists of numbers and where they stand, those of a mapping before what is nested in it; a
    configuration has none that is a curve."""
    for key, value in whole.items():
        if isinstance(value, list) and any(number(cell) is not None for cell in value):
            yield (*folder, key), value
    for key, value in whole.items():
        if isinstance(value, Mapping) and len(folder) < _DEEPEST and not names.is_settings(key):
            yield from _lists(value, (*folder, key))


def _fill(table: Table, folder: Path, lists: Mapping[str, Sequence[object]]) -> None:
    counters = [name for name in lists if names.is_counter(name)]
    step = min(counters, key=lambda name: names.FINE.get(names.plain(name), 999), default=None)
    axis = [number(item) for item in lists[step]] if step else None
    if not folder and step is not None and names.plain(step) not in names.EPOCH:
        table.axis = "step"
    prefix = "".join(f"{part}/" for part in folder if part not in WRAPPERS)
    for name, cells in lists.items():
        if name != step:
            _store(table, prefix + name, cells, axis)


def _store(table: Table, name: str, cells: Sequence[object], axis: Sequence[float | None] | None) -> None:
    points = [(axis[i] if axis and i < len(axis) else i, number(cell)) for i, cell in enumerate(cells)]
    kept = [(s, v) for s, v in points if s is not None and v is not None and abs(s) < 2**63]
    if kept:
        steps, values = (np.array(part, np.float64) for part in zip(*kept, strict=True))
        whole = bool(np.all(steps == np.floor(steps)))
        at = steps.astype(np.int64) if whole else np.arange(len(steps), dtype=np.int64)
        table.columns.setdefault(name, Column(at, values, np.full(len(at), np.nan)))
