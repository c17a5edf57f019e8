"""Tables in text: commas, tabs, semicolons with decimal commas, blanks; with or without a header."""

# ruff: noqa: SIM905 - lists of words read best as text
from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence

from curvedoctor.sources.text import names
from curvedoctor.sources.text.mappings import add_mapping
from curvedoctor.sources.text.numbers import has_decimal_comma, number
from curvedoctor.sources.text.rows import MAX_COLUMNS, Rows

#: lines that are looked at before the rest is read
SAMPLE = 200
#: share of sampled lines that must have the header's number of cells
_REGULAR = 0.6
_WIDE = re.compile(r"\s{2,}|\t")
#: a name, a sign and a number in one cell: a line of a console log
_PAIR = re.compile(r"[A-Za-z_]\s*[:=]\s*[-+.\d]")
#: YOLOv5's results.txt and those of its ancestors have no header
_YOLO = (
    "epoch gpu_mem train/box_loss train/obj_loss train/cls_loss train/total labels "
    "img_size metrics/precision "
    "metrics/recall metrics/mAP_0.5 metrics/mAP_0.5:0.95 val/box_loss val/obj_loss val/cls_loss"
).split()
_YOLO_ROW = re.compile(r"\s*\d+/\d+\s+[\d.]+G(\s+[-+\d.naife]+){13}\s*", re.IGNORECASE)
#: TensorBoard's CSV downloads call every curve so; its name is the file's
_DOWNLOADED = ["Wall time", "Step", "Value"]
Cells = list[str]


class Delimited:
    """How the cells of a table are told apart."""

    def __init__(self, sample: Sequence[str], columns: Sequence[str]) -> None:
        self.lines = [line for line in sample if not _is_rule(line)]
        self.delimiter = self._choose()
        cells = [self.cells(line) for line in self.lines]
        #: columns from which it is a table: one, if the user names it
        self.unnamed = 0 if columns else 1
        self.header = self._header(cells, columns)
        #: whether the first line is part of the table and no header
        self.headless = bool(cells) and _is_data(cells[0])
        rows = cells if self.headless else cells[1:]
        self.comma = self.delimiter != "," and any(has_decimal_comma(cell) for row in rows for cell in row)
        self.share = self._share(rows)

    def split(self, line: str) -> Cells:
        """The cells of a line. Raises `csv.Error`."""
        line = line.rstrip("\n").removeprefix("\ufeff")
        if self.delimiter == " ":
            return line.lstrip("#%").split()
        if self.delimiter == "  ":
            return _WIDE.split(line.lstrip("#%").strip())
        if '"' in line:
            return next(csv.reader([line], delimiter=self.delimiter), [])
        return line.split(self.delimiter)

    def cells(self, line: str) -> Cells:
        """The cells of a line; none of one that can't be split."""
        try:
            return self.split(line)
        except csv.Error:
            return []

    def fits(self) -> bool:
        """Whether what was sampled is a table and no prose."""
        return len(self.header) > self.unnamed and self.share >= _REGULAR and not self._is_prose()

    def lacks_names(self) -> bool:
        """Whether it is a table of numbers alone."""
        counts = {len(self.cells(line)) for line in self.lines}
        return self.headless and not self.header and len(counts) == 1 and len(self.lines) > 2

    def _is_prose(self) -> bool:
        """Whether what stands between blanks are sentences:
        the words of the header come again in each line."""
        if self.delimiter not in (" ", "  ") or self.headless:
            return False
        if any(number(cell) is not None or cell == "|" for cell in self.header):
            return True
        return sum(cell in self.header for line in self.lines[1:] for cell in self.cells(line)) > len(
            self.lines
        )

    def _choose(self) -> str:
        """The delimiter that cuts most lines into equally many cells, two or more."""
        best, most = ",", 0.0
        for delimiter in (",", "\t", ";", " ", "  "):
            self.delimiter = delimiter
            counts = [len(self.cells(line)) for line in self.lines]
            usual = max(set(counts), key=counts.count, default=0)
            same = counts.count(usual) / len(counts) if counts else 0.0
            if usual > 1 and counts[0] == usual and same > most + 0.05:
                best, most = delimiter, same
        return best

    def _header(self, cells: Sequence[Cells], columns: Sequence[str]) -> list[str]:
        if columns:
            return list(columns)
        if not cells:
            return []
        if _is_data(cells[0]):
            return _YOLO if _YOLO_ROW.fullmatch(self.lines[0]) else []
        return titles(cells[0])

    def _share(self, rows: Sequence[Cells]) -> float:
        good = [row for row in rows if self._is_row(row)]
        return len(good) / len(rows) if rows else 0.0

    def _is_row(self, row: Cells) -> bool:
        if self.delimiter in (" ", "  ") and len(row) != len(self.header):
            return False
        return any(number(cell, decimal_comma=self.comma) is not None for cell in row) and not any(
            _PAIR.search(cell) for cell in row
        )


