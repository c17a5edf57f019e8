"""`--format table`: one line per run, then what is seen and what to try, for people at a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from curvedoctor.model import Diagnosis, Problem, State
from curvedoctor.reports import phrases
from curvedoctor.reports.asides import state, wanting
from curvedoctor.reports.base import OutputStyle
from curvedoctor.reports.details import details, named, prose, wrap
from curvedoctor.reports.text import (
    MARKS,
    Paint,
    ascii_only,
    cells,
    change,
    cut,
    fit,
    onset,
    pad,
    percent,
    safe,
)

#: runs that are shown in detail, sick ones and others of which there is something to say; of more,
#: a file serves better
DETAILED, OTHERS = 20, 5
#: characters of a run's id that tell it from others of its name; `--run` takes the whole one
ID = 8
#: columns up to which cells are aligned where nothing is cut
ALIGNED = 120
#: a picture is drawn of sick runs
CURVES = "sick"
HEADINGS = ("run", "state", "seen", "from", "try first")
#: columns that what to try gets at least; what needs more stands on a line of its own
BESIDE = 20
#: (column, least width) in the order in which columns give way; what to try never does
GIVING = ((0, 24), (2, 20), (0, 16), (2, 16), (0, 8), (2, 9), (4, 0), (3, 4))


@dataclass(slots=True)
class Line:
    """What is kept of a run: the diagnosis itself holds all its curves, and there may be very many runs."""

    state: State
    #: run, state, condition, onset, first prescription
    cells: tuple[str, ...]
    #: why nothing can be told
    reason: str
    #: the heaviest condition
    condition: str | None
    #: what was seen, in a sentence
    seen: str
    #: of a run that is fine, and not told in detail: what it was not judged for
    wanting: str
    #: start of the store's id of the run; "" where it has none
    run_id: str


def render(results: Iterable[Diagnosis | Problem], style: OutputStyle) -> Iterator[str]:
    """The summary lines, then details. Problems of sources are on stderr."""
    rows: list[Line] = []
    detailed: list[str] = []
    sick = others = 0
    for result in results:
        if isinstance(result, Problem):
            continue
        if result.verdict == "sick":
            sick += 1
            in_full = sick <= DETAILED
        else:
            telling = result.state == "could improve" or bool(result.findings) or "unlike" in result.readings
            others += telling
            in_full = telling and others <= OTHERS
        rows.append(kept(result, style, in_full))
        if in_full:
            detailed += [*details(result, style), ""]
    if sick > DETAILED:
        detailed += [
            f"… and {sick - DETAILED} more sick runs: --run GLOB picks, --format html shows all.",
            "",
        ]
    told_apart(rows)
    every = [
        *summary(rows, style, sick > DETAILED),
        "",
        *detailed,
        phrases.tally([row.state for row in rows]),
    ]
    for hint in hints(rows):
        every += wrap(hint, "  ", prose(style), "")
    for line in every:
        yield (line if style.unicode else ascii_only(line)).rstrip() + "\n"


def kept(diagnosis: Diagnosis, style: OutputStyle, in_full: bool = False) -> Line:
    """A run's line; `in_full`: it is told in detail below."""
    first = diagnosis.findings[0] if diagnosis.findings else None
    why = safe(phrases.reason(diagnosis)) if diagnosis.verdict == "undetermined" else ""
    seen = safe(first.summary) if first else ""
    lacks = wanting(diagnosis) if diagnosis.state == "fine" and not in_full else ""
    condition, run_id = first.condition if first else None, (diagnosis.run.run_id or "")[:ID]
    return Line(diagnosis.state, row(diagnosis, style), why, condition, seen, lacks, safe(run_id))


def told_apart(rows: Sequence[Line]) -> None:
    """Put their ids behind names that several runs of a store have, in place."""
    names = Counter(row.cells[0] for row in rows)
    for row in rows:
        if names[row.cells[0]] > 1 and row.run_id:
            row.cells = (f"{row.cells[0]} {row.run_id}", *row.cells[1:])


def row(diagnosis: Diagnosis, style: OutputStyle) -> tuple[str, ...]:
    """The cells of a run's line: run, state, condition, onset, first prescription."""
    finding = diagnosis.findings[0] if diagnosis.findings else None
    more = len(diagnosis.findings) - 1
    condition = "" if finding is None else finding.condition + (f" +{more}" if more > 0 else "")
    start = onset(finding) if finding else ""
    every = (safe(diagnosis.run.name), state(diagnosis), condition, start, first_try(diagnosis))
    return every if style.unicode else tuple(ascii_only(cell) for cell in every)


