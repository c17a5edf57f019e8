"""Looking again: of runs that grow, only what was added is read, and only they are judged.

Of MLflow stores `Changes` knows what to judge again. For event files, the first look goes through the scan with
its memory, as it does for changes of anything else. In between, runs that grew are judged with what their siblings' summaries say; once nothing grows any more, their
groups are judged as a whole, so that in the end nothing differs from a fresh diagnosis.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from curvedoctor.address import Address
from curvedoctor.advice.siblings import Siblings
from curvedoctor.engine.changes import Changes
from curvedoctor.engine.grouping import JOB
from curvedoctor.engine.judge import judge, prepare
from curvedoctor.engine.options import Options
from curvedoctor.engine.scan import scan
from curvedoctor.features.summary import Summary, summarize
from curvedoctor.model import Diagnosis, Problem, Run
from curvedoctor.sources import find_all, load_units, reader_named, wanted
from curvedoctor.sources.base import Unit
from curvedoctor.sources.tensorboard.follow import Follower

#: what tells units apart
Name = tuple[str, str, str, str]


@dataclass(slots=True)
class _Group:
    """What is known of siblings."""

    #: by unit; a directory may hold several runs
    summaries: dict[Name, list[Summary]] = field(default_factory=dict)


class Growing:
    """Sources under watch. Not safe for two threads at once."""

    def __init__(self, addresses: Sequence[str], options: Options) -> None:
        self._addresses = [Address(address) for address in addresses]
        self._options = replace(options, memory=True)
        self._units: dict[Name, Unit] = {}
        self._follower = Follower()
        self._changes = Changes(options)
        self._groups: dict[str, _Group] = {}
        #: groups of which some runs were judged without the others
        self._unsettled = False

    def look(self) -> Iterator[Diagnosis | Problem]:
        """Diagnoses of what may have changed since the last look. Raises `SourceError` as the scan does."""
        try:
            yield from self._look()
        except BaseException:
            # what was half done is done again
            self._units, self._groups = {}, {}
            self._changes = Changes(self._options)
            raise

    def _look(self) -> Iterator[Diagnosis | Problem]:
        problems: list[Problem] = []
        units: dict[Name, Unit] = {}
        for item in find_all(self._addresses, self._options.read):
            if isinstance(item, Problem):
                problems.append(item)
            else:
                units[name_of(item)] = item
        if units and self._options.jobs == 1 and all(map(Changes.knows, units.values())):
            yield from problems
            yield from self._changes.look(units.values())
            return
        before, self._units = self._units, units
        changed = [unit for name, unit in units.items() if not _same(unit, before.get(name))]
        gone = before.keys() - units.keys()
        followed = (
            all(reader_named(unit.reader).traits.followed and unit.stamp for unit in changed) and not gone
        )
        if before and changed and followed:
            yield from problems
            yield from self._judged(changed)
        elif changed or gone or self._unsettled or not units:
            self._groups, self._unsettled = {}, False
            yield from scan(self._addresses, self._options)

    def _judged(self, changed: Sequence[Unit]) -> Iterator[Diagnosis | Problem]:
        by_group: dict[str, list[Unit]] = {}
        for unit in changed:
            by_group.setdefault(unit.group, []).append(unit)
        for name, members in by_group.items():
            group = None if self._options.alone else self._group(name, members)
            yield from self._judged_group(members, group)
            self._unsettled |= group is not None and len(group.summaries) > 1

    def _judged_group(self, changed: Sequence[Unit], group: _Group | None) -> Iterator[Diagnosis | Problem]:
        runs: list[Run] = []
        of: list[Name] = []
        for unit in changed:
            for item in self._follower.load([unit]):
                if isinstance(item, Problem):
                    yield item
                elif wanted(item.name, self._options.read.run):
                    runs.append(item)
                    of.append(name_of(unit))
        cases = prepare(runs, self._options)
        if group is None:
            yield from judge(cases, self._options)
            return
        group.summaries.update({name_of(unit): [] for unit in changed})
        own = [summarize(case) for case in cases]
        for name, summary in zip(of, own, strict=True):
            group.summaries[name].append(summary)
        siblings = Siblings([summary for of_run in group.summaries.values() for summary in of_run])
        yield from judge(cases, self._options, [siblings.trials(summary) for summary in own])

    def _group(self, name: str, changed: Sequence[Unit]) -> _Group:
        """What is known of a group; its unchanged runs are summarized once."""
        group = self._groups.get(name)
        if group is None:
            group = self._groups[name] = _Group()
            own = {name_of(unit) for unit in changed}
            rest = [unit for key, unit in self._units.items() if unit.group == name and key not in own]
            for start in range(0, len(rest), JOB):
                self._summarize(rest[start : start + JOB], group)
        return group

    def _summarize(self, units: Sequence[Unit], group: _Group) -> None:
        owner = {unit.parts[0]: name_of(unit) for unit in units}
        loaded = load_units(units, self._options.read)
        runs = [item for item in loaded if isinstance(item, Run)]
        for case in prepare(runs, self._options):
            name = owner.get(case.run.source, ("", "", "", case.run.source))
            group.summaries.setdefault(name, []).append(summarize(case))


def name_of(unit: Unit) -> Name:
    """What stays the same while a unit grows."""
    return unit.address, unit.group, unit.run, unit.parts[0] if unit.parts else ""


def _same(unit: Unit, before: Unit | None) -> bool:
    return (
        before is not None and bool(unit.stamp) and (unit.stamp, unit.parts) == (before.stamp, before.parts)
    )
