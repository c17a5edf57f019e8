"""From sources to diagnoses: find, load, judge, rank."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from curvedoctor.address import Address
from curvedoctor.engine.options import Options
from curvedoctor.model import Diagnosis, Problem, Run

if TYPE_CHECKING:
    from curvedoctor.advice.help_probability import Model

__all__ = ["Options", "diagnose_runs", "diagnose_sources"]


def diagnose_sources(
    addresses: Sequence[str],
    options: Options | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Diagnosis | Problem]:
    """Diagnose every run found at `addresses`, group by group, ordered by run.

    `progress` is called with the number of runs judged so far. Raises `SourceError` if an address
    can't be read at all.
    """
    from curvedoctor.engine.scan import scan

    yield from scan([Address(address) for address in addresses], options or Options(), progress)


def diagnose_runs(
    runs: Sequence[Run], options: Options | None = None, model: Model | None = None
) -> list[Diagnosis]:
    """Diagnose runs that are in memory; those of one group are each other's siblings.

    `model` stands in for the one that is shipped (calibration judges held-out tasks with it).
    """
    from curvedoctor.engine.judge import judge_groups, prepare

    options = options or Options()
    return judge_groups(prepare(runs, options), options, model)
