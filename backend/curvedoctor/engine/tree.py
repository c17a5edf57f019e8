"""Remembered walks: a tree of local directories in which nothing changed needs no walk, only a stat per
entry; an SQLite database whose file did not change, and what SQLite keeps beside it, needs not even be
opened.

A directory's times change when a name in it comes, goes or changes, a file's when its bytes do. What
was changed just before it was looked at is not trusted: a later change may carry the same time.
"""

from __future__ import annotations

import hashlib
import os
from array import array
from collections.abc import Sequence
from pathlib import Path

from curvedoctor.sources import files
from curvedoctor.sources.mlflow.db import is_sqlite, sqlite_path
from curvedoctor.sources.walk import SKIPPED

#: seconds between a change and the walk; file systems' clocks are as coarse as that
SETTLED = 2.0
#: a tree with more entries than this per run is walked each time
ENTRIES_PER_RUN, ENTRIES = 50, 10_000
#: a directory and the names of the files in it
Folder = tuple[str, Sequence[str]]


def snapshot(roots: Sequence[str], runs: int) -> list[Folder] | None:
    """All directories below local `roots`, and their files; None if remembering them makes no sense."""
    folders: list[Folder] = []
    left = ENTRIES + ENTRIES_PER_RUN * runs
    for root in roots:
        if (database := database_files(root)) is not None:
            folders += database
            continue
        if files.is_url(root) or not os.path.isdir(root):  # noqa: PTH112 — keeps the user's spelling
            return None
        real = Path(root).resolve()
        pending = [root]
        while pending:
            folder = pending.pop()
            below, names = _listed(folder, real)
            left -= len(below) + len(names)
            if left < 0 or None in below:
                return None
            pending.extend(name for name in below if name is not None)
            folders.append((folder, names))
    return folders


def database_files(address: str) -> list[Folder] | None:
    """An SQLite database and what SQLite keeps beside it; None for what is none."""
    path = sqlite_path(address) if address.startswith("sqlite") or Path(address).is_file() else None
    if path is None or not is_sqlite(path):
        return None
    return [(path + suffix, ()) for suffix in ("", "-wal", "-journal")]


def state(folders: Sequence[Folder]) -> tuple[str, float]:
    """A digest of the times and sizes of all in `folders`, and the latest time, seconds since 1970."""
    numbers = array("q")
    add, stat = numbers.extend, os.stat
    latest = 0
    for folder, names in folders:
        for path in (folder, *[f"{folder}/{name}" for name in names]):
            try:
                now = stat(path)
            except OSError:
                add((-1, -1, -1))  # a link that leads nowhere, or gone
                continue
            changed, moved = now.st_mtime_ns, now.st_ctime_ns
            add((changed, moved, now.st_size))
            latest = max(latest, changed, moved)
    return hashlib.blake2b(numbers.tobytes(), digest_size=20).hexdigest(), latest / 1e9


def _listed(folder: str, root: Path) -> tuple[list[str | None], list[str]]:
    """Sub-directories (None: one out of the tree) and files."""
    below: list[str | None] = []
    names: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if not _is_dir(entry):
                    names.append(entry.name)
                elif entry.name in SKIPPED:
                    continue
                elif not entry.is_symlink():
                    below.append(f"{folder}/{entry.name}")
                elif root not in Path(entry.path).resolve().parents:
                    below.append(None)
    except OSError:
        return [], []  # the directory's own times tell when that changes
    return below, sorted(names)


def _is_dir(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
