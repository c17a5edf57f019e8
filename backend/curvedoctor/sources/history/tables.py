"""Training histories as columns of numbers over a step: what a file holds decides, not its suffix."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice

from curvedoctor.sources import files
from curvedoctor.sources.text import console, content, delimited, jsons, names
from curvedoctor.sources.text.curves import Column, Table, tables_of
from curvedoctor.sources.text.rows import Rows

__all__ = ["Column", "Table", "looks_like_history", "read_tables"]

_TABULAR = re.compile(r"\.[ct]sv(\.\w+)?$")
_TRIALS = (
    "a table of trials, a training in each row: nothing in it counts epochs or steps; "
    "the history of one training is what can be judged"
)
_NAMELESS = (
    "its first line holds numbers, not names: say what the columns are, as in --columns epoch,loss,val_loss"
)


def read_tables(path: str, columns: Sequence[str] = ()) -> list[Table]:
    """The runs in a history file; `columns` names what a table without a header holds.

    Raises `ValueError` for what is no history, and `OSError`.
    """
    rows = Rows()
    lines = content.lines(path, rows.problems)
    sample = list(islice(lines, delimited.SAMPLE))
    filled = [line for line in sample if line.strip()]
    everything = chain(sample, lines)
    if jsons.is_lines(filled):
        jsons.read_lines(everything, rows)
        return tables_of(rows)
    if (filled[0] if filled else _head(path)).lstrip()[:1] in ("{", "["):
        try:
            return jsons.read_document(path)
        except ValueError as error:
            if not _may_be_lines(path, filled, error):
                raise
    return _text(files.basename(path), filled, everything, rows, columns)


def _head(path: str) -> str:
    """The first characters of a file whose lines are too long."""
    head = files.read_bytes(path, 4096)
    return head.decode(content.encoding_of(head) or "utf-8", "replace")


def _may_be_lines(path: str, filled: Sequence[str], error: ValueError) -> bool:
    """Whether what is no JSON document may be a console log: its lines are short, or it isn't called JSON."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    return ".json" not in files.basename(path).lower() or len(filled) > 1


def _text(
    name: str, filled: Sequence[str], lines: Iterable[str], rows: Rows, columns: Sequence[str]
) -> list[Table]:
    form = delimited.Delimited(filled[: delimited.SAMPLE], columns)
    tabular = _TABULAR.search(name.lower()) is not None
    if form.fits() or (tabular and len(form.header) > 1 and not console.looks_like_log(filled)):
        if delimited.is_of_trials(form.header):
            raise ValueError(_TRIALS)
        if delimited.is_download(form.header):
            form.header[-1] = jsons.curve_of(name)
        delimited.read(lines, form, rows)
        return tables_of(rows)
    tables = console.read(lines, rows)
    if not tables and form.lacks_names():
        raise ValueError(_NAMELESS)
    return tables or [Table(problems=rows.problems)]


def looks_like_history(name: str, head: bytes) -> bool:
    """Whether the first bytes of a file with a well-known name are those of a history."""
    text = head.decode(content.encoding_of(head) or "utf-8", "replace").lstrip("\ufeff")
    first = text.split("\n", 1)[0]
    if name.endswith((".csv", ".tsv")):
        cells = re.split(r"[,\t;]", first)
        return len(cells) > 1 and any(map(names.is_counter, cells))
    if name == "trainer_state.json":
        return '"log_history"' in text or len(head) == 1 << 16
    parsed = jsons.parsed(first)
    if parsed is None:
        return name in ("history.json", "evals_result.json") and text.lstrip().startswith("{")
    if isinstance(parsed, Mapping):
        lists = [value for value in parsed.values() if isinstance(value, list | Mapping)]
        return bool(lists) or any(names.is_counter(str(key)) for key in parsed)
    return False
