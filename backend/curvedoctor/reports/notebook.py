"""A diagnosis as a piece of HTML, for notebooks: `Diagnosis._repr_html_`."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np

from curvedoctor.model import Curve, Diagnosis, Finding
from curvedoctor.reports import words
from curvedoctor.reports.plot import columns, scale
from curvedoctor.reports.text import MARKS, number, percent, safe

#: user units of the picture
WIDTH, HEIGHT = 420, 110
COLORS = {"red": "#c62828", "yellow": "#9a6700", "green": "#1a7f37", "blue": "#0969da", "dim": "#59636e"}


def html(diagnosis: Diagnosis) -> str:
    """A self-contained fragment: state, picture, what is seen, what to try; nothing from a log is markup."""
    box = ET.Element("div", style="max-width: 46em")
    heading(box, diagnosis)
    told(box, diagnosis)
    return ET.tostring(box, encoding="unicode", method="html")


def heading(box: ET.Element, diagnosis: Diagnosis) -> None:
    """The state, the run, and the diagnosis in a sentence."""
    mark, _, color = MARKS[diagnosis.state]
    head = ET.SubElement(box, "p", style="margin: 0.3em 0")
    state = ET.SubElement(head, "strong", style=f"color: {COLORS[color]}")
    state.text = f"{mark} {diagnosis.state}"
    state.tail = f" {safe(diagnosis.run.name)}"
    ET.SubElement(box, "p", style="margin: 0.3em 0").text = safe(words.headline(diagnosis))


def told(box: ET.Element, diagnosis: Diagnosis) -> None:
    """What is seen, with a picture, and what to try."""
    if diagnosis.findings:
        picture(box, diagnosis, diagnosis.findings[0])
        listing = titled(box, words.SEEN, "ul")
        for finding in diagnosis.findings:
            item = ET.SubElement(listing, "li")
            name = ET.SubElement(item, "strong")
            name.text = finding.condition
            place = (
                f", from {finding.axis or 'step'} {number(finding.onset)}"
                if finding.onset is not None
                else ""
            )
            name.tail = (
                f" ({finding.severity}, {percent(finding.confidence)}{place}): {safe(finding.summary)}"
            )
    if diagnosis.prescriptions:
        listing = titled(box, words.advice(diagnosis), "ol")
        for prescription, beside in words.told(diagnosis):
            ET.SubElement(listing, "li").text = f"{safe(prescription.text)} ({beside})"
    if diagnosis.unjudged:
        listing = titled(box, words.UNJUDGED, "ul")
        for why, conditions in words.grouped(diagnosis.unjudged):
            ET.SubElement(listing, "li").text = f"{safe(why)}: {', '.join(conditions)}"


def titled(box: ET.Element, title: str, kind: str) -> ET.Element:
    """A list under its title."""
    head = ET.SubElement(box, "p", style="margin: 0.5em 0 0.1em")
    ET.SubElement(head, "strong").text = title
    return ET.SubElement(box, kind, style="margin: 0")


def picture(box: ET.Element, diagnosis: Diagnosis, finding: Finding) -> None:
    """The finding's curve, with a line where it begins."""
    curve = next((c for c in diagnosis.run.curves if c.id in finding.curves[:1]), None)
    if curve is None or not np.isfinite(curve.values).any():
        return
    label = f"{safe(curve.id)}, steps {curve.steps.min()} to {curve.steps.max()}"
    svg = ET.SubElement(
        box, "svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {WIDTH} {HEIGHT}", width=str(WIDTH),
        role="img", style="max-width: 100%",
    )  # fmt: skip
    ET.SubElement(svg, "title").text = label
    ET.SubElement(svg, "polyline", points=line(curve), fill="none", stroke="#0969da")
    first, last = float(curve.steps.min()), float(curve.steps.max())
    if finding.onset is not None and last > first and first <= finding.onset <= last:
        place = f"{(finding.onset - first) / (last - first) * WIDTH:.1f}"
        attributes = {
            "x1": place,
            "x2": place,
            "y1": "0",
            "y2": str(HEIGHT),
            "stroke": "#c62828",
            "stroke-dasharray": "3 3",
        }
        ET.SubElement(svg, "line", attributes)
    ET.SubElement(box, "p", style="margin: 0; opacity: 0.7").text = label


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
