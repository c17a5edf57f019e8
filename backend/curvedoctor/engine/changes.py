"""Runs of MLflow stores, looked at again and again: what changed is judged, and those of whom siblings now say
something else. All others are neither read nor judged, and yet nothing differs from a fresh diagnosis.

What is kept of a run is its summary; a run that goes on proves nothing to its siblings, so it costs itself only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from curvedoctor.advice.siblings import Siblings, Trial
from curvedoctor.engine.grouping import parts
from curvedoctor.engine.judge import judge, prepare
from curvedoctor.engine.options import Options
from curvedoctor.engine.record import hollow
from curvedoctor.engine.work import keep
from curvedoctor.features.case import Case
from curvedoctor.features.summary import Summary, summarize
from curvedoctor.model import Diagnosis, Problem
from curvedoctor.sources import load_units, reader_named
from curvedoctor.sources.base import Unit


@dataclass(slots=True)
class _Group:
    """Siblings; everything by run id."""

    units: dict[str, Unit] = field(default_factory=dict)
    summaries: dict[str, Summary] = field(default_factory=dict)
    #: what the siblings had tried when the run was judged
    trials: dict[str, list[Trial]] = field(default_factory=dict)


class Changes:
    """Not safe for two threads at once."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._groups: dict[str, _Group] = {}

    @staticmethod
    def knows(unit: Unit) -> bool:
        """Whether the unit is one run, with a stamp."""
        return reader_named(unit.reader).traits.run_ids and bool(unit.stamp)

    def look(self, units: Iterable[Unit]) -> Iterator[Diagnosis | Problem]:
        """Diagnoses of what has to be judged since the last look; `units` are all that there are now."""
        now: dict[str, dict[str, Unit]] = {name: {} for name in self._groups}
        for unit in units:
            now.setdefault(unit.group, {})[unit.run_id] = unit
        for name, members in now.items():
            group = self._groups.setdefault(name, _Group())
            if members != group.units:
                yield from self._changed(group, members)
            if not members:
                del self._groups[name]

    def _changed(self, group: _Group, members: dict[str, Unit]) -> Iterator[Diagnosis | Problem]:
        changed = {key for key, unit in members.items() if group.units.get(key) != unit}
        before = _telling(group.summaries)
        for key in group.units.keys() - members.keys():
            group.summaries.pop(key, None)
            group.trials.pop(key, None)
        loaded: set[str] = set()
        cases: dict[str, Case] = {}
        for batch in parts([members[key] for key in members if key in changed]):
            cases = {}
            for item in self._loaded(batch):
                if isinstance(item, Problem):
                    yield item
                else:
                    cases[str(item.run.run_id)] = item
            loaded.update(cases)
            group.summaries.update({key: summarize(case) for key, case in cases.items()})
        trials = group.trials
        if not self._options.alone and _telling(group.summaries) != before:
            siblings = Siblings(list(group.summaries.values()))
            trials = {key: siblings.trials(own) for key, own in group.summaries.items()}
        again = [key for key in members if key in changed or trials.get(key, []) != group.trials.get(key, [])]
        for batch in parts([members[key] for key in again]):
            yield from self._judged(batch, cases, trials)
        # only now, and without what could not be read: what was interrupted is done again
        group.units = {key: unit for key, unit in members.items() if key in loaded or key not in changed}
        group.trials = trials

    def _judged(
        self, batch: Sequence[Unit], known: dict[str, Case], trials: dict[str, list[Trial]]
    ) -> Iterator[Diagnosis]:
        """Units judged; `known` are cases that are still at hand."""
        missing = [unit for unit in batch if unit.run_id not in known]
        loaded = [item for item in self._loaded(missing) if isinstance(item, Case)]
        cases = [known[unit.run_id] for unit in batch if unit.run_id in known] + loaded
        tried = [trials.get(str(case.run.run_id), []) for case in cases]
        for diagnosis in judge(cases, self._options, tried):
            if keep(diagnosis, self._options):
                yield diagnosis
            else:
                yield replace(
                    diagnosis, run=replace(diagnosis.run, curves=tuple(map(hollow, diagnosis.run.curves)))
                )

    def _loaded(self, units: Sequence[Unit]) -> Iterator[Case | Problem]:
        runs = []
        for item in load_units(units, self._options.read):
            if isinstance(item, Problem):
                yield item
            else:
                runs.append(item)
        yield from prepare(runs, self._options)


def _telling(summaries: dict[str, Summary]) -> dict[str, Summary]:
    """Those that prove something to their siblings."""
    return {key: summary for key, summary in summaries.items() if summary.end is not None}
