"""One run in the terminal: what is seen, with a picture, what to try, and what could not be judged."""

from __future__ import annotations

import fnmatch
import textwrap
from collections.abc import Iterator

from curvedoctor.model import Curve, Diagnosis, Finding
from curvedoctor.reports import words
from curvedoctor.reports.as_json import problems_of
from curvedoctor.reports.base import Look
from curvedoctor.reports.text import MARKS, Paint, cells, fit, onset, percent, safe

#: columns; longer lines of prose are hard to read
PROSE = 100
#: conditions that could not be judged and are named; more are counted
NAMED = 3
#: prescriptions shown per run
PRESCRIPTIONS = 3


def prose(look: Look) -> int:
    """Columns of sentences."""
    return min(look.width, PROSE)


def named(value: str, width: int, look: Look) -> str:
    """A log's name; shortened only on a terminal."""
    return fit(value, width, look.unicode) if look.cut else safe(value)


def details(diagnosis: Diagnosis, look: Look) -> Iterator[str]:
    """All that is said of one run, with a picture."""
    paint = Paint(look.color)
    width = prose(look)
    title = named(diagnosis.run.name, width - len(diagnosis.state) - 12, look)
    rule = ("─" if look.unicode else "-") * max(width - cells(title) - len(diagnosis.state) - 7, 3)
    yield f"{rule[:2]} {paint(title, 'bold')}: {paint(diagnosis.state, MARKS[diagnosis.state][2])} {rule[2:]}"
    if diagnosis.findings:
        yield paint(words.SEEN, "bold")
    for finding in diagnosis.findings:
        yield from heading_of(finding, look)
        yield from wrap(finding.summary, "    ", width)
        if finding is diagnosis.findings[0] and diagnosis.verdict == "sick":
            yield from picture(diagnosis, finding, look)
    yield from suggested(diagnosis, look)
    yield from checkpoint(diagnosis, look)
    yield from unjudged(diagnosis, look)
    for problem in problems_of(diagnosis):
        yield from wrap(f"{safe(problem.where)}: {safe(problem.what)}", "    ", width, "  ! ")


def suggested(diagnosis: Diagnosis, look: Look) -> Iterator[str]:
    """What to try, each with the numbers that explain its place."""
    if diagnosis.prescriptions:
        yield Paint(look.color)(words.advice(diagnosis), "bold")
    for number, (item, beside) in enumerate(words.told(diagnosis)[:PRESCRIPTIONS], start=1):
        yield from wrap(f"{number}. {item.text} ({beside})", " " * 5, prose(look), "  ")


def checkpoint(diagnosis: Diagnosis, look: Look) -> Iterator[str]:
    """Which checkpoint to keep."""
    if "checkpoint" in diagnosis.readings:
        yield Paint(look.color)(words.KEEP, "bold")
        yield from wrap(words.kept(diagnosis.readings["checkpoint"]), "  ", prose(look))


def unjudged(diagnosis: Diagnosis, look: Look) -> Iterator[str]:
    """How much could not be judged, and mostly why."""
    groups = words.grouped(diagnosis.unjudged)
    if groups:
        why, conditions = groups[0]
        rest = len(diagnosis.unjudged) - len(conditions)
        said = ", ".join(conditions) if len(conditions) <= NAMED else f"{len(conditions)} conditions"
        text = f"{words.UNJUDGED}: {said} ({why})" + (f", and {rest} more for other reasons" if rest else "")
        for line in wrap(text, "  ", prose(look), ""):
            yield Paint(look.color)(line, "dim")


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

    width = prose(look)
    lines = draw(curve, Frame(max(width - 18, 10), 5, look.unicode), finding.onset)
    paint = Paint(look.color)
    if lines:
        yield paint(f"    {named(curve.id, width - 4, look)}", "dim")
    for line in lines:
        yield "    " + paint(line, "cyan")


def wrap(value: str, indent: str, width: int, lead: str | None = None) -> Iterator[str]:
    """`value` in lines of at most `width` columns; a number keeps its sign, an id its parts."""
    said = safe(value).replace(" %", "\u00a0%")
    if cells(said) > len(said):  # wide characters take two columns
        width = (width + len(indent)) // 2
    lines = textwrap.wrap(
        said, width, initial_indent=indent if lead is None else lead,
        subsequent_indent=indent, break_on_hyphens=False,
    )  # fmt: skip
    yield from (line.replace("\u00a0", " ") for line in lines)
