"""All that a store holds, to be compared before and after."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from pathlib import Path
from typing import Any


def database(path: Path) -> dict[str, list[str]]:
    """Every row of every table of an SQLite database."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return every_row(connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'"))


def every_row(cursor: Any, quote: str = '"') -> dict[str, list[str]]:
    """Every row, sorted, of the tables whose names a DB-API cursor's last query has found."""
    found = {}
    for table in [row[0] for row in cursor.fetchall()]:
        cursor.execute(f"SELECT * FROM {quote}{table}{quote}")
        found[table] = sorted(map(repr, cursor.fetchall()))
    return found


def files(folder: Path) -> dict[str, str]:
    """Every folder and file below `folder`, with permissions and contents."""
    found = {}
    for root, _, names in os.walk(folder):
        found[os.path.relpath(root, folder)] = "folder"
        for name in names:
            path = Path(root, name)
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            found[os.path.relpath(path, folder)] = f"{path.stat().st_mode:o} {content}"
    return found
