"""The front end's files as hosts serve them: under a path that changes with their content."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

PANEL = Path(__file__).parent / "static"
TYPES = {".js": "text/javascript", ".css": "text/css"}
#: seconds that browsers may keep a file: its path changes when it does
KEPT = 24 * 3600


class Served:
    """The files of some folders; nothing else can be asked for,
    and nothing is read before it is asked for."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        #: what the served paths of a folder begin with → folder
        self.folders = folders
        self._compressed: dict[str, bytes] = {}

    @cached_property
    def listing(self) -> dict[str, Path]:
        """Served path → file."""
        return {
            prefix + path.relative_to(folder).as_posix(): path
            for prefix, folder in self.folders.items()
            for path in sorted(folder.rglob("*"))
            if path.suffix in TYPES
        }

    @cached_property
    def stamp(self) -> str:
        """Changes whenever any file does."""
        digest = hashlib.blake2b(digest_size=6)
        for name, path in self.listing.items():
            digest.update(name.encode())
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def kind(self, name: str) -> str:
        """A file's media type. Raises KeyError if there is none of that name."""
        return TYPES[self.listing[name].suffix]

    def compressed(self, name: str) -> bytes:
        """A file, gzipped. Raises KeyError if there is none of that name."""
        if name not in self._compressed:
            self._compressed[name] = gzip.compress(self.listing[name].read_bytes(), 6, mtime=0)
        return self._compressed[name]
