"""Every surface: readable at 80 columns, strict, harmless, self-contained; and the command itself."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from compare.grids import World, curve, grid, undiagnosed
from curvedoctor.cli import main
from curvedoctor.compare.analyze import compare
from curvedoctor.compare.formats import as_html, as_json, as_markdown, as_table
from curvedoctor.compare.types import Comparison
from curvedoctor.demo.log import Log
from curvedoctor.model import Run
from curvedoctor.reports.base import OutputStyle
from curvedoctor.roles import assign
from tensorboard_lab.browser import Watched

HOSTILE = "\x1b[31m<script>alert(1)</script>|`*_\u202e" + "x" * 200


def range_run() -> Run:
    lr = np.geomspace(1e-6, 10, 200)
    loss = np.where(lr < 1, 2.3 - 1.5 / (1 + (0.01 / lr)), 2.3 * lr)
    curves = assign([curve("train/loss", loss), curve("lr", lr)])
    return Run("finder", "grid/finder", "grid", tuple(curves), {})


@pytest.fixture(scope="module")
def found() -> Comparison:
    runs = grid(World(), [0.001, 0.01, 0.1, 1.0, 10.0], (16, 64, 256), (0, 1))
    runs += [
        Run(f"{r.name}{HOSTILE}", r.source, HOSTILE, r.curves, r.params)
        for r in grid(World(), [0.001, 0.002], epochs=4)
    ]
    return compare(undiagnosed([*runs, range_run()]))


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("unicode", [True, False])
def test_the_table_fits(found: Comparison, width: int, unicode: bool) -> None:
    text = "".join(as_table.render(found, OutputStyle(width, False, unicode), details=True))
    assert unicode or text.isascii()
    assert "\x1b" not in text
    if width >= 80:
        assert max(map(len, text.splitlines())) <= min(width, 112)
        assert "lr  " in text
        assert "Next: " in text
    assert "Range test finder suggests lr" in text


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("unicode", [True, False])
def test_the_brief_table_fits(found: Comparison, width: int, unicode: bool) -> None:
    text = "".join(as_table.render(found, OutputStyle(width, False, unicode)))
    assert unicode or text.isascii()
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= width
    assert "Next: " in text
    assert "--details" in text
    assert "Range test finder suggests lr" in text


@pytest.mark.parametrize("best", [1e-4, 0.03, 10.0])
@pytest.mark.parametrize("seeds", [(0,), (0, 1, 2)])
@pytest.mark.parametrize("batches", [(32,), (16, 64, 256)])
def test_after_a_sweep_a_dozen_lines_say_what_mattered_and_what_comes_next(
    best: float, seeds: tuple[int, ...], batches: tuple[int, ...]
) -> None:
    rates = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3]
    found = compare(undiagnosed(grid(World(best=best, noise=0.01), rates, batches, seeds)))
    text = "".join(as_table.render(found, OutputStyle(80, False)))
    assert len(text.splitlines()) <= 12
    assert f"{len(rates) * len(seeds) * len(batches)} runs in grid" in text
    if best == 0.03:
        assert "lr matters: 0.03 is best" in text
        assert "within the tried" in " ".join(text.split())
    (line,) = [line for line in text.splitlines() if line.startswith("  Next: ")]
    (rate,) = [float(v) for v in re.findall(r"Next: lr ([\d.e+-]+\d)", line)][:1] or [None]
    if best in (1e-4, 10.0):
        assert rate is not None
        assert rate < 0.001 if best < 0.001 else rate > 0.3


def test_colours_only_where_wanted(found: Comparison) -> None:
    assert "\x1b[" in "".join(as_table.render(found, OutputStyle(80, True)))


def test_json_is_strict(found: Comparison) -> None:
    def refuse(name: str) -> float:
        raise AssertionError(name)

    data = json.loads(as_json.render(found), parse_constant=refuse)
    assert data["schema"] == "curvedoctor.comparison/1"
    (group, _) = sorted(data["groups"], key=lambda g: -len(g["outcomes"]))
    assert next(f for f in group["factors"] if f["name"] == "lr")["place"]["where"] == "within"
    assert len(data["steps"]) == 6


def test_markdown_holds_no_markup_from_names(found: Comparison) -> None:
    text = "".join(as_markdown.render(found))
    assert "<script" not in re.sub(r"`[^\n]*`", "", text)
    assert "\x1b" not in text


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.links += [v or "" for k, v in attrs if k in ("href", "src")]


def test_the_page_is_self_contained(found: Comparison) -> None:
    text = as_html.render(found)
    tags = Tags()
    tags.feed(text)
    assert "script" not in tags.seen
    assert tags.links == ["data:,"]
    assert "url(" not in text
    assert "@import" not in text
    assert tags.seen.count("svg") >= 2
    assert text.count("<h1>") == 1
    assert len(text) < 300_000


@pytest.mark.browser
@pytest.mark.parametrize(
    "watched", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True, ids=["light", "dark"]
)
def test_axe_finds_no_serious_violation(found: Comparison, watched: Watched, tmp_path: Path) -> None:
    from axe_playwright_python.sync_playwright import Axe

    path = tmp_path / "comparison.html"
    path.write_text(as_html.render(found), encoding="utf-8")
    watched.page.goto(path.as_uri())
    violations = Axe().run(watched.page).response["violations"]
    grave = [item["id"] for item in violations if item["impact"] in {"serious", "critical"}]
    assert grave == []
    assert [url for url in watched.requests if not url.startswith(("file:", "data:"))] == []


def test_nothing_to_compare_is_said() -> None:
    alone = compare(undiagnosed([range_run()]))
    text = "".join(as_table.render(alone, OutputStyle()))
    assert "none with a sibling" in text
    assert "suggests lr" in text


@pytest.fixture(scope="module")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logs")
    for r in grid(World(noise=0.01), [0.003, 0.03, 0.3], (16, 64)):
        with Log(folder / r.name) as log:
            log.hyperparameters(dict(r.params))
            for c in r.curves:
                for step, value in zip(c.steps.tolist(), c.values.tolist(), strict=True):
                    log.scalars(step, {c.tag: value})
    return folder


def test_the_command(logdir: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(logdir)]) == 0
    said = capfd.readouterr()
    assert "lies within the tried 0.003" in " ".join(said.out.split())
    assert said.err == ""
    page = tmp_path / "page.html"
    assert main(["compare", str(logdir), "--format", "html", "-o", str(page), "--outcome", "best"]) == 0
    assert page.read_text().startswith("<!doctype html>")
    assert main(["compare", str(logdir), "--format", "json", "--metric", "train/*"]) == 0
    assert json.loads(capfd.readouterr().out)["groups"][0]["metric"] == "train loss"
    assert main(["compare", str(tmp_path / "nowhere")]) == 2
