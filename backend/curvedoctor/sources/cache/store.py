"""The cache's file: blocks of loaded units in SQLite, each with a checksum."""

from __future__ import annotations

import functools
import os
import sqlite3
import struct
import time
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from curvedoctor.model import Problem, Run
from curvedoctor.sources.cache import columns

#: bytes of all that is kept
LIMIT = 512 << 20
#: bytes of one block; what is larger reads fast enough from where it is
MAX_BLOCK = 64 << 20
#: seconds: how long to wait for another process, and how stale a block's time of use may be
_BUSY, _STALE = 0.2, 86_400
#: of the file; another one has another name
FORMAT = 1


class Store:
    """Blocks of units in one SQLite file. No method raises for what is wrong with the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = self._connect()

    @staticmethod
    def open() -> Store | None:
        """The user's store; None where there is to be none or can be none."""
        setting = os.environ.get("CURVEDOCTOR_CACHE", "")
        if setting.lower() in ("off", "0", "no", "false"):
            return None
        return _open_in(setting or _user_directory(), os.getpid())

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        connection = sqlite3.connect(self._path, timeout=_BUSY, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA synchronous = OFF")  # it may be lost, never wrong: each block is checked
        connection.execute(
            "CREATE TABLE IF NOT EXISTS blocks (id INTEGER PRIMARY KEY, used INT, size INT, data BLOB)"
        )
        connection.execute(
            "CREATE TABLE IF NOT EXISTS units (key BLOB PRIMARY KEY, block INT, place INT) WITHOUT ROWID"
        )
        connection.execute("CREATE INDEX IF NOT EXISTS by_block ON units (block)")
        return connection

    def get(self, keys: Sequence[bytes]) -> dict[bytes, columns.Items]:
        """What is known of these units."""
        try:
            marks = ",".join("?" * len(keys))
            rows = self._connection.execute(
                f"SELECT key, block, place FROM units WHERE key IN ({marks})",  # noqa: S608 — question marks
                keys,
            ).fetchall()
            blocks = {number: self._block(number) for number in {row[1] for row in rows}}
        except sqlite3.Error:
            self._reset()
            return {}
        return {key: blocks[block][place] for key, block, place in rows if place < len(blocks[block])}

    def _block(self, number: int) -> list[list[Run | Problem]]:
        row = self._connection.execute("SELECT used, data FROM blocks WHERE id = ?", (number,)).fetchone()
        if row is None:
            return []
        used, data = row
        try:
            if zlib.crc32(data[:-4]) != int.from_bytes(data[-4:], "little"):
                return []
            units = columns.decode(data[:-4])
        except (ValueError, KeyError, TypeError, IndexError, struct.error):
            return []
        if used < time.time() - _STALE:
            self._connection.execute("UPDATE blocks SET used = ? WHERE id = ?", (int(time.time()), number))
        return units

    def put(self, units: dict[bytes, columns.Items]) -> None:
        """Keep these, and forget the longest unused if it gets too much."""
        if not units:
            return
        data = columns.encode(list(units.values()))
        if len(data) > MAX_BLOCK:
            return
        data += zlib.crc32(data).to_bytes(4, "little")
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            insert = "INSERT INTO blocks (used, size, data) VALUES (?, ?, ?)"
            number = self._connection.execute(insert, (int(time.time()), len(data), data)).lastrowid
            rows = [(key, number, place) for place, key in enumerate(units)]
            self._connection.executemany("INSERT OR REPLACE INTO units VALUES (?, ?, ?)", rows)
            self._forget()
            self._connection.execute("COMMIT")
        except sqlite3.OperationalError:  # busy, full, read-only: no cache this time
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._reset()

    def _forget(self) -> None:
        (total,) = self._connection.execute("SELECT COALESCE(SUM(size), 0) FROM blocks").fetchone()
        while total > LIMIT:
            number, size = self._connection.execute(
                "SELECT id, size FROM blocks ORDER BY used, id LIMIT 1"
            ).fetchone()
            self._connection.execute("DELETE FROM blocks WHERE id = ?", (number,))
            self._connection.execute("DELETE FROM units WHERE block = ?", (number,))
            total -= size

    def _reset(self) -> None:
        """A file that is no longer a database is thrown away."""
        with suppress(sqlite3.Error, OSError):
            self._connection.close()
            self._path.unlink(missing_ok=True)
            self._connection = self._connect()

    def close(self) -> None:
        """Give the file back."""
        with suppress(sqlite3.Error):
            self._connection.close()


def _user_directory() -> str:
    from platformdirs import user_cache_dir

    return user_cache_dir("curvedoctor", appauthor=False)


@functools.cache  # per process: a fork must not share the connection
def _open_in(folder: str, process: int) -> Store | None:
    path = Path(folder) / f"runs-{FORMAT}.sqlite"
    with suppress(OSError, sqlite3.Error):
        try:
            return Store(path)
        except sqlite3.DatabaseError:
            path.unlink(missing_ok=True)
            return Store(path)
    return None
