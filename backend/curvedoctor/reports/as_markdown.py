"""`--format markdown`: for pull requests and notes (GitHub's tables)."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from curvedoctor.model import Diagnosis, Problem, State
from curvedoctor.reports import phrases
from curvedoctor.reports.as_json import problems_of
from curvedoctor.reports.as_table import first_try
from curvedoctor.reports.asides import gist, look, notes, state, wanting
from curvedoctor.reports.base import OutputStyle
from curvedoctor.reports.text import markdown, onset, percent, safe, shorten

#: characters; a longer name makes the table unreadable
NAME = 60
#: characters; ours are shorter, but they may quote a log
SENTENCE = 300
#: runs that are fine and of which is told what they were not judged for
FINE = 3
MARKS = {
    "failed": "❌", "needs attention": "⚠️", "can't tell": "❔", "could improve": "🔼", "fine": "✅",
    "error": "❌", "warning": "⚠️", "info": "ℹ️",
}  # fmt: skip


def escape(value: str) -> str:
    """`value` as text that GitHub's Markdown shows as it is."""
    return unlinked(markdown(value))


def unlinked(value: str) -> str:
    r"""An empty comment after @ and # keeps GitHub from mentioning and linking, a backslash from mathematics.

    >>> unlinked("$1 @d")
    '\\$1 @<!-- -->d'
    """
    return re.sub(r"([@#])", r"\1<!-- -->", value).replace("$", "\\$")


def code(value: str) -> str:
    """`value` as code, also inside a table cell."""
    value = shorten(safe(value), NAME).replace("|", "\\|")
    fence = "`" * (max((len(run) for run in re.findall(r"`+", value)), default=0) + 1)
    space = " " if "`" in value else ""
    return f"{fence}{space}{value}{space}{fence}"


def render(results: Iterable[Diagnosis | Problem], style: OutputStyle) -> Iterator[str]:
    """A table of all runs, details of those that are sick or could improve, problems. Keeps text only,
    for there may be very many runs."""
    states: list[State] = []
    table: list[str] = []
    fine: list[str] = []
    detailed: list[str] = []
    sources: list[Problem] = []
    parts: list[Problem] = []
    for result in results:
        if isinstance(result, Problem):
            sources.append(result)
            continue
        states.append(result.state)
        table.append(line(result))
        parts.extend(problems_of(result))
        if result.verdict == "sick" or result.state == "could improve" or "unlike" in result.readings:
            detailed.extend(details(result))
        elif lacks := wanting(result):
            fine.append(f"\n{code(result.run.name)} {escape(lacks[0].lower() + lacks[1:])}\n")
    yield f"### curvedoctor: {phrases.tally(states)}\n\n"
    yield "| | run | state | seen in the curves | from | try first |\n|---|---|---|---|---|---|\n"
    yield from table
    yield from fine[:FINE]
    yield from detailed
    yield from trouble([*sources, *parts])


def line(diagnosis: Diagnosis) -> str:
    """A run's line of the table."""
    finding = diagnosis.findings[0] if diagnosis.findings else None
    more = f" +{len(diagnosis.findings) - 1}" if len(diagnosis.findings) > 1 else ""
    seen = f"{finding.condition} ({percent(finding.confidence)}){more}" if finding else ""
    if diagnosis.verdict == "undetermined":
        seen = escape(phrases.reason(diagnosis)[:SENTENCE])
    name, start = code(diagnosis.run.name), onset(finding) if finding else ""
    first = escape(first_try(diagnosis)[:SENTENCE])
    return f"| {MARKS[diagnosis.state]} | {name} | {state(diagnosis)} | {seen} | {start} | {first} |\n"


def details(diagnosis: Diagnosis) -> Iterator[str]:
    """What is seen in a run and what to try, folded away."""
    name = unlinked(html.escape(shorten(safe(diagnosis.run.name), NAME), quote=False))
    yield f"\n<details><summary>{name}: {state(diagnosis)}</summary>\n\n"
    yield from (f"{escape(note)}\n\n" for note in notes(diagnosis))
    if diagnosis.findings:
        yield f"**{phrases.SEEN}**\n\n"
    for finding in diagnosis.findings:
        curves = ", ".join(code(curve) for curve in finding.curves)
        yield (
            f"- {MARKS[finding.severity]} **{finding.condition}** "
            f"({finding.severity}, {percent(finding.confidence)}) on {curves}: {escape(finding.summary)}\n"
        )
    suggestions = phrases.suggestions(diagnosis)
    if suggestions:
        yield f"\n**{phrases.advice(diagnosis)}**\n\n"
    if asked := look(diagnosis):
        yield f"{escape(asked)}\n\n"
    for number, (item, beside) in enumerate(suggestions, start=1):
        yield f"{number}. {escape(item.text)} ({beside})\n"
    if "checkpoint" in diagnosis.readings:
        yield f"\n**{phrases.KEEP}**\n\n{escape(phrases.kept(diagnosis.readings['checkpoint']))}\n"
    yield from unjudged(diagnosis)
    yield "\n</details>\n"


def unjudged(diagnosis: Diagnosis) -> Iterator[str]:
    """What could not be judged, by reason."""
    if diagnosis.unjudged:
        yield f"\n**{phrases.UNJUDGED}**\n\n"
    for why, conditions in phrases.grouped(diagnosis.unjudged):
        yield f"- {escape(why)}: {', '.join(conditions)}\n"


def trouble(problems: Sequence[Problem]) -> Iterator[str]:
    """What could not be read; how the rest was, once per kind."""
    missing = [problem for problem in problems if problem.kind != "note"]
    if missing:
        yield "\n**Could not be read:**\n\n"
    for problem in missing:
        yield f"- {code(problem.where)}: {escape(problem.what)}\n"
    notes = Counter(gist(problem) for problem in problems if problem.kind == "note")
    for kind, count in notes.items():
        yield f"\n{count} file{'s' * (count > 1)}: {escape(kind)}.\n"
