"""The one cache: values under keys in an SQLite file of the user's cache directory.

What was not used for longest goes first. A file may be deleted at any moment, processes may share it, and
whatever goes wrong with it, the work goes on without. `CURVEDOCTOR_CACHE` names another directory, or is
`off`. Two things are kept, each in a file of its own: runs as they were read (`sources.cache`), and what was
said of groups of runs (`engine.memory`).
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: names the directory, or says `off`
VARIABLE = "CURVEDOCTOR_CACHE"
#: changes when the tables do; a file of another layout is not touched
LAYOUT = 2
#: bytes of all values in the file of runs, and in that of diagnoses (50,000 small runs take about 20 MB)
MAX_RUN_BYTES, MAX_DIAGNOSIS_BYTES = 512 << 20, 256 << 20
#: seconds to wait for another process that writes
PATIENCE = 2.0
#: days; the time of last use is noted no more often
_DAY = 86_400
_KEYS_AT_ONCE, _ROWS_AT_ONCE = 500, 64
#: seconds after which what waits is written; what a kill loses is judged again
_PAUSE = 1.0
#: what comes of a file that is no such database; a damaged one's error messages may be no text
_BROKEN = (sqlite3.Error, UnicodeError, OverflowError, TypeError, ValueError, KeyError)
_TABLES = """
CREATE TABLE IF NOT EXISTS held (
    key BLOB NOT NULL, part INTEGER NOT NULL, parts INTEGER NOT NULL, check_ BLOB NOT NULL,
    value BLOB NOT NULL, units BLOB NOT NULL, size INTEGER NOT NULL, used INTEGER NOT NULL,
    UNIQUE (key, part)
);
CREATE INDEX IF NOT EXISTS by_use ON held (used, key, size);
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One part of what is kept under a key."""

    value: bytes
    #: what `value` was made from, where it must be loaded again; see `engine.record.pack_units`
    units: bytes = b""


class Store:
    """The open store. Every method does nothing, or finds nothing, once something went wrong."""

    def __init__(self, path: Path, most: int) -> None:
        self.path = path
        #: bytes of all values together
        self.most = most
        self._used: set[bytes] = set()
        self._waiting: list[tuple[object, ...]] = []
        self._written = time.monotonic()
        self._grown = False
        self._link: sqlite3.Connection | None = None
        with suppress(OSError, sqlite3.Error):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._link = self._opened()

    def _opened(self) -> sqlite3.Connection | None:
        link = sqlite3.connect(self.path, timeout=PATIENCE, check_same_thread=False, isolation_level=None)
        try:
            link.execute("PRAGMA synchronous=OFF")  # a torn file is found by its checksums, and thrown away
            link.executescript(_TABLES)
        except sqlite3.OperationalError:  # locked, or no place to write
            link.close()
            return None
        except _BROKEN:
            link.close()
            self.path.unlink(missing_ok=True)  # no database: the next scan begins a new one
            return None
        return link

    def get(self, keys: Sequence[bytes]) -> Iterator[list[Entry] | None]:
        """For each key all its parts, or None."""
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            block = keys[start : start + _KEYS_AT_ONCE]
            rows: dict[bytes, list[Entry]] = {}
            try:
                rows = self._rows(block)
            except _BROKEN:
                self._throw_away()
            for key in block:
                yield rows.pop(key, None)

    def has(self, keys: Sequence[bytes]) -> bool:
        """Whether something is held under every key."""
        wanted = set(keys)
        known = {bytes(row[0]) for row in self._do("SELECT key FROM held WHERE part = 0", ())}
        return self._link is not None and wanted <= known

    def put(self, key: bytes, parts: Sequence[Entry]) -> None:
        """Remember `parts` under `key`, soon: many at once cost less."""
        today = int(time.time()) // _DAY
        rows = [
            (key, i, len(parts), _check(p), p.value, p.units, len(p.value) + len(p.units), today)
            for i, p in enumerate(parts)
        ]
        if self._link is None or sum(row[6] for row in rows) > self.most // 4:
            return
        self._waiting.extend(rows)
        if len(self._waiting) >= _ROWS_AT_ONCE or time.monotonic() - self._written > _PAUSE:
            self._write()

    def _write(self) -> None:
        self._do("BEGIN IMMEDIATE", ())
        for key in {row[0] for row in self._waiting}:
            self._do("DELETE FROM held WHERE key = ?", (key,))
        for row in self._waiting:
            self._do("INSERT OR IGNORE INTO held VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        self._do("COMMIT", ())
        self._waiting.clear()
        self._grown = True
        self._written = time.monotonic()

    @property
    def is_open(self) -> bool:
        """False once something went wrong."""
        return self._link is not None

    def flush(self) -> None:
        """Write what waits, note what was used, make room."""
        try:
            self._tidy()
        except _BROKEN:
            self._throw_away()

    def close(self) -> None:
        """The same, and let go."""
        self.flush()
        self._let_go()

    def _tidy(self) -> None:
        if self._waiting:
            self._write()
        today = int(time.time()) // _DAY
        if self._used:
            self._do("BEGIN IMMEDIATE", ())
            for key in sorted(self._used):
                self._do("UPDATE held SET used = ? WHERE key = ?", (today, key))
            self._do("COMMIT", ())
            self._used.clear()
        if self._grown:
            self._make_room()
            self._grown = False

    def _make_room(self) -> None:
        excess = sum(int(row[0] or 0) for row in self._do("SELECT SUM(size) FROM held", ())) - self.most
        if excess <= 0:
            return
        gone = []
        for row in self._do(
            "SELECT key, SUM(size) FROM held GROUP BY key ORDER BY MIN(used), MIN(rowid)", ()
        ):
            if excess <= -self.most // 10:  # not at every scan
                break
            gone.append((row[0],))
            excess -= int(row[1])
        self._do("BEGIN IMMEDIATE", ())
        for key in gone:
            self._do("DELETE FROM held WHERE key = ?", key)
        self._do("COMMIT", ())

    def _rows(self, keys: Sequence[bytes]) -> dict[bytes, list[Entry]]:
        marks = ",".join("?" * len(keys))
        columns = "key, part, parts, check_, value, units, used"
        sql = f"SELECT {columns} FROM held WHERE key IN ({marks}) ORDER BY key, part"  # noqa: S608
        today = int(time.time()) // _DAY
        entries: dict[bytes, list[Entry]] = {}
        parts: dict[bytes, int] = {}
        for key, part, count, check, value, units, used in self._do(sql, keys):
            held = Entry(value, units)
            if part == len(entries.setdefault(key, [])) and check == _check(held):
                entries[key].append(held)
                parts[key] = count
            if used != today:
                self._used.add(key)
        return {key: held for key, held in entries.items() if held and len(held) == parts[key]}

    def _do(self, sql: str, values: Sequence[object]) -> list[Any]:
        if self._link is None:
            return []
        try:
            return self._link.execute(sql, values).fetchall()
        except sqlite3.OperationalError:  # locked for long, full, deleted under our hands
            self._let_go()
        except _BROKEN:
            self._throw_away()
        return []

    def _throw_away(self) -> None:
        self._let_go()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _let_go(self) -> None:
        if self._link is not None:
            with suppress(sqlite3.Error):
                self._link.close()
            self._link = None


def directory() -> Path | None:
    """Where the user's caches are; None where there shall be none."""
    setting = os.environ.get(VARIABLE, "")
    if setting.lower() in {"off", "0", "no", "false"}:
        return None
    if setting:
        return Path(setting)
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("curvedoctor", appauthor=False))


def _check(held: Entry) -> bytes:
    return hashlib.blake2b(
        held.value, digest_size=8, key=hashlib.blake2b(held.units, digest_size=8).digest()
    ).digest()
