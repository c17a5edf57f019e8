"""MLflow databases: SQLite, PostgreSQL, MySQL/MariaDB, of every MLflow since 1.0, by plain SELECTs."""

from __future__ import annotations

import itertools
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from curvedoctor.errors import SourceError
from curvedoctor.model import Origin, Problem, Run
from curvedoctor.sources import files
from curvedoctor.sources.base import Claim, Folder, ReadOptions, Traits, Unit
from curvedoctor.sources.mlflow import facts as mlflow_facts
from curvedoctor.sources.mlflow import filter as mlflow_filter
from curvedoctor.sources.mlflow.common import Place, Series, Stored, together
from curvedoctor.sources.mlflow.db import Database, Row, connect, is_sqlite
from curvedoctor.sources.trackio import holds_runs

_SCHEMES = tuple(
    name + mark for name in ("sqlite", "postgresql", "postgres", "mysql", "mariadb") for mark in ":+"
)
_DRIVERS = frozenset({"sqlite3", "sqlalchemy", "psycopg2", "psycopg", "pymysql", "MySQLdb", "pg8000"})
_SUFFIXES = (".db", ".db3", ".sqlite", ".sqlite3")
#: runs described by one query; their curves are read one run at a time
_BATCH = 200
_RUN_COLUMNS = (
    "run_uuid", "name", "status", "lifecycle_stage", "user_id", "artifact_uri", "start_time", "end_time",
    "experiment_id",
)  # fmt: skip
#: tags that `find` needs even without a filter
_NAMING = ("mlflow.runName", "mlflow.parentRunId")
#: run id → key → value
ByRun = dict[str, dict[str, Any]]


class MlflowSql:
    """Reader of MLflow databases."""

    name = "mlflow-sql"
    traits = Traits(run_ids=True, experiments=True)

    def opens(self, address: str) -> bool:
        """A database URI, or an SQLite file."""
        if address.startswith(("mssql:", "mssql+")):
            raise SourceError(
                "mssql databases are not supported yet: give the URI of the MLflow server in front of it"
            )
        return address.startswith(_SCHEMES) or (is_sqlite(address) and not holds_runs(address))

    def find(self, address: str, options: ReadOptions) -> Iterator[Unit | Problem]:
        """The runs of a database. Raises `SourceError` if it can't be opened or is no MLflow database."""
        wanted = mlflow_filter.parse(options.filter)
        try:
            with connect(address) as database:
                yield from _find(database, address, options, wanted)
        except Exception as error:
            raise _refusal(address, error) from error

    def claim(self, folder: Folder, options: ReadOptions) -> Claim | None:
        """SQLite files that hold MLflow's tables."""
        if files.is_url(folder.path):
            return None
        units: list[Unit] = []
        problems: list[Problem] = []
        taken = []
        for name in folder.files:
            path = files.join(folder.path, name)
            if name.endswith(_SUFFIXES) and is_sqlite(path):
                try:
                    items = list(self.find(f"sqlite:///{path}", options))
                except SourceError as error:
                    # some other program's database is none of our business, a damaged one is
                    if "no MLflow database" not in str(error):
                        problems.append(Problem(where=path, what=str(error), lost=True))
                    continue
                taken.append(name)
                units += [item for item in items if isinstance(item, Unit)]
                problems += [item for item in items if isinstance(item, Problem)]
        return Claim(tuple(units), tuple(problems), files=frozenset(taken)) if taken or problems else None

    def load(self, units: Sequence[Unit], options: ReadOptions) -> Iterator[Run | Problem]:
        """Read runs: few queries describe a batch, one query gives a run's points."""
        for address, same in itertools.groupby(units, key=lambda unit: unit.address):
            todo = deque(unit.key for unit in same)
            try:
                with connect(address) as database:
                    while todo:
                        for item in _load(database, address, list(itertools.islice(todo, _BATCH)), options):
                            todo.popleft()
                            yield item
            except SourceError as error:
                why = str(error).removeprefix(f"{address}: ")
                yield from (
                    Problem(address, f"its runs can't be read: {why}", lost=True, kind="unreachable")
                    for _ in todo
                )


READER = MlflowSql()


def _refusal(address: str, error: Exception) -> Exception:
    """A driver's error in our words; anything else as it is."""
    if type(error).__module__.split(".")[0] in _DRIVERS:
        return SourceError(f"{address}: the database can't be read: {str(error).strip()}")
    return error


def _find(
    database: Database, address: str, options: ReadOptions, wanted: mlflow_filter.Filter
) -> Iterator[Unit]:
    asks = {comparison.entity for comparison in wanted.comparisons}
    ids = [str(options.only)] if re.fullmatch(r"[0-9a-f]{32}", options.only or "") else None
    last = mlflow_facts.newest(database, ids or ())
    units = []
    last_values = mlflow_facts.last_values(database) if "metrics" in asks else {}
    data = mlflow_facts.datasets(database) if "datasets" in asks else {}
    for stored in _stored(database, ids, params="params" in asks, tags="tags" in asks):
        if wanted.comparisons:
            stored = replace(
                stored, metrics=last_values.get(stored.run_id, {}), datasets=data.get(stored.run_id, ())
            )
        if stored.selected(options, wanted):
            stamp = (stored.status, stored.end or 0, *last.get(stored.run_id, ()))
            units.append(stored.unit("mlflow-sql", address, stamp))
    yield from together(units)


