"""Training histories in CSV, JSON and JSON Lines: named on the command line, or well known by name.

Ultralytics `results.csv`, Lightning `metrics.csv`, SB3 `progress.csv`, Keras `CSVLogger` and
`history.history`, HF `trainer_state.json`, detectron2 `metrics.json`, XGBoost `evals_result`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from curvedoctor.model import Origin, Problem, Run
from curvedoctor.sources import files, sidecars
from curvedoctor.sources.base import Claim, Folder, ReadOptions, Unit
from curvedoctor.sources.copies import EVENT_DIRS, is_event_file
from curvedoctor.sources.history import attempts, beside
from curvedoctor.sources.history.tables import Table, looks_like_history, read_tables
from curvedoctor.sources.onefile import WELL_KNOWN, FileReader
from curvedoctor.sources.text.curves import READ_AS

_SUFFIXES = (".csv", ".tsv", ".json", ".jsonl", ".ndjson")
#: bytes, rows and names of them that are looked at in a walk
_HEAD, _ROWS, _MOST = 1 << 16, 3, 64
#: a number of any notation, NaN, infinity, or nothing
_NUMBER = re.compile(
    r"\s*([-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,4})?|[-+]?(nan|inf|infinity))?\s*$", re.IGNORECASE
)
_CHECKPOINT = re.compile(r"checkpoint-(\d+)$")


class HistoryReader(FileReader):
    """One file is one run, or several that were appended to it."""

    name = "history"

    def opens(self, address: str) -> bool:
        """A CSV, JSON or JSON Lines file, perhaps compressed."""
        plain = re.sub(r"\.(gz|bz2|xz|zst)$", "", address.lower())
        try:
            return plain.endswith(_SUFFIXES) and files.kind(address) == "file"
        except files.UNREADABLE:
            return False

    def claim(self, folder: Folder, options: ReadOptions) -> Claim | None:
        """Well-known histories; event files beside them are compared with them when they are loaded."""
        names = sorted(WELL_KNOWN.intersection(folder.files))
        if not names or _told_by_other_checkpoint(folder):
            return None
        taken = [name for name in names if _sniff(files.join(folder.path, name))]
        events = _events_beside(folder) if taken else []
        alone = not any(files.parent(path) == folder.path for path in events)
        units = self.found(folder, taken, alone, events)
        problems = [
            Problem(path, what)
            for name in names
            if name not in taken and (what := _left_out(path := files.join(folder.path, name)))
        ]
        return Claim(units, tuple(problems), files=frozenset(taken)) if units or problems else None


READER = HistoryReader()


def _events_beside(folder: Folder) -> list[str]:
    """Event files in the folder, or where writers put them below it, that may hold the same run."""
    here = [files.join(folder.path, name) for name in folder.files if is_event_file(name)]
    places = [files.join(folder.path, name) for name in folder.dirs if name in EVENT_DIRS]
    if "trainer_state.json" in folder.files:
        above = files.parent(folder.path) if _CHECKPOINT.match(files.basename(folder.path)) else folder.path
        places.append(files.join(above, "runs"))
    return beside.event_files(here, places)


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
    return "trainer_state.json" in names or int(this.group(1)) < max(numbers, default=0)


def _sniff(path: str) -> bool:
    try:
        head = files.read_bytes(path, _HEAD)
    except files.UNREADABLE:
        return False
    return looks_like_history(files.basename(path), head) or _counts_by_rows(head)


def _counts_by_rows(head: bytes) -> bool:
    """Whether rows of numbers lack a counter, but have a column that says what training gives."""
    from curvedoctor.roles import infer

    lines = head.decode("utf-8-sig", "replace").split("\n")[: _ROWS + 1]
    rows = [row for line in lines[1:] if (row := _row(lines[0], line))]
    measured = (infer(name).quantity for name in list(rows[0])[:_MOST]) if len(rows) == _ROWS else ()
    return any(quantity in ("loss", "accuracy", "error", "reward") for quantity in measured)


def _row(first: str, line: str) -> dict[str, object]:
    """A line as names and numbers: an object of JSON, or cells under the first line's names;
    empty if it is neither."""
    if line.startswith("{"):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            return {}
        return row if all(isinstance(value, int | float) for value in row.values()) else {}
    names, cells = first.split(","), line.split(",")
    numeric = len(names) == len(cells) and all(_NUMBER.match(cell) for cell in cells)
    return dict(zip(map(str.strip, names), cells, strict=True)) if numeric else {}


def _left_out(path: str) -> str:
    """Why a file that is called like a history is none; empty if nothing says that it should be one."""
    try:
        return files.pointer(files.read_bytes(path, _HEAD))
    except files.UNREADABLE as error:
        return f"can't be read: {files.reason(error)}"


def load_file(unit: Unit, options: ReadOptions) -> Iterator[Run | Problem]:
    """The runs in the file that a unit begins with."""
    path = unit.key
    try:
        tables = read_tables(path, options.columns)
    except files.UNREADABLE as error:
        yield Problem(
            path, _left_out(path) or f"can't be read: {files.reason(error)}", lost=True, kind="unreachable"
        )
        return
    with_columns = [table for table in tables if table.columns]
    if not with_columns:
        reasons = "; ".join(problem for table in tables for problem in table.problems)
        what = "holds no column of numbers over time" + (f": {reasons}" if reasons else "")
        yield Problem(path, _left_out(path) or what)
        return
    twins = [part.path for part in unit.parts[1:] if not _is_settings(part.path)]
    told_beside = beside.compare(with_columns[0], twins) if twins and len(with_columns) == 1 else None
    if told_beside is not None and told_beside.same and not told_beside.shorter:
        if told_beside.missing:
            yield Problem(path, _only_here(with_columns[0], told_beside.missing))
        return
    for table in with_columns:
        name = unit.run if len(with_columns) == 1 else f"{unit.run}/{table.name}"
        yield from _attempts(unit, name, table)


def _attempts(unit: Unit, name: str, table: Table) -> Iterator[Run]:
    """The trainings that were appended one after the other."""
    parts = attempts.split(table)
    for number, part in enumerate(parts, 1):
        numbered = name if len(parts) == 1 else f"{name}#{number}"
        yield _run(unit, numbered, part, [] if number > 1 else table.problems)


def _is_settings(path: str) -> bool:
    name = files.basename(path)
    return name in sidecars.NAMES and name not in WELL_KNOWN


def _only_here(table: Table, missing: Sequence[str]) -> str:
    names = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
    rows = max(len(table.columns[name].steps) for name in missing)
    return (
        f"left out: files beside it hold the same training; only it has {names} ({rows} rows): "
        "give this file by name to read it"
    )


def _run(unit: Unit, name: str, table: Table, problems: Sequence[str]) -> Run:
    from curvedoctor.params import recognize
    from curvedoctor.roles import assign

    path = unit.key
    settings = table.settings | sidecars.read(
        [part.path for part in unit.parts[1:] if _is_settings(part.path)]
    )
    return Run(
        name=name,
        source=path,
        group=unit.group,
        curves=assign(table.curves(), within=files.basename(files.parent(path))),
        params=recognize(settings),
        problems=tuple(
            Problem(path, what, kind="note" if what.startswith(READ_AS) else "damaged") for what in problems
        ),
        origin=Origin(
            unit.reader, unit.address, unit.run, (path,), "a history file has no place for a diagnosis"
        ),
    )
