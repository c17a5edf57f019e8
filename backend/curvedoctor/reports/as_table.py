"""`--format table`: one line per run, and details of the sick ones, for people at a terminal."""

from __future__ import annotations

import fnmatch
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from curvedoctor.model import Curve, Diagnosis, Finding, Problem, Verdict
from curvedoctor.reports.as_json import problems_of
from curvedoctor.reports.base import Look
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

#: sick runs that are shown in detail; of more, the reader is better served by another format
DETAILED = 20
#: columns; longer lines are hard to read
WIDEST = 200
#: columns that a sentence needs to say something
SEEN = 40
#: prescriptions and reasons shown per run
PRESCRIPTIONS = 3
UNJUDGED = 2
#: points; a run whose curves have no more is undetermined for that reason alone
FEW = 3
#: a picture is drawn of sick runs
CURVES = "sick"
VERDICTS: tuple[Verdict, ...] = ("sick", "healthy", "undetermined")
HEADINGS = ("run", "verdict", "condition", "from", "try first")


@dataclass(slots=True)
class Line:
    """What is kept of a run: the diagnosis itself holds all its curves, and there may be very many runs."""

    verdict: Verdict
    #: run, verdict, condition, onset, first prescription
    cells: tuple[str, ...]
    #: why it is undetermined
    reason: str
    #: the heaviest condition
    condition: str | None
    #: what was seen, in a sentence
    seen: str


def pieces(results: Iterable[Diagnosis | Problem], look: Look) -> Iterator[str]:
    """The summary lines, then details. Problems of sources are on stderr."""
    rows: list[Line] = []
    told: list[str] = []
    sick = 0
    for result in results:
        if isinstance(result, Problem):
            continue
        rows.append(kept(result, look))
        sick += result.verdict == "sick"
        if result.verdict == "sick" and sick <= DETAILED:
            told += [*details(result, look), ""]
    if sick > DETAILED:
        told += [f"… and {sick - DETAILED} more sick runs: --run GLOB picks, --format html shows all.", ""]
    lines = [*summary(rows, look), "", *told, tally([row.verdict for row in rows])]
    for hint in hints(rows):
        lines += wrap(hint, "  ", min(look.width, WIDEST), "")
    for line in lines:
        yield (line if look.unicode else ascii_only(line)).rstrip() + "\n"


def kept(diagnosis: Diagnosis, look: Look) -> Line:
    """A run's line."""
    first = diagnosis.findings[0].condition if diagnosis.findings else None
    seen = safe(diagnosis.findings[0].summary) if diagnosis.findings else ""
    return Line(diagnosis.verdict, row(diagnosis, look), reason(diagnosis), first, seen)


def row(diagnosis: Diagnosis, look: Look) -> tuple[str, str, str, str, str]:
    """The cells of a run's line: run, verdict, condition, onset, first prescription."""
    finding = diagnosis.findings[0] if diagnosis.findings else None
    more = len(diagnosis.findings) - 1
    condition = "" if finding is None else finding.condition + (f" +{more}" if more > 0 else "")
    first = change(diagnosis.prescriptions[0]) if diagnosis.prescriptions else ""
    place = onset(finding) if finding else ""
    every = (safe(diagnosis.run.name), diagnosis.verdict, condition, place, first)
    return every if look.unicode else tuple(ascii_only(cell) for cell in every)  # type: ignore[return-value]


def widths(rows: Sequence[tuple[str, ...]], look: Look) -> list[int]:
    """Columns for each cell: all that they need if there is room, else names give way first."""
    need = [max(cells(cell) for cell in column) for column in zip(HEADINGS, *rows, strict=True)]
    room = min(look.width, WIDEST) - 2 - 2 * (len(need) - 1)
    for index, least in ((0, 24), (4, 21), (0, 14), (4, 16), (2, 14), (0, 8), (4, 9), (2, 9), (3, 4), (1, 7)):
        excess = sum(need) - room
        if excess > 0:
            need[index] = max(min(need[index], least), need[index] - excess)
    return need


def summary(rows: Sequence[Line], look: Look) -> Iterator[str]:
    """A heading, and one line per run."""
    paint = Paint(look.color)
    sizes = widths([row.cells for row in rows], look)
    heading = "  ".join(pad(cell, size) for cell, size in zip(HEADINGS, sizes, strict=True))
    # a wide terminal has room for what was seen
    spare = min(look.width, WIDEST) - 2 - sum(sizes) - 2 * len(sizes)
    wide = spare >= SEEN
    yield paint("  " + (f"{heading}  seen" if wide else heading.rstrip()), "bold")
    for row in rows:
        sign, plain_sign, color = MARKS[row.verdict]
        parts = [
            pad(fit(cell, size, look.unicode), size) for cell, size in zip(row.cells, sizes, strict=True)
        ]
        parts[1] = paint(parts[1], color)
        if not any(row.cells[2:]):  # the room is free for the reason
            parts[2:] = [paint(clipped(row.reason, sum(sizes[2:]) + 4, look), "dim")]
        elif wide and row.seen:
            parts.append(paint(clipped(row.seen, spare, look), "dim"))
        mark = paint(sign if look.unicode else plain_sign, color)
        yield f"{mark} {'  '.join(parts)}".rstrip()


