"""All runs of TensorBoard's logdir, diagnosed and followed as they grow."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from curvedoctor.engine import Options
from curvedoctor.engine.judge import judged, prepared
from curvedoctor.engine.live import Live, Looked
from curvedoctor.errors import CurvedoctorError
from curvedoctor.model import Diagnosis, Problem, Run
from curvedoctor.sources import find_all, load_units
from curvedoctor.sources.base import Unit
from curvedoctor_panel.overview import Row, row
from curvedoctor_tensorboard.places import Place

#: points kept in memory, 24 bytes each; runs beyond are read again when they are looked at
HELD = 8_000_000
#: units that are read at first, so that something is seen at once; after so many, memory is looked at
FIRST, TURN = 4, 32
#: seconds
LONGEST_REST = 2.0


@dataclass(slots=True)
class Entry:
    """One diagnosed run."""

    row: Row
    diagnosis: Diagnosis
    unit: Unit | None
    #: curves were dropped to save memory
    slim: bool = False


@dataclass(slots=True)
class Progress:
    """What the service is doing."""

    phase: str = "starting"
    done: int = 0
    total: int = 0
    #: why nothing can be read; "" if all is well
    trouble: str = ""
    changed: float = field(default_factory=time.time)


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
        #: unit's directory → names of its runs
        self._runs: dict[str, list[str]] = {}
        #: for the scanning thread only
        self._live = Live(Options(), first=FIRST, at_hand=self._at_hand)
        self._units: dict[Place, list[Unit]] = {}

    def scan(self) -> None:
        """Read and judge what is new or has grown; forget what has gone. Never raises for bad data."""
        trouble = [why for place in self.places if (why := self._find(place))]
        units = [unit for place in self.places for unit in self._units.get(place, ())]
        new = {unit.key for unit in units} - self._runs.keys()
        with self.lock:
            progress = self.progress
            progress.trouble = "; ".join(trouble)
            progress.total, progress.done = len(units), len(units) - len(new)
            progress.phase = "reading" if new else "ready"
        since = time.thread_time()
        for turn, looked in enumerate(self._live.look(units), 1):
            with self.lock:
                self._take(looked)
                progress.done += looked.unit.key in new
                new.discard(looked.unit.key)
                if turn % TURN == 0:
                    self._slim()
            if self._started is not None:
                self._started()
                self._started = None
            # the generator computes in this thread
            time.sleep(min(self.pace * (time.thread_time() - since), LONGEST_REST))
            since = time.thread_time()
        with self.lock:
            self._slim()
            for path in self._runs.keys() - {unit.key for unit in units}:
                self.problems.pop(path, None)
                self._drop(path, ())
                del self._runs[path]
                self.version += 1
            progress.phase = "ready"

    def _find(self, place: Place) -> str:
        """Look for the units of a place; returns why it can't be read, if so: what was there is kept."""
        try:
            items = list(find_all([place.address]))
        except CurvedoctorError as error:
            return str(error)
        prefix = f"{place.prefix}/" if place.prefix else ""
        self._units[place] = [
            replace(item, run=prefix + item.run)
            for item in items
            if isinstance(item, Unit) and item.reader == "tensorboard"
        ]
        with self.lock:
            self._note(
                f"{place.prefix}:{place.address}", [item for item in items if isinstance(item, Problem)]
            )
        return ""

    def _take(self, looked: Looked) -> None:
        path, anew = looked.unit.key, looked.problems is not None
        names = [diagnosis.run.name for diagnosis in looked.diagnoses]
        if looked.problems is not None:
            self._note(path, list(looked.problems))
            self._drop(path, names)
            self._runs[path] = names
        for diagnosis in looked.diagnoses:
            self._put(diagnosis, looked.unit, fresh=anew)
        self.version += 1
        self.progress.changed = time.time()

    def _at_hand(self, unit: Unit) -> list[Run]:
        """The runs of a unit with their points, if these are still in memory."""
        path = unit.key
        with self.lock:
            entries = [self.entries[path, name] for name in self._runs.get(path, ())]
        return [] if any(entry.slim for entry in entries) else [entry.diagnosis.run for entry in entries]

    def _put(self, diagnosis: Diagnosis, unit: Unit | None, *, fresh: bool) -> None:
        """Keep a diagnosis; its stamp changes only if something on the page would."""
        where = unit.key if unit is not None else ""
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

    def _drop(self, path: str, kept: Sequence[str]) -> None:
        for name in self._runs.get(path, ()):
            if name not in kept:
                del self.entries[path, name]

    def _note(self, where: str, problems: list[Problem]) -> None:
        if self.problems.get(where, []) != problems:
            self.problems[where] = problems
            self.version += 1

    def receive(self, run: Run) -> None:
        """Take a run that comes from elsewhere (TensorBoard's own, sampled data)."""
        options = Options(alone=True)
        (diagnosis,) = judged(prepared([run], options), options, None)
        with self.lock:
            self._put(diagnosis, None, fresh=True)
            self.version += 1
            self.progress.changed = time.time()

    def whole(self, entry: Entry) -> Diagnosis:
        """The diagnosis with its curves, read again if they were dropped."""
        if not entry.slim or entry.unit is None:
            return entry.diagnosis
        runs = (item for item in load_units([entry.unit]) if isinstance(item, Run))
        whole = next((run for run in runs if run.name == entry.diagnosis.run.name), None)
        return entry.diagnosis if whole is None else replace(entry.diagnosis, run=whole)
