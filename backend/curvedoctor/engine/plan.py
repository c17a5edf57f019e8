"""The plan of a scan with what is remembered already in it."""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from curvedoctor.engine import grouping, keys, tree
from curvedoctor.engine.asked import Asked
from curvedoctor.engine.codec import dumps, loads
from curvedoctor.engine.options import Options
from curvedoctor.engine.record import Curves, filled, of_problem, unpack
from curvedoctor.engine.units import unpack_units
from curvedoctor.engine.work import Key, keep, key_of
from curvedoctor.model import Diagnosis, Problem
from curvedoctor.sources import find_all, load_units
from curvedoctor.sources.base import Unit
from curvedoctor.store import Entry, Store

#: tells apart the runs that were mixed in one directory
_NUMBER = re.compile(r"#\d+$")


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was said of one group."""

    parts: Sequence[Entry]
    options: Options

    def items(self) -> Iterator[Diagnosis | Problem]:
        """It all, with the points of the curves that are asked for read anew."""
        for part in self.parts:
            diagnoses, problems = unpack(part.value)
            yield from problems
            points = _points(diagnoses, part, self.options)
            for diagnosis in diagnoses:
                curves = points.get(key_of(diagnosis.run))
                yield diagnosis if curves is None else filled(diagnosis, curves)


class Plan:
    """Looks up each group before it is judged, and keeps what was judged for the next time."""

    def __init__(self, addresses: Sequence[str], options: Options, store: Store | None) -> None:
        self._addresses = list(addresses)
        self._options = options
        self._store = store
        self._started = time.time()
        self._runs = 0
        self.asked = Asked(options)
        #: address → the state of the SQLite file behind it before it was read; None if there is none,
        #: or it is new
        self._databases: dict[str, str | None] = {}
        #: the walk: problems as rows, groups as [key]; None if it can't or need not be remembered
        self._walk: list[Any] | None = None if store is None or self.asked.some else []

    def planned(self) -> Iterator[Problem | Remembered | list[Unit]]:
        """Problems, groups that are remembered, and groups that must be judged, in the order of the walk."""
        given, complete = yield from self._without_walk()
        if complete:
            return
        if given:
            self._walk = None
        walked = grouping.groups(find_all(self._addresses, self._options.read), self._addresses)
        for item in islice(walked, given, None):
            if isinstance(item, Problem):
                self._note(of_problem(item))
                yield item
            elif self.asked.any_of(item):
                yield self._looked_up(item)

    def remember(self, units: Sequence[Unit], parts: Sequence[Entry]) -> None:
        """Keep what was said of a group."""
        key = self._key(units)
        if self._store and key is not None:
            self._store.put(key, parts)

    def _key(self, units: Sequence[Unit]) -> bytes | None:
        if self._store is None:
            return None
        address = units[0].address
        if address not in self._databases:
            self._databases[address] = self._state(address)
        return keys.key_of(units, self._options, self._databases[address])

    def _state(self, address: str) -> str | None:
        database = tree.database_files(address)
        if database is None:
            return None
        digest, latest = tree.state(database)
        return digest if latest < self._started - tree.SETTLED else None

    def remember_walk(self) -> None:
        """Keep the walk itself, where every group of it is held and nothing has just changed."""
        if self._store is None or not self._walk or self._runs == 0:
            return
        folders = tree.snapshot(self._addresses, self._runs)
        if folders is None:
            return
        digest, latest = tree.state(folders)
        if latest < self._started - tree.SETTLED:
            value = dumps({"folders": folders, "state": digest, "walk": self._walk})
            self._store.put(self._walk_key(), [Entry(zlib.compress(value, 1), b"")])

    def _without_walk(self) -> Generator[Problem | Remembered, None, tuple[int, bool]]:
        """The plan of the last time, if no directory and no file has changed; how much, and whether all."""
        if self._store is None or self.asked.some:
            return 0, False
        held = next(self._store.get([self._walk_key()]), None)
        if held is None:
            return 0, False
        known = loads(zlib.decompress(held[0].value))
        held_keys = [bytes.fromhex(row[0]) for row in known["walk"] if len(row) == 1]
        if not self._store.has(held_keys) or tree.state(known["folders"])[0] != known["state"]:
            return 0, False
        stored = self._store.get(held_keys)
        for given, row in enumerate(known["walk"]):
            if len(row) > 1:
                yield Problem(*row)
            elif parts := next(stored):
                yield Remembered(parts, self._options)
            else:  # deleted meanwhile
                return given, False
        self._walk = None
        return len(known["walk"]), True

    def _looked_up(self, units: list[Unit]) -> Remembered | list[Unit]:
        self._runs += len(units)
        key = self._key(units)
        if self._store is None or key is None:
            self._walk = None
            return units
        self._note((key.hex(),))
        parts = next(self._store.get([key]))
        return units if parts is None else Remembered(parts, self._options)

    def _note(self, row: object) -> None:
        if self._walk is not None:
            self._walk.append(row)

    def _walk_key(self) -> bytes:
        return keys.digest("walk", self._addresses, keys.deciding(self._options))


def unit_names(keys: Iterable[Key]) -> set[str]:
    """The names of the units that runs may have come from."""
    return {name for run, *_ in keys for name in (run, _NUMBER.sub("", run))}


def _points(diagnoses: Sequence[Diagnosis], part: Entry, options: Options) -> dict[Key, Curves]:
    """Curves with their points for the runs where they are asked for."""
    wanted = {key_of(d.run): d for d in diagnoses if keep(d, options)}
    if not wanted:
        return {}
    names = unit_names(wanted)
    units = [unit for unit in unpack_units(part.units) if unit.run in names]
    points: dict[Key, Curves] = {}
    for run in load_units(units, options.read):
        if not isinstance(run, Problem) and key_of(run) in wanted:
            roles = {curve.id: curve.role for curve in wanted[key_of(run)].run.curves}
            points[key_of(run)] = tuple(replace(c, role=roles.get(c.id, c.role)) for c in run.curves)
    return points
