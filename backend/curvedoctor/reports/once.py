"""What is told once of several runs: advice without numbers, and repeats of which the same is said."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from dataclasses import replace

from curvedoctor.model import Diagnosis, Prescription
from curvedoctor.params.repeats import COUNTS, REPEATS, repeat_in
from curvedoctor.reports import phrases
from curvedoctor.reports.base import OutputStyle
from curvedoctor.reports.details import PRESCRIPTIONS, details, prose, wrap

#: between sentences of a prescription: its change stands in the first
_NEXT = re.compile(r"(?<=[.!?]) (?=[A-Z])")


class Once:
    """Remembers what was told already."""

    def __init__(self) -> None:
        self._sentences: set[str] = set()
        self._repeats: dict[Hashable, str] = {}

    def details(self, diagnosis: Diagnosis, style: OutputStyle) -> Iterator[str]:
        """All that is said of one run, but for what was told of another one."""
        like = self._like(diagnosis)
        if not like:
            yield from details(self._shortened(diagnosis), style)
            return
        named = f"{diagnosis.run.name}: {diagnosis.state}, as {like}"
        yield from wrap(
            f"{named}, another fold or seed of its setting (--run shows it).", "  ", prose(style), ""
        )

    def _like(self, diagnosis: Diagnosis) -> str:
        """The run of the same setting, another seed or fold of it, of which the same state was told, the same
        seen, and the same to be tried first; "" of none."""
        run = diagnosis.run
        if not (repeat_in(run.name) or REPEATS.intersection(run.params)):
            return ""
        setting = frozenset((k, v) for k, v in run.params.items() if k not in REPEATS | COUNTS)
        seen = tuple((finding.condition, finding.severity) for finding in diagnosis.findings)
        first = diagnosis.prescriptions[0].action if diagnosis.prescriptions else ""
        like = self._repeats.setdefault((run.group, setting, diagnosis.state, seen, first), run.name)
        return "" if like == run.name else like

    def _shortened(self, diagnosis: Diagnosis) -> Diagnosis:
        """Without the sentences that were told before, and add advice only, no number."""
        shown = {id(item) for item, _ in phrases.suggestions(diagnosis)[:PRESCRIPTIONS]}
        items = (self._new(item) if id(item) in shown else item for item in diagnosis.prescriptions)
        return replace(diagnosis, prescriptions=tuple(items))

    def _new(self, item: Prescription) -> Prescription:
        change, *added = _NEXT.split(item.text)
        kept = [each for each in added if each not in self._sentences]
        self._sentences.update(each for each in added if not any(map(str.isdigit, each)))
        return replace(item, text=" ".join((change, *kept)))
