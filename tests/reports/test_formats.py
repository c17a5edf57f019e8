"""Every format: found by its name, survives hostile names, is read by its real consumer."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import weakref
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import junitparser
import pandas as pd
import pytest
from markdown_it import MarkdownIt
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Sarif

import cases
from curvedoctor.errors import UsageError
from curvedoctor.model import Diagnosis, Problem
from curvedoctor.reports import formats
from curvedoctor.reports.base import OutputStyle, binary, get
from curvedoctor.reports.rows import COLUMNS

CONTRACT = {"table", "json", "jsonl", "markdown", "html", "csv", "parquet", "sarif", "junit"}
EVERYTHING: list[Diagnosis | Problem] = [*cases.ALL, *cases.hostile()]
#: terminal controls, bidi and invisible characters
DANGEROUS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


def output(form: str, results: list[Diagnosis | Problem], style: OutputStyle | None = None) -> Any:
    chunks: list[Any] = list(get(form).render(results, style or OutputStyle()))
    return b"".join(chunks) if binary(form) else "".join(chunks)


def test_the_formats_are_those_of_the_contract() -> None:
    assert set(formats()) >= CONTRACT
    assert formats()[0] == "table"
    with pytest.raises(UsageError, match="jsonl"):
        get("yaml")


@pytest.mark.parametrize("form", formats())
def test_no_format_breaks(form: str) -> None:
    for results in ([], [cases.PROBLEM], [cases.undetermined()], EVERYTHING):
        assert isinstance(output(form, list(results)), bytes if binary(form) else str)


@pytest.mark.parametrize("form", [form for form in formats() if not binary(form)])
def test_no_terminal_control_comes_through(form: str) -> None:
    text = output(form, EVERYTHING)
    if form == "html":  # a browser joins emoji by it
        text = text.replace("\u200d", "")
    assert DANGEROUS.search(text) is None


@pytest.mark.parametrize("form", [form for form in formats() if form != "html"])
def test_no_format_keeps_the_curves_of_all_runs(form: str) -> None:
    """There may be a hundred thousand runs: what is kept of each must be small."""
    alive: list[weakref.ref[Any]] = []
    most = 0

    def results() -> Iterator[Diagnosis]:
        nonlocal most
        for index in range(60):
            diagnosis = cases.sick(f"run{index}", curves=(cases.curve(),))
            alive.append(weakref.ref(diagnosis.run.curves[0].values))
            most = max(most, sum(ref() is not None for ref in alive))
            yield diagnosis
            del diagnosis

    for _ in get(form).render(results(), OutputStyle()):
        pass
    assert most < 10


def test_csv_is_read_back_row_by_row() -> None:
    rows = list(csv.DictReader(io.StringIO(output("csv", EVERYTHING))))
    expected = sum(max(len(item.findings), 1) for item in EVERYTHING if isinstance(item, Diagnosis))
    assert len(rows) == expected
    assert list(rows[0]) == list(COLUMNS)
    assert (rows[0]["run"], rows[0]["condition"], float(rows[0]["onset"])) == (
        "sgd_lr0.5",
        "lr-too-high",
        40.0,
    )
    assert rows[0]["prescription"] == "Lower the learning rate from 0.5 to 0.05."
    assert not any(cell[:1] in {"=", "+", "-", "@"} for row in rows for cell in row.values())


def test_parquet_is_read_back_by_pandas() -> None:
    frame = pd.read_parquet(io.BytesIO(output("parquet", EVERYTHING)))
    assert list(frame.columns) == list(COLUMNS)
    assert frame["confidence"].dtype == "float64"
    assert frame.loc[0, "action"] == "lower-lr"
    assert set(frame["verdict"]) == {"sick", "healthy", "undetermined"}
    empty = pd.read_parquet(io.BytesIO(output("parquet", [])))
    assert len(empty) == 0
    assert list(empty.columns) == list(COLUMNS)


def test_sarif_follows_its_schema() -> None:
    data = json.loads(output("sarif", EVERYTHING))
    Sarif.model_validate(data)  # generated from the OASIS schema; refuses what that refuses
    run = data["runs"][0]
    assert run["results"][0]["ruleId"] == "lr-too-high"
    assert [result["level"] for result in run["results"][:3]] == ["error", "warning", "note"]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    place = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert place == "logs/sgd_lr0.5/events.out.tfevents.1.host"
    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert "27 bytes missing" in notes[0]["message"]["text"]


def test_sarif_gives_no_credentials_away() -> None:
    from curvedoctor.reports.as_sarif import uri

    assert uri("postgresql://me:secret@db:5432/mlflow") == "postgresql://db:5432/mlflow"
    assert uri("/a b/ü") == "file:///a%20b/%C3%BC"


def test_junit_is_read_by_a_real_consumer() -> None:
    xml = junitparser.JUnitXml.fromstring(output("junit", EVERYTHING).encode())
    found = {case.name: case for suite in xml for case in suite}
    runs = [item for item in EVERYTHING if isinstance(item, Diagnosis)]
    assert len(found) == len(runs) + 1
    assert found["sgd_lr0.5"].result[0].type == "lr-too-high"
    assert "1. Lower the learning rate" in found["sgd_lr0.5"].result[0].text
    assert isinstance(found["short"].result[0], junitparser.Skipped)
    assert not found["sgd_lr0.05"].result
    assert isinstance(found[cases.PROBLEM.where].result[0], junitparser.Error)
    suites = {suite.name: suite for suite in xml}
    assert (suites["logs"].tests, suites["logs"].failures, suites["logs"].skipped) == (4, 2, 1)


class Tags(HTMLParser):
    """What elements a page has."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_markdown_holds_no_markup_of_the_log() -> None:
    text = output("markdown", EVERYTHING)
    page = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    tags = Tags()
    tags.feed(page)
    assert not {"script", "a", "img", "em"} & {tag for tag, _ in tags.seen}
    table = text.split("\n\n")[1].splitlines()
    runs = [item for item in EVERYTHING if isinstance(item, Diagnosis)]
    assert len(table) == len(runs) + 2
    assert page.count("<tr>") == len(runs) + 1
    assert "@everyone" not in re.sub(r"<code>.*?</code>", "", page)
    assert all(len(line) < 1500 for line in table)
    assert "Lower the learning rate from 0.5 to 0.05. (repairs an error; 90 % likely to help)" in text


