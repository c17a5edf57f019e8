"""The comparison for people at a terminal, readable at 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from curvedoctor.compare import summary, wording
from curvedoctor.compare.matrix import matrix
from curvedoctor.compare.terminal_picture import range_picture
from curvedoctor.compare.types import Comparison, Factor, Group, RangeTest, Step
from curvedoctor.reports.base import OutputStyle
from curvedoctor.reports.text import Paint, ascii_only, cells, fit, pad, percent, safe

#: columns; longer lines are hard to read
WIDEST = 100
#: short runs and range tests that are listed
LISTED = 12
MORE = "All values, with their intervals: --details, or -o comparison.html"


def render(comparison: Comparison, output: OutputStyle, details: bool = False) -> Iterator[str]:
    """All lines, each with its line end; with the tables and the six steps, if `details`."""
    for line in _all(comparison, output) if details else _brief(comparison, output):
        yield (line if output.unicode else ascii_only(line)).rstrip() + "\n"


def _brief(comparison: Comparison, output: OutputStyle) -> Iterator[str]:
    if not any(len(group.outcomes) > 1 for group in comparison.groups):
        yield from wrap(wording.nothing(comparison), output)
    else:
        for title, sentences in summary.of_comparison(comparison):
            yield from wrap(title, output, "  ", "", "bold")
            for sentence in sentences:
                style = "green" if sentence.startswith(summary.NEXT) else ""
                yield from wrap(sentence, output, "    ", "  ", style)
    for test in comparison.range_tests[:LISTED]:
        yield from wrap(wording.test_line(test), output, "  ", "")
    yield from wrap(MORE, output, "  ", "", "dim")


def _all(comparison: Comparison, output: OutputStyle) -> Iterator[str]:
    if not any(group.factors or group.prolong for group in comparison.groups):
        yield from wrap(wording.nothing(comparison), output)
        yield ""
    for group in comparison.groups:
        yield from _group(group, output)
    for test in comparison.range_tests:
        yield from _test(test, output)
    yield from _rule("The six steps to a learning rate", output)
    for step in comparison.steps:
        yield from _step(step, output)
    yield ""
    yield from wrap(f"Next: {comparison.next}", output, style="bold")


def wrap(
    text: str, output: OutputStyle, indent: str = "", lead: str | None = None, style: str = ""
) -> Iterator[str]:
    """`text`, harmless, in lines of the terminal's width."""
    text = safe(text) if output.unicode else ascii_only(safe(text))
    lines = textwrap.wrap(
        text,
        min(output.width, WIDEST),
        initial_indent=indent if lead is None else lead,
        subsequent_indent=indent,
    )
    paint = Paint(output.color)
    for line in lines:
        yield paint(line, style) if style else line


def _rule(title: str, output: OutputStyle) -> Iterator[str]:
    width = min(output.width, WIDEST)
    title = fit(title, width - 8, output.unicode)
    rule = ("─" if output.unicode else "-") * max(width - cells(title) - 4, 3)
    yield f"{rule[:2]} {Paint(output.color)(title, 'bold')} {rule[2:]}"


def _group(group: Group, output: OutputStyle) -> Iterator[str]:
    yield from _rule(
        f"{len(group.outcomes)} runs in {wording.shown(group.name)}"
        if group.name
        else f"{len(group.outcomes)} runs",
        output,
    )
    direction = f"{group.better} is better"
    yield from wrap(f"Compared by the {group.outcome} {group.metric} ({direction}).", output)
    if group.region is not None:
        first, *rest = wording.region(group.region, group)
        yield from wrap(first, output, "      ", "", "green")
        for line in rest:
            yield from wrap(line, output)
    yield ""
    grid = matrix(group, output.width - 2)
    if grid:
        yield from ("  " + line for line in grid)
        yield ""
    for factor in group.factors:
        yield from _factor(factor, output)
    for move in group.interactions:
        yield from wrap(move.text, output)
        yield ""
    if group.prolong:
        yield from _prolong(group, output)
    for note in group.notes:
        yield from wrap(note, output, "  ", "! ")
    if group.notes:
        yield ""


def _factor(factor: Factor, output: OutputStyle) -> Iterator[str]:
    paint = Paint(output.color)
    yield from wrap(wording.heading(factor), output, "  ", "", "bold")
    if factor.place is not None:
        style = "yellow" if factor.place.where in ("below", "above") else ""
        yield from wrap(wording.place(factor, factor.place), output, "  ", "  ", style)
    effects = {str(e.value): e for e in factor.effects}
    size = max(5, *(cells(wording.value(lv.value)) for lv in factor.levels))
    size = min(size, 20)
    yield paint(f"    {pad('value', size)}  runs  bad     median       best  over the best, 95 %", "dim")
    for lv in factor.levels:
        name = pad(fit(wording.value(lv.value), size, output.unicode), size)
        chosen = lv.value == factor.best
        mark = ("▸" if output.unicode else ">") if chosen else " "
        bad = str(lv.bad) if lv.bad else ""
        row = (
            f"  {mark} {name}  {lv.runs:>4}  {bad:>3}  {wording.level(lv.median):>9}  "
            f"{wording.level(lv.best):>9}"
        )
        e = effects.get(str(lv.value))
        if e is not None and not chosen:
            row += f"  {wording.ratio(e)}"
            row += f" ({wording.interval(e)})" if wording.interval(e) else ""
            row += f" {wording.sure(e)}" if output.width >= 96 else f" {e.sure}"
        yield paint(row, "green") if chosen else row
    yield ""


def _prolong(group: Group, output: OutputStyle) -> Iterator[str]:
    paint = Paint(output.color)
    yield from wrap(wording.prospects(group.prolong), output, "  ", "", "bold")
    size = min(max(cells(p.run) for p in group.prolong), 24)
    for p in group.prolong[:LISTED]:
        mark = ("▸" if output.unicode else ">") if p.worth else " "
        lead = f"  {mark} {pad(fit(p.run, size, output.unicode), size)} {percent(p.chance):>5}  "
        lines = list(wrap(wording.prolong(p), output, " " * cells(lead), lead))
        yield from (lines if p.worth else [paint(line, "dim") for line in lines])
    yield ""


def _test(test: RangeTest, output: OutputStyle) -> Iterator[str]:
    yield from _rule("Learning-rate range test", output)
    yield from wrap(wording.test_line(test), output, style="green")
    yield from range_picture(test, output)
    for name, at in wording.rules(test):
        yield f"    {name:<28}{at:>10}"
    yield ""


def _step(step: Step, output: OutputStyle) -> Sequence[str]:
    sign, plain, color = wording.MARKS[step.state]
    mark = Paint(output.color)(sign if output.unicode else plain, color)
    text = f"{step.number} {step.title}: {wording.STATES[step.state]}. {step.text}"
    first, *rest = wrap(text, output, "    ", "  ")
    return [mark + " " + first[2:], *rest]
