"""What another process does with the cache (in a module of its own:
a new process must be able to import it)."""

from __future__ import annotations

import os

from curvedoctor.model import Run
from curvedoctor.sources import load_units
from sources.contract import units_of


def count_units(directory: str, logs: str, times: int) -> int:
    """Read everything so many times through the cache in this directory; the number of runs seen."""
    os.environ["CURVEDOCTOR_CACHE"] = directory
    count = 0
    for _ in range(times):
        count += sum(isinstance(item, Run) for item in load_units(units_of(logs)))
    return count
