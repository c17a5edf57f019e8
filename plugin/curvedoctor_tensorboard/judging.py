"""What the clinic keeps of a run, and judging that never fails as a whole."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from curvedoctor.engine import Options, diagnose_runs
from curvedoctor.model import Diagnosis, Problem, Run
from curvedoctor.sources.base import Unit
from curvedoctor_panel.overview import Row

logger = logging.getLogger(__name__)

#: runs per batch: few at first, so that something is seen at once
FIRST, BATCH = 4, 32
#: seconds
LONGEST_REST = 2.0


@dataclass(slots=True)
class Entry:
    """One diagnosed run."""

    row: Row
    diagnosis: Diagnosis
    unit: Unit | None
    #: curves were dropped to save memory
    slim: bool = False


@dataclass(slots=True)
class Progress:
    """What the clinic is doing."""

    phase: str = "starting"
    done: int = 0
    total: int = 0
    #: why nothing can be read; "" if all is well
    trouble: str = ""
    changed: float = field(default_factory=time.time)


def judged(runs: Sequence[Run], *, alone: bool) -> list[Diagnosis]:
    """Diagnoses of runs; one that makes the engine fail is shown as such, and the others are judged all the same."""
    if not runs:
        return []
    try:
        return diagnose_runs(runs, Options(alone=alone))
    except Exception as error:
        if len(runs) > 1:
            return [diagnosis for run in runs for diagnosis in judged([run], alone=True)]
        logger.exception("a run could not be judged")
        what = f"this run could not be judged: {type(error).__name__}: {error}"
        return [Diagnosis(runs[0], "undetermined", problems=(Problem(runs[0].source, what),))]


def rest(since: float, share: float) -> None:
    """Rest `share` times as long as this thread has computed since `time.thread_time()` was `since`."""
    time.sleep(min(share * (time.thread_time() - since), LONGEST_REST))


def batches(units: Sequence[Unit]) -> Iterator[Sequence[Unit]]:
    """Few units first, then more at once."""
    yield from filter(None, [units[:FIRST]])
    for start in range(FIRST, len(units), BATCH):
        yield units[start : start + BATCH]