def first_try(diagnosis: Diagnosis) -> str:
    """What to try first, as a cell; what only the odds suggest says so.
    Nothing for a run that is fine as it is."""
    if not diagnosis.prescriptions or diagnosis.state == "fine":
        return ""
    first = diagnosis.prescriptions[0]
    return change(first) + (f" (odds {percent(first.confidence)})" if first.basis == "odds" else "")


def widths(rows: Sequence[tuple[str, ...]], style: OutputStyle) -> list[int]:
    """Columns for each cell: all that they need if there is room, else names give way first."""
    need = [max(cells(cell) for cell in column) for column in zip(HEADINGS, *rows, strict=True)]
    if not style.cut:
        return [min(columns, ALIGNED) for columns in need]
    need[-1], wanted = min(need[-1], BESIDE), need[-1]
    gaps = 2 + 2 * (len(need) - 1)
    for index, least in GIVING:
        excess = sum(need) + gaps - style.width
        if excess > 0:
            need[index] = max(min(need[index], least), need[index] - excess)
    need[-1] = max(0, min(wanted, style.width - gaps - sum(need[:-1])))
    return need


def summary(rows: Sequence[Line], style: OutputStyle, many: bool) -> Iterator[str]:
    """A heading, and one line per run; what is to be tried stands below it
    where it does not fit beside it."""
    paint = Paint(style.color)
    sizes = widths([row.cells for row in rows], style)
    # a wide terminal has room for what was seen; a file has it where details don't say it
    spare = style.width - 2 - sum(sizes) - 2 * len(sizes)
    longest = max((cells(row.seen) for row in rows), default=0)
    wide = 0 < longest <= spare if style.cut else many
    heading = "  ".join(pad(cell, size) for cell, size in zip(HEADINGS, sizes, strict=True))
    yield paint("  " + (f"{heading}  what was seen" if wide else heading.rstrip()), "bold")
    for item in rows:
        below = style.cut and cells(item.cells[-1]) > sizes[-1]
        beside = (*item.cells[:-1], "") if below else item.cells
        yield _line(item, beside, sizes, style, max(spare, 1) if wide else 0)
        if below:
            yield from wrap(item.cells[-1], "      ", style.width, "    → " if style.unicode else "    > ")


def _line(item: Line, beside: Sequence[str], sizes: Sequence[int], style: OutputStyle, spare: int) -> str:
    paint = Paint(style.color)
    sign, plain_sign, color = MARKS[item.state]
    parts = [pad(named(cell, size, style), size) for cell, size in zip(beside, sizes, strict=True)]
    parts[1] = paint(parts[1], color)
    if not any(item.cells[2:]):  # the room is free for the reason
        parts[2:] = [paint(clipped(item.reason, sum(sizes[2:]) + 4 + spare, style), "dim")]
    elif spare and item.seen:
        parts.append(paint(item.seen if style.unicode else ascii_only(item.seen), "dim"))
    return f"{paint(sign if style.unicode else plain_sign, color)} {'  '.join(parts)}".rstrip()


def clipped(value: str, width: int, style: OutputStyle) -> str:
    """The start of a sentence in at most `width` columns, on a terminal."""
    value = value if style.unicode else ascii_only(value)
    if not style.cut or cells(value) <= width:
        return value
    gap = "…" if style.unicode else "..."
    return cut(value, width - len(gap)).rstrip() + gap


def hints(rows: Sequence[Line]) -> Iterator[str]:
    """What to read next: why nothing can be told of a run, the manual of the commonest condition."""
    unknown = next((row for row in rows if row.state == "can't tell"), None)
    if unknown is not None:
        yield f"Can't tell, for instance {fit(unknown.cells[0], 30)}: {unknown.reason}"
    if lacking := Counter(row.wanting for row in rows if row.wanting).most_common(1):
        ((lacks, count),) = lacking
        fine = sum(row.state == "fine" for row in rows)
        of = "all" if count == fine else f"{count} of the"
        yield lacks if fine == 1 else f"Of {of} {fine} runs that are fine, n{lacks[1:]}"
    conditions = [row.condition for row in rows if row.condition]
    if conditions:
        common = max(conditions, key=conditions.count)
        yield f"What {common} means and how it was decided: curvedoctor explain {common}"
