"""`--format junit`: JUnit XML, which every CI system shows. A run is a test case, a group is a suite."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Sequence

from curvedoctor.model import Diagnosis, Finding, Problem
from curvedoctor.reports.as_json import problems_of
from curvedoctor.reports.base import OutputStyle
from curvedoctor.reports.phrases import SEEN, advice, reason, suggestions
from curvedoctor.reports.text import percent, safe


def render(results: Iterable[Diagnosis | Problem], style: OutputStyle) -> Iterator[str]:
    """One document. Sick runs fail, undetermined ones are skipped,
    broken files are errors of a suite of their own."""
    root = ET.Element("testsuites", name="curvedoctor")
    suites: dict[str, ET.Element] = {}
    problems: list[Problem] = []
    for result in results:
        if isinstance(result, Problem):
            problems.append(result)
            continue
        group = result.run.group
        if group not in suites:
            suites[group] = suite(root, group)
        case_of(suites[group], result)
    if problems:
        node = suite(root, "unreadable")
        for problem in problems:
            case = ET.SubElement(node, "testcase", name=legal(problem.where), classname="unreadable")
            ET.SubElement(case, "error", message=legal(problem.what), type="unreadable")
    for node in root:
        counted(node)
    ET.indent(root)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def legal(value: str) -> str:
    """`value`, line by line, without what XML forbids or a terminal obeys."""
    return "\n".join(safe(line) for line in value.split("\n"))


def suite(root: ET.Element, group: str) -> ET.Element:
    """A suite, still empty."""
    return ET.SubElement(root, "testsuite", name=legal(group))


def counted(node: ET.Element) -> None:
    """Give a suite the numbers of its cases."""
    node.set("tests", str(len(node)))
    for name, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        node.set(name, str(len(node.findall(f"testcase/{kind}"))))


def case_of(node: ET.Element, diagnosis: Diagnosis) -> None:
    """A run as a test case of the suite `node`."""
    case = ET.SubElement(
        node, "testcase", name=legal(diagnosis.run.name), classname=legal(diagnosis.run.group)
    )
    weighty = [finding for finding in diagnosis.findings if finding.severity != "info"]
    if diagnosis.verdict == "sick" and weighty:
        first = weighty[0]
        message = legal(f"{diagnosis.state}: {first.summary}")
        failure = ET.SubElement(case, "failure", message=message, type=first.condition)
        failure.text = legal(details(diagnosis, weighty))
    elif diagnosis.verdict == "undetermined":
        ET.SubElement(case, "skipped", message=legal(f"{diagnosis.state}: {reason(diagnosis)}"))
    elif diagnosis.prescriptions:
        ET.SubElement(case, "system-out").text = legal("\n".join(suggested(diagnosis)))
    unread = [f"{problem.where}: {problem.what}" for problem in problems_of(diagnosis)]
    if unread:
        ET.SubElement(case, "system-err").text = legal("\n".join(unread))


def details(diagnosis: Diagnosis, findings: Sequence[Finding]) -> str:
    """What is seen, and what is suggested, as lines."""
    seen = [f"{f.condition} ({f.severity}, {percent(f.confidence)}): {f.summary}" for f in findings]
    return "\n".join((f"{SEEN}:", *seen, *suggested(diagnosis)))


def suggested(diagnosis: Diagnosis) -> list[str]:
    """Prescriptions as lines."""
    tried = [
        f"{n}. {item.text} ({beside})" for n, (item, beside) in enumerate(suggestions(diagnosis), start=1)
    ]
    return [f"{advice(diagnosis)}:", *tried] if tried else []