def reason(diagnosis: Diagnosis) -> str:
    """Why a run is undetermined, in one or two parts; empty for others."""
    return safe(diagnosis.reason or "") if diagnosis.verdict == "undetermined" else ""


def clipped(value: str, width: int, look: Look) -> str:
    """The start of a sentence in at most `width` columns."""
    value = value if look.unicode else ascii_only(value)
    if cells(value) <= width:
        return value
    gap = "…" if look.unicode else "..."
    return cut(value, width - len(gap)).rstrip() + gap


def details(diagnosis: Diagnosis, look: Look) -> Iterator[str]:
    """All that is said of one run, with a picture."""
    paint = Paint(look.color)
    width = min(look.width, 100)
    title = fit(diagnosis.run.name, width - 8, look.unicode)
    rule = ("─" if look.unicode else "-") * max(width - cells(title) - 4, 3)
    yield f"{rule[:2]} {paint(title, 'bold')} {rule[2:]}"
    for finding in diagnosis.findings:
        yield from heading_of(finding, look)
        yield from wrap(finding.summary, "    ", width)
        if finding is diagnosis.findings[0]:
            yield from picture(diagnosis, finding, look)
    for number, prescription in enumerate(diagnosis.prescriptions[:PRESCRIPTIONS], start=1):
        lead = "  Try " if number == 1 else "      "
        yield from wrap(
            f"{number}. {prescription.text} ({percent(prescription.confidence)})", " " * 9, width, lead
        )
    for problem in problems_of(diagnosis):
        yield from wrap(f"{safe(problem.where)}: {safe(problem.what)}", "    ", width, "  ! ")


def heading_of(finding: Finding, look: Look) -> Iterator[str]:
    """A finding's line: condition, severity, confidence, onset."""
    sign, plain_sign, color = MARKS[finding.severity]
    mark = Paint(look.color)(sign if look.unicode else plain_sign, color)
    place = onset(finding)
    unit = "step " if finding.axis == "step" else ""
    since = f", from {unit}{place}" if place else ""
    yield f"{mark} {Paint(look.color)(finding.condition, 'bold')} ({finding.severity}, {percent(finding.confidence)}{since})"


def curve_of(diagnosis: Diagnosis, finding: Finding, look: Look) -> Curve | None:
    """The curve to draw: the user's primary one if the finding rests on it, else the finding's first."""
    by_id = {curve.id: curve for curve in diagnosis.run.curves}
    used = [by_id[name] for name in finding.curves if name in by_id]
    if look.primary:
        primary = [curve for curve in used if fnmatch.fnmatchcase(curve.id, look.primary)]
        used = primary or used
    return used[0] if used else None


def picture(diagnosis: Diagnosis, finding: Finding, look: Look) -> Iterator[str]:
    """The finding's curve, its onset pointed at."""
    curve = curve_of(diagnosis, finding, look)
    if curve is None or not len(curve):
        return
    from curvedoctor.reports.plot import Frame, draw

    width = min(look.width, 100)
    lines = draw(curve, Frame(max(width - 18, 10), 5, look.unicode), finding.onset)
    paint = Paint(look.color)
    if lines:
        yield paint(f"    {fit(curve.id, width - 4, look.unicode)}", "dim")
    for line in lines:
        yield "    " + paint(line, "cyan")


def wrap(value: str, indent: str, width: int, lead: str | None = None) -> Iterator[str]:
    """`value` in lines of at most `width` columns."""
    lines = textwrap.wrap(
        safe(value), width, initial_indent=indent if lead is None else lead, subsequent_indent=indent
    )
    yield from lines


def tally(verdicts: Sequence[Verdict]) -> str:
    """How many runs are how."""
    counts = {verdict: verdicts.count(verdict) for verdict in VERDICTS}
    said = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    return f"{len(verdicts)} run{'' if len(verdicts) == 1 else 's'}: {said or 'none'}."


def hints(rows: Sequence[Line]) -> Iterator[str]:
    """What to read next: the manual of the commonest condition, why runs are undetermined."""
    for row in rows:
        if row.verdict == "undetermined":
            yield f"Undetermined, for instance {fit(row.cells[0], 30)}: {row.reason}."
            break
    conditions = [row.condition for row in rows if row.condition]
    if conditions:
        yield f"What it means and how it was decided: curvedoctor explain {max(conditions, key=conditions.count)}"
