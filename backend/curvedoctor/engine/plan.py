"""Units as they are found → groups of siblings → jobs of even size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

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


def groups(found: Iterable[Unit | Problem]) -> Iterator[list[Unit] | Problem]:
    """Units of one group together, sorted by run; problems as they come.

    A walk goes down before it goes on, so a group is complete as soon as a unit turns up that does
    not lie below it: its runs are judged while the walk goes on.
    """
    open_groups: dict[str, list[Unit]] = {}
    for item in found:
        if isinstance(item, Problem):
            yield item
            continue
        for name in [g for g in open_groups if not _below(item.group, g)]:
            yield _sorted(open_groups.pop(name))
        open_groups.setdefault(item.group, []).append(item)
    for name in sorted(open_groups):
        yield _sorted(open_groups[name])


def jobs(found: Iterable[list[Unit] | Problem]) -> Iterator[list[Job] | Problem]:
    """Small groups packed together into one job, large ones cut into several (one list per group then)."""
    packed: list[Unit] = []
    for item in found:
        if isinstance(item, Problem):
            yield item
            continue
        if packed and len(packed) + len(item) > JOB:
            yield [Job(tuple(packed), whole=True)]
            packed = []
        if len(item) > JOB:
            yield [Job(tuple(item[at : at + JOB]), whole=False) for at in range(0, len(item), JOB)]
        else:
            packed.extend(item)
    if packed:
        yield [Job(tuple(packed), whole=True)]


def _below(group: str, other: str) -> bool:
    return group == other or group.startswith(other.rstrip("/") + "/")


def _sorted(units: list[Unit]) -> list[Unit]:
    return sorted(units, key=lambda u: (u.run, u.parts))
