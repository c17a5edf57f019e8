"""CSV, JSON and JSON Lines as columns of numbers over a step."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from curvedoctor.model import Axis, Floats, Ints
from curvedoctor.sources import files, mmengine, sidecars

#: bytes; a history is small
MAX_FILE = 256 << 20
#: columns
MAX_COLUMNS = 4096
#: columns that count time, best first, in lower case
_STEPS = (
    "step", "global_step", "trainer/global_step", "iteration", "iter", "timesteps", "total_timesteps",
    "time/total_timesteps", "_step", "update", "batch", "epoch", "epochs", "ep",
)  # fmt: skip
_EPOCHS = frozenset({"epoch", "epochs", "ep"})
_WALL = frozenset({"wall_time", "walltime", "timestamp", "_timestamp"})


@dataclass(slots=True)
class Column:
    """One series; all of shape (n,)."""

    steps: Ints
    values: Floats
    wall_times: Floats
    #: the rows of the file that they stand in; None where it has none
    rows: Ints | None = None


@dataclass(slots=True)
class Table:
    """A history file."""

    columns: dict[str, Column] = field(default_factory=dict)
    axis: Axis = "step"
    #: what stands beside the history in the same file
    settings: dict[str, object] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read_table(path: str) -> Table:
    """A history file. Raises `ValueError` for what is none, and `OSError`."""
    data = files.read_bytes(path, MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise ValueError(f"larger than {MAX_FILE >> 20} MiB: too large for a training history")
    text = data.decode("utf-8-sig", "replace")
    name = files.basename(path).lower()
    if ".csv" in name or ".tsv" in name:
        table = Table()
        return _fill(table, _csv_rows(text, table))
    return _json_table(text)


def looks_like_history(name: str, head: bytes) -> bool:
    """Whether the first bytes of a file with a well-known name are those of a history."""
    text = head.decode("utf-8-sig", "replace")
    if name.endswith(".csv"):
        names = [cell.strip().lower() for cell in text.split("\n", 1)[0].split(",")]
        return len(names) > 1 and any(step in names for step in _STEPS)
    if name == "trainer_state.json":
        return '"log_history"' in text or len(head) == 1 << 16
    try:
        first = json.loads(text.split("\n", 1)[0])
    except (ValueError, RecursionError):
        return name == "history.json" and text.lstrip().startswith("{")
    if isinstance(first, Mapping):
        lists = [value for value in first.values() if isinstance(value, list | Mapping)]
        return bool(lists) or any(str(key).lower() in _STEPS for key in first)
    return False


def _csv_rows(text: str, table: Table) -> Iterator[Mapping[str, object]]:
    first = text.split("\n", 1)[0]
    delimiter = max(",\t;", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header: list[str] = []
    try:
        for cells in reader:
            if not header:
                header = [cell.strip() or f"column {i}" for i, cell in enumerate(cells[:MAX_COLUMNS])]
            elif [
                cell.strip() for cell in cells[: len(header)]
            ] != header:  # Ultralytics repeats it when resumed
                yield dict(zip(header, cells, strict=False))
    except csv.Error as error:
        table.problems.append(f"line {reader.line_num}: {error}; the lines before it are used")


def _json_table(text: str) -> Table:
    table = Table()
    try:
        whole = json.loads(text)
    except RecursionError as error:
        raise ValueError("too deeply nested") from error
    except ValueError:
        rows = list(_json_lines(text, table))
        if not rows:
            raise ValueError("neither JSON nor JSON Lines") from None
        return _fill(table, rows)
    if isinstance(whole, Mapping) and isinstance(whole.get("log_history"), list):
        rows = [row for row in whole["log_history"] if isinstance(row, Mapping)]
        table.settings = sidecars.flatten(
            {key: value for key, value in whole.items() if key != "log_history"}
        )
        return _fill(table, rows)
    if isinstance(whole, list):
        return _fill(table, [row for row in whole if isinstance(row, Mapping)])
    if isinstance(whole, Mapping):
        return _fill_lists(table, whole)
    raise ValueError("holds neither rows nor columns")


def _json_lines(text: str, table: Table) -> Iterator[Mapping[str, object]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        row = _line(line)
        if isinstance(row, Mapping):
            yield sidecars.flatten(row)
        elif len(table.problems) < 20:
            table.problems.append(f"line {number} is no JSON object: left out")


def _line(line: str) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _fill_lists(table: Table, whole: Mapping[str, object], prefix: str = "", depth: int = 0) -> Table:
    """Columns as lists: Keras' `history.history`, and nested by data set as XGBoost's `evals_result`."""
    lists = {str(key): value for key, value in whole.items() if isinstance(value, list)}
    step = next((name for want in _STEPS for name in lists if name.lower() == want), None)
    axis = [_number(item) for item in lists[step]] if step else None
    if depth == 0:
        table.axis = "epoch" if step is None or step.lower() in _EPOCHS else "step"
    for name, cells in lists.items():
        points = [(axis[i] if axis and i < len(axis) else i, _number(cell)) for i, cell in enumerate(cells)]
        _store(table, prefix + name, [(s, v, math.nan) for s, v in points if s is not None and v is not None])
    for key, value in whole.items():
        if isinstance(value, Mapping) and depth < 3:
            _fill_lists(table, value, f"{prefix}{key}/", depth + 1)
    return table


def _fill(table: Table, rows: Iterable[Mapping[str, object]]) -> Table:
    rows = list(mmengine.by_split(rows))
    names = {name: None for row in rows for name in row}
    step = next((name for want in _STEPS for name in names if name.lower() == want), None)
    wall = next((name for name in names if name.lower() in _WALL), None)
    table.axis = "epoch" if step is not None and step.lower() in _EPOCHS else "step"
    points: dict[str, list[tuple[float, float, float]]] = {}
    places: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        at = _number(row.get(step)) if step is not None else float(number)
        if at is None or not abs(at) < 2**63:
            continue
        when = _number(row.get(wall)) if wall is not None else None
        for name, cell in row.items():
            value = _number(cell) if name not in (step, wall) else None
            if value is not None and (name in points or len(points) < MAX_COLUMNS):
                points.setdefault(name, []).append((at, value, math.nan if when is None else when))
                places.setdefault(name, []).append(number)
    for name, found in points.items():
        _store(table, name, found)
        table.columns[name].rows = np.array(places[name], np.int64)
    return table


def _store(table: Table, name: str, points: list[tuple[float, float, float]]) -> None:
    if points:
        steps, values, walls = (np.array(part, np.float64) for part in zip(*points, strict=True))
        # fractional epochs (HF) keep their order when they are the only axis: count rows instead
        whole = bool(np.all(steps == np.floor(steps)))
        axis = steps.astype(np.int64) if whole else np.arange(len(steps), dtype=np.int64)
        table.columns[name] = Column(axis, values, walls)


def _number(cell: object) -> float | None:
    if isinstance(cell, bool) or cell is None:
        return None
    if isinstance(cell, str):
        cell = cell.strip()
        if len(cell) > 64 or "_" in cell:
            return None
    elif not isinstance(cell, int | float):
        return None
    try:
        return float(cell)
    except (ValueError, OverflowError):
        return None
