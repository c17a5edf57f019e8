"""Standard input as a source: `-` is a console log or a table that is piped in."""

from __future__ import annotations

import atexit
import functools
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from curvedoctor.errors import SourceError
from curvedoctor.model import Origin, Problem, Run
from curvedoctor.sources.base import Reader, ReadOptions, Traits, Unit

ADDRESS = "-"
_NAME = "stdin"


class StdinReader(Reader):
    """All that is piped in is one file, which workers can read, and which is gone when the program ends."""

    name = _NAME
    traits = Traits()

    def opens(self, address: str) -> bool:
        """Whether it is asked for."""
        return address == ADDRESS

    def find(self, address: str, options: ReadOptions) -> Iterator[Unit | Problem]:
        """The run that is piped in."""
        if sys.stdin is None or sys.stdin.closed:
            raise SourceError("-: there is no standard input; give a file, or pipe one in")
        yield Unit(self.name, address, _NAME, _NAME, _spooled())

    def load(self, units: Sequence[Unit], options: ReadOptions) -> Iterator[Run | Problem]:
        """The run, without the name of the file that it waits in."""
        from curvedoctor.sources.history.reader import load_file

        for unit in units:
            for item in load_file(unit, options):
                yield _named(item)


READER = StdinReader()


@functools.cache
def _spooled() -> str:
    """A file with all of standard input, which can be read only once."""
    from curvedoctor.sources.text.content import MAX_FILE

    handle, path = tempfile.mkstemp(prefix="curvedoctor-")
    atexit.register(_remove, path)
    with os.fdopen(handle, "wb") as file:
        left = MAX_FILE + 1
        while left > 0 and (piece := sys.stdin.buffer.read(min(left, 1 << 20))):
            file.write(piece)
            left -= len(piece)
    return path


def _remove(path: str) -> None:
    with suppress(OSError):
        Path(path).unlink()


def _named(item: Run | Problem) -> Run | Problem:
    if isinstance(item, Problem):
        return replace(item, where=ADDRESS)
    problems = tuple(replace(problem, where=ADDRESS) for problem in item.problems)
    origin = Origin(_NAME, ADDRESS, item.name, (), "what is piped in has no place for a diagnosis")
    return replace(item, source=ADDRESS, problems=problems, origin=origin)
