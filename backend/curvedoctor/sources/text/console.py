"""Console logs: whatever a training prints, as rows of names and numbers.

Nothing here is about one framework. A line is names and numbers; what counts (epoch, iteration, step, the
"3/50" of a progress bar, the "[12]" that a line begins with) is the counter, for this line and for those
after it that have none. What occurs once is no curve. Tables with a header line, boxes of names and
values, and progress bars are told by their form.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence

from curvedoctor.sources.text import boxes, names
from curvedoctor.sources.text.bars import Bars, frames
from curvedoctor.sources.text.context import Context
from curvedoctor.sources.text.curves import READ_AS, Table, tables_of
from curvedoctor.sources.text.grids import Grid
from curvedoctor.sources.text.line import Line, canonical
from curvedoctor.sources.text.pairs import MAX_LENGTH, Pair, clean, pairs
from curvedoctor.sources.text.printed import Printed
from curvedoctor.sources.text.rows import Rows

_RULE = re.compile(r"[\s\-=_+*|#~:]*$")
#: how a line begins that belongs to the one above it
_BELOW = re.compile(r"\s{2,}\S|\s*[*>=\-]+>?\s")


class Console:
    """Reads a log line by line; what it found is in `rows`."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.context = Context(rows)
        self.bars = Bars(rows)
        self.grid = Grid()
        self.box = boxes.Box()
        self.printed = Printed()
        #: first and last line that each row was read from, in order
        self.lines: list[tuple[int, int]] = []
        self.filled = 0
        #: split of the line before
        self._above: str | None = None

    def line(self, line_number: int, line: str) -> None:
        """One line, perhaps of several frames of a progress bar."""
        if not line.strip():
            self._flush(line_number)
            return
        self.filled += 1
        for frame in frames(line):
            text = clean(frame.head)
            if self.grid.is_header(text) if frame.bar is not None else self._special(line_number, text):
                continue
            numbers_ = self._row(
                line_number, text, frame.bar is not None, _BELOW.match(frame.head) is not None
            )
            if frame.bar is not None:
                numbers, counters = self._numbers(pairs(clean(frame.tail)), None)
                self.context.count(counters)
                self._bar(line_number, None if counters else frame.bar, numbers_ | numbers)
            elif numbers_:
                self._add(line_number, numbers_)

    def end(self, line_number: int) -> None:
        """After the last line."""
        self._flush(line_number)
        self.bars.end()

    def _special(self, line_number: int, text: str) -> bool:
        """Rules, boxes, headers and headings."""
        if _RULE.match(text):
            if not self.box.waits_for_rule():
                self._flush(line_number)
            return True
        if self.box.take(text):
            return True
        self._flush(line_number)
        if self.box.take(text) or self.grid.is_header(text):  # perhaps the next box begins
            return True
        return self.context.heading(text)

    def _flush(self, line_number: int) -> None:
        lines, boxed = self.box.done()
        if boxed:
            counters = {name: value for name, value in boxed.items() if names.is_counter(name)}
            self.context.count(counters)
            curves = {name: value for name, value in boxed.items() if name not in counters}
            self._add(line_number - 1, curves, lines)

    def _row(self, line_number: int, text: str, bar: bool, below: bool) -> dict[str, float]:
        """The numbers of a line; its counters go to the context."""
        cells = self.grid.cells(text)
        if cells is not None:
            counters = {name: value for name, (value, _) in cells.items() if names.is_counter(name)}
            for name in counters:
                self._total(name, cells[name][1])
            self.context.count(counters)
            return {
                names.with_split(self.grid.split, name): value
                for name, (value, _) in cells.items()
                if name not in counters and not names.is_counter(name)
            }
        in_line = pairs(text)
        self.printed.line(line_number, text)
        numbers, counters = self._numbers(in_line, text, bar, below)
        self.context.count(counters)
        return numbers

    def _numbers(
        self, in_line: Sequence[Pair], text: str | None, bar: bool = False, below: bool = False
    ) -> tuple[dict[str, float], dict[str, float]]:
        """Curves and counters among the numbers of a line."""
        line = Line.of(in_line, text or "", self.context.section, bar)
        if below and self._above and not line.counters and line.split is None:
            line = Line.of(in_line, text or "", self._above, bar)
        if line.numbers or line.counters:
            self._above = line.split
        for name, total in line.totals.items():
            self._total(name, total)
        return line.numbers, line.counters

    def _total(self, name: str, total: float | None) -> None:
        if total:
            self.rows.totals[canonical(name)] = total

    def _bar(self, line_number: int, bar: tuple[float, float] | None, numbers: dict[str, float]) -> None:
        if numbers:
            self._add(line_number, numbers)
            if bar is not None:
                self.bars.frame(self.rows.count - 1, bar, self.context.epoch)

    def _add(self, line_number: int, numbers: dict[str, float], lines: int = 1) -> None:
        if numbers:
            self.rows.add(numbers | self.context.counters())
            self.lines.append((line_number - lines + 1, line_number))


