"""A diagnosis as Markdown for TensorBoard's Text tab."""

from __future__ import annotations

import re

from curvedoctor.model import Diagnosis, Finding
from curvedoctor.reports import phrases
from curvedoctor.reports.text import number, percent
from curvedoctor.version import __version__

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|~<>])")


def markdown(diagnosis: Diagnosis) -> str:
    """The diagnosis for the Text tab, which renders Markdown and escapes HTML."""
    lines = [f"# {diagnosis.state.capitalize()}", "", escaped(phrases.headline(diagnosis)), ""]
    if diagnosis.findings:
        # no table: the Text tab breaks its narrow columns within words
        lines += [f"**{phrases.SEEN}**", "", *map(_item, diagnosis.findings), ""]
    if diagnosis.prescriptions:
        listed = [
            f"1. {escaped(item.text)} ({escaped(beside)})" for item, beside in phrases.suggestions(diagnosis)
        ]
        lines += [f"**{phrases.advice(diagnosis)}**", "", *listed, ""]
    if diagnosis.unjudged:
        groups = [
            f"* {escaped(why)}: {', '.join(names)}" for why, names in phrases.grouped(diagnosis.unjudged)
        ]
        lines += [f"**{phrases.UNJUDGED}**", "", *groups, ""]
    lines.append(f"curvedoctor {__version__}")
    return "\n".join(lines)


def _item(finding: Finding) -> str:
    start = "" if finding.onset is None else f", from {finding.axis or 'step'} {number(finding.onset)}"
    sure = f"{finding.severity}, {percent(finding.confidence)}{start}"
    return f"* **{escaped(finding.condition)}** ({escaped(sure)}): {escaped(finding.summary)}"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is: log content may be quoted in it."""
    return _MARKUP.sub(r"\\\1", plainly(text))


def plainly(text: str) -> str:
    """One printable line that UTF-8 can say."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())
