"""The report: one HTML file that needs nothing else, for one run or for many.

It opens from disk, without a network, and in the sandboxed frame in which MLflow shows artifacts. The
diagnosis stands in it as JSON and is drawn by the same front end as the TensorBoard tab; a reader
without scripts gets it as plain text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from curvedoctor.model import Diagnosis, Problem
from curvedoctor.version import __version__
from curvedoctor_panel import bundle, manual
from curvedoctor_panel.conclusions import conclusions
from curvedoctor_panel.folding import folded
from curvedoctor_panel.overview import combine, row
from curvedoctor_panel.plain import Json, clip
from curvedoctor_panel.view import problem, run_view

#: points of all curves of a run together, so that one run's report stays below 150 KB
POINTS_OF_A_RUN = 2_300
#: the same for all runs of one report together, so that 300 stay below 1.5 MB
POINTS_IN_ALL = 50_000
#: points that a curve keeps in any case
MIN_POINTS = 24
#: runs up to which all are told in full; of more, only those that need somebody
FULL = 30


@dataclass(frozen=True, slots=True)
class Made:
    """Where a report comes from."""

    #: day, as YYYY-MM-DD; None where the same diagnoses must give the same page
    date: str | None = None
    command: str | None = None


def many(diagnoses: Sequence[Diagnosis], problems: Sequence[Problem] = (), made: Made | None = None) -> str:
    """A report of many runs, those that need somebody first.
    Raises `MissingBundle` where the package was not built."""
    # rows get their unique keys in `combine`, which sorts them: remember whose row is whose
    rows = [{**row(diagnosis), "place": index} for index, diagnosis in enumerate(diagnoses)]
    overview = combine(rows, [problem(item) for item in problems])
    shown = [item for item in overview["rows"] if len(rows) <= FULL or item["verdict"] == "sick"]
    points = min(POINTS_OF_A_RUN, POINTS_IN_ALL // max(1, len(shown)))
    views = {item["key"]: _view(diagnoses[item["place"]], points, len(rows) == 1) for item in shown}
    for item in overview["rows"]:
        del item["place"]
    conditions = sorted({seen["id"] for item in overview["rows"] for seen in item["conditions"]})
    pages = {name: page for name in conditions if (page := manual.page(name)) is not None}
    return _page(
        {
            "overview": overview,
            "views": views,
            "pages": pages,
            "compared": conclusions(diagnoses) if len(rows) > 1 else None,
            "made": _made(diagnoses, made or Made()),
        }
    )


def _view(diagnosis: Diagnosis, points: int, alone: bool) -> dict[str, Json]:
    drawn = max(1, min(len(diagnosis.run.curves), 24))
    view = run_view(diagnosis, limit=max(MIN_POINTS, points // drawn), pages=False, times=alone)
    view["curves"] = [_spaced(curve) for curve in view["curves"]]
    return view


def _made(diagnoses: Sequence[Diagnosis], made: Made) -> dict[str, Json]:
    sources = dict.fromkeys(
        item.run.origin.address if item.run.origin else item.run.source for item in diagnoses
    )
    return {
        "by": f"curvedoctor {__version__}",
        "date": made.date,
        "command": None if made.command is None else clip(made.command, 400),
        "sources": [clip(_open(source), 200) for source in list(sources)[:5]],
        "more": max(0, len(sources) - 5),
    }


def _open(address: str) -> str:
    """An address without the credentials that it may hold: reports are passed on."""
    return re.sub(r"(?<=://)[^/@\s]+@", "", address)


def _page(data: Mapping[str, Json]) -> str:
    rows = data["overview"]["rows"]
    name = rows[0]["run"] if len(rows) == 1 else f"{len(rows)} runs"
    html = ElementTree.Element("html", {"lang": "en", "class": "cd-report"})
    head = ElementTree.SubElement(html, "head")
    ElementTree.SubElement(head, "meta", {"charset": "utf-8"})
    ElementTree.SubElement(
        head, "meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}
    )
    ElementTree.SubElement(head, "meta", {"name": "generator", "content": data["made"]["by"]})
    ElementTree.SubElement(head, "title").text = f"Diagnosis of {name}"
    # no icon is asked for, so that the page makes no request at all
    ElementTree.SubElement(head, "link", {"rel": "icon", "href": "data:,"})
    ElementTree.SubElement(head, "style").text = bundle.style()
    body = ElementTree.SubElement(html, "body")
    body.append(_without_scripts(data))
    holder = ElementTree.SubElement(body, "script", {"type": "application/json", "id": "curvedoctor-data"})
    holder.text = embeddable(folded(data))
    library = ElementTree.SubElement(body, "script")
    # the MIT licence asks for its text in every copy
    licence = bundle.vendor("uPlot.LICENSE.txt").replace("*/", "* /").strip()
    library.text = f"/* uPlot\n{licence}\n*/\n" + _closed(bundle.vendor("uPlot.iife.min.js"))
    entry = "single" if len(rows) == 1 else "report"
    ElementTree.SubElement(body, "script").text = _closed(bundle.script(entry))
    return "<!doctype html>\n" + ElementTree.tostring(html, encoding="unicode", method="html") + "\n"


def _spaced(curve: dict[str, Json]) -> dict[str, Json]:
    """Evenly spaced steps as [first, distance, count]: most logs have such,
    and they are a third of a report."""
    x = curve["x"]
    if len(x) < 3 or not all(isinstance(item, int) for item in x):
        return curve
    first, step = x[0], x[1] - x[0]
    if step < 1 or x != list(range(first, first + step * len(x), step)):
        return curve
    return {**curve, "x": [], "every": [first, step, len(x)]}


def embeddable(data: Mapping[str, Json]) -> str:
    """JSON that no name in it can turn into markup: every `<` is escaped, all is ASCII."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _closed(code: str) -> str:
    """Code that can't end its script element early."""
    return code.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _without_scripts(data: Mapping[str, Json]) -> ElementTree.Element:
    """The diagnoses as plain text, for readers without scripts and for search."""
    holder = ElementTree.Element("noscript")
    for item in data["overview"]["rows"]:
        view = data["views"].get(item["key"])
        if view is None:
            ElementTree.SubElement(holder, "p").text = f"{item['run']}: {item['state']}. {item['summary']}"
            continue
        ElementTree.SubElement(holder, "h2").text = f"{view['run']}: {view['state']}"
        ElementTree.SubElement(holder, "p").text = view["headline"]
        seen = [f"{finding['title']}: {finding['summary']}" for finding in view["findings"]]
        _listed(holder, "ul", view["heads"]["seen"], seen)
        _listed(
            holder, "ol", view["heads"]["suggested"], [_suggestion(cure) for cure in view["prescriptions"]]
        )
    return holder


def _suggestion(cure: Mapping[str, Json]) -> str:
    beside = "; ".join(filter(None, (cure["place"], cure["chance"], cure["gain"])))
    return f"{cure['text']} ({beside})"


def _listed(holder: ElementTree.Element, kind: str, heading: str, items: Sequence[str]) -> None:
    if items:
        ElementTree.SubElement(holder, "h3").text = heading
        listing = ElementTree.SubElement(holder, kind)
        for item in items:
            ElementTree.SubElement(listing, "li").text = item
