"""`--format sarif`: SARIF 2.1.0, for code-scanning dashboards and CI systems.

A run's findings are results, each located at the run's log; conditions are rules with their manual pages.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from curvedoctor.model import Diagnosis, Finding, Problem, Severity
from curvedoctor.reports.as_json import Json, dumps, of_finding, problems_of, text
from curvedoctor.reports.base import OutputStyle
from curvedoctor.reports.phrases import TRY, suggestions, title
from curvedoctor.version import __version__

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}


def render(results: Iterable[Diagnosis | Problem], style: OutputStyle) -> Iterator[str]:
    """One SARIF log with one run of the tool. Rules are in the order of their first result."""
    rules: dict[str, int] = {}
    results_: list[Json] = []
    notes: list[Json] = []
    for item in results:
        if isinstance(item, Problem):
            notes.append(note(item))
            continue
        notes.extend(note(problem) for problem in problems_of(item))
        results_ += [
            result(item, each, rules.setdefault(each.condition, len(rules))) for each in item.findings
        ]
    yield dumps(log(list(rules), results_, notes), indent=2) + "\n"


def log(rules: Sequence[str], results: list[Json], notes: list[Json]) -> dict[str, Json]:
    """The whole document."""
    driver: dict[str, Json] = {
        "name": "curvedoctor",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [rule(condition) for condition in rules],
    }
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes}],
                "results": results,
            }
        ],
    }


def rule(condition: str) -> dict[str, Json]:
    """A condition as a rule, with its manual page if this version has one."""
    from curvedoctor.conditions.base import all_conditions

    known = all_conditions().get(condition)
    words = title(condition)
    if known is None:
        return {"id": condition, "name": words, "shortDescription": {"text": words}}
    page = inspect.cleandoc(known.manual)
    return {
        "id": condition,
        "name": words,
        "shortDescription": {"text": " ".join(page.split("\n\n")[0].split()) or words},
        "help": {"text": page},
        "defaultConfiguration": {"level": LEVELS[known.severity]},
    }


def result(diagnosis: Diagnosis, finding: Finding, rule_index: int) -> dict[str, Json]:
    """A finding as a result. Its fingerprint stays the same while the run grows."""
    run = diagnosis.run
    cure = next((pair for pair in suggestions(diagnosis) if finding.condition in pair[0].treats), None)
    message = f"{run.name}: {finding.summary}"
    if cure is not None:
        message += f" {TRY}: {cure[0].text} ({cure[1]})"
    return {
        "ruleId": finding.condition,
        "ruleIndex": rule_index,
        "level": LEVELS[finding.severity],
        "message": {"text": text(message)},
        "rank": round(100 * finding.confidence, 1),
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": uri(place_of(diagnosis))}},
                "logicalLocations": [{"name": text(run.name), "kind": "module"}],
            }
        ],
        "partialFingerprints": {"curvedoctor/1": text(f"{run.group}:{run.name}:{finding.condition}")},
        "properties": {**of_finding(finding), "state": diagnosis.state},
    }


def place_of(diagnosis: Diagnosis) -> str:
    """The file that a finding is shown at: the run's first log file, else its source."""
    origin = diagnosis.run.origin
    return origin.paths[0] if origin is not None and origin.paths else diagnosis.run.source


def note(problem: Problem) -> dict[str, Json]:
    """A problem as a notification of the tool."""
    byte = f" (byte {problem.offset})" if problem.offset is not None else ""
    return {
        "level": "warning",
        "message": {"text": text(problem.what + byte)},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri(problem.where)}}}],
    }


def uri(address: str) -> str:
    """A path or address as a URI reference, without credentials;
    paths below the working directory are relative."""
    scheme, sign, rest = address.partition("://")
    if sign:
        host, slash, path = rest.partition("/")
        host, path = quote(host.rpartition("@")[2], safe=":[]."), quote(path, safe="/", errors="replace")
        return f"{quote(scheme)}://{host}{slash}{path}"
    local = Path(address)
    if local.is_absolute() and local.is_relative_to(Path.cwd()):
        local = local.relative_to(Path.cwd())
    quoted = quote(local.as_posix(), safe="/", errors="replace")
    return f"file://{quoted}" if quoted.startswith("/") else quoted