#: how each format says that an improvement rests on odds
ODDS = "helped 71 % of similar runs"
#: formats that show what is suggested for runs without a finding of weight
TELLING = ("table", "markdown", "html", "junit")


@pytest.mark.parametrize("form", ["table", "markdown", "html", "csv", "junit"])
def test_every_format_says_the_five_words(form: str) -> None:
    text = output(form, list(cases.STATES))
    for item in cases.STATES:
        if form == "junit" and item.state == "fine":
            continue  # a test case that passed says nothing
        assert item.state in text or (item.state == "could improve" and form == "junit"), item.state
    assert "undetermined" not in text.replace('"undetermined"', "") or form in {"csv", "html"}


@pytest.mark.parametrize("form", TELLING)
def test_what_only_the_odds_suggest_says_so(form: str) -> None:
    text = " ".join(output(form, [cases.improvable()]).split())
    assert ODDS in html.unescape(text)
    assert "typically −35 % loss" in text.replace("\\u2013", "–")
    assert "What may improve it" in text and "To try first" not in text.split("<script")[0]


def test_the_reason_of_what_cannot_be_told_is_one_sentence() -> None:
    for form in ("table", "markdown", "html", "junit", "csv"):
        assert "No validation loss is logged." in output(form, [cases.undetermined()]), form


def test_html_is_one_page_that_needs_nothing_else() -> None:
    page = output("html", EVERYTHING)
    assert "sgd_lr0.5" in page
    tags = Tags()
    tags.feed(page)
    assert "alert(1)" not in "".join(str(attributes) for tag, attributes in tags.seen if tag == "script")
    for tag, attributes in tags.seen:
        for name in ("src", "href"):
            target = attributes.get(name) or ""
            assert not re.match(r"(?:https?:)?//", target) or tag == "a", (tag, target)


def test_a_notebook_shows_a_diagnosis() -> None:
    for diagnosis in (item for item in EVERYTHING if isinstance(item, Diagnosis)):
        page = diagnosis._repr_html_()
        assert DANGEROUS.search(page) is None
        tags = Tags()
        tags.feed(page)
        assert {tag for tag, _ in tags.seen} <= {
            "div", "p", "strong", "ul", "ol", "li", "svg", "title", "polyline", "line", "text", "path",
        }  # fmt: skip
    assert "lr-too-high" in cases.sick()._repr_html_()


def test_a_notebook_shows_a_table_of_runs_with_folded_details() -> None:
    from curvedoctor.diagnoses import Diagnoses

    given = [*cases.STATES, *cases.hostile()]
    found = Diagnoses(iter(given))
    page = found._repr_html_()
    assert DANGEROUS.search(page) is None and "<script>" not in page
    assert page.count("<details>") == len(given) == page.count("<tr style")
    order = [page.index(f" {item.state}</td>") for item in cases.STATES if item.state != "can't tell"]
    assert order == sorted(order), "those that need somebody come first"
    assert ODDS in html.unescape(page)
    assert repr(Diagnoses(iter(cases.STATES))) == (
        "<5 runs: 1 failed, 1 needs attention, 1 can't tell, 1 could improve, 1 fine.>"
    )


def test_a_notebooks_chart_has_axes() -> None:
    page = html.unescape(cases.sick()._repr_html_())
    texts = re.findall(r"<text [^>]*>([^<]*)</text>", page)
    assert {"0", "199", "step · train/loss", "step 40", "2.1"} <= set(texts)
