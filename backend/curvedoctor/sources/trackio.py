"""trackio as a source: one SQLite file per project, in `~/.cache/huggingface/trackio` unless told otherwise.

Read without trackio, and without a byte of it changing. Older versions lack the run's id and the table of
configurations.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from curvedoctor.errors import SourceError
from curvedoctor.model import Curve, Origin, Problem, Run
from curvedoctor.sources import files, sidecars
from curvedoctor.sources.base import Claim, Folder, ReadOptions, Traits, Unit
from curvedoctor.sources.mlflow.db import Database, is_sqlite, read_only

_NEEDED = frozenset({"run_name", "step", "metrics", "timestamp"})
#: runs of one project; characters of one row
_MAX_RUNS, _MAX_ROW = 100_000, 1 << 20


class TrackioReader:
    """One project is a file of runs."""

    name = "trackio"
    traits = Traits(several=True)

    def opens(self, address: str) -> bool:
        """An SQLite file with trackio's tables."""
        return not files.is_url(address) and is_sqlite(address) and holds_runs(address)

    def find(self, address: str, options: ReadOptions) -> Iterator[Unit | Problem]:
        """The runs of a project."""
        try:
            with read_only(address) as database:
                runs = list(_runs(database))
        except sqlite3.Error as error:
            raise SourceError(f"{address}: can't be read: {files.reason(error)}") from error
        stamp = (*files.stamp(address), *files.stamp(f"{address}-wal"))
        for key, name in runs:
            yield Unit(self.name, address, name, address, key, state=stamp)

    def claim(self, folder: Folder, options: ReadOptions) -> Claim | None:
        """The projects in a folder."""
        if files.is_url(folder.path):
            return None
        names = [
            name
            for name in folder.files
            if name.endswith(".db") and self.opens(files.join(folder.path, name))
        ]
        items = [item for name in names for item in self.find(files.join(folder.path, name), options)]
        units = tuple(item for item in items if isinstance(item, Unit))
        return Claim(units, files=frozenset(names)) if units else None

    def load(self, units: Sequence[Unit], options: ReadOptions) -> Iterator[Run | Problem]:
        """Runs in the order of their units."""
        for unit in units:
            yield _load(unit)


READER = TrackioReader()


def _load(unit: Unit) -> Run | Problem:
    try:
        with read_only(unit.address) as database:
            return _run(database, unit)
    except (sqlite3.Error, SourceError, ValueError) as error:
        return Problem(unit.address, f"run {unit.run!r} can't be read: {files.reason(error)}")


def holds_runs(path: str) -> bool:
    """Whether an SQLite file has trackio's table of metrics."""
    with contextlib.suppress(sqlite3.Error, SourceError, OSError), read_only(path) as database:
        return database.columns("metrics") >= _NEEDED
    return False


def _key(database: Database, table: str) -> str:
    return "run_id" if "run_id" in database.columns(table) else "run_name"


def _runs(database: Database) -> Iterator[tuple[str, str]]:
    """Key and name of each run, in the order in which they began."""
    key = _key(database, "metrics")
    sql = f"SELECT {key}, MIN(run_name) FROM metrics GROUP BY {key} ORDER BY MIN(id) LIMIT {_MAX_RUNS}"  # noqa: S608  our own names only
    rows_ = [(str(run), str(name)) for run, name in database.all(sql)]
    counts, seen = Counter(name for _, name in rows_), Counter[str]()
    for run, name in rows_:
        seen[name] += 1
        yield run, name if counts[name] == 1 else f"{name}#{seen[name]}"


def _run(database: Database, unit: Unit) -> Run:
    from curvedoctor.params import recognize

    curves, problems = _curves(database, unit.key)
    if not curves:
        raise ValueError("it holds no numbers")
    return Run(
        name=unit.run,
        source=unit.address,
        group=unit.group,
        curves=curves,
        params=recognize(_config(database, unit.key)),
        problems=tuple(Problem(unit.address, what) for what in problems),
        origin=Origin(unit.reader, unit.address, unit.key, (unit.address,), "a trackio project is only read"),
    )


def _curves(database: Database, run: str) -> tuple[tuple[Curve, ...], list[str]]:
    from curvedoctor.roles import assign
    from curvedoctor.sources.text.curves import tables_of
    from curvedoctor.sources.text.mappings import add_mapping
    from curvedoctor.sources.text.rows import Rows

    rows = Rows()
    key = _key(database, "metrics")
    sql = f"SELECT step, timestamp, metrics FROM metrics WHERE {key} = ? ORDER BY id"  # noqa: S608  our own names only
    for some in database.rows(sql, (run,)):
        for step, when, text in some:
            row = _parsed(text)
            if not rows.full() and row:
                add_mapping(rows, {**row, "step": step, "timestamp": when})
    curves = [curve for table in tables_of(rows) for curve in table.curves()]
    return tuple(assign(curves)) if curves else (), rows.problems


def _parsed(text: object) -> Mapping[str, object]:
    try:
        row = json.loads(text) if isinstance(text, str) and len(text) <= _MAX_ROW else None
    except (ValueError, RecursionError):
        return {}
    return row if isinstance(row, Mapping) else {}


def _config(database: Database, run: str) -> dict[str, object]:
    if "config" not in database.columns("configs"):
        return {}
    key = _key(database, "configs")
    sql = f"SELECT config FROM configs WHERE {key} = ?"  # noqa: S608  our own names only
    configs = [_parsed(text) for (text,) in database.all(sql, (run,))]
    return sidecars.flatten(configs[-1]) if configs else {}
