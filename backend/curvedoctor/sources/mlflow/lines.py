"""Metric files of an `mlruns` folder: one line per point, "timestamp value [step [dataset digest]]"."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from curvedoctor.model import Floats, Ints, Problem
from curvedoctor.sources.mlflow.common import Series
from curvedoctor.sources.mlflow.numbers import WIDEST, decimals, integers

_INT64 = 2**63
_SPACE, _ASCII = 32, 127
_PATTERN = b"  \n"


def parse(data: bytes, where: str) -> tuple[Series, Problem | None]:
    """The points of one file; a problem if some lines could not be read (the others are used)."""
    columns = _columns([data])
    return (Series(*columns[:3]), None) if columns is not None else _by_line(data, where)


def parse_all(files: Sequence[tuple[str, bytes]]) -> list[tuple[Series, Problem | None]]:
    """The same of many files (place, content), converted together where all are as usual."""
    contents = [data for _, data in files]
    columns = _columns(contents) if all(data.endswith(b"\n") for data in contents) else None
    if columns is None:
        return [parse(data, where) for where, data in files]
    *points, line_ends = columns
    cuts = np.searchsorted(line_ends, np.cumsum([len(data) for data in contents])[:-1])
    return [(Series(*piece), None) for piece in zip(*(np.split(part, cuts) for part in points), strict=True)]


def _columns(contents: Sequence[bytes]) -> tuple[Ints, Floats, Floats, Ints] | None:
    """(steps, times, values, places of line ends) of the usual case: three columns, one space between
    them, throughout. None for anything else."""
    text = np.frombuffer(b"".join([b" " * WIDEST, *contents]), dtype=np.uint8)
    gaps = np.flatnonzero(text[WIDEST:] <= _SPACE) + WIDEST
    lines = len(gaps) // 3
    if not lines or text[gaps].tobytes() != _PATTERN * lines:
        return None
    if gaps[-1] != len(text) - 1 or text.max() > _ASCII:
        return None
    ends = np.ascontiguousarray(gaps.reshape(-1, 3).T)
    starts = np.concatenate(([WIDEST], ends[2, :-1] + 1))
    times = integers(text, starts, ends[0])
    steps = integers(text, ends[1] + 1, ends[2])
    values = decimals(text, ends[0] + 1, ends[1]) if times is not None and steps is not None else None
    if times is None or steps is None or values is None:
        return None
    return steps, times.astype(np.float64), values, ends[2] - WIDEST


def _by_line(data: bytes, where: str) -> tuple[Series, Problem | None]:
    rows: list[tuple[int, int, float]] = []
    bad: list[tuple[int, bytes]] = []
    offset = 0
    for line in data.splitlines(keepends=True):
        row = _row(line)
        # a line without its end is still being written: its step may lack digits
        cut = not line.endswith((b"\n", b"\r")) and row is not None and rows and row[0] < rows[-1][0]
        if row is not None and not cut:
            rows.append(row)
        elif line.strip():
            bad.append((offset, line.strip()))
        offset += len(line)
    series = Series(
        np.array([row[0] for row in rows], dtype=np.int64),
        np.array([row[1] for row in rows], dtype=np.float64),
        np.array([row[2] for row in rows], dtype=np.float64),
    )
    if not bad:
        return series, None
    first = bad[0][1][:60].decode("utf-8", "replace")
    what = (
        f"{len(bad)} of {len(bad) + len(rows)} lines are not 'timestamp value step' and are "
        f"skipped; the first: {first!r}"
    )
    return series, Problem(where=where, what=what, offset=bad[0][0])


def _row(line: bytes) -> tuple[int, int, float] | None:
    """(step, time, value) of a line; None if it is none. Two columns are a point without a step."""
    fields = line.split()
    if len(fields) < 2:
        return None
    try:
        time, value = int(fields[0]), float(fields[1])
        step = int(fields[2]) if len(fields) > 2 else 0
    except ValueError:
        return None
    if abs(step) >= _INT64 or abs(time) >= _INT64:
        return None
    return step, time, value
