"""A diagnosis as a piece of HTML, for notebooks: `Diagnosis._repr_html_`."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence

import numpy as np

from curvedoctor.model import Curve, Diagnosis, Finding
from curvedoctor.reports import asides, phrases
from curvedoctor.reports.as_table import first_try
from curvedoctor.reports.plot import columns, scale
from curvedoctor.reports.text import MARKS, number, percent, safe

#: user units of the picture
WIDTH, HEIGHT = 420, 110
#: rows of a table
ROWS = 200
#: notebooks set tables flush right
LEFT = "text-align: left"
COLORS = {"red": "#c62828", "yellow": "#9a6700", "green": "#1a7f37", "blue": "#0969da", "dim": "#59636e"}


def html(diagnosis: Diagnosis) -> str:
    """A self-contained fragment: state, picture, what is seen, what to try; nothing from a log is markup."""
    box = ET.Element("div", style="max-width: 46em")
    heading(box, diagnosis)
    findings_and_prescriptions(box, diagnosis)
    return ET.tostring(box, encoding="unicode", method="html")


def heading(box: ET.Element, diagnosis: Diagnosis) -> None:
    """The state, the run, and the diagnosis in a sentence."""
    mark, _, color = MARKS[diagnosis.state]
    head = ET.SubElement(box, "p", style="margin: 0.3em 0")
    state = ET.SubElement(head, "strong", style=f"color: {COLORS[color]}")
    state.text = f"{mark} {asides.state(diagnosis)}"
    state.tail = f" {safe(diagnosis.run.name)}"
    ET.SubElement(box, "p", style="margin: 0.3em 0").text = safe(phrases.headline(diagnosis))
    for note in asides.notes(diagnosis):
        ET.SubElement(box, "p", style="margin: 0.3em 0; opacity: 0.75").text = safe(note)


def findings_and_prescriptions(box: ET.Element, diagnosis: Diagnosis) -> None:
    """What is seen, with a picture, and what to try."""
    if diagnosis.findings:
        picture(box, diagnosis, diagnosis.findings[0])
        listing = titled(box, phrases.SEEN, "ul")
        for finding in diagnosis.findings:
            item = ET.SubElement(listing, "li")
            name = ET.SubElement(item, "strong")
            name.text = finding.condition
            start = (
                f", from {finding.axis or 'step'} {number(finding.onset)}"
                if finding.onset is not None
                else ""
            )
            name.tail = (
                f" ({finding.severity}, {percent(finding.confidence)}{start}): {safe(finding.summary)}"
            )
    if suggestions := phrases.suggestions(diagnosis):
        if asked := asides.look(diagnosis):
            ET.SubElement(box, "p", style="margin: 0.5em 0 0.1em").text = asked
        listing = titled(box, phrases.advice(diagnosis), "ol")
        for prescription, beside in suggestions:
            ET.SubElement(listing, "li").text = f"{safe(prescription.text)} ({beside})"
    if diagnosis.unjudged:
        listing = titled(box, phrases.UNJUDGED, "ul")
        for why, conditions in phrases.grouped(diagnosis.unjudged):
            ET.SubElement(listing, "li").text = f"{safe(why)}: {', '.join(conditions)}"


def titled(box: ET.Element, title: str, kind: str) -> ET.Element:
    """A list under its title."""
    head = ET.SubElement(box, "p", style="margin: 0.5em 0 0.1em")
    ET.SubElement(head, "strong").text = title
    return ET.SubElement(box, kind, style="margin: 0")


def table(diagnoses: Sequence[Diagnosis]) -> str:
    """A table of runs, those that need somebody first; each run's details are folded behind its name."""
    box = ET.Element("div")
    ET.SubElement(box, "p").text = phrases.tally([diagnosis.state for diagnosis in diagnoses])
    rows = sorted(diagnoses, key=lambda diagnosis: phrases.STATES.index(diagnosis.state))
    body = ET.SubElement(box, "table", style="text-align: left")
    head = ET.SubElement(ET.SubElement(body, "thead"), "tr")
    for title in ("state", "run", "seen in the curves", "to try first"):
        ET.SubElement(head, "th", style=LEFT).text = title
    lines = ET.SubElement(body, "tbody")
    for diagnosis in rows[:ROWS]:
        row_of(lines, diagnosis)
    if len(rows) > ROWS:
        ET.SubElement(
            box, "p"
        ).text = f"… and {len(rows) - ROWS} more: index the sequence, or take its .to_frame()"
    return ET.tostring(box, encoding="unicode", method="html")


