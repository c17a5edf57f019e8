"""Byte-identical copies of runs are read once, with a note: people copy whole log directories."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from curvedoctor.model import Problem
from curvedoctor.sources import files
from curvedoctor.sources.base import Unit

#: directories that programs give to a run's event files
EVENT_DIRS = frozenset({"tensorboard", "tb", "tb_logs", "events", "logs", "summaries", "summary", "vis_data"})
_CHUNK = 1 << 20


class Copies:
    """Remembers every run's file names and sizes; reads contents, each once, only where those agree.

    Event files carry time, host and process in their name, so that two different ones hardly agree in
    name and size. Of remote files nothing is compared that would have to be fetched first.
    """

    def __init__(self) -> None:
        #: names and sizes → digest of the contents → paths; the first paths of all wait under None, unread
        self._seen: dict[int, dict[bytes | None, tuple[str, ...]]] = {}
        self._paths: set[tuple[str, ...]] = set()

    def check(self, item: Unit | Problem, copied: str | None) -> Iterator[Unit | Problem]:
        """The item itself, or a note in its place; `copied` as the reader's traits say."""
        named = [] if isinstance(item, Problem) or copied is None else _data_files(item, copied)
        if not named:
            yield item
            return
        paths = tuple([path for path, _, _ in named])
        if paths in self._paths:
            return  # the same address given twice needs no note
        self._paths.add(paths)
        known = self._seen.setdefault(hash(tuple([(name, size) for _, name, size in named])), {})
        if not known:
            known[None] = paths
        elif (other := _twin(known, paths)) is not None:
            yield Problem(paths[0], f"byte-identical copy of {other[0]}: read once", kind="note")
            return
        yield item


def _data_files(unit: Unit, copied: str) -> list[tuple[str, str, int]]:
    """Path, name and size of the files that hold a run's data; none for runs that aren't files."""
    return [
        (part.path, name, part.size)
        for part in unit.parts
        if copied in (name := part.path.rpartition("/")[2])
    ]


def _twin(known: dict[bytes | None, tuple[str, ...]], paths: tuple[str, ...]) -> tuple[str, ...] | None:
    """The paths among those known that hold the same bytes; otherwise these are known from now on."""
    if (unread := known.pop(None, None)) is not None:
        known[_digest(unread) or unread[0].encode("utf-8", "surrogatepass")] = unread
    mine = _digest(paths)
    if mine is None:
        return None
    other = known.setdefault(mine, paths)
    return None if other is paths else other


def _digest(paths: Sequence[str]) -> bytes | None:
    """A digest of the bytes of all these files, compressed as they are;
    None for remote or unreadable ones."""
    whole = hashlib.blake2b(digest_size=16)
    try:
        for path in paths:
            if files.is_url(path):
                return None
            with open(path, "rb") as stream:  # noqa: PTH123 — see `files`
                while piece := stream.read(_CHUNK):
                    whole.update(piece)
            whole.update(b"\0")
    except OSError:
        return None
    return whole.digest()


def is_event_file(path: str) -> bool:
    """TensorBoard's own rule: the name says so."""
    return "tfevents" in files.basename(path)


def identical(first: str, second: str) -> bool:
    """Whether two local files hold the same bytes; False for remote ones and unreadable ones."""
    if first == second:
        return True
    if files.is_url(first) or files.is_url(second):
        return False
    try:
        with open(first, "rb") as one, open(second, "rb") as two:  # noqa: PTH123 — compressed as they are
            while True:
                piece = one.read(_CHUNK)
                if piece != two.read(_CHUNK):
                    return False
                if not piece:
                    return True
    except OSError:
        return False
