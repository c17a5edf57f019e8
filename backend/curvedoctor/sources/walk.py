"""One walk over a directory tree, shared by all readers.

It streams: a folder is offered as soon as it has been listed, parents before children, names sorted.
Real directories are visited before links; a link is followed only out of the tree, and each directory
once, so that loops end.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from curvedoctor.errors import SourceError
from curvedoctor.model import Problem
from curvedoctor.sources import files
from curvedoctor.sources.base import Claim, Folder, Unit

#: never hold runs, and hold very many files
SKIPPED = frozenset({".git", "node_modules", "__pycache__", "site-packages", ".venv", ".tox"})
#: levels below the root; deeper ones are a loop that a file system hides (bind mounts, remote aliases)
MAX_DEPTH = 64

Offer = Callable[[Folder], list[Claim]]


def walk(root: str, offer: Offer) -> Iterator[Unit | Problem]:
    """Offer every folder below `root` to the readers; yield what they claim.

    `offer` returns the claims of all readers for one folder; sub-directories in a claim are not
    entered. Raises `SourceError` if the root itself can't be listed.
    """
    guard = _Guard(root)
    pending = [(root, 0)]
    links: list[tuple[str, int]] = []
    while pending or links:
        path, depth = pending.pop() if pending else links.pop(0)
        try:
            entries = sorted(files.listing(path))
        except files.UNREADABLE as error:
            if path == root:
                raise SourceError(f"{root}: can't list this directory: {files.reason(error)}") from error
            yield Problem(
                path, f"can't list this directory: {files.reason(error)}", lost=True, kind="unreachable"
            )
            continue
        folder = _folder(root, path, entries)
        taken: set[str] = set()
        for claim in offer(folder):
            yield from claim.units
            yield from claim.problems
            taken |= claim.dirs
        below: list[tuple[str, int]] = []
        for entry in entries:
            if not entry.is_dir or entry.name in SKIPPED or entry.name in taken:
                continue
            child = files.join(path, entry.name)
            if depth >= MAX_DEPTH:
                yield Problem(child, f"not entered: more than {MAX_DEPTH} levels below {root}")
            elif not entry.is_link:
                if guard.first_visit(child):
                    below.append((child, depth + 1))
            elif guard.loops(child):
                yield Problem(child, "symbolic link to a directory above it: not followed")
            elif guard.leaves_tree(child) and guard.first_visit(child):
                links.append((child, depth + 1))
        pending.extend(reversed(below))


def _folder(root: str, path: str, entries: list[files.Entry]) -> Folder:
    dirs = tuple(entry.name for entry in entries if entry.is_dir)
    return Folder(root, path, dirs, tuple(entry.name for entry in entries if not entry.is_dir))


class _Guard:
    """Remembers which directories were seen, by device and inode. Remote trees have no links."""

    def __init__(self, root: str) -> None:
        self._local = not files.is_url(root)
        self._root = Path(root).resolve() if self._local else Path()
        self._seen: set[tuple[int, int]] = set()
        if self._local:
            self.first_visit(root)

    def first_visit(self, path: str) -> bool:
        if not self._local:
            return True
        try:
            status = os.stat(path)  # noqa: PTH116 — once per directory of the tree
        except OSError:
            return True  # listing it will say why
        key = (status.st_dev, status.st_ino)
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    def loops(self, link: str) -> bool:
        """Whether the link leads to one of the directories above it."""
        target = Path(link).resolve()
        above = Path(link).parent.resolve()
        return target == above or target in above.parents

    def leaves_tree(self, link: str) -> bool:
        """Whether the link leads out of the tree; inside it, the target is visited under its own name."""
        target = Path(link).resolve()
        return target != self._root and self._root not in target.parents
