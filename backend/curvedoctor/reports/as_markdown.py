"""`--format markdown`: for pull requests and notes (GitHub's tables)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from curvedoctor.model import Diagnosis, Problem, Verdict
from curvedoctor.reports.as_json import problems_of
from curvedoctor.reports.as_table import tally
from curvedoctor.reports.base import Look
from curvedoctor.reports.text import onset, percent, safe, shorten

#: characters; a longer name makes the table unreadable
NAME = 60
#: characters; ours are shorter, but they may quote a log
SENTENCE = 300
MARKS = {"sick": "❌", "healthy": "✅", "undetermined": "❔", "error": "❌", "warning": "⚠️", "info": "ℹ️"}


def escape(value: str) -> str:
    r"""`value` as text that Markdown shows as it is: no markup, no HTML, no mention.

    >>> escape("a*b|<c> @d")
    'a\\*b\\|&lt;c> @<!-- -->d'
    """
    value = re.sub(r"([\\`*_{}\[\]|~$])", r"\\\1", safe(value))
    return inert(value)


def inert(value: str) -> str:
    """`value` without HTML; an empty comment after @ and # keeps GitHub from mentioning and linking."""
    value = value.replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([@#])", r"\1<!-- -->", value)


def code(value: str) -> str:
    """`value` as code, also inside a table cell."""
    value = shorten(safe(value), NAME).replace("|", "\\|")
    fence = "`" * (max((len(run) for run in re.findall(r"`+", value)), default=0) + 1)
    space = " " if "`" in value else ""
    return f"{fence}{space}{value}{space}{fence}"


def pieces(results: Iterable[Diagnosis | Problem], look: Look) -> Iterator[str]:
    """A table of all runs, details of the sick ones, problems. Keeps text only, for there may be very many runs."""
    verdicts: list[Verdict] = []
    table: list[str] = []
    told: list[str] = []
    sources: list[Problem] = []
    parts: list[Problem] = []
    for result in results:
        if isinstance(result, Problem):
            sources.append(result)
            continue
        verdicts.append(result.verdict)
        table.append(line(result))
        parts.extend(problems_of(result))
        if result.verdict == "sick":
            told.extend(details(result))
    yield f"### curvedoctor: {tally(verdicts)}\n\n"
    yield "| | run | condition | from | try first |\n|---|---|---|---|---|\n"
    yield from table
    yield from told
    yield from trouble([*sources, *parts])


def line(diagnosis: Diagnosis) -> str:
    """A run's line of the table."""
    finding = diagnosis.findings[0] if diagnosis.findings else None
    more = f" +{len(diagnosis.findings) - 1}" if len(diagnosis.findings) > 1 else ""
    condition = (
        diagnosis.verdict if finding is None else f"{finding.condition} ({percent(finding.confidence)}){more}"
    )
    first = escape(diagnosis.prescriptions[0].text[:SENTENCE]) if diagnosis.prescriptions else ""
    place = onset(finding) if finding else ""
    return f"| {MARKS[diagnosis.verdict]} | {code(diagnosis.run.name)} | {condition} | {place} | {first} |\n"


def details(diagnosis: Diagnosis) -> Iterator[str]:
    """All findings and prescriptions of a run, folded away."""
    name = inert(shorten(safe(diagnosis.run.name), NAME))
    yield f"\n<details><summary>{name}</summary>\n\n"
    for finding in diagnosis.findings:
        curves = ", ".join(code(curve) for curve in finding.curves)
        yield (
            f"- {MARKS[finding.severity]} **{finding.condition}** "
            f"({finding.severity}, {percent(finding.confidence)}) on {curves}: {escape(finding.summary)}\n"
        )
    yield "\n"
    for number, prescription in enumerate(diagnosis.prescriptions, start=1):
        yield f"{number}. {escape(prescription.text)} ({percent(prescription.confidence)})\n"
    yield "\n</details>\n"


def trouble(problems: Sequence[Problem]) -> Iterator[str]:
    """What could not be read."""
    if not problems:
        return
    yield "\n**Could not be read:**\n\n"
    for problem in problems:
        yield f"- {code(problem.where)}: {escape(problem.what)}\n"
