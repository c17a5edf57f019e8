"""The comparison as one self-contained page: no scripts, no request, light and dark, prints as it is."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree

from curvedoctor.compare import svg, wording
from curvedoctor.compare.types import Comparison, Effect, Factor, Group, Step
from curvedoctor.reports.text import percent, safe
from curvedoctor.version import __version__

Element = ElementTree.Element
STYLE = """
:root { color-scheme: light dark; --bg: #fff; --text: #1d2129; --muted: #596273; --line: #dfe3ea;
  --accent: #2457c5;  --good: #1b6e3c; --warn: #8f5300; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --bg: #15171b; --text: #e7e9ee; --muted: #a4acba;
  --line: #343942;  --accent: #8db4ff; --good: #7fd6a0; --warn: #f5bd66; --bad: #ff9b93; } }
body { margin: 0 auto; max-width: 860px; padding: 24px 20px 60px; background: var(--bg); color: var(--text);
  font: 15px/1.55 system-ui, sans-serif; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 19px; margin: 36px 0 8px; overflow-wrap: anywhere; }
h3 { font-size: 16px; margin: 26px 0 4px; }
.next { border-left: 4px solid var(--accent); padding: 6px 14px; margin: 18px 0; font-weight: 600; }
.best { color: var(--good); font-weight: 600; } .outside { color: var(--warn); font-weight: 600; }
.note { color: var(--muted); } .scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: 8px 0 4px; font-variant-numeric: tabular-nums; }
th, td { padding: 3px 14px 3px 0; text-align: right; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
th:first-child, td:first-child, td.words, th.words { text-align: left; }
tr.chosen td { color: var(--good); font-weight: 600; }
th { color: var(--muted); font-weight: 600; font-size: 13px; }
svg { width: 100%; max-width: 620px; display: block; margin: 6px 0; break-inside: avoid; }
.axis { fill: none; stroke: var(--muted); } .line { fill: none; stroke: var(--accent); stroke-width: 2; }
.dot { fill: var(--accent); fill-opacity: .55; }
.mark { stroke: var(--good); stroke-dasharray: 4 3; fill: none; }
.label { fill: var(--muted); font-size: 12px; }
.marked { fill: var(--good); font-size: 12px; font-weight: 600; }
details { margin-top: 36px; } summary { cursor: pointer; color: var(--muted); }
ol.steps { padding-left: 24px; } .done { color: var(--good); } .failed { color: var(--bad); }
.missing, .unknown { color: var(--warn); } .state { font-weight: 600; }
"""


def render(comparison: Comparison) -> str:
    """The whole page."""
    html = Element("html", {"lang": "en"})
    head = _add(html, "head")
    _add(head, "meta", charset="utf-8")
    _add(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    _add(head, "meta", name="generator", content=f"curvedoctor {__version__}")
    _add(head, "title", f"Comparison of {comparison.runs} runs")
    _add(head, "link", rel="icon", href="data:,")
    _add(head, "style", STYLE)
    main = _add(_add(html, "body"), "main")
    _write_body(main, comparison)
    _steps(main, comparison.steps)
    return "<!doctype html>\n" + ElementTree.tostring(html, encoding="unicode", method="html") + "\n"


def fragment(comparison: Comparison) -> str:
    """The same for a notebook, its style kept to itself."""
    box = Element("div", {"class": "cd-compare"})
    own = STYLE.replace(":root", "&").replace("body {", "& {")
    _add(box, "style", f".cd-compare {{{own}}}")
    _write_body(box, comparison)
    return ElementTree.tostring(box, encoding="unicode", method="html")


def _write_body(main: Element, comparison: Comparison) -> None:
    """All that is said."""
    _add(main, "h1", f"What {comparison.runs} runs say together")
    _add(main, "p", f"Next: {comparison.next}", **{"class": "next"})
    if not any(g.factors or g.prolong for g in comparison.groups):
        _add(main, "p", wording.nothing(comparison))
    for group in comparison.groups:
        _group(main, group)
    for test in comparison.range_tests:
        _add(main, "h2", "Learning-rate range test")
        _add(main, "p", wording.test_line(test), **{"class": "best"})
        picture = svg.range_test(test)
        if picture is not None:
            main.append(picture)
        _table(main, ("rule", "lr"), [list(row) for row in wording.rules(test)])


def _add(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    made = ElementTree.SubElement(parent, tag, attributes)
    made.text = text if tag == "style" else safe(text)
    return made


def _group(main: Element, group: Group) -> None:
    _add(main, "h2", wording.title(group))
    if group.region is not None:
        first, *rest = wording.region(group.region, group)
        _add(main, "p", first, **{"class": "best"})
        for line in rest:
            _add(main, "p", line)
    for factor in group.factors:
        _factor(main, factor, group)
    for move in group.interactions:
        _add(main, "p", move.text)
    if group.prolong:
        _add(main, "h3", wording.prospects(group.prolong))
        rows = [[p.run, percent(p.chance), wording.prolong(p)] for p in group.prolong]
        _table(
            main,
            ("run", "chance", "prospects"),
            rows,
            {i for i, p in enumerate(group.prolong) if p.worth},
            {2},
        )
    for note in group.notes:
        _add(main, "p", note, **{"class": "note"})


def _factor(main: Element, factor: Factor, group: Group) -> None:
    _add(main, "h3", wording.heading(factor))
    if factor.place is not None:
        outside = factor.place.where in ("below", "above")
        _add(main, "p", wording.place(factor, factor.place), **({"class": "outside"} if outside else {}))
        picture = svg.factor(factor, group)
        if picture is not None:
            main.append(picture)
    effects = {str(e.value): e for e in factor.effects}
    rows = []
    for lv in factor.levels:
        e = effects.get(str(lv.value))
        rows.append(
            [
                wording.value(lv.value),
                str(lv.runs),
                str(lv.bad or ""),
                wording.level(lv.median),
                wording.level(lv.best),
                *_against(e),
            ]
        )
    heads = ("value", "runs", "bad", "median", "best", "over the best", "95 %", "how sure")
    _table(main, heads, rows, {i for i, lv in enumerate(factor.levels) if lv.value == factor.best}, {7})


def _against(e: Effect | None) -> tuple[str, str, str]:
    return ("", "", "") if e is None else (wording.ratio(e), wording.interval(e), wording.sure(e))


def _table(
    main: Element,
    heads: Iterable[str],
    rows: list[list[str]],
    chosen: set[int] | None = None,
    words: set[int] | None = None,
) -> None:
    """A table; `chosen` rows stand out, columns of `words` are set flush left."""
    label = f"table {sum(1 for _ in main.iter('table')) + 1}"
    holder = _add(main, "div", **{"class": "scroll", "tabindex": "0", "role": "region", "aria-label": label})
    table = _add(holder, "table")
    top = _add(_add(table, "thead"), "tr")
    for i, head in enumerate(heads):
        _add(top, "th", head, scope="col", **({"class": "words"} if i in (words or ()) else {}))
    body = _add(table, "tbody")
    for number, row in enumerate(rows):
        line = _add(body, "tr", **({"class": "chosen"} if number in (chosen or ()) else {}))
        for i, cell in enumerate(row):
            _add(line, "td", cell, **({"class": "words"} if i in (words or ()) else {}))


def _steps(main: Element, steps: Iterable[Step]) -> None:
    folded = _add(main, "details")
    _add(folded, "summary", "The six steps to a learning rate, and which of them the logs show")
    listed = _add(folded, "ol", **{"class": "steps"})
    for step in steps:
        item = _add(listed, "li")
        title = _add(
            item, "span", f"{step.title}: {wording.STATES[step.state]}. ", **{"class": f"state {step.state}"}
        )
        title.tail = safe(step.text)
