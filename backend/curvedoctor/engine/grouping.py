"""Units as they are found → groups of siblings → jobs of even size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from curvedoctor.advice.trial import Trial
from curvedoctor.model import Problem
from curvedoctor.sources import files
from curvedoctor.sources.base import Unit

#: units per job: enough for statistics over blocks, few enough for memory
JOB = 64


@dataclass(frozen=True, slots=True)
class Job:
    """Units that one worker loads and judges."""

    units: tuple[Unit, ...]
    #: the job holds whole groups; False for a part of a group larger than one job
    whole: bool
    #: where the first pass over a large group leaves its cases, and the second finds them: a file, or at hand
    spill: str | None = None
    keep: bool = False
    kept: object = None
    #: for the second pass: what tells a run from the others (see
    #: `work.key_of`) → what its siblings have tried
    trials: Mapping[tuple[str, ...], Sequence[Trial]] | None = None


def groups(items: Iterable[Unit | Problem], addresses: Sequence[str] = ()) -> Iterator[list[Unit] | Problem]:
    """Units of one group together, sorted by run; problems as they come.

    A walk goes down before it goes on, so a group is complete as soon as a unit turns up that does
    not lie below it, and none of the `addresses` that are still to be walked may add to it: its runs are
    judged while the walk goes on. A group that turns up again nevertheless is given out in parts.
    """
    open_groups: dict[str, list[Unit]] = {}
    ahead = _Ahead(addresses)
    last = None
    for item in items:
        if isinstance(item, Problem):
            yield item
            continue
        ahead.reached(item.address)
        if item.group != last:
            for name in [g for g in open_groups if not _below(item.group, g) and not ahead.may_add(g)]:
                yield _sorted(open_groups.pop(name))
            last = item.group
        open_groups.setdefault(item.group, []).append(item)
    for name in sorted(open_groups):
        yield _sorted(open_groups[name])


def parts(group: Sequence[Unit]) -> list[tuple[Unit, ...]]:
    """A group in pieces of the size of a job."""
    return [tuple(group[at : at + JOB]) for at in range(0, len(group), JOB)]


class _Ahead:
    """The addresses that are still to be walked."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = [files.normal(address) for address in addresses]
        self._at = 0
        self._left = Counter(self._addresses)
        #: a run's siblings lie beside it
        self._beside = Counter(files.parent(address) for address in self._addresses)

    def reached(self, address: str) -> None:
        """Units of `address` turn up."""
        if address not in self._left or self._addresses[self._at] == address:
            return
        while self._at < len(self._addresses) - 1 and self._addresses[self._at] != address:
            for held, name in (
                (self._left, self._addresses[self._at]),
                (self._beside, files.parent(self._addresses[self._at])),
            ):
                held[name] -= 1
            self._at += 1

    def may_add(self, group: str) -> bool:
        """Whether one of the addresses after this one may hold runs of `group`."""
        now = self._addresses[self._at] if self._addresses else ""
        if self._beside[group] > (files.parent(now) == group):
            return True
        return any(self._left[name] > (name == now) for name in _above(group))


def _above(group: str) -> Iterator[str]:
    """The group's place and those that it lies in."""
    yield group
    while (cut := group.rfind("/")) > 0:
        group = group[:cut]
        yield group


def _below(group: str, other: str) -> bool:
    return group == other or group.startswith(other.rstrip("/") + "/")


def _sorted(units: list[Unit]) -> list[Unit]:
    return sorted(units, key=lambda u: (u.run, u.key))
