"""Following event files that grow: each call reads what was added since the last one.

A record that is still being written is waited for; a file that was replaced or cut is read anew.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from curvedoctor.model import Problem
from curvedoctor.sources import files
from curvedoctor.sources.tensorboard.decode import UNPARSED, Decoder, FileLog, explain, parser
from curvedoctor.sources.tensorboard.fast import read_files
from curvedoctor.sources.tensorboard.records.framing import OVERHEAD, Damage, Records
from curvedoctor.sources.tensorboard.segments import Points

#: bytes by which a file is recognized as still the same one
_HEAD = 64
#: new bytes from which reading in batches pays
_MUCH = 1 << 18


@dataclass(frozen=True, slots=True)
class News:
    """What was added to a file."""

    #: tag → new steps, values, wall times
    series: Mapping[str, Points] = field(default_factory=dict)
    #: the file was replaced or cut: forget its earlier points
    anew: bool = False
    #: damage with intact records behind it; what stands at the very end may still be completed
    problems: tuple[Problem, ...] = ()
    #: damage at the very end, as it is now
    pending: tuple[Problem, ...] = ()
    #: all that was read this time; None if nothing was
    log: FileLog | None = None

    def __bool__(self) -> bool:
        return bool(self.series or self.anew or self.problems)


class Tail:
    """One file and how far it has been read. Not safe for two threads at once."""

    def __init__(self, path: str, offset: int = 0) -> None:
        self.path = path
        #: bytes read: up to the end of the last intact record
        self.offset = offset
        self._stamp: tuple[int | str, ...] = ()
        self._head = b""

    def read_new(self) -> News:
        """Points added since the last call; costs a stat if there are none. Never raises for a bad file."""
        stamp = files.stamp(self.path)
        if stamp == self._stamp:
            return News()
        if not stamp:
            return self._vanished()
        try:
            news = self._read(int(stamp[0]))
        except files.UNREADABLE as error:
            return News(
                problems=(
                    Problem(
                        self.path, f"can't be read: {files.reason(error)}", lost=True, kind="unreachable"
                    ),
                )
            )
        self._stamp = stamp
        return news

    def _vanished(self) -> News:
        anew = self.offset > 0
        self._stamp, self._head, self.offset = (), b"", 0
        return News(anew=anew)

    def _read(self, size: int) -> News:
        if files.is_url(self.path) or not plain(self.path):
            return self._whole(anew=self.offset > 0)
        with Path(self.path).open("rb", buffering=0) as stream:
            head = os.pread(stream.fileno(), _HEAD, 0) if hasattr(os, "pread") else stream.read(_HEAD)
            anew = size < self.offset or not head.startswith(self._head)
            self._head = head
            if anew:
                self.offset = 0
            if self.offset == 0 and size > _MUCH:
                return self._whole(anew=anew)
            stream.seek(self.offset)
            records = Records(stream, self.offset)
            return self._news(self._decode(records), records.problems, anew)

    def _decode(self, records: Records) -> FileLog:
        decoder = Decoder(self.path)
        parse, error = parser()
        for at, payload in records:
            self.offset = at + len(payload) + OVERHEAD
            try:
                decoder.add(parse(payload))
            except error:
                records.problems.append(Damage(at, UNPARSED))
        return decoder.finish()

    def _news(self, log: FileLog, damage: list[Damage], anew: bool) -> News:
        settled = [problem for problem in damage if problem.offset < self.offset]
        explained = explain(log, settled).problems if settled else []
        pending = tuple(
            Problem(self.path, what, at, kind=kind) for at, what, kind in damage if at >= self.offset
        )
        return News(log.series, anew, tuple(explained), pending, log)

    def _whole(self, anew: bool) -> News:
        """Everything, in batches; for compressed and remote files each time that they change."""
        (log,) = read_files([self.path])
        self.offset = log.end
        settled = tuple(p for p in log.problems if p.offset is not None and p.offset < log.end)
        pending = tuple(problem for problem in log.problems if problem not in settled)
        return News(log.series, anew, settled, pending, log)


def plain(path: str) -> bool:
    """Whether a file's end can be read without its beginning."""
    return files.kind(path) == "file" and Path(path).suffix.lower() not in files.COMPRESSED
