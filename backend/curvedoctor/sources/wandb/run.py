"""One run of `wandb`: curves over its step, configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from curvedoctor.model import Curve, Origin, Problem, Run
from curvedoctor.sources import files, sidecars
from curvedoctor.sources.base import Unit
from curvedoctor.sources.text.curves import tables_of
from curvedoctor.sources.text.numbers import number
from curvedoctor.sources.text.rows import Rows
from curvedoctor.sources.wandb.records import fields, records

#: fields of `Record`, `RunRecord` and what they hold
_HISTORY, _CONFIG, _RUN = 2, 5, 17
_RUN_CONFIG, _RUN_NAME = 4, 8
_ITEM, _STEP = 1, 2
_KEY, _NESTED, _NUMBER_KINDS, _JSON = 1, 2, (4, 5, 6), 16
#: keys of a row that are bookkeeping
_OWN = frozenset({"_runtime", "_wandb"})


class Log:
    """What the records say."""

    def __init__(self) -> None:
        self.rows = Rows()
        self.settings: dict[str, object] = {}
        self.name = ""
        self.problems: list[tuple[int, str]] = []

    def tell(self, offset: int, what: str) -> None:
        """A problem at a place; at most twenty."""
        if len(self.problems) < 20:
            self.problems.append((offset, what))

    def take(self, record: memoryview) -> None:
        """One record, or a problem."""
        try:
            self._add(record)
        except ValueError as error:
            self.tell(0, f"a record can't be understood ({error}): left out")

    def _add(self, record: memoryview) -> None:
        for kind, value in fields(record):
            if not isinstance(value, memoryview):
                continue
            if kind == _HISTORY:
                self._history(value)
            elif kind == _CONFIG:
                self.settings.update(_items(value))
            elif kind == _RUN:
                self._run(value)

    def _history(self, message: memoryview) -> None:
        row = sidecars.flatten(_items(message))
        numbers = {
            name: got for name, cell in row.items() if name not in _OWN and (got := _number(cell)) is not None
        }
        for field, value in fields(message):
            if field == _STEP and isinstance(value, memoryview):
                step = next((got for number_, got in fields(value) if number_ == 1), 0)
                if isinstance(step, int):
                    numbers.setdefault("_step", float(step))
        if not self.rows.full():
            self.rows.add(numbers)

    def _run(self, message: memoryview) -> None:
        for field, value in fields(message):
            if field == _RUN_CONFIG and isinstance(value, memoryview):
                self.settings.update(_items(value))
            elif field == _RUN_NAME and isinstance(value, memoryview):
                self.name = bytes(value[:200]).decode("utf-8", "replace")


def _number(cell: object) -> float | None:
    """A logged number; wandb writes those that JSON lacks as words."""
    if isinstance(cell, str) and cell not in ("NaN", "Infinity", "-Infinity"):
        return None
    return number(cell)


def _items(message: memoryview) -> dict[str, object]:
    """Key and value of each item of a row or a configuration; nested keys joined with dots."""
    items: dict[str, object] = {}
    for field, item in fields(message):
        if field == _ITEM and isinstance(item, memoryview):
            name, value = _item(item)
            if name:
                items[name] = value
    return items


def _item(message: memoryview) -> tuple[str, object]:
    key = ""
    nested: list[str] = []
    value: object = None
    for field, content in fields(message):
        if isinstance(content, memoryview):
            if field == _KEY:
                key = _text(content)
            elif field == _NESTED:
                nested.append(_text(content))
            elif field == _JSON:
                value = _parsed(content)
        elif field in _NUMBER_KINDS:
            value = _signed(content) if field == 5 else content
    return key or ".".join(nested), value


def _signed(value: float) -> float:
    return value - 2**64 if value >= 2**63 else value


def _text(content: memoryview) -> str:
    return bytes(content[:500]).decode("utf-8", "replace")


def _parsed(content: memoryview) -> object:
    try:
        return json.loads(bytes(content))
    except (ValueError, RecursionError):
        return None


def load(unit: Unit) -> Iterator[Run | Problem]:
    """The run in a record log; a problem if it can't be read at all."""
    path = unit.key
    log = Log()
    try:
        with files.remote_errors(), files.open_binary(path) as stream:
            for record in records(stream, log.tell):
                log.take(record)
    except files.UNREADABLE as error:
        yield Problem(path, f"can't be read: {files.reason(error)}", kind="unreachable")
        return
    problems = [Problem(path, what, offset or None) for offset, what in log.problems]
    problems += [Problem(path, what) for what in log.rows.problems]
    curves = _curves(log)
    if curves:
        yield _run(unit, log, curves, problems)
    else:
        yield from problems
        yield Problem(path, "holds no history: nothing was logged, or not from this process")


def _curves(log: Log) -> tuple[Curve, ...]:
    from curvedoctor.roles import assign

    curves = [curve for table in tables_of(log.rows) for curve in table.curves()]
    return tuple(assign(curves)) if curves else ()


def _run(unit: Unit, log: Log, curves: tuple[Curve, ...], problems: list[Problem]) -> Run:
    from curvedoctor.params import recognize

    settings = {name: value for name, value in log.settings.items() if name != "_wandb"}
    settings |= _config([part.path for part in unit.parts[1:]])
    read_only = "a run of W&B takes diagnoses on its server only"
    return Run(
        name=unit.run,
        source=unit.key,
        group=unit.group,
        curves=curves,
        params=recognize(settings),
        problems=tuple(problems),
        origin=Origin(unit.reader, unit.address, unit.run, (unit.key,), read_only),
    )


def _config(paths: Sequence[str]) -> dict[str, object]:
    """`config.yaml`: each setting is a mapping with its value."""
    config: dict[str, object] = {}
    for name, value in sidecars.read(paths).items():
        if name.endswith(".value") or ".value." in name:
            config[name.replace(".value", "", 1)] = value
    return {name: value for name, value in config.items() if not name.startswith("_wandb")}
