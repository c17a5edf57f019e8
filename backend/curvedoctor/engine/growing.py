"""Sources under watch: all runs at first, by the scan with its memory; then those of whom there is news."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from curvedoctor.address import Address
from curvedoctor.engine.asked import Asked, beside
from curvedoctor.engine.live import Live
from curvedoctor.engine.options import Options
from curvedoctor.engine.scan import scan
from curvedoctor.model import Diagnosis, Problem
from curvedoctor.sources import find_all
from curvedoctor.sources.base import Unit


class Growing:
    """Not safe for two threads at once."""

    def __init__(self, addresses: Sequence[str], options: Options) -> None:
        self._addresses = [Address(address) for address in addresses]
        self._options = beside(options)
        self._live: Live | None = None

    def look(self) -> Iterator[Diagnosis | Problem]:
        """Diagnoses of what may have changed since the last look. Raises `SourceError` as the scan does."""
        items = list(find_all(self._addresses, self._options.read))
        asked, groups = Asked(self._options), dict[str, list[Unit]]()
        for unit in (item for item in items if isinstance(item, Unit)):
            groups.setdefault(unit.group, []).append(unit)
        units = [unit for group in groups.values() if asked.any_of(group) for unit in group]
        if self._live is None:
            live = Live(self._options)
            live.known(units)
            yield from scan(self._addresses, replace(self._options, memory=True))
            self._live = live
            return
        yield from (item for item in items if isinstance(item, Problem))
        for looked in self._live.look(units):
            yield from filter(asked.shows, looked.problems or ())
            yield from filter(asked.shows, looked.diagnoses)
