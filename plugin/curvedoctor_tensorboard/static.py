"""The front end's files, compressed once, under a path that changes with their content."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path

import curvedoctor_panel

ROOT = Path(curvedoctor_panel.__file__).parent / "static"
TYPES = {".js": "text/javascript", ".css": "text/css"}
#: seconds that browsers may keep a file: its path changes when it does
KEPT = 24 * 3600


@cache
def listing() -> dict[str, Path]:
    """Served path → file. Nothing else can be asked for."""
    found = (path for path in sorted(ROOT.rglob("*")) if path.suffix in TYPES)
    return {path.relative_to(ROOT).as_posix(): path for path in found}


@cache
def stamp() -> str:
    """Changes whenever any file does."""
    digest = hashlib.blake2b(digest_size=6)
    for name, path in listing().items():
        digest.update(name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def compressed(name: str) -> bytes:
    """A file, gzipped. Raises KeyError if there is none of that name."""
    return gzip.compress(listing()[name].read_bytes(), 6, mtime=0)


def complete() -> bool:
    """Whether the chart library was fetched when the package was built."""
    return "vendor/uPlot.esm.js" in listing()
