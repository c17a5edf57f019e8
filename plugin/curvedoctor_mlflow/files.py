"""The front end's files: the shared panel's and our own, under a path that changes with their content."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import curvedoctor_panel

PANEL = Path(curvedoctor_panel.__file__).parent / "static"
OWN = Path(__file__).parent / "static"
TYPES = {".js": "text/javascript", ".css": "text/css"}
#: seconds that browsers may keep a file: its path changes when it does
KEPT = 24 * 3600


@cache
def listing() -> dict[str, Path]:
    """Served path → file. Nothing else can be asked for."""
    return {
        f"{name}/{path.relative_to(root).as_posix()}": path
        for name, root in (("panel", PANEL), ("mlflow", OWN))
        for path in sorted(root.rglob("*"))
        if path.suffix in TYPES
    }


@cache
def stamp() -> str:
    """Changes whenever any file does."""
    digest = hashlib.blake2b(digest_size=6)
    for name, path in listing().items():
        digest.update(name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
