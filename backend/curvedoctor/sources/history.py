"""Training histories in CSV, JSON and JSON Lines: named on the command line, or well known by name.

Ultralytics `results.csv`, Lightning `metrics.csv`, SB3 `progress.csv`, Keras `CSVLogger` and
`history.history`, HF `trainer_state.json`, detectron2 `metrics.json`, XGBoost `evals_result`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from curvedoctor.errors import SourceError
from curvedoctor.model import Curve, Origin, Problem, Run
from curvedoctor.sources import files, sidecars
from curvedoctor.sources.base import Claim, Folder, ReadOptions, Unit
from curvedoctor.sources.copies import is_event_file
from curvedoctor.sources.tables import Table, looks_like_history, read_table

#: names that a walk takes for histories, if their first lines look like one
WELL_KNOWN = frozenset(
    {
        "results.csv", "metrics.csv", "progress.csv", "history.csv", "training_log.csv", "log.csv",
        "trainer_state.json", "metrics.json", "scalars.json", "history.json", "metrics.jsonl", "history.jsonl",
    }
)  # fmt: skip
_SUFFIXES = (".csv", ".tsv", ".json", ".jsonl", ".ndjson")
_CHECKPOINT = re.compile(r"checkpoint-(\d+)$")


class HistoryReader:
    """One file is one run."""

    name = "history"

    def opens(self, address: str) -> bool:
        """A CSV, JSON or JSON Lines file, perhaps compressed."""
        plain = re.sub(r"\.(gz|bz2|xz|zst)$", "", address.lower())
        try:
            return plain.endswith(_SUFFIXES) and files.kind(address) == "file"
        except files.UNREADABLE:
            return False

    def find(self, address: str, options: ReadOptions) -> Iterator[Unit | Problem]:
        """The run in one file."""
        if options.experiment is not None or options.filter is not None:
            return
        if not files.stamp(address):
            raise SourceError(f"{address}: can't be read; check its permissions")
        name = files.basename(address)
        if name in WELL_KNOWN:
            name = files.basename(files.parent(address))
        yield self._unit(files.parent(address), address, name, sidecars.NAMES)

    def claim(self, folder: Folder, options: ReadOptions) -> Claim | None:
        """A well-known history, unless event files beside it hold the same run."""
        names = sorted(WELL_KNOWN.intersection(folder.files))
        if not names or options.experiment is not None or options.filter is not None:
            return None
        if _told_by_events(folder) or _told_by_other_checkpoint(folder):
            return None
        taken = [name for name in names if _sniff(files.join(folder.path, name))]
        run = files.relative(folder.path, folder.root)
        run = files.basename(folder.root) if run == "." else run
        units = tuple(
            self._unit(
                folder.root,
                files.join(folder.path, name),
                run if len(taken) == 1 else f"{run}/{name}",
                folder.files,
            )
            for name in taken
        )
        return Claim(units, files=frozenset(taken)) if units else None

    def load(self, units: Sequence[Unit], options: ReadOptions) -> Iterator[Run | Problem]:
        """Runs in the order of their units."""
        for unit in units:
            yield from _load(unit, options)

    def _unit(self, root: str, path: str, run: str, beside: Sequence[str]) -> Unit:
        folder = files.parent(path)
        settings = [files.join(folder, name) for name in sidecars.NAMES if name in beside]
        settings = [other for other in settings if other != path and files.stamp(other)]
        stamp: list[int | str] = []
        for part in (path, *settings):
            stamp.extend(files.stamp(part) or (0, ""))
        return Unit(self.name, root, run, files.parent(folder), (path, *settings), tuple(stamp))


READER = HistoryReader()


def _told_by_events(folder: Folder) -> bool:
    """Event files beside it, or in HF's `runs`, hold the same curves."""
    from curvedoctor.sources.tensorboard.peek import first_tag

    if "trainer_state.json" in folder.files and "runs" in folder.dirs:
        return True
    events = [name for name in folder.files if is_event_file(name)]
    return any(first_tag(files.join(folder.path, name)) is not None for name in events[:8])


def _told_by_other_checkpoint(folder: Folder) -> bool:
    """Each HF checkpoint repeats the history of those before it: the last one tells all."""
    this = _CHECKPOINT.match(files.basename(folder.path))
    if not this or folder.path == folder.root:
        return False
    try:
        names = [entry.name for entry in files.listing(files.parent(folder.path))]
    except files.UNREADABLE:
        return False
    numbers = [int(match.group(1)) for name in names if (match := _CHECKPOINT.match(name))]
    return "trainer_state.json" in names or "runs" in names or int(this.group(1)) < max(numbers, default=0)


def _sniff(path: str) -> bool:
    try:
        return looks_like_history(files.basename(path), files.read_bytes(path, 1 << 16))
    except files.UNREADABLE:
        return False


def _load(unit: Unit, options: ReadOptions) -> Iterator[Run | Problem]:
    path = unit.parts[0]
    try:
        table = read_table(path)
    except files.UNREADABLE as error:
        yield Problem(path, f"can't be read: {files.reason(error)}", lost=True)
        return
    curves = _curves(table)
    if not curves:
        yield Problem(path, "holds no column of numbers over time")
        return
    from curvedoctor.params import recognize
    from curvedoctor.roles import assign

    settings = table.settings | sidecars.read(unit.parts[1:])
    yield Run(
        name=unit.run,
        source=path,
        group=unit.group,
        curves=tuple(assign(curves)),
        params=dict(recognize(settings)) | dict(options.params),
        problems=tuple(Problem(path, what) for what in table.problems),
        origin=Origin(
            unit.reader, unit.address, unit.run, (path,), "a history file has no place for a diagnosis"
        ),
    )


def _curves(table: Table) -> tuple[Curve, ...]:
    from curvedoctor.sources.tensorboard.assemble import curve_id

    return tuple(
        Curve(curve_id(name), name, column.steps, column.values, column.wall_times, axis=table.axis)
        for name, column in sorted(table.columns.items())
    )
