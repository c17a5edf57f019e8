"""Runs that grow: of their event files only what was added since the last time is read.

What comes out is what a fresh load gives (a test holds it to that, byte for byte of growth).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from curvedoctor.model import Problem, Run
from curvedoctor.sources import files
from curvedoctor.sources.base import Unit
from curvedoctor.sources.tensorboard.assemble import runs
from curvedoctor.sources.tensorboard.decode import MAX_TEXTS, FileLog, explain
from curvedoctor.sources.tensorboard.fast import read_files
from curvedoctor.sources.tensorboard.purge import until
from curvedoctor.sources.tensorboard.reader import events_of
from curvedoctor.sources.tensorboard.segments import Points
from curvedoctor.sources.tensorboard.tail import News, Tail, plain

#: points that are kept to be added to, 24 bytes each; files beyond, those longest unused, are read anew
HELD = 4_000_000


class Follower:
    """Loads units again and again. Not safe for two threads at once."""

    def __init__(self, held: int = HELD) -> None:
        self._held = held
        self._files: dict[str, _Growing] = {}

    def load(self, units: Sequence[Unit]) -> Iterator[Run | Problem]:
        """What the reader's `load` yields for units of event files."""
        for unit in units:
            yield from runs(unit, [self._log(path) for path in events_of(unit)])
        self._forget()

    def _log(self, path: str) -> FileLog:
        growing = self._files.pop(path, None)
        if growing is None or not growing.follow():
            growing = _Growing(path)
        if growing.tail is not None:
            self._files[path] = growing  # used last
        return growing.all()

    def _forget(self) -> None:
        held = sum(growing.points() for growing in self._files.values())
        for path in list(self._files):
            if held <= self._held:
                return
            held -= self._files.pop(path).points()


class _Growing:
    """One file, read from its beginning, and then followed."""

    def __init__(self, path: str) -> None:
        (self._log,) = read_files([path])
        settled = [p for p in self._log.problems if p.offset is not None and p.offset < self._log.end]
        #: what stands at the end, or keeps the file from being read, may pass
        self._passing = [problem for problem in self._log.problems if problem not in settled]
        self._log.problems = settled
        follows = self._log.records > 0 and not self._log.ours and not files.is_url(path) and plain(path)
        self.tail = Tail(path, self._log.end) if follows else None
        if self.tail is not None and not self._take(self.tail.read_new()):
            self.tail = None

    def points(self) -> int:
        """Points held."""
        return sum(len(steps) for steps, _, _ in self._log.series.values())

    def all(self) -> FileLog:
        """The whole file, as `read_files` gives it."""
        return explain(replace(self._log, problems=[*self._log.problems, *self._passing]), [])

    def follow(self) -> bool:
        """Take in what was added; False if the file must be read anew."""
        assert self.tail is not None
        return self._take(self.tail.read_new())

    def _take(self, news: News) -> bool:
        if news.anew or (news.log is None and news.problems):
            return False
        if news.log is not None:
            self._add(news.log)
            self._log.problems.extend(news.problems)
            self._passing = list(news.pending)
        return not self._log.ours

    def _add(self, new: FileLog) -> None:
        mine = self._log
        if new.starts:
            self._purge(min(new.starts))
        for tag, points in new.series.items():
            mine.series[tag] = _joined(mine.series[tag], points) if tag in mine.series else points
        for tag, text in new.texts.items():
            if tag in mine.texts or len(mine.texts) < MAX_TEXTS:
                mine.texts.setdefault(tag, text)
        mine.hparams.extend(new.hparams[: MAX_TEXTS - len(mine.hparams)])
        mine.starts.extend(new.starts)
        mine.replaced += new.replaced
        mine.records += new.records
        mine.ours |= new.ours
        assert self.tail is not None
        mine.end = self.tail.offset

    def _purge(self, step: int) -> None:
        """A restart replaces what was read before it."""
        for tag, points in list(self._log.series.items()):
            kept = until(points, step)
            self._log.replaced += len(points[0]) - len(kept[0])
            self._log.series[tag] = kept
            if not len(kept[0]):
                del self._log.series[tag]


def _joined(old: Points, new: Points) -> Points:
    return (
        np.concatenate((old[0], new[0])),
        np.concatenate((old[1], new[1])),
        np.concatenate((old[2], new[2])),
    )