def row_of(lines: ET.Element, diagnosis: Diagnosis) -> None:
    """One run: its state, its name with details behind it, what is seen, what to try."""
    line = ET.SubElement(lines, "tr", style="vertical-align: top")
    mark, _, color = MARKS[diagnosis.state]
    state = ET.SubElement(line, "td", style=f"{LEFT}; white-space: nowrap; color: {COLORS[color]}")
    state.text = f"{mark} {asides.state(diagnosis)}"
    folded = ET.SubElement(ET.SubElement(line, "td", style=LEFT), "details")
    ET.SubElement(folded, "summary").text = safe(diagnosis.run.name)
    findings_and_prescriptions(folded, diagnosis)
    seen = safe(phrases.headline(diagnosis)) if diagnosis.state != "fine" else ""
    ET.SubElement(line, "td", style=LEFT).text = seen
    ET.SubElement(line, "td", style=LEFT).text = first_try(diagnosis)


def picture(box: ET.Element, diagnosis: Diagnosis, finding: Finding) -> None:
    """The finding's curve over its axis, with a line where it begins."""
    curve = next((c for c in diagnosis.run.curves if c.id in finding.curves[:1]), None)
    if curve is None or not np.isfinite(curve.values).any():
        return
    svg = ET.SubElement(
        box, "svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"-70 -12 {WIDTH + 90} {HEIGHT + 34}",
        width=str(WIDTH + 90), role="img", style="max-width: 100%; font: 11px sans-serif",
    )  # fmt: skip
    ET.SubElement(svg, "title").text = f"{safe(curve.id)} by {curve.axis}"
    low, high, *_ = columns(curve, WIDTH // 2)
    *_, bottom, top, logarithmic = scale(low, high)
    axes(svg, curve, (bottom, top, logarithmic))
    ET.SubElement(svg, "polyline", points=line(curve), fill="none", stroke="#0969da")
    first, last = float(curve.steps.min()), float(curve.steps.max())
    if finding.onset is not None and last > first and first <= finding.onset <= last:
        at = f"{(finding.onset - first) / (last - first) * WIDTH:.1f}"
        ends = {"x1": at, "x2": at, "y1": "0", "y2": str(HEIGHT)}
        ET.SubElement(svg, "line", {**ends, "stroke": "#c62828", "stroke-dasharray": "3 3"})
        label(svg, (float(at), -2), f"{curve.axis} {number(finding.onset)}", "middle", "#c62828")


def axes(svg: ET.Element, curve: Curve, ends: tuple[float, float, bool]) -> None:
    """Both axes with the numbers at their ends."""
    bottom, top, logarithmic = ends
    frame = f"M0 0V{HEIGHT}H{WIDTH}"
    ET.SubElement(svg, "path", d=frame, fill="none", stroke="#8c959f")
    label(svg, (-6, 10), number(top), "end")
    label(svg, (-6, HEIGHT), number(bottom), "end")
    label(svg, (0, HEIGHT + 16), number(int(curve.steps.min())), "start")
    label(svg, (WIDTH, HEIGHT + 16), number(int(curve.steps.max())), "end")
    label(svg, (WIDTH / 2, HEIGHT + 16), f"{curve.axis} · {safe(curve.id)[:60]}", "middle")
    if logarithmic:
        label(svg, (-6, HEIGHT / 2), "log", "end")


def label(svg: ET.Element, at: tuple[float, float], text: str, anchor: str, fill: str = "#59636e") -> None:
    """Text in a picture."""
    attributes = {"x": f"{at[0]:g}", "y": f"{at[1]:g}", "text-anchor": anchor, "fill": fill}
    ET.SubElement(svg, "text", attributes).text = text


def line(curve: Curve) -> str:
    """Points of a polyline: lowest and highest value of each column of the picture."""
    low, high, _ = columns(curve, WIDTH // 2)
    low, high, *_ = scale(low, high)
    return " ".join(
        f"{2 * index},{(1 - value) * (HEIGHT - 4) + 2:.1f}"
        for index, ends in enumerate(zip(low, high, strict=True))
        for value in dict.fromkeys(ends)
        if np.isfinite(value)
    )
