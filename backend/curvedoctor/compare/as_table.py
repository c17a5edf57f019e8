"""The comparison for people at a terminal, readable at 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from curvedoctor.compare import wording
from curvedoctor.compare.matrix import matrix
from curvedoctor.compare.terminal_picture import range_picture
from curvedoctor.compare.types import Comparison, Factor, Group, RangeTest, Step
from curvedoctor.reports.base import Look
from curvedoctor.reports.text import Paint, ascii_only, cells, fit, pad, percent, safe

#: columns; longer lines are hard to read
WIDEST = 100
#: short runs that are listed
LISTED = 12


def render(found: Comparison, look: Look) -> Iterator[str]:
    """All lines, each with its line end."""
    for line in _lines(found, look):
        yield (line if look.unicode else ascii_only(line)).rstrip() + "\n"


def _lines(found: Comparison, look: Look) -> Iterator[str]:
    if not any(group.factors or group.prolong for group in found.groups):
        yield from wrap(wording.nothing(found), look)
        yield ""
    for group in found.groups:
        yield from _group(group, look)
    for test in found.range_tests:
        yield from _test(test, look)
    yield from _rule("The six steps to a learning rate", look)
    for step in found.steps:
        yield from _step(step, look)
    yield ""
    yield from wrap(f"Next: {found.next}", look, style="bold")


def wrap(text: str, look: Look, indent: str = "", lead: str | None = None, style: str = "") -> Iterator[str]:
    """`text`, harmless, in lines of the terminal's width."""
    text = safe(text) if look.unicode else ascii_only(safe(text))
    lines = textwrap.wrap(
        text,
        min(look.width, WIDEST),
        initial_indent=indent if lead is None else lead,
        subsequent_indent=indent,
    )
    paint = Paint(look.color)
    for line in lines:
        yield paint(line, style) if style else line


def _rule(title: str, look: Look) -> Iterator[str]:
    width = min(look.width, WIDEST)
    title = fit(title, width - 8, look.unicode)
    rule = ("─" if look.unicode else "-") * max(width - cells(title) - 4, 3)
    yield f"{rule[:2]} {Paint(look.color)(title, 'bold')} {rule[2:]}"


def _group(group: Group, look: Look) -> Iterator[str]:
    yield from _rule(
        f"{len(group.outcomes)} runs in {group.name}" if group.name else f"{len(group.outcomes)} runs", look
    )
    direction = f"{group.better} is better"
    yield from wrap(f"Compared by the {group.outcome} {group.metric} ({direction}).", look)
    if group.region is not None:
        first, *rest = wording.region(group.region, group)
        yield from wrap(first, look, "      ", "", "green")
        for line in rest:
            yield from wrap(line, look)
    yield ""
    grid = matrix(group, look.width - 2)
    if grid:
        yield from ("  " + line for line in grid)
        yield ""
    for factor in group.factors:
        yield from _factor(factor, look)
    for move in group.interactions:
        yield from wrap(move.text, look)
        yield ""
    if group.prolong:
        yield from _prolong(group, look)
    for note in group.notes:
        yield from wrap(note, look, "  ", "! ")
    if group.notes:
        yield ""


def _factor(factor: Factor, look: Look) -> Iterator[str]:
    paint = Paint(look.color)
    yield from wrap(wording.heading(factor), look, "  ", "", "bold")
    if factor.place is not None:
        style = "yellow" if factor.place.where in ("below", "above") else ""
        yield from wrap(wording.place(factor, factor.place), look, "  ", "  ", style)
    effects = {str(e.value): e for e in factor.effects}
    size = max(5, *(cells(wording.value(lv.value)) for lv in factor.levels))
    size = min(size, 20)
    yield paint(f"    {pad('value', size)}  runs  bad     median       best  over the best, 95 %", "dim")
    for lv in factor.levels:
        name = pad(fit(wording.value(lv.value), size, look.unicode), size)
        chosen = lv.value == factor.best
        mark = ("▸" if look.unicode else ">") if chosen else " "
        bad = str(lv.bad) if lv.bad else ""
        row = f"  {mark} {name}  {lv.runs:>4}  {bad:>3}  {wording.level(lv.median):>9}  {wording.level(lv.best):>9}"
        e = effects.get(str(lv.value))
        if e is not None and not chosen:
            row += f"  {wording.ratio(e)}"
            row += f" ({wording.interval(e)})" if wording.interval(e) else ""
            row += f" {wording.sure(e)}" if look.width >= 96 else f" {e.sure}"
        yield paint(row, "green") if chosen else row
    yield ""


def _prolong(group: Group, look: Look) -> Iterator[str]:
    paint = Paint(look.color)
    yield from wrap(wording.prospects(group.prolong), look, "  ", "", "bold")
    size = min(max(cells(p.run) for p in group.prolong), 24)
    for p in group.prolong[:LISTED]:
        mark = ("▸" if look.unicode else ">") if p.worth else " "
        lead = f"  {mark} {pad(fit(p.run, size, look.unicode), size)} {percent(p.chance):>5}  "
        lines = list(wrap(wording.prolong(p), look, " " * cells(lead), lead))
        yield from (lines if p.worth else [paint(line, "dim") for line in lines])
    yield ""


def _test(test: RangeTest, look: Look) -> Iterator[str]:
    yield from _rule("Learning-rate range test", look)
    yield from wrap(wording.test_line(test), look, style="green")
    yield from range_picture(test, look)
    for name, at in wording.rules(test):
        yield f"    {name:<28}{at:>10}"
    yield ""


def _step(step: Step, look: Look) -> Sequence[str]:
    sign, plain, color = wording.MARKS[step.state]
    mark = Paint(look.color)(sign if look.unicode else plain, color)
    text = f"{step.number} {step.title}: {wording.STATES[step.state]}. {step.text}"
    first, *rest = wrap(text, look, "    ", "  ")
    return [mark + " " + first[2:], *rest]
