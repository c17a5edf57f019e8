"""Runs looked at again and again: what changed is read and judged, and whom siblings tell something new.

All others are neither read nor judged, and yet nothing differs from a fresh diagnosis. What is kept of a run
is its summary. A run that goes on proves nothing new to its siblings. Where its log doesn't say whether it
goes on, one that grew is taken to do so until it rests for one look.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, groupby, islice

from curvedoctor.advice.siblings import Siblings
from curvedoctor.advice.trial import Trial
from curvedoctor.engine.grouping import JOB, parts
from curvedoctor.engine.judge import judged, prepared
from curvedoctor.engine.options import Options
from curvedoctor.engine.record import hollow
from curvedoctor.engine.work import keep
from curvedoctor.features.case import Case
from curvedoctor.features.summary import Summary, summarize
from curvedoctor.model import Diagnosis, Problem, Run
from curvedoctor.sources import admitted, load_units, reader_named
from curvedoctor.sources.base import Unit
from curvedoctor.sources.tensorboard.follow import Follower

#: what tells units apart, and stays the same while they grow
Name = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Looked:
    """What is said now of one unit."""

    unit: Unit
    diagnoses: Sequence[Diagnosis]
    #: what could not be read; None where it was not read again
    problems: Sequence[Problem] | None


@dataclass(frozen=True, slots=True)
class _Read:
    cases: Sequence[Case]
    problems: Sequence[Problem] | None = None


@dataclass(slots=True)
class _Group:
    """Siblings, by unit; a unit may hold several runs."""

    units: dict[Name, Unit] = field(default_factory=dict)
    summaries: dict[Name, list[Summary]] = field(default_factory=dict)
    #: what siblings had tried when the unit was judged
    trials: dict[Name, list[list[Trial]]] = field(default_factory=dict)
    #: the summaries that all but the growing ones have learnt from; None: others have judged them
    telling: dict[Name, list[Summary]] | None = field(default_factory=dict)
    #: units that grew since the last look, and don't say whether they go on
    growing: set[Name] = field(default_factory=set)

    def tried(
        self, names: Iterable[Name], telling: Mapping[Name, Sequence[Summary]]
    ) -> dict[Name, list[list[Trial]]]:
        """What the siblings that `telling` is of have tried, for each run of these units."""
        siblings = Siblings(list(chain.from_iterable(telling.values())))
        return {name: [siblings.trials(own) for own in self.summaries.get(name, ())] for name in names}

    def tells(self) -> dict[Name, list[Summary]]:
        """What siblings can learn from now; of a unit that grows, what it told before."""
        before = self.telling or {}
        telling = {
            name: before.get(name, []) if name in self.growing else [s for s in of_unit if s.end is not None]
            for name, of_unit in self.summaries.items()
        }
        return {name: of_unit for name, of_unit in telling.items() if of_unit}


class Live:
    """Not safe for two threads at once."""

    def __init__(
        self,
        options: Options,
        *,
        first: int = JOB,
        at_hand: Callable[[Unit], Sequence[Run]] = lambda unit: (),
    ) -> None:
        """`first` units are looked at before others;
        `at_hand` gives runs of an unchanged unit without reading."""
        self._options = options
        self._first = first
        self._at_hand = at_hand
        self._groups: dict[str, _Group] = {}
        self._follower = Follower()

    def known(self, units: Iterable[Unit]) -> None:
        """Others have judged these just now, each beside its siblings."""
        for unit in units:
            self._groups.setdefault(unit.group, _Group(telling=None)).units[name_of(unit)] = unit

    def look(self, units: Iterable[Unit]) -> Iterator[Looked]:
        """What has to be said anew since the last look; `units` are all that there are now."""
        now: dict[str, dict[Name, Unit]] = {group_name: {} for group_name in self._groups}
        for unit in units:
            now.setdefault(unit.group, {})[name_of(unit)] = unit
        old = set(self._groups)
        changed: list[Unit] = []
        for group_name, members in now.items():
            group = self._groups.setdefault(group_name, _Group())
            moved = {name: unit for name, unit in members.items() if not _same(unit, group.units.get(name))}
            gone = group.units.keys() - members.keys()
            group.growing &= moved.keys()
            for name in gone:
                for held in (group.units, group.summaries, group.trials):
                    held.pop(name, None)
            if group.telling is None and (moved or gone):
                self._summarize(group, moved)
            changed += moved.values()
        last = {unit.group: name_of(unit) for unit in changed}
        for batch in _batches(changed, self._first):
            yield from self._changed(batch, old, set(last.values()))
        for group_name, members in now.items():
            yield from self._settled(self._groups[group_name])
            if not members:
                del self._groups[group_name]

    def _summarize(self, group: _Group, moved: Collection[Name]) -> None:
        """Learn what the unchanged units tell."""
        if not self._options.alone:
            for batch in parts([unit for name, unit in group.units.items() if name not in moved]):
                for name, read in self._read(batch).items():
                    group.summaries[name] = list(map(summarize, read.cases))
        group.telling = group.tells()

    def _changed(self, batch: Sequence[Unit], old: Collection[str], last: set[Name]) -> Iterator[Looked]:
        """Units that changed; beside their siblings,
        where the last that changed of their group is among them."""
        read = self._read(batch)
        by_group: dict[str, list[Name]] = {}
        for unit in batch:
            name, group = name_of(unit), self._groups[unit.group]
            by_group.setdefault(unit.group, []).append(name)
            if not self._options.alone:
                group.summaries[name] = list(map(summarize, read[name].cases))
                if unit.group in old and any(case.run.status is None for case in read[name].cases):
                    group.growing.add(name)
        tried: dict[Name, list[list[Trial]]] = {}
        for group_name, names in by_group.items():
            if not last.isdisjoint(names):
                tried |= self._groups[group_name].tried(names, self._groups[group_name].summaries)
        yield from self._judged(batch, read, tried)

    def _settled(self, group: _Group) -> Iterator[Looked]:
        """Units, other than those that grow, to whom siblings tell something new."""
        telling = group.tells()
        if group.telling in (None, telling):
            return
        tried = group.tried(group.units.keys() - group.growing, telling)
        again = [
            unit
            for name, unit in group.units.items()
            if name in tried and tried[name] != group.trials.get(name)
        ]
        for batch in parts(again):
            held = {name_of(unit): self._at_hand(unit) for unit in batch}
            read = self._read([unit for unit in batch if not held[name_of(unit)]])
            read |= {name: _Read(prepared(runs, self._options)) for name, runs in held.items() if runs}
            yield from self._judged(batch, read, tried)
        group.telling = telling

    def _judged(
        self, batch: Sequence[Unit], read: Mapping[Name, _Read], tried: Mapping[Name, list[list[Trial]]]
    ) -> Iterator[Looked]:
        alone: dict[Name, list[list[Trial]]] = {name: [[] for _ in own.cases] for name, own in read.items()}
        # a unit that was read again may hold other runs by now; the next look sees that
        by_unit = {
            name: tried.get(name, no) if len(tried.get(name, no)) == len(no) else no
            for name, no in alone.items()
        }
        cases = [case for unit in batch for case in read[name_of(unit)].cases]
        trials = [trial for unit in batch for trial in by_unit[name_of(unit)]]
        done = map(self._kept, judged(cases, self._options, None if self._options.alone else trials))
        for unit in batch:
            name, group = name_of(unit), self._groups[unit.group]
            own = read[name]
            yield Looked(unit, list(islice(done, len(own.cases))), own.problems)
            # only now: what was interrupted is done again, as is what could not be reached
            if own.cases or not any(problem.kind == "unreachable" for problem in own.problems or ()):
                group.units[name] = unit
                group.trials[name] = by_unit[name]

    def _kept(self, diagnosis: Diagnosis) -> Diagnosis:
        """With the points of its curves where they are asked for."""
        if keep(diagnosis, self._options):
            return diagnosis
        return replace(diagnosis, run=replace(diagnosis.run, curves=tuple(map(hollow, diagnosis.run.curves))))

    def _read(self, units: Sequence[Unit]) -> dict[Name, _Read]:
        """Cases and problems by unit; problems that are no unit's are the first one's."""
        of_run = {key: name_of(unit) for unit in units for key in (unit.run_id, unit.key)}
        of_part = {part: name_of(unit) for unit in reversed(units) for part in unit.places}
        problems: dict[Name, list[Problem]] = {name_of(unit): [] for unit in units}
        runs: dict[Name, list[Run]] = {name: [] for name in problems}
        first = next(iter(problems), ("", "", "", ""))
        for item in self._load(units):
            if isinstance(item, Problem):
                problems[of_part.get(item.where, first)].append(item)
            else:
                key = item.source if item.source in of_run or item.origin is None else item.origin.key
                runs[of_run.get(key, first)].append(item)
        cases = iter(prepared(list(chain.from_iterable(runs.values())), self._options))
        return {name: _Read(list(islice(cases, len(runs[name]))), problems[name]) for name in runs}

    def _load(self, units: Sequence[Unit]) -> Iterator[Run | Problem]:
        """Of units that grew, only what was added is read, where their reader can do that."""
        grown = [
            unit
            for unit in units
            if reader_named(unit.reader).traits.followed
            and self._groups[unit.group].units.get(name_of(unit), unit) != unit
        ]
        yield from load_units([unit for unit in units if unit not in grown], self._options.read)
        yield from admitted(self._follower.load(grown), self._options.read)


def name_of(unit: Unit) -> Name:
    """What stays the same while a unit grows."""
    return unit.address, unit.group, unit.run, unit.key


def _same(unit: Unit, before: Unit | None) -> bool:
    return unit == before and unit.stamped


def _batches(units: Sequence[Unit], first: int) -> Iterator[Sequence[Unit]]:
    """The first ones, then as many as a job holds; small groups are not cut."""
    batch = list(units[:first])
    for _, same in groupby(units[first:], key=lambda unit: unit.group):
        for part in parts(list(same)):
            if batch and len(batch) + len(part) > (JOB if batch[0] is not units[0] else first):
                yield batch
                batch = []
            batch += part
    if batch:
        yield batch
