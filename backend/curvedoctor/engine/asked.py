"""Which runs the user asked for by a pattern. It chooses what is shown, not whom to learn from:
siblings are read as without it, unless each run is to stand alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from curvedoctor.engine.options import Options
from curvedoctor.model import Diagnosis, Problem
from curvedoctor.sources import may_hold, wanted
from curvedoctor.sources.base import Unit


def beside(options: Options) -> Options:
    """The options under which the siblings of the runs asked for are read as well."""
    siblings = options.read.run is not None and not options.alone
    return replace(options, read=replace(options.read, siblings=siblings))


class Asked:
    """What of a scan is shown."""

    def __init__(self, options: Options) -> None:
        self._pattern = options.read.run if options.read.siblings else None
        #: where problems may be met that are siblings' alone
        self._others: set[str] = set()

    @property
    def some(self) -> bool:
        """Whether some runs are read that are not asked for."""
        return self._pattern is not None

    def any_of(self, group: Sequence[Unit]) -> bool:
        """Whether one of these siblings may be asked for; the others' problems are nobody's then."""
        asked = [unit for unit in group if may_hold(unit, self._pattern)]
        if len(asked) < len(group):
            self._others.update(place for unit in group for place in unit.places)
            self._others.difference_update(place for unit in asked for place in unit.places)
        return bool(asked)

    def shows(self, item: Diagnosis | Problem) -> bool:
        """Whether the user asked for it."""
        if isinstance(item, Problem):
            return item.where not in self._others
        return wanted(item.run.name, self._pattern, item.run.run_id)
