"""Diagnoses of a server's experiments, made in the background and kept until the runs change: by one thread
per server process, started when it is first needed, after the process was forked."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from curvedoctor.address import Address, hidden
from curvedoctor.engine import Options, diagnose_runs
from curvedoctor.engine.live import Live
from curvedoctor.model import Diagnosis, Problem, Run
from curvedoctor.notify import notify
from curvedoctor.sinks.base import WriteOptions
from curvedoctor.sinks.writeback import annotate, is_training
from curvedoctor.sources import find_all, load_units
from curvedoctor.sources.base import ReadOptions, Unit

if TYPE_CHECKING:
    from curvedoctor_panel.overview import Row

_logger = logging.getLogger(__name__)

#: seconds between two looks at an experiment at least, and after the first one, which is the long one,
#: at most
INTERVAL, LONGEST = 5.0, 60.0
#: looking again may take this share of a core: after a long look there is a long rest
SHARE = 0.05
#: experiments that are kept; the one that was asked for longest ago goes first
KEPT = 50
#: what is judged is shown after so many runs, though others still wait
SHOWN = 64
#: how much the thread steps back behind those that answer requests (0–19)
NICE = 10
#: a workspace's name, made current in the background as it was in the request
Inside = Callable[[], None]


@dataclass(slots=True)
class ExperimentState:
    """One experiment's runs, as they were last seen."""

    #: run id → diagnosis; its run has no points, which are read again when a run is shown
    diagnoses: dict[str, Diagnosis] = field(default_factory=dict)
    #: run id → what the list of runs shows of it, taken while its points were at hand
    rows: dict[str, Row] = field(default_factory=dict)
    #: runs without a curve: fits, evaluations, traces, parents of sweeps, and what has just begun
    curveless: set[str] = field(default_factory=set)
    #: run id → where to read it, and the state that was read
    units: dict[str, Unit] = field(default_factory=dict)
    #: what has to be judged again
    live: Live = field(default_factory=lambda: Live(Options()))
    #: by the place where it was met
    problems: dict[str, Problem] = field(default_factory=dict)
    #: counts changes
    version: int = 0
    total: int = 0
    busy: bool = False
    trouble: str = ""
    #: seconds of the monotonic clock when the last look ended
    looked: float = float("-inf")
    #: seconds until it is looked at again
    rest: float = INTERVAL
    #: run id → the state in which it was judged by itself, and when that was looked at
    alone: dict[str, tuple[Unit | None, float]] = field(default_factory=dict)
    #: runs that have ended and are to be told of
    ended: set[str] = field(default_factory=set)

    @property
    def complete(self) -> bool:
        """Whether all runs have been looked at once."""
        return self.looked > float("-inf")

    def lines(self, only: Collection[str] = ()) -> list[Row]:
        """Rows of the runs that hold a curve; of those in `only`, if there are any."""
        rows = dict(self.rows)  # another thread may be at work
        names = {run_id: str(line["run"]) for run_id, line in rows.items()}
        return [
            {**line, "group": _named(str(line["group"]), names)}
            for run_id, line in rows.items()
            if run_id not in self.curveless and (not only or run_id in only)
        ]