def titles(cells: Sequence[str]) -> list[str]:
    """A header's names; those that are empty or stand twice are numbered."""
    unique: dict[str, None] = {}
    for index, cell in enumerate(cells[:MAX_COLUMNS]):
        name = cell.strip().strip('"') or ("" if index == 0 else f"column {index}")
        unique[name if name not in unique else f"{name} ({index})"] = None
    return names.spelled(list(unique))


def _is_data(cells: Sequence[str]) -> bool:
    """Whether a line holds values and no names."""
    if not cells:
        return False
    numeric = [cell for cell in cells if number(cell, decimal_comma=True) is not None]
    return 2 * len(numeric) >= len(cells) > 0 or bool(re.fullmatch(r"\d+/\d+", cells[0].strip()))


def _is_rule(line: str) -> bool:
    return not line.strip(" \t\r\n-=+|:")


def read(lines: Iterable[str], form: Delimited, rows: Rows) -> None:
    """All lines of a table."""
    header = form.header
    if len(form.header) >= MAX_COLUMNS:
        rows.tell(f"more than {MAX_COLUMNS:,} columns: only the first {MAX_COLUMNS:,} are read")
    started = form.headless
    adder = _Adder(rows, header, form.comma)
    for count, line in enumerate(_joined(lines, form)):
        if rows.full():
            break
        if _is_rule(line):
            continue
        cells = _split(form, line, count + 1, rows)
        if not started:
            started = True
        elif not cells or (cells[0].strip() == header[0] and titles(cells) == header):
            continue  # Ultralytics repeats its header when it is resumed
        elif _is_new_header(cells, header):
            header = titles(cells)
            adder = _Adder(rows, header, form.comma)
        else:
            adder.add(cells)


def _split(form: Delimited, line: str, line_number: int, rows: Rows) -> Cells:
    try:
        return form.split(line)
    except csv.Error as error:
        rows.tell(f"line {line_number}: {error}: left out")
        return []


def _joined(lines: Iterable[str], form: Delimited) -> Iterator[str]:
    """A quoted cell may go on in the next lines; one that goes on for too long does not."""
    del form
    waiting = ""
    for line in lines:
        waiting += line if line.endswith("\n") else line + "\n"
        if waiting.count('"') % 2 == 0 or len(waiting) > 10_000:
            yield waiting
            waiting = ""
    if waiting:
        yield waiting


def _is_new_header(cells: Cells, header: Sequence[str]) -> bool:
    """A second header with other columns: all words, of which it shares some."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if len(filled) < 2 or any(number(cell, decimal_comma=True) is not None for cell in filled):
        return False
    return len(set(filled) & set(header)) >= min(2, len(filled) - 1)


class _Adder:
    """Takes the cells of a row under one header."""

    def __init__(self, rows: Rows, header: Sequence[str], comma: bool) -> None:
        self._rows, self._header, self._comma = rows, header, comma
        #: W&B's export of a chart: run → column → name of the curve
        self._exported = _runs_of(header)

    def add(self, cells: Cells) -> None:
        """One row."""
        row: dict[str, object] = {}
        for name, cell in zip(self._header, cells, strict=False):
            if cell and (cell := cell.strip()):
                value = number(cell, decimal_comma=self._comma)
                row[name] = cell if value is None else value
        if self._header is _YOLO:
            row["epoch"] = number(cells[0].partition("/")[0])
        if not self._exported:
            add_mapping(self._rows, row)
        for run, titled in self._exported.items():
            part = {title: row[name] for name, title in titled.items() if name in row}
            if any(not names.is_counter(title) for title in part):
                add_mapping(self._rows, part | {"run": run})


def _runs_of(header: Sequence[str]) -> dict[str, dict[str, str]]:
    shared = {name: name for name in header if " - " not in name}
    if len(shared) == len(header) or not all(
        names.is_counter(name)
        or names.plain(name) in names.WALL | {"relativetimeprocess", "relativetimewall"}
        for name in shared
    ):
        return {}
    runs: dict[str, dict[str, str]] = {}
    for name in header:
        run, dash, title = name.rpartition(" - ")
        if dash and not names.is_extreme(name):
            runs.setdefault(run, dict(shared))[name] = title
    return runs


def is_of_trials(header: Sequence[str]) -> bool:
    """Whether each row is a training: in Optuna's, Ray's, scikit-learn's tables, settings are columns."""
    settings = sum(
        re.match(r"params?_|param:|config[./]|hparams?[./_]", title) is not None for title in header
    )
    return settings > 0 and not any(map(names.is_counter, header))


def is_download(header: Sequence[str]) -> bool:
    """Whether it is a curve that TensorBoard's page let somebody download."""
    return list(header) == _DOWNLOADED
