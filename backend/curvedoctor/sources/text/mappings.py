"""Rows as mappings (JSON Lines, Python dicts, cells of a table) → `Rows`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from curvedoctor.sources import sidecars
from curvedoctor.sources.text import names
from curvedoctor.sources.text.numbers import number
from curvedoctor.sources.text.rows import Rows

#: characters of a word that may name a run
_LONGEST = 200


def add_mapping(rows: Rows, row: Mapping[str, object]) -> None:
    """One row of names and cells, which may be nested."""
    numbers: dict[str, float] = {}
    texts: dict[str, str] = {}
    for name, cell in _flat(_without_settings(rows, row)).items():
        value = cell if type(cell) is float else number(cell)
        if value is not None:
            numbers[name] = value
        elif isinstance(cell, str) and 0 < len(cell) <= _LONGEST:
            texts[name] = cell.strip()
    if not texts:
        rows.add(numbers)
        return
    _read_times(numbers, texts)
    split = _phase(texts)
    named = {names.with_split(split, name): value for name, value in _pivoted(numbers, texts).items()}
    rows.add(named, texts, late=split in ("val", "test"))


def _flat(row: Mapping[str, object]) -> Mapping[str, object]:
    nested = any(isinstance(cell, Mapping | list | tuple) for cell in row.values())
    return sidecars.flatten(row) if nested else {str(name)[:500]: cell for name, cell in row.items()}


def _without_settings(rows: Rows, row: Mapping[str, object]) -> Mapping[str, object]:
    """The row without its whole configuration, which RLlib repeats in each."""
    nested = {
        name: cell for name, cell in row.items() if isinstance(cell, Mapping) and names.is_settings(name)
    }
    for inner in nested.values():
        if not rows.count:
            rows.settings.update(sidecars.flatten(inner))
    return {name: value for name, value in row.items() if name not in nested} if nested else row


def _read_times(numbers: dict[str, float], texts: Mapping[str, str]) -> None:
    """Dates are wall times."""
    for name, text in texts.items():
        if names.plain(name) in names.WALL and len(text) < 40:
            try:
                numbers[name] = datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
            except (ValueError, OverflowError, OSError):
                continue


def _phase(texts: dict[str, str]) -> str | None:
    """The split that a column of words gives the row; the column is done with."""
    for name in list(texts):
        if names.plain(name) in names.PHASES and (split := names.split_word(texts[name])):
            del texts[name]
            return split
    return None


def _pivoted(numbers: dict[str, float], texts: dict[str, str]) -> dict[str, float]:
    """A row of a long table, metric and value, as one number under the metric's name."""
    amount = next((name for name in numbers if names.plain(name) in names.VALUES), None)
    key = next((name for name in texts if names.plain(name) in names.KEYS), None)
    if amount is None or key is None:
        return numbers
    title = texts.pop(key)
    return {title if name == amount else name: value for name, value in numbers.items()}
