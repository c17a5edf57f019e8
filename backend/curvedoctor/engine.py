"""From sources to diagnoses: find, load, judge, rank."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from curvedoctor.model import Diagnosis, Problem, Role, Run
from curvedoctor.sources.base import ReadOptions


@dataclass(frozen=True, slots=True)
class Options:
    """What the user said about diagnosing."""

    read: ReadOptions = field(default_factory=ReadOptions)
    #: judge these conditions only; empty for all
    conditions: tuple[str, ...] = ()
    #: curve id (or shell-style pattern) → role that corrects the inferred one
    roles: Mapping[str, Role] = field(default_factory=dict)
    #: take no evidence from siblings
    alone: bool = False
    #: worker processes; 0 for one per core
    jobs: int = 1
    #: loky, dask or ray
    backend: str = "loky"


def diagnose_sources(
    addresses: Sequence[str],
    options: Options | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Diagnosis | Problem]:
    """Diagnose every run found at `addresses`, ordered by run within each group.

    `progress` is called with the number of runs judged so far. Raises `SourceError` if an address
    can't be read at all.
    """
    raise NotImplementedError


def diagnose_runs(runs: Sequence[Run], options: Options | None = None) -> list[Diagnosis]:
    """Diagnose runs that are in memory; those of one group are each other's siblings."""
    raise NotImplementedError
