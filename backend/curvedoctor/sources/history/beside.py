"""What event files, or another history, beside a history already tell of it: Ultralytics, Hugging Face and
SB3 log each run twice.

Names differ ("loss", "train/loss", "epoch_loss"), so the values decide: it is the same training if the values
of one loss or score are those of a column, to the digits that a text keeps. Equal learning rates prove
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from curvedoctor.model import Floats
from curvedoctor.sources import files
from curvedoctor.sources.copies import is_event_file
from curvedoctor.sources.history.tables import Column, Table, read_tables

#: share by which two written values of one number may differ
_DIGITS = 2e-3
#: share of points that must agree; share of a column's points from which a curve holds it
_AGREE, _HELD = 0.9, 0.9
#: columns and curves that are compared, directories and files that are looked into
_MAX_COLUMNS, _MAX_CURVES, _MAX_FILES = 64, 256, 64
#: bytes that are compared with a history at most
_MAX_BYTES = 256 << 20
#: bytes from which a file whose beginning shows no value may hold some all the same (behind a graph)
_LARGE = 1 << 16


@dataclass(frozen=True, slots=True)
class Told:
    """How event files compare with a history."""

    #: it is the same training
    same: bool
    #: columns of which they hold fewer points
    shorter: tuple[str, ...]
    #: columns that they lack
    missing: tuple[str, ...]


def event_files(here: Sequence[str], places: Sequence[str]) -> list[str]:
    """Event files with values: those that are here, those in each of `places` and one level below these."""
    from curvedoctor.sources.tensorboard.peek import first_tag

    paths = list(here)
    for place in places:
        paths += _below(place)
    kept: list[str] = []
    room = _MAX_BYTES
    for path in paths[:_MAX_FILES]:
        size = int((files.stamp(path) or (0,))[0])
        room -= size
        if room > 0 and (size > _LARGE or first_tag(path) is not None):
            kept.append(path)
    return kept


def _below(place: str) -> list[str]:
    try:
        inner = ["", *sorted(entry.name for entry in files.listing(place) if entry.is_dir)[:_MAX_FILES]]
        listed = [
            (inner_path, files.listing(inner_path))
            for name in inner
            if (inner_path := files.join(place, name))
        ]
        return [
            files.join(path, e.name)
            for path, entries in listed
            for e in sorted(entries)
            if is_event_file(e.name)
        ]
    except files.UNREADABLE:
        return []


def compare(table: Table, paths: Sequence[str]) -> Told:
    """Whether the event files at these paths hold the training of a history, and how much of it."""
    curves = _values(paths)
    columns = dict(list(_changing(table.columns).items())[:_MAX_COLUMNS])
    measured = {name for name in columns if _is_measured(name)} or set(columns)
    held = {name: _longest_equal(name, column.values, curves) for name, column in columns.items()}
    return Told(
        same=any(points for name, points in held.items() if name in measured),
        shorter=tuple(name for name, points in held.items() if 0 < points < _HELD * len(columns[name].steps)),
        missing=tuple(
            name for name, points in held.items() if not points and name not in curves and name in measured
        ),
    )


def _values(paths: Sequence[str]) -> dict[str, list[Floats]]:
    """Values of each tag, file by file, and all files' in their order."""
    from curvedoctor.sources.tensorboard.fast import read_files

    by_tag: dict[str, list[Floats]] = {}
    logs = read_files([path for path in paths if is_event_file(path)])
    found = [(tag, values) for log in logs if not log.ours for tag, (_, values, _) in log.series.items()]
    for tag, values in found + [pair for path in paths if not is_event_file(path) for pair in _written(path)]:
        if len(by_tag) < _MAX_CURVES or tag in by_tag:
            by_tag.setdefault(tag, []).append(values)
    return {
        tag: parts if len(parts) == 1 else [*parts, np.concatenate(parts)] for tag, parts in by_tag.items()
    }


def _written(path: str) -> list[tuple[str, Floats]]:
    """The columns of another history."""
    try:
        tables = read_tables(path)
    except files.UNREADABLE:
        return []
    return [(name, column.values) for table in tables for name, column in table.columns.items()]


def _changing(columns: Mapping[str, Column]) -> dict[str, Column]:
    finite = {name: column.values[np.isfinite(column.values)] for name, column in columns.items()}
    return {name: columns[name] for name, values in finite.items() if np.any(values[1:] != values[:-1])}


def _longest_equal(name: str, column: Floats, curves: Mapping[str, Sequence[Floats]]) -> int:
    """Points of the longest curve whose values are the column's, from the start or from the end;
    0 for none."""
    equal = [
        len(values)
        for tag in (name, *curves)
        for values in curves.get(tag, ())
        if _agree(column, values, at_end=False) or _agree(column, values, at_end=True)
    ]
    return max(equal, default=0)


def _agree(one: Floats, other: Floats, *, at_end: bool) -> bool:
    n = min(len(one), len(other))
    if n < min(2, len(one)):
        return False
    a, b = (one[-n:], other[-n:]) if at_end else (one[:n], other[:n])
    with np.errstate(invalid="ignore"):
        return float(np.mean(np.isclose(a, b, rtol=_DIGITS, atol=1e-9, equal_nan=True))) >= _AGREE


def _is_measured(name: str) -> bool:
    from curvedoctor.roles import infer

    return infer(name).quantity in ("loss", "accuracy", "error", "reward")