def read(lines: Iterable[str], rows: Rows) -> list[Table]:
    """The runs in a console log; none if it is no log of a training."""
    log = Console(rows)
    line_number = 0
    for line_number, line in enumerate(lines, 1):
        if rows.full():
            break
        log.line(line_number, line)
    log.end(line_number + 1)
    _drop_preamble(rows)
    kept = _kept(rows)
    if not kept:
        return []
    rows.cells = {name: cells for name, cells in rows.cells.items() if name in kept or names.is_counter(name)}
    first = min(log.lines[row][0] for name in kept for row in rows.cells[name].rows[:1])
    rows.settings.update(log.printed.settings(first))
    if total := rows.totals.get("epoch"):
        rows.settings.setdefault("epochs", int(total))
    rows.problems.insert(0, _skipped_lines(log, kept))
    return tables_of(rows)


def _drop_preamble(rows: Rows) -> None:
    """What stands before the first counter is no curve, if anything counts at all."""
    counted = [cells.rows[0] for name, cells in rows.cells.items() if names.is_counter(name) and cells.rows]
    first = min(counted, default=0)
    for cells in rows.cells.values():
        before = bisect_left(cells.rows, first)
        del cells.rows[:before], cells.values[:before]


def _kept(rows: Rows) -> set[str]:
    """The names that came more than once."""
    return {
        name
        for name, cells in rows.cells.items()
        if len(cells.rows) > 1 and not names.is_counter(name) and len(name) <= 80
    }


def _skipped_lines(log: Console, kept: set[str]) -> str:
    used: set[int] = set()
    for name in kept:
        for row in log.rows.cells[name].rows:
            first, last = log.lines[row]
            used.update(range(first, last + 1))
    shown = sorted(kept, key=lambda name: (-len(log.rows.cells[name].rows), name))
    more = f" and {len(shown) - 5} more" if len(shown) > 5 else ""
    return (
        f"{READ_AS}: {len(used):,} of {log.filled:,} lines were used (the first is "
        f"line {min(used)}, "
        f"the last line {max(used)}; {', '.join(shown[:5])}{more}), {log.filled - len(used):,} were not"
    )


def names_in(sample: Sequence[str], rows: Rows) -> set[str]:
    """The names that come more than once in some lines of a log, whose numbers `rows` takes."""
    log = Console(rows)
    for line_number, line in enumerate(sample, 1):
        log.line(line_number, line[:MAX_LENGTH])
    log.end(len(sample) + 1)
    return _kept(rows)


def looks_like_log(sample: Sequence[str]) -> bool:
    """Whether some lines are those of a training: measures, beside something that counts, more than once."""
    rows = Rows()
    kept = names_in(sample, rows)
    counted = any(len(cells.rows) > 1 for name, cells in rows.cells.items() if names.is_counter(name))
    return counted and any(MEASURE.search(name) for name in kept)


MEASURE = re.compile(
    r"loss|acc|error|rmse|mse|mae|auc|perplexity|ppl|reward|score|nll|cost|iou|map", re.IGNORECASE
)
