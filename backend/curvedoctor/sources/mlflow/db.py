"""Opening somebody's MLflow database so that not a byte changes: MLflow's own client migrates old ones."""

from __future__ import annotations

import contextlib
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import methodcaller
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from curvedoctor.address import real
from curvedoctor.errors import SourceError
from curvedoctor.extras import install

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Engine

SQLITE_MAGIC = b"SQLite format 3\0"
#: seconds until a database that doesn't answer is given up
PATIENCE = 10
_TIMEOUTS = {
    **dict.fromkeys(("psycopg2", "psycopg", "pymysql", "mysqldb", "mariadbconnector"), "connect_timeout"),
    "pg8000": "timeout", "mysqlconnector": "connection_timeout",
}  # fmt: skip
#: tried in this order where the address names none: SQLAlchemy's own choice may not be installed
_DRIVERS = {
    "postgresql": ("psycopg2", "psycopg", "pg8000"),
    "mysql": ("pymysql", "mysqldb"),
    "mariadb": ("pymysql",),
}
_READ_ONLY = {
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
}


#: one row of a result
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Database:
    """An open, read-only database. SQL is written with `?` for values and `"key"` for that column."""

    connection: Any
    #: the driver's placeholder
    mark: str = "?"
    #: the database's quote for names
    quote: str = '"'

    def rows(self, sql: str, values: Sequence[object] = (), many: int = 500) -> Iterator[list[Row]]:
        """The result in lists of `many` rows: small ones are re-used by the allocator, large ones are not."""
        cursor = self.connection.cursor()
        try:
            cursor.execute(sql.replace("?", self.mark).replace('"', self.quote), tuple(values))
            while rows := cursor.fetchmany(many):
                yield rows
        finally:
            cursor.close()

    def all(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """The whole result."""
        return [row for rows in self.rows(sql, values) for row in rows]

    def answers(self) -> bool:
        """Whether the connection still works, after an error."""
        try:
            self.connection.rollback()
            return bool(self.all("SELECT 1"))
        except Exception:  # every driver has its own classes
            return False

    def columns(self, table: str) -> frozenset[str]:
        """A table's columns; empty if there is no such table."""
        cursor = self.connection.cursor()
        try:
            cursor.execute(f"SELECT * FROM {table} WHERE 1 = 0")  # noqa: S608  our own names only
            return frozenset(column[0] for column in cursor.description)
        except Exception:  # every driver has its own class for "no such table"
            with contextlib.suppress(Exception):
                self.connection.rollback()
            return frozenset()
        finally:
            cursor.close()


def is_sqlite(path: str) -> bool:
    """Whether a file is an SQLite database, by its first bytes."""
    try:
        with Path(path).open("rb") as file:
            return file.read(len(SQLITE_MAGIC)) == SQLITE_MAGIC
    except OSError:
        return False


def sqlite_path(address: str) -> str | None:
    """The file behind `sqlite:///file` (four slashes: absolute) or a plain path; None for other databases."""
    match = re.match(r"sqlite(?:\+\w+)?:///?(.*)", address)
    if match:
        return match.group(1).split("?")[0]
    return None if re.match(r"[a-z0-9+]+://", address) else address


@contextlib.contextmanager
def connect(address: str) -> Iterator[Database]:
    """Open read-only. Raises `SourceError` if it can't be opened, or is no MLflow database."""
    path = sqlite_path(address)
    opened = read_only(path) if path is not None else _server(address)
    with opened as database:
        if not {"run_uuid", "experiment_id"} <= database.columns("runs") or not database.columns("metrics"):
            raise SourceError(f"{address}: no MLflow database: it lacks MLflow's tables `runs` and `metrics`")
        yield database


@contextlib.contextmanager
def read_only(path: str) -> Iterator[Database]:
    """Any SQLite file. Raises `SourceError` if it can't be opened."""
    if not Path(path).is_file():
        kind = "a folder, not a database" if Path(path).is_dir() else "no such file"
        raise SourceError(f"{path}: {kind}. Give the path of an MLflow database, e.g. sqlite:///mlflow.db")
    if not is_sqlite(path):
        raise SourceError(f"{path}: no SQLite database (its first bytes are not SQLite's)")
    try:
        with _direct(path) as connection:
            yield Database(connection)
            return
    except _NeedsCopy:
        pass
    # what a killed writer left can't be resolved without writing: resolve it in a copy
    with tempfile.TemporaryDirectory(prefix="curvedoctor-") as folder:
        copy = Path(folder, "copy.db")
        for suffix in ("", "-wal", "-journal"):
            if Path(path + suffix).is_file():
                shutil.copyfile(path + suffix, f"{copy}{suffix}")
        connection = sqlite3.connect(copy, timeout=PATIENCE)
        with contextlib.closing(connection):
            yield Database(_decoding(connection))


class _NeedsCopy(Exception):
    """A database that can't be read in place without writing beside it."""


@contextlib.contextmanager
def _direct(path: str) -> Iterator[sqlite3.Connection]:
    with Path(path).open("rb") as file:
        in_wal_mode = file.read(20)[18:20] == b"\2\2"
    wal, shared = Path(path + "-wal"), Path(path + "-shm")
    options = "mode=ro"
    if in_wal_mode and not (wal.exists() and wal.stat().st_size):
        # nothing but the file itself to read; SQLite would create its helper files beside it
        options = "mode=ro&immutable=1"
    elif in_wal_mode:
        if not shared.exists():
            raise _NeedsCopy
        options = "mode=ro&readonly_shm=1"
    connection = sqlite3.connect(
        f"file:{quote(str(Path(path).resolve()))}?{options}", uri=True, timeout=PATIENCE
    )
    with contextlib.closing(connection):
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise SourceError(
                    f"{path}: locked by another program for more than {PATIENCE} s. Try again later"
                ) from error
            raise _NeedsCopy from error
        except sqlite3.DatabaseError as error:
            raise SourceError(f"{path}: a damaged SQLite database ({error})") from error
        yield _decoding(connection)


def _decoding(connection: sqlite3.Connection) -> sqlite3.Connection:
    # names in old databases are not always UTF-8
    connection.text_factory = methodcaller("decode", "utf-8", "replace")
    return connection


@contextlib.contextmanager
def _server(address: str) -> Iterator[Database]:
    try:
        import sqlalchemy  # noqa: F401  whether it is there
    except ImportError as error:
        raise SourceError(f"{address}: databases need SQLAlchemy: {install('mlflow')}") from error
    try:
        engine = _engine(_url(address))
        connection = engine.raw_connection()
    except ImportError as error:
        driver = install("mysql" if address.startswith("mysql") else "postgres")
        raise SourceError(f"{address}: its driver is not installed ({error}); {driver}") from error
    except Exception as error:  # every driver has its own classes
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise SourceError(f"{address}: can't be opened: {reason}") from error
    try:
        cursor = connection.cursor()
        cursor.execute(_READ_ONLY[engine.dialect.name])
        connection.commit()
        cursor.close()
        mark = "?" if engine.dialect.paramstyle == "qmark" else "%s"
        yield Database(connection, mark, '"' if engine.dialect.name == "postgresql" else "`")
    finally:
        with contextlib.suppress(Exception):
            connection.rollback()
        connection.close()
        engine.dispose()


def resolved(address: str) -> str:
    """The address with a driver that is installed, where it names none."""
    if sqlite_path(address) is not None:
        return address
    url = _engine(_url(address)).url
    return str(url.render_as_string(hide_password=False))


def _url(address: str) -> URL:
    from sqlalchemy.engine import make_url

    return make_url(re.sub(r"^postgres:", "postgresql:", real(address)))


def _engine(url: URL) -> Engine:
    """An engine with a time limit; where no driver is named, with one that is installed."""
    dialect = url.get_backend_name()
    others = _DRIVERS.get(dialect, ()) if "+" not in url.drivername else ()
    for driver in others:
        with contextlib.suppress(ImportError):
            return _with_limit(url.set(drivername=f"{dialect}+{driver}"))
    return _with_limit(url)


def _with_limit(url: URL) -> URL:
    import sqlalchemy

    driver = url.get_driver_name()
    wait = {_TIMEOUTS[driver]: PATIENCE} if driver in _TIMEOUTS else {}
    return sqlalchemy.create_engine(url, connect_args=wait, poolclass=sqlalchemy.pool.NullPool)
