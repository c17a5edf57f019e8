"""All runs of TensorBoard's logdir, diagnosed and followed as they grow.

Units whose files have not changed (name, size, time) are not read again; of those that grew, only what
was added. New runs are read in small batches, so that the first appear at once; when a pass is through, runs that have siblings are judged
once more, together.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

from curvedoctor.errors import CurvedoctorError
from curvedoctor.model import Diagnosis, Problem, Run
from curvedoctor.sources import find_all, load_units
from curvedoctor.sources.base import Unit
from curvedoctor.sources.tensorboard.follow import Follower
from curvedoctor_panel.overview import row
from curvedoctor_tensorboard.judging import Entry, Progress, batches, judged, rest
from curvedoctor_tensorboard.places import Place

#: points kept in memory, 24 bytes each; runs beyond are read again when they are looked at
HELD = 8_000_000
#: points up to which siblings are judged together
TOGETHER = 8_000_000
#: runs that grew, and their siblings, up to which both are judged at once
FEW, BESIDE = 8, 64
#: judging a group together may take one part in so many of the time
REST = 20.0


class DiagnosisService:
    """Runs by where they are kept. One thread calls `scan`, others ask."""

    def __init__(self, places: Sequence[Place], started: Callable[[], None] = lambda: None) -> None:
        """`started` is called once, when the first runs are judged."""
        self._started: Callable[[], None] | None = started
        self.places = list(places)
        self.lock = threading.Lock()
        self.version = 0
        #: seconds of rest per second of computing; more while somebody works with TensorBoard's other tabs
        self.pace = 0.0
        self.progress = Progress()
        #: (unit's directory, run's name) → its diagnosis
        self.entries: dict[tuple[str, str], Entry] = {}
        self.problems: dict[str, list[Problem]] = {}
        #: groups whose runs are to be judged together, and (when it ended, seconds) of the last time
        self._due: set[str] = set()
        self._joint: dict[str, tuple[float, float]] = {}
        self._stamps: dict[str, tuple[int | str, ...]] = {}
        self._prefixes: dict[str, str] = {}
        #: for the scanning thread only
        self._follower = Follower()

    def scan(self) -> None:
        """Read and judge what is new or has grown; forget what has gone. Never raises for bad data."""
        present: set[str] = set()
        changed: list[Unit] = []
        trouble: list[str] = []
        for place in self.places:
            trouble.extend(self._look(place, present, changed))
        with self.lock:
            self.progress.trouble = "; ".join(trouble)
            self.progress.total, self.progress.done = (
                len(present) or len(changed),
                len(present) - len(changed),
            )
            self.progress.phase = "reading" if changed else "ready"
        self._take(changed)
        if not trouble:
            self._forget(present)
        with self.lock:
            self.progress.phase = "ready"

    def _look(self, place: Place, present: set[str], changed: list[Unit]) -> list[str]:
        """Add what is there and what has changed; returns why the place can't be read, if so."""
        try:
            changed.extend(self._changed(place, present))
        except CurvedoctorError as error:
            return [str(error)]
        return []

    def _changed(self, place: Place, present: set[str]) -> Iterator[Unit]:
        where = f"{place.prefix}:{place.address}"
        seen: list[Problem] = []
        for item in find_all([place.address]):
            if isinstance(item, Problem):
                seen.append(item)
            elif item.reader == "tensorboard":
                path = item.parts[0]
                present.add(path)
                self._prefixes[path] = place.prefix
                if self._stamps.get(path) != item.stamp or not item.stamp:
                    yield item
        self._note(where, seen)

    def _take(self, units: Sequence[Unit]) -> None:
        """Load and judge units batch by batch, then siblings together."""
        touched: set[str] = set()
        for batch in batches(units):
            busy = time.thread_time()
            runs, of = self._load(batch, self._follower)
            diagnoses = self._judge(runs)
            with self.lock:
                for unit in batch:
                    kept = {run.name for run, place in zip(runs, of, strict=True) if place is unit}
                    self._drop(unit.parts[0], kept)
                    self._stamps[unit.parts[0]] = unit.stamp
                for diagnosis, unit in zip(diagnoses, of, strict=True):
                    self._put(diagnosis, unit, fresh=True)
                    touched.add(diagnosis.run.group)
                self._slim()
                self.version += 1
                self.progress.done += len(batch)
                self.progress.changed = time.time()
            if self._started is not None:
                self._started()
                self._started = None
            rest(busy, self.pace)
        self._together(touched)

    def _load(self, units: Sequence[Unit], follower: Follower | None = None) -> tuple[list[Run], list[Unit]]:
        """Runs of a batch of units, and of which unit each is; what can't be read is noted by unit.

        Those that were read before are left to `follower`.
        """
        grown = [unit for unit in units if follower and unit.parts[0] in self._stamps]
        fresh = [unit for unit in units if unit not in grown] if grown else units
        by_path = {unit.parts[0]: unit for unit in units}
        owner = {part: unit for unit in units for part in unit.parts}
        bad: dict[str, list[Problem]] = {path: [] for path in by_path}
        runs: list[Run] = []
        of: list[Unit] = []
        for item in chain(load_units(fresh), follower.load(grown) if follower else ()):
            if isinstance(item, Problem):
                bad[owner.get(item.where, units[0]).parts[0]].append(item)
            else:
                prefix = self._prefixes.get(item.source, "")
                runs.append(replace(item, name=f"{prefix}/{item.name}") if prefix else item)
                of.append(by_path[item.source])
        for path, problems in bad.items():
            self._note(path, problems)
        return runs, of

    def _judge(self, runs: Sequence[Run]) -> list[Diagnosis]:
        """Diagnoses of new or grown runs; a few that grew are judged beside their siblings at once."""
        groups, own = {run.group for run in runs}, {(run.source, run.name) for run in runs}
        with self.lock:
            others = [
                entry.diagnosis.run
                for key, entry in self.entries.items()
                if entry.diagnosis.run.group in groups and key not in own and not entry.slim
            ]
        if len(runs) > FEW or len(others) > BESIDE:
            return judged(runs, alone=True)
        return judged([*runs, *others], alone=False)[: len(runs)]

    def _together(self, groups: Iterable[str]) -> None:
        """Judge runs that have siblings once more, with the evidence of all; costly groups less often."""
        self._due.update(groups)
        for group in sorted(self._due):
            ended, cost = self._joint.get(group, (-math.inf, 0.0))
            began = time.monotonic()
            if began - ended < REST * cost:
                continue
            self._due.discard(group)
            busy = time.thread_time()
            self._judge_group(group)
            rest(busy, self.pace)
            self._joint[group] = (time.monotonic(), time.monotonic() - began)

    def _judge_group(self, group: str) -> None:
        with self.lock:
            members = [entry for entry in self.entries.values() if entry.diagnosis.run.group == group]
        points = sum(len(curve) for entry in members for curve in entry.diagnosis.run.curves)
        if len(members) < 2 or points > TOGETHER or any(entry.slim for entry in members):
            return
        diagnoses = judged([entry.diagnosis.run for entry in members], alone=False)
        with self.lock:
            for entry, diagnosis in zip(members, diagnoses, strict=True):
                self._put(diagnosis, entry.unit, fresh=False)
            self.version += 1

    def _put(self, diagnosis: Diagnosis, unit: Unit | None, *, fresh: bool) -> None:
        """Keep a diagnosis; its stamp changes only if something on the page would."""
        where = unit.parts[0] if unit is not None else ""
        key = (where, diagnosis.run.name)
        before = self.entries.get(key)
        new = {**row(diagnosis), "sampled": unit is None, "place": list(key)}
        if before is not None and not fresh and {**new, "stamp": before.row["stamp"]} == before.row:
            new["stamp"] = before.row["stamp"]
        else:
            new["stamp"] = str(self.version + 1)
        self.entries[key] = Entry(new, diagnosis, unit)

    def _slim(self) -> None:
        """Drop curves of the runs that were kept longest, where memory asks for it."""
        held = 0
        for entry in reversed(self.entries.values()):
            held += sum(len(curve) for curve in entry.diagnosis.run.curves)
            if held > HELD and entry.unit is not None and not entry.slim:
                run = replace(entry.diagnosis.run, curves=())
                entry.diagnosis, entry.slim = replace(entry.diagnosis, run=run), True

    def _drop(self, path: str, kept: set[str]) -> None:
        for key in [key for key in self.entries if key[0] == path and key[1] not in kept]:
            del self.entries[key]

    def _forget(self, present: set[str]) -> None:
        """Forget runs whose directories have gone."""
        with self.lock:
            for path in set(self._stamps) - present:
                del self._stamps[path]
                self.problems.pop(path, None)
                self._drop(path, set())
                self.version += 1

    def _note(self, where: str, problems: list[Problem]) -> None:
        with self.lock:
            if self.problems.get(where, []) != problems:
                self.problems[where] = problems
                self.version += 1

    def receive(self, run: Run) -> None:
        """Take a run that comes from elsewhere (TensorBoard's own, sampled data)."""
        diagnosis = judged([run], alone=True)[0]
        with self.lock:
            self._put(diagnosis, None, fresh=True)
            self.version += 1
            self.progress.changed = time.time()

    def whole(self, entry: Entry) -> Diagnosis:
        """The diagnosis with its curves, read again if they were dropped."""
        if not entry.slim or entry.unit is None:
            return entry.diagnosis
        runs, _ = self._load([entry.unit])
        whole = next((run for run in runs if run.name == entry.diagnosis.run.name), None)
        return entry.diagnosis if whole is None else replace(entry.diagnosis, run=whole)
