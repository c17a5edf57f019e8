"""What `compare` concludes of many runs, as plain sentences for the panel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from curvedoctor.compare import wording
from curvedoctor.compare.analyze import compare
from curvedoctor.compare.types import Group
from curvedoctor.model import Diagnosis
from curvedoctor_panel.overview import without_common
from curvedoctor_panel.plain import Json, clip

#: groups of siblings that are told
MAX_GROUPS = 4


def conclusions(diagnoses: Sequence[Diagnosis]) -> dict[str, Json]:
    """{next, groups: [{title, lines}]}; no groups where no runs are siblings."""
    comparison = compare(diagnoses)
    telling = [g for g in comparison.groups if g.factors]
    groups = [
        {"title": clip(wording.title(replace(g, name=name)), 200), "lines": list(_lines(g))}
        for g, name in zip(telling, without_common([g.name for g in telling]), strict=True)
    ]
    groups.sort(key=lambda group: -len(group["lines"]))
    return {"next": clip(comparison.next, 600), "groups": groups[:MAX_GROUPS]}


def _lines(group: Group) -> Iterator[str]:
    """The best setting, where the best of each hyperparameter lies, what limits that."""
    if group.region is not None:
        yield from (clip(line, 400) for line in wording.region(group.region, group))
    for factor in group.factors:
        if factor.place is not None and factor.place.where != "unknown":
            yield clip(wording.place(factor, factor.place), 400)
    yield from (clip(move.text, 400) for move in group.interactions)
    yield from (clip(note, 400) for note in group.notes)
