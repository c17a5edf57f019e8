"""Curves that are in memory already, as a run: arrays, frames, Keras, Hugging Face, rows."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence, Sized
from typing import Any

import numpy as np

from curvedoctor.errors import UsageError
from curvedoctor.model import Axis, Curve, Floats, Ints, ParamValue, Run

#: keys of a row that count time, best first
STEPS = ("step", "global_step", "iteration", "iter", "epoch")
#: keys of a row that are no curve
TIMES = frozenset({*STEPS, "wall_time", "timestamp", "_timestamp"})
#: steps and values
Points = tuple[Ints, Floats]


def run_of(data: object, params: Mapping[str, object] | None, name: str, axis: Axis | None) -> Run:
    """A run made of `data`, with roles and recognized hyperparameters.

    Raises `UsageError` for what holds no curves.
    """
    from curvedoctor.params import recognize
    from curvedoctor.roles import assign

    points, settings, guess = points_of(data)
    if not points:
        raise UsageError("there is no curve in what was given: pass {'train/loss': values, …}")
    recognized: dict[str, ParamValue] = {**recognize(settings), **recognize(dict(params or {}))}
    curves = [
        Curve(key, key, steps, values, np.full(len(steps), np.nan), axis=axis or guess)
        for key, (steps, values) in points.items()
    ]
    return Run(name, name, "memory", tuple(assign(curves)), recognized)


def points_of(data: object) -> tuple[dict[str, Points], dict[str, object], Axis]:
    """Points by curve, settings that stand beside them, and what the steps probably count."""
    history = getattr(data, "history", None)  # what Keras' fit returns
    if isinstance(history, Mapping):
        return of_columns(history), {}, "epoch"
    if isinstance(data, Mapping):
        log = data.get("log_history")  # Hugging Face's trainer_state.json
        if isinstance(log, Sequence):
            rest = {str(key): value for key, value in data.items() if key != "log_history"}
            return of_rows(log), rest, "step"
        return of_columns(data), {}, "epoch" if looks_like_keras(data) else "step"
    if hasattr(data, "columns") and hasattr(data, "to_dict"):  # a pandas frame
        return of_frame(data), {}, "epoch" if "epoch" in list(data.columns) else "step"
    if isinstance(data, Iterable) and not isinstance(data, str | bytes):
        return of_rows(data), {}, "step"
    raise UsageError(
        f"a {type(data).__name__} holds no curves: pass a dict of arrays, a pandas frame, a Keras history, "
        "a list of rows such as Hugging Face's log_history, or the path of a history file"
    )


def looks_like_keras(data: Mapping[Hashable, object]) -> bool:
    """Whether every `val_x` has an `x` of the same length: a `history.history`."""
    pairs = [(str(key), value) for key, value in data.items() if str(key).startswith("val_")]
    lengths = {str(key): length(value) for key, value in data.items()}
    return bool(pairs) and all(lengths.get(key[4:]) == length(value) for key, value in pairs)


def length(value: object) -> int:
    """How many entries `value` has; -1 for what has none."""
    return len(value) if isinstance(value, Sized) else -1


def of_columns(columns: Mapping[Hashable, object]) -> dict[str, Points]:
    """Curves from values by name: sequences, arrays, (steps, values), or Series with their index as steps."""
    return {str(key): points(str(key), value) for key, value in columns.items()}


def points(name: str, value: object) -> Points:
    """One curve. Raises `UsageError` if it is not one-dimensional or not numeric."""
    index = getattr(value, "index", None)
    steps: object = None
    if isinstance(value, tuple) and len(value) == 2 and length(value[0]) == length(value[1]) >= 0:
        steps, value = value
    elif index is not None and not callable(index):  # a pandas Series
        steps = index
    values = numbers(name, value)
    if steps is None:
        return np.arange(len(values), dtype=np.int64), values
    places = numbers(f"{name} (steps)", steps)
    if not np.all(np.isfinite(places)):
        raise UsageError(f"curve {name!r}: its steps must be finite numbers")
    return np.clip(places, -(2.0**63), 2.0**63 - 1024).astype(np.int64), values


def numbers(name: str, value: object) -> Floats:
    """`value` as an array of shape (n,). Raises `UsageError`."""
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise UsageError(f"curve {name!r} must hold numbers: it is a {type(value).__name__}") from None
    if array.ndim != 1:
        raise UsageError(f"curve {name!r} must have one dimension: its shape is {array.shape}")
    return array


def of_frame(frame: Any) -> dict[str, Points]:
    """The numeric columns of a pandas frame over its step column, else its index, else the row number."""
    step = next((key for key in STEPS if key in list(frame.columns)), None)
    axis = frame[step] if step is not None else frame.index
    try:
        places = np.asarray(axis, dtype=np.float64)
    except (TypeError, ValueError):
        places = np.arange(len(frame), dtype=np.float64)
    points: dict[str, Points] = {}
    for key in frame.columns:
        if str(key) in TIMES or not np.issubdtype(np.asarray(frame[key]).dtype, np.number):
            continue
        values = np.asarray(frame[key], dtype=np.float64)
        # an empty cell of a frame is no logged NaN: rows of training and validation alternate
        kept = np.isfinite(places) & (~np.isnan(values) if np.isnan(values).mean() < 1 else True)
        points[str(key)] = (places[kept].astype(np.int64), values[kept])
    return points


def of_rows(rows: Iterable[object]) -> dict[str, Points]:
    """Curves from rows of name → value, each at the row's step, else its number."""
    columns: dict[str, list[tuple[float, float]]] = {}
    for number, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise UsageError(
                f"row {number} must be a mapping of names to values: it is a {type(row).__name__}"
            )
        step = next((key for key in STEPS if key in row), None)
        at = float(number) if step is None else float(row[step])
        if not math.isfinite(at):
            continue
        for key, value in row.items():
            numeric = isinstance(value, int | float | np.number) and not isinstance(value, bool)
            if str(key) not in TIMES and numeric:
                columns.setdefault(str(key), []).append((at, float(value)))
    return {
        key: (
            np.array([p for p, _ in pairs]).astype(np.int64),
            np.array([v for _, v in pairs], dtype=np.float64),
        )
        for key, pairs in columns.items()
    }
