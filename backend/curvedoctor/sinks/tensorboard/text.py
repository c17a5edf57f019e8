"""A diagnosis as Markdown for TensorBoard's Text tab."""

from __future__ import annotations

from curvedoctor.model import Diagnosis, Finding
from curvedoctor.reports import phrases
from curvedoctor.reports.asides import look, notes, state
from curvedoctor.reports.text import markdown, number, percent
from curvedoctor.version import __version__


def page(diagnosis: Diagnosis) -> str:
    """The diagnosis for the Text tab, which renders Markdown and escapes HTML."""
    lines = [f"# {state(diagnosis).capitalize()}", "", markdown(phrases.headline(diagnosis)), ""]
    lines += [line for note in notes(diagnosis) for line in (markdown(note), "")]
    if diagnosis.findings:
        # no table: the Text tab breaks its narrow columns within words
        lines += [f"**{phrases.SEEN}**", "", *map(_item, diagnosis.findings), ""]
    if suggestions := phrases.suggestions(diagnosis):
        listed = [f"1. {markdown(item.text)} ({markdown(beside)})" for item, beside in suggestions]
        before = [markdown(asked), ""] if (asked := look(diagnosis)) else []
        lines += [f"**{phrases.advice(diagnosis)}**", "", *before, *listed, ""]
    if diagnosis.unjudged:
        groups = [
            f"* {markdown(why)}: {', '.join(names)}" for why, names in phrases.grouped(diagnosis.unjudged)
        ]
        lines += [f"**{phrases.UNJUDGED}**", "", *groups, ""]
    lines.append(f"curvedoctor {__version__}")
    return "\n".join(lines)


def _item(finding: Finding) -> str:
    start = "" if finding.onset is None else f", from {finding.axis or 'step'} {number(finding.onset)}"
    details = f"{finding.severity}, {percent(finding.confidence)}{start}"
    return f"* **{markdown(finding.condition)}** ({markdown(details)}): {markdown(finding.summary)}"
