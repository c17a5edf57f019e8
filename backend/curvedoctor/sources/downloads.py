"""TensorBoard's downloads as a source: `run-train-tag-loss.csv` … in a folder, a file per curve, are one run.

Of runs called alike but for their last word, which is a split's (`fit_train`, `fit_validation`), one run is
made, as of the directories that they were.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from curvedoctor.model import Curve, Problem, Run
from curvedoctor.sources import files
from curvedoctor.sources.base import Claim, Folder, Reader, ReadOptions, Traits, Unit, parts

#: how the page names them, and the browser a second one of the same name
_NAME = re.compile(r"^run-(?P<run>.*?)-tag-(?P<tag>.+?)(?: ?\(\d+\))?\.(?:csv|json)$")
#: files of one run
_MOST = 2000


class DownloadsReader(Reader):
    """The files of one run of the page."""

    name = "downloads"
    traits = Traits(stamped=True, cached=True, copied="")

    def claim(self, folder: Folder, options: ReadOptions) -> Claim | None:
        """The runs whose curves lie in a folder."""
        runs: dict[str, dict[str, str]] = {}
        for name in folder.files:
            if match := _NAME.match(name):
                kept = runs.setdefault(_without_split(match["run"]), {})
                kept.setdefault(f"{match['run']}/{match['tag']}", name)  # CSV comes before JSON of the same
        if not runs:
            return None
        units = tuple(
            self._unit(folder, run, list(named.values())[:_MOST], alone=len(runs) == 1)
            for run, named in runs.items()
        )
        return Claim(units, files=frozenset(name for name in folder.files if _NAME.match(name)))

    def load(self, units: Sequence[Unit], options: ReadOptions) -> Iterator[Run | Problem]:
        """Runs in the order of their units."""
        for unit in units:
            yield from _load(unit, options)

    def _unit(self, folder: Folder, run: str, names: Sequence[str], *, alone: bool) -> Unit:
        paths = [files.join(folder.path, name) for name in names]
        below = files.relative(folder.path, folder.root)
        name = (
            folder.run
            if alone and not run
            else "/".join(part for part in (below, run or "run") if part != ".")
        )
        group = folder.path if not alone else files.parent(folder.path)
        return Unit(self.name, folder.root, name, group, paths[0], parts(paths))


READER = DownloadsReader()


def _without_split(run: str) -> str:
    """What the runs of one training have in common: "fit_train" → "fit"; "." → ""."""
    from curvedoctor.sources.text import names

    *before, last = re.split(r"(?<=[-_.])", run)
    return ("".join(before) if names.split_word(last) else run).strip("-_. ")


def _load(unit: Unit, options: ReadOptions) -> Iterator[Run | Problem]:
    """One run of the curves in all files; what can't be read is told."""
    from curvedoctor.roles import assign
    from curvedoctor.sources.history.reader import load_file

    curves: dict[str, Curve] = {}
    problems: list[Problem] = []
    first: Run | None = None
    for part in unit.parts:
        for item in load_file(replace(unit, key=part.path, parts=(part,)), options):
            if isinstance(item, Problem):
                problems.append(item)
                continue
            first = first or item
            problems += item.problems
            for curve in item.curves:
                curves.setdefault(curve.id, curve)
    if first is None:
        yield from problems
        return
    assert first.origin is not None
    origin = replace(first.origin, paths=tuple(part.path for part in unit.parts))
    roles = tuple(assign(tuple(curves.values())))
    yield replace(first, name=unit.run, curves=roles, problems=tuple(problems), origin=origin)
