"""The scan: any number of runs, in bounded memory, on any number of workers, always in the same order.

Groups that fit into one job are judged whole; for larger ones see `large`. What is remembered is not
even read; see `recall`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from functools import partial

from curvedoctor.engine import grouping
from curvedoctor.engine.asked import beside
from curvedoctor.engine.grouping import Job
from curvedoctor.engine.large import judge_large
from curvedoctor.engine.memory import memory
from curvedoctor.engine.options import Options
from curvedoctor.engine.plan import Plan, Remembered
from curvedoctor.engine.pool import Later, Pool, pool
from curvedoctor.engine.units import pack_units
from curvedoctor.engine.work import JobResult, group_result, work
from curvedoctor.model import Diagnosis, Problem
from curvedoctor.sources.base import Unit
from curvedoctor.store import Entry, Store


def scan(
    addresses: Sequence[str], options: Options, progress: Callable[[int], None] | None = None
) -> Iterator[Diagnosis | Problem]:
    """Diagnose every run at `addresses`, or those that are asked for beside their siblings."""
    options = beside(options)
    done = 0
    store = memory(options)
    with closing(store) if store is not None else nullcontext():
        for item in _results(addresses, options, store):
            if isinstance(item, Diagnosis):
                done += 1
                if progress is not None:
                    progress(done)
            yield item


def _results(
    addresses: Sequence[str], options: Options, store: Store | None
) -> Iterator[Diagnosis | Problem]:
    plan = Plan(addresses, options, store)
    with pool(partial(work, options=options), options.jobs, options.backend) as workers:
        line = _Line(workers, plan, options)
        for item in plan.planned():
            yield from filter(plan.asked.shows, line.add(item))
        yield from filter(plan.asked.shows, line.rest())
    plan.remember_walk()


@dataclass(slots=True)
class _Batch:
    """Small groups that one job holds."""

    units: list[Unit] = field(default_factory=list)
    later: Later[JobResult] | None = None

    def done(self) -> bool:
        return self.later is not None and self.later.done()


@dataclass(frozen=True, slots=True)
class _Part:
    """One group of a batch."""

    batch: _Batch
    units: Sequence[Unit]


class _Line:
    """Results wait here for those before them."""

    def __init__(self, workers: Pool[Job, JobResult], plan: Plan, options: Options) -> None:
        self._workers = workers
        self._plan = plan
        self._options = options
        self._open = _Batch()
        self._waiting: deque[Problem | Remembered | _Part] = deque()
        self._units = 0
        #: units that may wait: what the workers have under way, and what was remembered behind it
        self._most = grouping.JOB * (workers.width + 1)

    def add(self, item: Problem | Remembered | list[Unit]) -> Iterator[Diagnosis | Problem]:
        """One item of the plan; yields what is ready then."""
        if isinstance(item, list):
            if len(item) > grouping.JOB:
                yield from self.rest()
                yield from judge_large(item, self._workers, self._plan, self._options)
                return
            again = any(unit.group == item[0].group for unit in self._open.units)
            if again or len(self._open.units) + len(item) > grouping.JOB:
                self._submit()
            self._open.units.extend(item)
            self._waiting.append(_Part(self._open, item))
            self._units += len(item)
        else:
            self._waiting.append(item)
            self._units += 1
        while self._waiting and (self._units >= self._most or self._ready()):
            yield from self._next()

    def rest(self) -> Iterator[Diagnosis | Problem]:
        """All that still waits."""
        while self._waiting:
            yield from self._next()
        self._open = _Batch()

    def _ready(self) -> bool:
        head = self._waiting[0]
        return not isinstance(head, _Part) or head.batch.done()

    def _submit(self) -> None:
        self._open.later = self._workers.submit(Job(tuple(self._open.units), whole=True))
        self._open = _Batch()

    def _next(self) -> Iterator[Diagnosis | Problem]:
        head = self._waiting.popleft()
        if not isinstance(head, _Part):
            self._units -= 1
            yield from [head] if isinstance(head, Problem) else head.items()
            return
        self._units -= len(head.units)
        if head.batch.later is None:
            self._submit()
        assert head.batch.later is not None
        result = head.batch.later.result()
        if head.units[0] is head.batch.units[0]:
            yield from result.problems
        done = result.results.get(head.units[0].group) or group_result((), ())
        if done.settled:
            self._plan.remember(head.units, [Entry(done.packed, pack_units(head.units))])
        yield from done.items()
