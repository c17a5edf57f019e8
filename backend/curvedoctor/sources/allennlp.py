"""AllenNLP as a source: `metrics_epoch_0.json` … in a folder are one run, a row each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from curvedoctor.model import Curve, Origin, Problem, Run
from curvedoctor.sources import files, sidecars
from curvedoctor.sources.base import Claim, Folder, Reader, ReadOptions, Traits, Unit, parts

_NAME = re.compile(r"^metrics_epoch_(\d{1,9})\.json$")
#: files of one run, bytes of one of them
_MOST, _LARGEST = 20_000, 1 << 20


class AllenNlpReader(Reader):
    """A folder is one run."""

    name = "allennlp"
    traits = Traits()

    def claim(self, folder: Folder, options: ReadOptions) -> Claim | None:
        """The run whose serialization directory this is; `metrics.json` beside it repeats its end."""
        numbered = sorted((int(match[1]), name) for name in folder.files if (match := _NAME.match(name)))
        if len(numbered) < 2:
            return None
        beside = [name for name in sidecars.NAMES if name in folder.files]
        # the folder stands for its rows: units are small, and there may be thousands of files
        settings = parts(files.join(folder.path, name) for name in beside)
        last = files.stamp(files.join(folder.path, numbered[-1][1]))
        unit = Unit(
            self.name,
            folder.root,
            folder.run,
            files.parent(folder.path),
            folder.path,
            settings,
            state=(len(numbered), *last),
        )
        taken = frozenset([name for _, name in numbered] + ["metrics.json"])
        return Claim((unit,), files=taken & frozenset(folder.files))

    def load(self, units: Sequence[Unit], options: ReadOptions) -> Iterator[Run | Problem]:
        """Runs in the order of their units."""
        for unit in units:
            yield from _load(unit)


READER = AllenNlpReader()


def _load(unit: Unit) -> Iterator[Run | Problem]:
    from curvedoctor.params import recognize
    from curvedoctor.roles import assign
    from curvedoctor.sources.text.curves import tables_of
    from curvedoctor.sources.text.mappings import add_mapping
    from curvedoctor.sources.text.rows import Rows

    rows, problems = Rows(), list[Problem]()
    for epoch, path in _files(unit.key):
        row = _row(path)
        if isinstance(row, Problem):
            problems.append(row)
        else:
            add_mapping(rows, {**row, "epoch": epoch})
    (table,) = tables_of(rows)
    curves = [
        Curve(name, name, column.steps, column.values, column.wall_times, axis=column.axis or table.axis)
        for name, column in sorted(table.columns.items())
    ]
    if not curves:
        yield from problems
        yield Problem(unit.key, "its metrics hold no numbers")
        return
    yield Run(
        name=unit.run,
        source=unit.key,
        group=unit.group,
        curves=tuple(assign(curves)),
        params=dict(recognize(sidecars.read([part.path for part in unit.parts]))),
        problems=tuple(problems),
        origin=Origin(unit.reader, unit.address, unit.run, (unit.key,), "AllenNLP's metrics are only read"),
    )


def _row(path: str) -> dict[str, object] | Problem:
    try:
        row = json.loads(files.read_bytes(path, _LARGEST))
    except files.UNREADABLE as error:
        return Problem(path, f"can't be read: {files.reason(error)}", kind="unreachable")
    return row if isinstance(row, dict) else Problem(path, "can't be read: it is no JSON object")


def _files(folder: str) -> list[tuple[int, str]]:
    """Epoch and path of each file, in order."""
    try:
        names = [entry.name for entry in files.listing(folder)]
    except files.UNREADABLE:
        return []
    numbered = sorted((int(match[1]), name) for name in names if (match := _NAME.match(name)))
    return [(epoch, files.join(folder, name)) for epoch, name in numbered[:_MOST]]
