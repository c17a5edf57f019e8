"""One run in the terminal: what is seen, with a picture, what to try, and what could not be judged."""

from __future__ import annotations

import fnmatch
import math
import textwrap
from collections.abc import Iterator

from curvedoctor.model import Curve, Diagnosis, Finding, Run
from curvedoctor.reports import phrases
from curvedoctor.reports.as_json import problems_of
from curvedoctor.reports.asides import look, notes, state
from curvedoctor.reports.base import OutputStyle
from curvedoctor.reports.text import MARKS, Paint, cells, fit, number, onset, percent, safe

#: columns; longer lines of prose are hard to read
PROSE = 100
#: conditions that could not be judged and are named; more are counted
NAMED = 3
#: reasons for it that are given
REASONS = 3
#: prescriptions shown per run
PRESCRIPTIONS = 3


def prose(style: OutputStyle) -> int:
    """Columns of sentences."""
    return min(style.width, PROSE)


def named(value: str, width: int, style: OutputStyle) -> str:
    """A log's name; shortened only on a terminal."""
    return fit(value, width, style.unicode) if style.cut else safe(value)


def details(diagnosis: Diagnosis, style: OutputStyle) -> Iterator[str]:
    """All that is said of one run, with a picture."""
    paint = Paint(style.color)
    width = prose(style)
    words = state(diagnosis)
    title = named(diagnosis.run.name, width - len(words) - 12, style)
    rule = ("─" if style.unicode else "-") * max(width - cells(title) - len(words) - 7, 3)
    yield f"{rule[:2]} {paint(title, 'bold')}: {paint(words, MARKS[diagnosis.state][2])} {rule[2:]}"
    for line in (line for note in notes(diagnosis) for line in wrap(note, "  ", width, "")):
        yield paint(line, "dim")
    if diagnosis.verdict == "undetermined":
        yield from wrap(phrases.reason(diagnosis), "  ", width)
    if diagnosis.findings:
        yield paint(phrases.SEEN, "bold")
    for finding in diagnosis.findings:
        yield from heading_of(finding, diagnosis.run, style)
        yield from wrap(finding.summary, "    ", width)
        if finding is diagnosis.findings[0] and diagnosis.verdict == "sick":
            yield from picture(diagnosis, finding, style)
    if diagnosis.state != "fine":
        yield from suggested(diagnosis, style)
    yield from checkpoint(diagnosis, style)
    yield from unjudged(diagnosis, style)
    for problem in (each for each in problems_of(diagnosis) if each.kind != "note"):
        yield from wrap(f"{safe(problem.where)}: {safe(problem.what)}", "    ", width, "  ! ")


def suggested(diagnosis: Diagnosis, style: OutputStyle) -> Iterator[str]:
    """What to try, each with the numbers that explain its place; of odds that come first, what tells most."""
    paint = Paint(style.color)
    if diagnosis.prescriptions:
        yield paint(phrases.advice(diagnosis), "bold")
        yield from wrap(look(diagnosis), "  ", prose(style))
    for rank, (item, beside) in enumerate(phrases.suggestions(diagnosis)[:PRESCRIPTIONS], start=1):
        yield from wrap(f"{rank}. {item.text}", " " * 5, prose(style), "  ")
        told = rank == 1 and item.basis == "odds" and item.because
        because = f"; most telling: {item.because[0]}" if told else ""
        for line in wrap(beside + because, " " * 5, prose(style)):
            yield paint(line, "dim")


def checkpoint(diagnosis: Diagnosis, style: OutputStyle) -> Iterator[str]:
    """Which checkpoint to keep."""
    if "checkpoint" in diagnosis.readings:
        yield Paint(style.color)(phrases.KEEP, "bold")
        yield from wrap(phrases.kept(diagnosis.readings["checkpoint"]), "  ", prose(style))


def unjudged(diagnosis: Diagnosis, style: OutputStyle) -> Iterator[str]:
    """What could not be judged, and why."""
    groups = phrases.of_this_kind(diagnosis)
    named = [
        f"{', '.join(each) if len(each) <= NAMED else f'{len(each)} conditions'} ({why})"
        for why, each in groups[:REASONS]
    ]
    rest = sum(len(each) for _, each in groups[REASONS:])
    if named:
        more = f"; {rest} more: --format markdown lists them" if rest else ""
        for line in wrap(f"{phrases.UNJUDGED}: {'; '.join(named)}{more}", "  ", prose(style), ""):
            yield Paint(style.color)(line, "dim")


def epoch_of(finding: Finding, run: Run) -> float | None:
    """The epoch that the log itself counts where a finding begins, if it counts steps as well."""
    counted = (
        c for c in run.curves if c.tag.rpartition("/")[2].lower() == "epoch" and c.axis == "step" and len(c)
    )
    curve = next(counted, None)
    if curve is None or finding.axis != "step" or finding.onset is None:
        return None
    before = curve.values[curve.steps <= finding.onset]
    epoch = float(before[-1]) if len(before) else float(curve.values[0])
    return epoch if math.isfinite(epoch) else None


def heading_of(finding: Finding, run: Run, style: OutputStyle) -> Iterator[str]:
    """A finding's line: condition, severity, confidence, onset."""
    sign, plain_sign, color = MARKS[finding.severity]
    mark = Paint(style.color)(sign if style.unicode else plain_sign, color)
    start = onset(finding)
    unit = "step " if finding.axis == "step" else ""
    since = f", from {unit}{start}" if start else ""
    if since and (epoch := epoch_of(finding, run)) is not None:
        since += f", epoch {number(epoch)}"
    yield (
        f"{mark} {Paint(style.color)(finding.condition, 'bold')} ({finding.severity}, "
        f"{percent(finding.confidence)}{since})"
    )


def curve_of(diagnosis: Diagnosis, finding: Finding, style: OutputStyle) -> Curve | None:
    """The curve to draw: the user's primary one if the finding rests on it, else the finding's first."""
    by_id = {curve.id: curve for curve in diagnosis.run.curves}
    used = [by_id[name] for name in finding.curves if name in by_id]
    if style.primary:
        primary = [curve for curve in used if fnmatch.fnmatchcase(curve.id, style.primary)]
        used = primary or used
    return used[0] if used else None


def picture(diagnosis: Diagnosis, finding: Finding, style: OutputStyle) -> Iterator[str]:
    """The finding's curve, its onset pointed at."""
    curve = curve_of(diagnosis, finding, style)
    if curve is None or not len(curve):
        return
    from curvedoctor.reports.plot import Frame, draw

    width = prose(style)
    lines = draw(curve, Frame(max(width - 18, 10), 5, style.unicode), finding.onset)
    paint = Paint(style.color)
    if lines:
        yield paint(f"    {named(curve.id, width - 4, style)}", "dim")
    for line in lines:
        yield "    " + paint(line, "cyan")


def wrap(value: str, indent: str, width: int, lead: str | None = None) -> Iterator[str]:
    """`value` in lines of at most `width` columns; a number keeps its sign, an id its parts."""
    plain = safe(value).replace(" %", "\u00a0%")
    if cells(plain) > len(plain):  # wide characters take two columns
        width = (width + len(indent)) // 2
    lines = textwrap.wrap(
        plain, width, initial_indent=indent if lead is None else lead,
        subsequent_indent=indent, break_on_hyphens=False,
    )  # fmt: skip
    yield from (line.replace("\u00a0", " ") for line in lines)
