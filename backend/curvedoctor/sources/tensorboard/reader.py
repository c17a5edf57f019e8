"""TensorBoard event files as a source: find directories of runs, load them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from curvedoctor.model import Problem, Run
from curvedoctor.sources import files, sidecars
from curvedoctor.sources.base import Claim, Folder, ReadOptions, Traits, Unit, parts
from curvedoctor.sources.copies import EVENT_DIRS, is_event_file
from curvedoctor.sources.tensorboard.assemble import runs
from curvedoctor.sources.tensorboard.fast import read_files
from curvedoctor.sources.tensorboard.grouping import group
from curvedoctor.sources.tensorboard.peek import is_event_stream

_SETTINGS = frozenset(sidecars.NAMES)
#: bytes of event files that are read together
_AT_ONCE = 64 << 20


class TensorBoardReader:
    """Event files, as any writer leaves them."""

    name = "tensorboard"
    traits = Traits(stamped=True, cached=True, copied="tfevents", followed=True)

    def opens(self, address: str) -> bool:
        """A single event file, by its name or by its first record."""
        try:
            if files.kind(address) != "file":
                return False
        except files.UNREADABLE:
            return False
        return is_event_file(address) or is_event_stream(address)

    def find(self, address: str, options: ReadOptions) -> Iterator[Unit | Problem]:
        """The run in one event file."""
        folder = files.parent(address)
        files.check_readable(address)
        beside = [path for name in sidecars.NAMES if files.stamp(path := files.join(folder, name))]
        yield self._unit(folder, folder, [address], beside, files.basename(folder))

    def claim(self, folder: Folder, options: ReadOptions) -> Claim | None:
        """The run whose directory this is."""
        grouped = group(folder)
        if not grouped.events:
            return None
        beside = [files.join(folder.path, name) for name in folder.files if name in _SETTINGS]
        if (
            not beside and folder.path != folder.root and files.basename(folder.path) in EVENT_DIRS
        ):  # settings stand above
            above = files.parent(folder.path)
            beside = [path for name in sidecars.NAMES if files.stamp(path := files.join(above, name))]
        unit = self._unit(folder.root, folder.path, list(grouped.events), beside, folder.run)
        own = frozenset([name for name in folder.files if "tfevents" in name])
        return Claim((unit,), dirs=grouped.closed, files=own)

    def load(self, units: Sequence[Unit], options: ReadOptions) -> Iterator[Run | Problem]:
        """Runs in the order of their units; a directory with several yields them by start."""
        waiting: list[Unit] = []
        size = 0
        for unit in units:
            waiting.append(unit)
            size += unit.size
            if size > _AT_ONCE:
                yield from _load(waiting)
                waiting, size = [], 0
        yield from _load(waiting)

    def _unit(self, root: str, path: str, events: list[str], beside: list[str], name: str) -> Unit:
        return Unit(self.name, root, name, files.parent(path), path, parts((*events, *beside)))


def _load(units: Sequence[Unit]) -> Iterator[Run | Problem]:
    events = [events_of(unit) for unit in units]
    logs = iter(read_files([path for paths in events for path in paths]))
    for unit, paths in zip(units, events, strict=True):
        yield from runs(unit, list(islice(logs, len(paths))))


def events_of(unit: Unit) -> list[str]:
    """The event files among what a unit is made of."""
    paths = [part.path for part in unit.parts]
    return [path for path in paths if is_event_file(path)] or paths[:1]
