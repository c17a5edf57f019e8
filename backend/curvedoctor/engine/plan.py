"""Units as they are found → groups of siblings → jobs of even size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from curvedoctor.differential.siblings import Trial
from curvedoctor.model import Problem
from curvedoctor.sources.base import Unit

#: units per job: enough for statistics over blocks, few enough for memory
JOB = 64


@dataclass(frozen=True, slots=True)
class Job:
    """Units that one worker loads and judges."""

    units: tuple[Unit, ...]
    #: the job holds whole groups; False for a part of a group larger than one job
    whole: bool
    #: where the first pass over a large group leaves its cases, and the second finds them
    spill: str | None = None
    #: for the second pass: (name, source) of a run → what its siblings have tried
    trials: Mapping[tuple[str, str], Sequence[Trial]] | None = None


def groups(found: Iterable[Unit | Problem]) -> Iterator[list[Unit] | Problem]:
    """Units of one group together, sorted by run; problems as they come.

    A walk goes down before it goes on, so a group is complete as soon as a unit turns up that does
    not lie below it: its runs are judged while the walk goes on.
    """
    open_groups: dict[str, list[Unit]] = {}
    last = None
    for item in found:
        if isinstance(item, Problem):
            yield item
            continue
        if item.group != last:
            for name in [g for g in open_groups if not _below(item.group, g)]:
                yield _sorted(open_groups.pop(name))
            last = item.group
        open_groups.setdefault(item.group, []).append(item)
    for name in sorted(open_groups):
        yield _sorted(open_groups[name])


def parts(group: Sequence[Unit]) -> list[tuple[Unit, ...]]:
    """A group in pieces of the size of a job."""
    return [tuple(group[at : at + JOB]) for at in range(0, len(group), JOB)]


def _below(group: str, other: str) -> bool:
    return group == other or group.startswith(other.rstrip("/") + "/")


def _sorted(units: list[Unit]) -> list[Unit]:
    return sorted(units, key=lambda u: (u.run, u.parts))
