"""The comparison as Markdown, for pull requests and notes."""

from __future__ import annotations

from collections.abc import Iterator

from curvedoctor.compare import wording
from curvedoctor.compare.types import Comparison, Factor, Group
from curvedoctor.reports.as_markdown import code, escape
from curvedoctor.reports.text import percent

SIGNS = {"done": "✅", "failed": "❌", "missing": "⬜", "unknown": "❔"}


def render(comparison: Comparison) -> Iterator[str]:
    """The whole text in pieces."""
    yield f"### curvedoctor compare: {comparison.runs} runs\n\n**Next:** {escape(comparison.next)}\n\n"
    for group in comparison.groups:
        yield from _group(group)
    for test in comparison.range_tests:
        yield f"#### Range test {code(test.run)}\n\n{escape(wording.test_line(test))}\n\n"
        yield "| rule | lr |\n|---|---:|\n"
        yield "".join(f"| {name} | {at} |\n" for name, at in wording.rules(test)) + "\n"
    yield "#### The six steps to a learning rate\n\n"
    for step in comparison.steps:
        yield (
            f"{step.number}. {SIGNS[step.state]} **{step.title}**: {wording.STATES[step.state]}. "
            f"{escape(step.text)}\n"
        )


def _group(group: Group) -> Iterator[str]:
    yield f"#### {escape(wording.title(group))}\n\n"
    if group.region is not None:
        yield from (f"{escape(line)}\n\n" for line in wording.region(group.region, group))
    for factor in group.factors:
        yield from _factor(factor)
    for move in group.interactions:
        yield f"{escape(move.text)}\n\n"
    if group.prolong:
        yield f"**{wording.prospects(group.prolong)}**\n\n| run | chance | prospects |\n|---|---:|---|\n"
        for p in group.prolong:
            mark = "**" if p.worth else ""
            yield f"| {code(p.run)} | {mark}{percent(p.chance)}{mark} | {escape(wording.prolong(p))} |\n"
        yield "\n"
    for note in group.notes:
        yield f"> {escape(note)}\n\n"


def _factor(factor: Factor) -> Iterator[str]:
    yield f"**{escape(wording.heading(factor))}**\n\n"
    if factor.place is not None:
        yield f"{escape(wording.place(factor, factor.place))}\n\n"
    effects = {str(e.value): e for e in factor.effects}
    yield (
        "| value | runs | bad | median | best | over the best (95 %) | how sure "
        "|\n|---|---:|---:|---:|---:|---|---|\n"
    )
    for lv in factor.levels:
        e = effects.get(str(lv.value))
        ratio = (
            ""
            if e is None
            else f"{wording.ratio(e)} {'(' + wording.interval(e) + ')' if wording.interval(e) else ''}"
        )
        sure = "" if e is None else wording.sure(e)
        name = escape(wording.value(lv.value))
        shown = f"**{name}**" if lv.value == factor.best else name
        yield (
            f"| {shown} | {lv.runs} | {lv.bad or ''} | {wording.level(lv.median)} | {wording.level(lv.best)} "
            f"| {ratio} | {sure} |\n"
        )
    yield "\n"
