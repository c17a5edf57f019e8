"""JSON and JSON Lines → tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from curvedoctor.sources import files, sidecars
from curvedoctor.sources.text import mmengine, names
from curvedoctor.sources.text.content import encoding_of
from curvedoctor.sources.text.curves import Column, Table, tables_of
from curvedoctor.sources.text.mappings import add_mapping
from curvedoctor.sources.text.numbers import number
from curvedoctor.sources.text.rows import MAX_COLUMNS, Rows

#: bytes of one JSON document, which is read as a whole
MAX_DOCUMENT = 64 << 20
#: keys that only wrap the history
_WRAPPERS = frozenset({"history", "metrics", "log", "logs", "results"})
_DEEPEST = 6


def parsed(line: str) -> object:
    """A line of JSON, None for what is none."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def first_row(text: str) -> list[object]:
    """The first list in a list of lists that may be cut off; empty if there is none."""
    try:
        row, _ = json.JSONDecoder().raw_decode(text, text.index("[", 1))
    except (ValueError, RecursionError):
        return []
    return row if isinstance(row, list) else []


def is_lines(sample: Sequence[str]) -> bool:
    """Whether most of some lines are JSON objects."""
    good = sum(isinstance(parsed(line), Mapping) for line in sample if line.lstrip().startswith("{"))
    return good > 1 and 2 * good >= len(sample)


def read_lines(lines: Iterable[str], rows: Rows) -> None:
    """JSON Lines."""
    for row in mmengine.by_split(_objects(lines, rows)):
        if rows.full():
            break
        if rows.count or _is_row(row):
            add_mapping(rows, row)
        else:
            rows.settings.update(sidecars.flatten(row))


def _objects(lines: Iterable[str], rows: Rows) -> Iterator[Mapping[str, object]]:
    for line_number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row = parsed(line)
        if isinstance(row, Mapping):
            yield row
        else:
            rows.tell(f"line {line_number} is no JSON object: left out")


def _is_row(row: Mapping[str, object]) -> bool:
    """Whether the first object is a row; mmdet's holds the configuration."""
    counted = any(names.is_counter(str(name)) or names.plain(str(name)) in names.WALL for name in row)
    return counted or not any(isinstance(value, str) for value in row.values())


def read_document(path: str) -> list[Table]:
    """One JSON document. Raises `ValueError` for what is none or no history, and `OSError`."""
    data = files.read_bytes(path, MAX_DOCUMENT + 1)
    if len(data) > MAX_DOCUMENT:
        raise ValueError(f"larger than {MAX_DOCUMENT >> 20} MiB: too large for one JSON document")
    try:
        whole = json.loads(data.decode(encoding_of(data[:4096]) or "utf-8", "replace"))
    except RecursionError as error:
        raise ValueError("too deeply nested") from error
    return _tables(whole, files.basename(path))


def _tables(whole: object, name: str) -> list[Table]:
    if isinstance(whole, Mapping):
        for key in ("log_history", "metrics", "history", "rows", "data"):
            if _are_rows(whole.get(key)):
                rest = {other: value for other, value in whole.items() if other != key}
                return _of_rows(whole[key], sidecars.flatten(rest))
        return _of_lists(whole)
    if isinstance(whole, list):
        if whole and all(isinstance(row, list) and len(row) == 3 for row in whole):
            return _of_rows(
                [dict(zip(("wall_time", "step", curve_of(name)), row, strict=True)) for row in whole]
            )
        return _of_rows(whole)
    raise ValueError("holds neither rows nor columns")


def _are_rows(value: object) -> bool:
    return isinstance(value, list) and len(value) > 0 and isinstance(value[0], Mapping)


def curve_of(name: str) -> str:
    """The tag in the name of a file that TensorBoard downloads, below the run's last word if that is a split:
    "run-fit_train-tag-epoch_loss.csv" → "train/epoch_loss"."""
    stem = re.sub(r"(\.(csv|tsv|json|txt|gz|bz2|xz|zst))+$", "", name)
    run, _, tag = stem.rpartition("tag-")
    split = names.split_word(re.split(r"[-_./]", run.rstrip("-"))[-1])
    return names.with_split(split, tag) or "value"


def _of_rows(items: Iterable[object], settings: Mapping[str, object] | None = None) -> list[Table]:
    rows = Rows()
    for row in items:
        if rows.full():
            break
        if isinstance(row, Mapping):
            add_mapping(rows, row)
    rows.settings = dict(settings or {}) | rows.settings
    return tables_of(rows)


def _of_lists(whole: Mapping[str, object]) -> list[Table]:
    """Columns as lists: Keras' `history.history`, and nested by data set as XGBoost's `evals_result`."""
    table = Table(axis="step" if _by_set(whole) else "epoch")
    _fill(table, whole, "", 0)
    inner = {key: value for key, value in whole.items() if not _holds_lists(value, 0)}
    table.settings = sidecars.flatten(inner)
    return [table]


def _by_set(whole: Mapping[str, object]) -> bool:
    """Whether there are only lists by data set, a value per round, as boosted trees' libraries keep them."""
    held = {key: value for key, value in whole.items() if _holds_lists(value, 0)}
    return bool(held) and all(isinstance(v, Mapping) and key not in _WRAPPERS for key, v in held.items())


def _holds_lists(value: object, depth: int) -> bool:
    if isinstance(value, list):
        return len(value) > 1 and number(value[0]) is not None
    return (
        isinstance(value, Mapping) and depth < 3 and any(_holds_lists(v, depth + 1) for v in value.values())
    )


def _fill(table: Table, whole: Mapping[str, object], prefix: str, depth: int) -> None:
    lists = {str(key): value for key, value in whole.items() if isinstance(value, list)}
    counters = [name for name in lists if names.is_counter(name)]
    step = min(counters, key=lambda name: names.FINE.get(names.plain(name), 999), default=None)
    axis = [number(item) for item in lists[step]] if step else None
    if depth == 0 and step is not None and names.plain(step) not in names.EPOCH:
        table.axis = "step"
    for name, cells in lists.items():
        if name != step and len(table.columns) < MAX_COLUMNS:
            _store(table, prefix + name, cells, axis)
    for key, value in whole.items():
        if isinstance(value, Mapping) and depth < _DEEPEST:
            inner = "" if str(key) in _WRAPPERS else f"{key}/"
            _fill(table, value, prefix + inner, depth + 1)


def _store(table: Table, name: str, cells: Sequence[object], axis: Sequence[float | None] | None) -> None:
    points = [(axis[i] if axis and i < len(axis) else i, number(cell)) for i, cell in enumerate(cells)]
    kept = [(s, v) for s, v in points if s is not None and v is not None and abs(s) < 2**63]
    if kept:
        steps, values = (np.array(part, np.float64) for part in zip(*kept, strict=True))
        whole = bool(np.all(steps == np.floor(steps)))
        at = steps.astype(np.int64) if whole else np.arange(len(steps), dtype=np.int64)
        table.columns.setdefault(name, Column(at, values, np.full(len(at), np.nan)))
