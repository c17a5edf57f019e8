"""`--format table`: one line per run, then what is seen and what to try, for people at a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from curvedoctor.model import Diagnosis, Problem, State
from curvedoctor.reports import phrases
from curvedoctor.reports.asides import state, wanting
from curvedoctor.reports.base import OutputStyle
from curvedoctor.reports.columns import HEADINGS, widths
from curvedoctor.reports.details import named, prose, wrap
from curvedoctor.reports.once import Once
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
#: states of sick runs
SICK = ("failed", "needs attention")
#: a picture is drawn of sick runs
CURVES = "sick"


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
    #: of a run that is fine: what it was not judged for
    wanting: str
    #: start of the store's id of the run; "" where it has none
    run_id: str
    #: the experiment that a store keeps the run in, with its place; "" where the run's name tells its place
    kept_in: str
    #: it is told in detail below
    in_full: bool


def render(results: Iterable[Diagnosis | Problem], style: OutputStyle) -> Iterator[str]:
    """The summary lines, then details. Problems of sources are on stderr."""
    rows: list[Line] = []
    detailed: list[str] = []
    once, sick, others, unknown = Once(), 0, 0, 0
    for result in results:
        if isinstance(result, Problem):
            continue
        if result.verdict == "sick":
            sick += 1
            in_full = sick <= DETAILED
        elif result.verdict == "undetermined":
            telling = bool(result.prescriptions or result.findings)  # else its line holds the reason
            unknown += telling
            in_full = telling and unknown <= OTHERS
        else:
            telling = result.state == "could improve" or bool(result.findings) or "unlike" in result.readings
            others += telling
            in_full = telling and others <= OTHERS
        rows.append(kept(result, style, in_full))
        if in_full:
            detailed += [*once.details(result, style), ""]
    told_apart(rows)
    every = [
        *summary(rows, style),
        "",
        *detailed,
        *the_rest(rows, style),
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
    lacks = wanting(diagnosis) if diagnosis.state == "fine" else ""
    condition, run_id = first.condition if first else None, (diagnosis.run.run_id or "")[:ID]
    place = safe("/".join(diagnosis.run.group.rstrip("/").split("/")[-2:])) if run_id else ""
    return Line(
        diagnosis.state, row(diagnosis, style), why, condition, seen, lacks, safe(run_id), place, in_full
    )  # fmt: skip


def the_rest(rows: Sequence[Line], style: OutputStyle) -> Iterator[str]:
    """The sick runs that there was no room for: how many on a terminal, what was seen in each in a file."""
    rest = [row for row in rows if row.state in SICK and not row.in_full]
    if not rest:
        return
    yield f"… and {len(rest)} more sick runs: --run GLOB picks, --format html shows all."
    for row in () if style.cut else rest:
        sign, plain_sign, _ = MARKS[row.state]
        mark = sign if style.unicode else plain_sign
        yield from wrap(f"{row.cells[0]}: {row.seen}", "    ", prose(style), f"{mark} ")
    yield ""


def told_apart(rows: Sequence[Line]) -> None:
    """Put experiments before the names of a store's runs where other runs are named by their place, and ids
    behind names that several have, in place."""
    if any(row.kept_in for row in rows) and not all(row.kept_in for row in rows):
        for row in rows:
            name = f"{row.kept_in}/{row.cells[0]}" if row.kept_in else row.cells[0]
            row.cells = (name, *row.cells[1:])
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


def summary(rows: Sequence[Line], style: OutputStyle) -> Iterator[str]:
    """A heading, and one line per run; what is to be tried stands below where there is no room beside."""
    paint = Paint(style.color)
    sizes, below = widths([row.cells for row in rows], style)
    # a wide terminal has room for what was seen; elsewhere the details say it
    spare = style.width - 2 - sum(sizes) - 2 * len(sizes)
    longest = max((cells(row.seen) for row in rows), default=0)
    wide = style.cut and 0 < longest <= spare
    names = (*HEADINGS[:-1], "") if below else HEADINGS
    heading = "  ".join(pad(cell, size) for cell, size in zip(names, sizes, strict=True))
    yield paint("  " + (f"{heading}  what was seen" if wide else heading.rstrip()), "bold")
    arrow = "    → " if style.unicode else "    > "
    if below:
        yield paint(f"{arrow}{HEADINGS[-1]}", "bold")
    for item in rows:
        beside = (*item.cells[:-1], "") if below else item.cells
        yield _line(item, beside, sizes, style, max(spare, 1) if wide else 0)
        if below and item.cells[-1]:
            yield from wrap(item.cells[-1], "      ", style.width, arrow)


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
    yield from unjudged(rows)
    conditions = [row.condition for row in rows if row.condition]
    if conditions:
        common = max(conditions, key=conditions.count)
        yield f"What {common} means and how it was decided: curvedoctor explain {common}"


def unjudged(rows: Sequence[Line]) -> Iterator[str]:
    """How many of the runs that are fine were not judged for everything, and for want of what, the commonest
    first; nothing where the details tell it."""
    lacking = [row for row in rows if row.wanting]
    brief = Counter(row.wanting for row in lacking if not row.in_full).most_common(1)
    if not brief:
        return
    lacks, fine = brief[0][0], sum(row.state == "fine" for row in rows)
    if fine == 1:
        yield lacks
        return
    of = "The" if len(lacking) == fine else f"{len(lacking)} of the"
    were = "was" if len(lacking) == 1 else "were"
    such = next(row.cells[0] for row in lacking if row.wanting == lacks and not row.in_full)
    alike = all(row.wanting == lacks for row in lacking)
    begin = "" if alike else f", for instance {fit(such, 30)}"
    needs = lacks.partition(": ")[2]
    yield f"{of} {fine} runs that are fine {were} not judged for everything{begin}: {needs}"
