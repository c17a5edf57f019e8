"""All that a store holds, to be compared before and after."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from pathlib import Path
from typing import Any


def database(path: Path) -> dict[str, list[Any]]:
    """Every row of every table of an SQLite database."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: sorted(map(repr, connection.execute(f'SELECT * FROM "{table}"'))) for table in tables}
    finally:
        connection.close()


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
