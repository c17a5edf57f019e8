"""Metric files of an `mlruns` folder: one line per point, "timestamp value [step [dataset digest]]"."""

from __future__ import annotations

import numpy as np

from curvedoctor.model import Problem
from curvedoctor.sources.mlflow_common import EXACT, Series

_INT64 = 2**63


def parse(data: bytes, where: str) -> tuple[Series, Problem | None]:
    """The points of one file; a problem if some lines could not be read (the others are used).

    The usual case, three columns throughout, is converted at once; anything else line by line.
    """
    fields = data.split()
    if len(fields) == 3 * data.count(b"\n") and data.endswith(b"\n"):
        try:
            table = np.array(fields, dtype=np.float64).reshape(-1, 3)
        except ValueError:
            return _by_line(data, where)
        regular = bool(np.isfinite(table[:, ::2]).all()) and not bool((np.abs(table[:, ::2]) > EXACT).any())
        # as many fields as lines need could still be spread unevenly: integers in their columns prove it
        if regular and bool((table[:, ::2] == np.floor(table[:, ::2])).all()) and _even(fields):
            return Series(table[:, 2].astype(np.int64), table[:, 0].copy(), table[:, 1].copy()), None
    return _by_line(data, where)


def _even(fields: list[bytes]) -> bool:
    """Whether timestamps and steps are written as integers, as every MLflow does."""
    joined = b"".join(fields[0::3]) + b"".join(fields[2::3]).replace(b"-", b"")
    return not joined or joined.isdigit()


def _by_line(data: bytes, where: str) -> tuple[Series, Problem | None]:
    rows: list[tuple[int, int, float]] = []
    bad: list[tuple[int, bytes]] = []
    place = 0
    for line in data.splitlines(keepends=True):
        row = _row(line)
        # a line without its end is still being written: its step may lack digits
        cut = not line.endswith((b"\n", b"\r")) and row is not None and rows and row[0] < rows[-1][0]
        if row is not None and not cut:
            rows.append(row)
        elif line.strip():
            bad.append((place, line.strip()))
        place += len(line)
    series = Series(
        np.array([row[0] for row in rows], dtype=np.int64),
        np.array([row[1] for row in rows], dtype=np.float64),
        np.array([row[2] for row in rows], dtype=np.float64),
    )
    if not bad:
        return series, None
    first = bad[0][1][:60].decode("utf-8", "replace")
    what = f"{len(bad)} of {len(bad) + len(rows)} lines are not 'timestamp value step' and are skipped; the first: {first!r}"
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
