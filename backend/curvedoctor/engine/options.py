"""What the user said about diagnosing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from curvedoctor.model import Role
from curvedoctor.sources.base import ReadOptions

Wanted = Literal["all", "sick", "none"]


@dataclass(frozen=True, slots=True)
class Options:
    """Picklable, so that it can be shipped to workers."""

    read: ReadOptions = field(default_factory=ReadOptions)
    #: judge these conditions only; empty for all
    conditions: tuple[str, ...] = ()
    #: curve id (or shell-style pattern) → role that corrects the inferred one
    roles: Mapping[str, Role] = field(default_factory=dict)
    #: shell-style pattern: of several curves that measure the same, the one to judge by
    primary: str | None = None
    #: take no evidence from siblings
    alone: bool = False
    #: worker processes; 0 for one per core
    jobs: int = 1
    backend: str = "loky"
    #: of which runs the curves' points are handed on. Others' curves are hollow: right ids, roles and
    #: numbers of points, no data. Unchanged runs whose points nobody wants are not read at all
    curves: Wanted = "all"
    #: remember diagnoses in the user's cache directory, and take them from there
    memory: bool = False