def _stored(
    database: Database,
    ids: Sequence[str] | None,
    params: bool = True,
    tags: bool = True,
) -> list[Stored]:
    """Runs as the database describes them, in the order in which they were started."""
    only = (_in("run_uuid", ids or ()), ids or ())
    where = f"WHERE {_in('runs.run_uuid', ids or ())}" if ids else ""
    has = database.columns("runs")
    chosen = [f"runs.{name}" if name in has else "NULL" for name in _RUN_COLUMNS]
    workspace = "experiments.workspace" if "workspace" in database.columns("experiments") else "NULL"
    rows = database.all(
        f"SELECT {', '.join(chosen)}, experiments.name, experiments.lifecycle_stage, {workspace} FROM runs "  # noqa: S608  our own names
        f"LEFT JOIN experiments ON runs.experiment_id = experiments.experiment_id {where} "
        "ORDER BY runs.start_time, runs.run_uuid",
        only[1],
    )
    tag_rows = _pairs(database, "tags", only, () if tags else _NAMING)
    param_rows = _pairs(database, "params", only) if params else {}
    return [_one(row, tag_rows, param_rows) for row in rows]


def _one(
    row: Row,
    tags: ByRun,
    params: ByRun,
) -> Stored:
    run_id, experiment, space = str(row[0]), str(row[9] or ""), row[11]
    return Stored(
        run_id=run_id,
        name=str(row[1] or ""),
        status=str(row[2] or "RUNNING"),
        lifecycle="deleted" if "deleted" in (row[3], row[10]) else "active",
        user=str(row[4] or ""),
        artifact_uri=str(row[5] or ""),
        start=row[6],
        end=row[7],
        experiment_id=str(row[8]),
        experiment=f"{space}/{experiment}" if space and space != "default" else experiment,
        tags={key: str(value) for key, value in tags.get(run_id, {}).items()},
        params={key: str(value) for key, value in params.get(run_id, {}).items()},
    )


def _pairs(
    database: Database, table: str, only: tuple[str, Sequence[str]], names: Sequence[str] = ()
) -> ByRun:
    """run id → key → value of one of the tables of keys and values."""
    by_run: ByRun = {}
    conditions = [text for text in (only[0], _in('"key"', names)) if text]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    for rows in database.rows(f'SELECT run_uuid, "key", value FROM {table}{where}', (*only[1], *names)):  # noqa: S608
        for run_id, key, value in rows:
            by_run.setdefault(str(run_id), {})[str(key)] = value
    return by_run


def _in(column: str, values: Sequence[str]) -> str:
    return f"{column} IN ({', '.join('?' * len(values))})" if values else ""


def _load(
    database: Database, address: str, ids: Sequence[str], options: ReadOptions
) -> Iterator[Run | Problem]:
    try:
        data = mlflow_facts.datasets(database, ids)
        described = {
            stored.run_id: replace(stored, datasets=data.get(stored.run_id, ()))
            for stored in _stored(database, ids)
        }
    except Exception as error:
        raise _refusal(address, error) from error
    has_nan = "is_nan" in database.columns("metrics")
    for run_id in ids:
        source = f"{address}#{run_id}"
        if run_id not in described:
            yield Problem(where=source, what="the run is no longer in the database")
            continue
        try:
            series = _series(database, run_id, has_nan)
        except Exception as error:  # a damaged page or a lost connection must not end the others
            if not database.answers():
                raise SourceError(f"{address}: the database is gone ({files.reason(error)})") from error
            what = f"the run's metrics can't be read: {files.reason(error)}"
            yield Problem(source, what, lost=True, kind="unreachable")
            continue
        origin = Origin(kind="mlflow-sql", address=address, key=run_id)
        yield described[run_id].run(series, Place(address, source, origin))


def _series(database: Database, run_id: str, has_nan: bool) -> dict[str, Series]:
    """A run's points, grouped by key by the database: it has an index for that, and the keys need
    not be carried along with each point."""
    counts = database.all(
        'SELECT "key", COUNT(*) FROM metrics WHERE run_uuid = ? GROUP BY "key" ORDER BY "key"', (run_id,)
    )
    # NULL becomes NaN
    value = "CASE WHEN is_nan THEN NULL ELSE value END" if has_nan else "value"
    sql = f'SELECT step, timestamp, {value} FROM metrics WHERE run_uuid = ? ORDER BY "key"'  # noqa: S608
    steps, times, values = [], [], []
    for rows in database.rows(sql, (run_id,)):
        step, time, level = zip(*rows, strict=True)
        steps.append(np.array(step, dtype=np.int64))
        times.append(np.array(time, dtype=np.float64))
        values.append(np.array(level, dtype=np.float64))
    if not steps:
        return {}
    ends = np.cumsum([row[1] for row in counts])
    columns = [np.concatenate(parts) for parts in (steps, times, values)]
    if len(columns[0]) != ends[-1]:
        # the run grew between the two queries
        return _series(database, run_id, has_nan)
    split_columns = [np.split(column, ends[:-1]) for column in columns]
    return {
        str(row[0]): Series.of_database(*parts) for row, *parts in zip(counts, *split_columns, strict=True)
    }
