"""What a filter may ask of runs, and where a database keeps it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from curvedoctor.sources.mlflow.db import Database


@dataclass(frozen=True, slots=True)
class Dataset:
    """Data that a run was given."""

    name: str = ""
    digest: str = ""
    #: what it was used for: "training", "eval" …
    context: tuple[str, ...] = ()
    #: JSON that MLflow wrote about its content
    profile: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a filter may ask of one run."""

    attributes: Mapping[str, str | int | None] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    #: last value of each metric
    metrics: Mapping[str, float] = field(default_factory=dict)
    datasets: Sequence[Dataset] = ()


def last_values(database: Database) -> dict[str, dict[str, float]]:
    """run id → metric → last value: of the highest step, the newest, the largest.
    NaN is stored beside a 0."""
    table = "latest_metrics" if database.columns("latest_metrics") else "metrics"
    nan = "is_nan" if "is_nan" in database.columns(table) else "0"
    order = 'ORDER BY run_uuid, "key", step, timestamp, value' if table == "metrics" else ""
    values: dict[str, dict[str, float]] = {}
    for rows in database.rows(f'SELECT run_uuid, "key", value, {nan} FROM {table} {order}'):  # noqa: S608  our own names
        for run_id, key, value, unknown in rows:
            values.setdefault(str(run_id), {})[str(key)] = math.nan if unknown else float(value)
    return values


#: an input's context → which size its rows are
_SIZES = {
    **dict.fromkeys(("train", "training", "fit"), "n_train"),
    **dict.fromkeys(("eval", "evaluation", "val", "valid", "validation", "dev"), "n_val"),
    **dict.fromkeys(("test", "testing"), "n_test"),
}


def sizes(datasets: Sequence[Dataset]) -> dict[str, object]:
    """`n_train`, `n_val`, `n_test` as far as the data sets tell, and which is trained on;
    nothing where two of them disagree."""
    sizes_by_name: dict[str, set[int | str]] = {}
    for data in datasets:
        rows = _rows(data.profile)
        for context in data.context:
            if _SIZES.get(context.lower()) == "n_train" and data.name:
                sizes_by_name.setdefault("dataset", set()).add(data.name)
            name = _SIZES.get(context.lower())
            if name is not None and rows is not None:
                sizes_by_name.setdefault(name, set()).add(rows)
    return {name: next(iter(counts)) for name, counts in sizes_by_name.items() if len(counts) == 1}


def _rows(profile: str) -> int | None:
    """Rows of a data set, by its profile: of a frame, an array, or a mapping of arrays."""
    try:
        described = json.loads(profile or "{}")
    except ValueError:
        return None
    if not isinstance(described, dict):
        return None
    shape = described.get("features_shape")
    if isinstance(shape, dict):
        shape = next(iter(shape.values()), None)
    rows = described.get("num_rows", shape[0] if isinstance(shape, list) and shape else None)
    return rows if isinstance(rows, int) and rows > 0 else None


def datasets(database: Database, only: Sequence[str] = ()) -> dict[str, tuple[Dataset, ...]]:
    """run id → the data sets that it was given; none in databases from before there were any."""
    where = f"WHERE inputs.destination_id IN ({', '.join('?' * len(only))})" if only else ""
    if not database.columns("datasets") or not database.columns("inputs"):
        return {}
    contexts: dict[str, list[str]] = {}
    asked = (
        "SELECT input_uuid, value FROM input_tags WHERE name = 'mlflow.data.context' ORDER BY "
        "input_uuid, value"
    )
    for input_id, value in database.all(asked):
        contexts.setdefault(str(input_id), []).append(str(value))
    by_run: dict[str, list[Dataset]] = {}
    columns = (
        "inputs.destination_id, datasets.name, datasets.digest, datasets.dataset_profile, inputs.input_uuid"
    )
    joined = "inputs JOIN datasets ON datasets.dataset_uuid = inputs.source_id"
    order = "ORDER BY inputs.destination_id, inputs.input_uuid"
    asked = f"SELECT {columns} FROM {joined} {where} {order}"  # noqa: S608  our own names
    for run_id, name, digest, profile, input_id in database.all(asked, only):
        context = tuple(contexts.get(str(input_id), ()))
        data = Dataset(str(name), str(digest), context, str(profile or ""))
        by_run.setdefault(str(run_id), []).append(data)
    return {run_id: tuple(some) for run_id, some in by_run.items()}


def newest(database: Database, only: Sequence[str] = ()) -> dict[str, tuple[int, int, int, int]]:
    """What changes when a run grows: newest time, sum of the last steps,
    number of metrics and of parameters."""
    table, steps = ("latest_metrics", "SUM") if database.columns("latest_metrics") else ("metrics", "MAX")
    where = f"WHERE run_uuid IN ({', '.join('?' * len(only))})" if only else ""
    columns = f"run_uuid, MAX(timestamp), {steps}(step), COUNT(*)"
    rows = database.all(f"SELECT {columns} FROM {table} {where} GROUP BY run_uuid", only)  # noqa: S608  our own names
    # a parameter never changes
    counted = database.all(f"SELECT run_uuid, COUNT(*) FROM params {where} GROUP BY run_uuid", only)  # noqa: S608
    params: dict[str, int] = dict(counted)
    return {
        str(row[0]): (int(row[1] or 0), int(row[2] or 0), int(row[3]), int(params.get(row[0], 0)))
        for row in rows
    }