class DiagnosisService:
    """Diagnoses on demand, for one backend store."""

    def __init__(self, address: str) -> None:
        self.address = Address(address)
        self._states: dict[str, ExperimentState] = {}
        self._todo: queue.Queue[tuple[str, str, Inside]] = queue.Queue()
        self._lock = threading.Lock()
        self._process = 0

    def state(self, experiment: str, inside: Inside = lambda: None) -> ExperimentState:
        """What is known of an experiment; it is looked at again in the background if that is old."""
        with self._lock:
            state = self._states.pop(experiment, None) or ExperimentState()
            self._states[experiment] = state
            while len(self._states) > KEPT:
                self._states.pop(next(iter(self._states)))
            if not state.busy and time.monotonic() - state.looked > state.rest:
                state.busy = True
                self._put(experiment, "", inside)
        return state

    def ended(self, experiment: str, run_id: str, inside: Inside) -> None:
        """A run has ended: where it is to be told of, diagnose it; else its page does, if somebody looks."""
        if not (_setting("CURVEDOCTOR_ANNOTATE") or _setting("CURVEDOCTOR_NOTIFY")):
            return
        with self._lock:
            state = self._states.setdefault(experiment, ExperimentState())
            state.busy = True
            state.ended.add(run_id)
            self._put(experiment, run_id, inside)

    def own(self, state: ExperimentState, experiment: str, run_id: str) -> None:
        """Judge the run of a page by itself, at once, where no look has met it yet: the page does not wait
        for the experiment. What its siblings say comes with the next look."""
        if state.complete and run_id in state.diagnoses:
            return
        before, when = state.alone.get(run_id, (None, float("-inf")))
        if time.monotonic() - when < INTERVAL:
            return
        units = (item for item in find_all([self.address], ReadOptions(run=run_id)) if isinstance(item, Unit))
        unit = next((item for item in units if item.run_id == run_id), None)
        state.alone[run_id] = (unit, time.monotonic())
        if unit is None or unit in {before, state.units.get(run_id)}:
            return
        for run in load_units([unit]):
            if isinstance(run, Run):
                self._take(state, diagnose_runs([run])[0], experiment, run_id)
                state.units.setdefault(run_id, unit)
                # before the first look at the experiment there is no overview that would change
                state.version += state.version > 0

    def show(self, state: ExperimentState, run_id: str) -> Diagnosis | None:
        """A run's diagnosis with its points; None if it is not known (yet)."""
        diagnosis, unit = state.diagnoses.get(run_id), state.units.get(run_id)
        if diagnosis is None or unit is None:
            return None
        run = next((item for item in load_units([unit]) if isinstance(item, Run)), None)
        return None if run is None else replace(diagnosis, run=replace(diagnosis.run, curves=run.curves))

    def _neutral(self, run: Run, experiment: str) -> Run:
        """Without the backend store's address, which is not for the users of the server."""
        source = f"experiments/{experiment}/runs/{run.origin.key}" if run.origin else experiment
        group = run.group.removeprefix(f"{self.address}/")
        return replace(run, source=source, group=group)

    def _put(self, experiment: str, run_id: str, inside: Inside) -> None:
        self._todo.put((experiment, run_id, inside))
        # a forked process has no threads of its parent
        if self._process != os.getpid():
            self._process = os.getpid()
            threading.Thread(target=self._work, name="curvedoctor", daemon=True).start()

    def _work(self) -> None:
        if sys.platform == "linux":  # there, a thread has a priority of its own
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        while True:
            experiment, run_id, inside = self._todo.get()
            state = self._states.get(experiment) or ExperimentState()
            if run_id and run_id not in state.ended:  # done together with another one
                continue
            ended, state.ended = state.ended, set()
            start = time.thread_time()
            try:
                inside()
                self._look(experiment, state)
                for each in sorted(ended):
                    self._tell(state, each)
                state.trouble = ""
            except Exception as error:  # the server must go on, and the page says it
                state.trouble = hidden(str(error)) or type(error).__name__
                _logger.warning("diagnosing experiment %s failed", experiment, exc_info=True)
            rest = max(INTERVAL, (time.thread_time() - start) / SHARE)
            state.rest = rest if state.complete else min(rest, LONGEST)
            state.looked, state.busy = time.monotonic(), False

    def _look(self, experiment: str, state: ExperimentState) -> None:
        read = ReadOptions(experiment=experiment)
        listed = [item for item in find_all([self.address], read) if isinstance(item, Unit)]
        units = {unit.run_id: unit for unit in listed}
        state.total = len(units)
        gone = state.rows.keys() - units.keys()
        for run_id in gone:
            state.rows.pop(run_id, None)
            state.diagnoses.pop(run_id, None)
        judged = 0
        for looked in state.live.look(listed):
            run_id = looked.unit.run_id
            for problem in looked.problems or ():
                where = problem.where.replace(self.address, "store")
                state.problems[where] = replace(problem, where=where)
            for diagnosis in looked.diagnoses:
                judged += 1
                state.units[run_id] = looked.unit
                state.problems.pop(f"store#{run_id}", None)
                self._take(state, diagnosis, experiment, run_id)
                state.version += judged % SHOWN == 0
        if judged or gone or not state.version:
            state.version += 1
        state.units = units

    def _take(self, state: ExperimentState, diagnosis: Diagnosis, experiment: str, run_id: str) -> None:
        """Keep a diagnosis, without its points, and the line of the overview, which needs them."""
        from curvedoctor_panel.overview import row

        shown = replace(diagnosis, run=self._neutral(diagnosis.run, experiment))
        (state.curveless.discard if is_training(shown.run) else state.curveless.add)(run_id)
        state.rows[run_id] = {**row(shown), "run_id": run_id}
        state.diagnoses[run_id] = replace(shown, run=replace(shown.run, curves=()))

    def _tell(self, state: ExperimentState, run_id: str) -> None:
        """Of a run that has ended: write the diagnosis back, call the operator's program, if asked for."""
        diagnosis = self.show(state, run_id)
        if diagnosis is None:
            return
        if _setting("CURVEDOCTOR_ANNOTATE"):
            for outcome in annotate([diagnosis], WriteOptions(note=bool(_setting("CURVEDOCTOR_NOTE")))):
                level = logging.INFO if outcome.status in {"written", "unchanged"} else logging.WARNING
                _logger.log(level, "run %s: %s: %s", run_id, outcome.status, "; ".join(outcome.what))
        program = _setting("CURVEDOCTOR_NOTIFY")
        for finding in diagnosis.findings if program else ():
            if finding.severity != "info":
                notify(program, diagnosis, finding, partial(_logger.warning, "CURVEDOCTOR_NOTIFY: %s"))


def _setting(variable: str) -> str:
    """What an environment variable says; nothing where it is switched off."""
    value = os.environ.get(variable, "")
    return "" if value == "0" else value


def _named(group: str, names: Mapping[str, str]) -> str:
    """Children of a run share a group that ends with its id: its name says more. Names may repeat."""
    place, _, parent = group.rpartition("/")
    return f"{place}/{names[parent]} ({parent[:6]})" if parent in names else group
