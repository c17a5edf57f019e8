"""Byte-identical copies of runs are read once, with a note: people copy whole log directories."""

from __future__ import annotations

from collections.abc import Iterator

from curvedoctor.model import Problem
from curvedoctor.sources import files
from curvedoctor.sources.base import Unit

#: readers whose parts are files that hold the data
_READERS = frozenset({"tensorboard", "history", "text"})
_CHUNK = 1 << 20


class Copies:
    """Remembers every run's file names and sizes; compares contents only where those agree.

    Event files carry time, host and process in their name, so that two different ones hardly agree in
    name and size. Of remote files nothing is compared that would have to be fetched first.
    """

    def __init__(self) -> None:
        self._seen: dict[int, list[tuple[str, ...]]] = {}

    def check(self, item: Unit | Problem) -> Iterator[Unit | Problem]:
        """The item itself, or a note in its place."""
        if isinstance(item, Problem) or item.reader not in _READERS:
            yield item
            return
        parts, stamp = item.parts, item.stamp
        if len(stamp) < 2 * len(parts):
            yield item
            return
        history = item.reader != "tensorboard"
        named = [
            (path, name, stamp[2 * i])
            for i, path in enumerate(parts)
            if "tfevents" in (name := path.rpartition("/")[2]) or history
        ]
        if not named:  # event files by their content, not by their name
            yield item
            return
        paths = tuple([path for path, _, _ in named])
        names = tuple([(name, size) for _, name, size in named])
        known = self._seen.setdefault(hash(names), [])
        for other in known:
            if len(other) == len(paths) and all(map(identical, other, paths)):
                if other != paths:  # the same address given twice needs no note
                    yield Problem(paths[0], f"byte-identical copy of {other[0]}: read once")
                return
        known.append(paths)
        yield item


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
