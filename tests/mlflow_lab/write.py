"""Diagnose a store's runs and write them back, as `curvedoctor annotate` does."""

from __future__ import annotations

from collections.abc import Sequence

from curvedoctor.engine import Options, diagnose_sources
from curvedoctor.model import Diagnosis
from curvedoctor.sinks.base import Outcome, WriteOptions
from curvedoctor.sinks.writeback import annotate, clean
from curvedoctor.sources.base import ReadOptions


def diagnoses(address: str, **read: str) -> list[Diagnosis]:
    found = diagnose_sources([address], Options(read=ReadOptions(**read)))
    return [item for item in found if isinstance(item, Diagnosis)]


def write(some: Sequence[Diagnosis], dry_run: bool = False, note: bool = False) -> list[Outcome]:
    return list(annotate(some, WriteOptions(dry_run=dry_run, note=note)))


def erase(some: Sequence[Diagnosis], dry_run: bool = False) -> list[Outcome]:
    return list(clean([(item.run.name, item.run.origin) for item in some], WriteOptions(dry_run=dry_run)))


def statuses(outcomes: Sequence[Outcome]) -> set[str]:
    return {outcome.status for outcome in outcomes}
