"""JSON and JSON Lines → tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from curvedoctor.sources import files, sidecars
from curvedoctor.sources.text import lists, mmengine, names
from curvedoctor.sources.text.content import encoding_of
from curvedoctor.sources.text.curves import Table, tables_of
from curvedoctor.sources.text.mappings import add_mapping
from curvedoctor.sources.text.numbers import number
from curvedoctor.sources.text.rows import Rows

#: bytes of one JSON document, which is read as a whole
MAX_DOCUMENT = 64 << 20
#: keys under which a list of records is the history, whatever stands in them
_OF_ROWS = ("log_history", "metrics", "history", "rows", "data")
#: mappings in mappings, and lists of records and names of one that are looked at
_DEEPEST, _MOST = 3, 64


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
        rows = next((whole[key] for key in _OF_ROWS if _are_rows(whole.get(key))), None)
        if rows is None:
            records = islice(_records(whole, 0), _MOST)
            rows = next((value for key, value in records if _tells(key, value[0])), None)
        return [lists.table_of(whole)] if rows is None else _of_rows(rows, sidecars.flatten(whole))
    if isinstance(whole, list):
        if whole and all(isinstance(row, list) and len(row) == 3 for row in whole):
            return _of_rows(
                [dict(zip(("wall_time", "step", curve_of(name)), row, strict=True)) for row in whole]
            )
        return _of_rows(whole)
    raise ValueError("holds neither rows nor columns")


def _are_rows(value: object) -> bool:
    return isinstance(value, list) and len(value) > 0 and isinstance(value[0], Mapping)


def _records(whole: Mapping[str, object], depth: int) -> Iterator[tuple[str, Sequence[object]]]:
    """Lists of records by name; what is called by a split of the data is but a part of a history."""
    for key, value in whole.items():
        if isinstance(value, list) and _are_rows(value) and names.split_word(key) is None:
            yield key, value
        elif isinstance(value, Mapping) and depth < _DEEPEST and not names.is_settings(key):
            yield from _records(value, depth + 1)


def _tells(key: str, record: object) -> bool:
    """Whether a record counts (itself, or by the name of its list) and measures."""
    found = [name for name, cell in sidecars.flatten(record).items() if number(cell) is not None][:_MOST]
    counted = key in lists.WRAPPERS or any(map(names.is_counter, (key, *found)))
    return counted and any(map(lists.measures, found))


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
