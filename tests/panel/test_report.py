"""The report in a real browser: offline, sandboxed, printed, dark and light, by keyboard, accessible."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curvedoctor.model import Origin, Problem
from curvedoctor_panel import report
from curvedoctor_panel.bundle import script, style
from curvedoctor_panel.folding import folded
from panel import samples
from tensorboard_lab.browser import Watched


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "many.html"
    path.write_text(report.many([*samples.clinic(), samples.hostile()]), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "one.html"
    path.write_text(report.many([samples.overfitting()]), encoding="utf-8")
    return path


def test_sizes() -> None:
    for make in (
        samples.overfitting,
        samples.lr_too_high,
        samples.non_finite,
        samples.healthy,
        samples.hostile,
    ):
        assert len(report.many([make()]).encode()) < 150_000
    fifty = report.many(samples.crowd(50))
    data = re.search(r'id="curvedoctor-data">(.*?)</script>', fifty)
    assert data is not None
    points = sum(len(part) for part in re.findall(r'"[xy]":\[[^\]]*\]', data.group(1)))
    assert len(fifty.encode()) - points < 300_000


def test_where_it_comes_from_is_said_without_credentials() -> None:
    run = samples.overfitting().run
    origin = Origin("mlflow-sql", "postgresql://me:secret@db:5432/mlflow", "1")
    page = report.many(
        [replace(samples.overfitting(), run=replace(run, origin=origin))], made=report.Made("2026-06-01")
    )
    assert "secret" not in page and "postgresql://db:5432/mlflow" in page and "2026-06-01" in page


def test_what_repeats_is_said_once() -> None:
    data = {
        "runs": [
            {"reason": "the validation set's size is not logged", "n": i, "x": [1, 2.5, None]}
            for i in range(9)
        ],
        "odd": {
            "$": "no reference",
            "more": {"$": "no reference", "text": "twice " * 9},
            "text": "twice " * 9,
        },
    }
    small = folded(data)
    text = json.dumps(small)
    assert (text.count("validation set"), text.count("twice " * 9)) == (1, 1)

    def unfolded(value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("$"), int):
            return small["shared"][value["$"]]
        if isinstance(value, dict):
            return {key: unfolded(item) for key, item in value.items()}
        return [unfolded(item) for item in value] if isinstance(value, list) else value

    assert unfolded({key: item for key, item in small.items() if key != "shared"}) == data


def test_nothing_of_a_log_can_become_markup() -> None:
    page = report.many([samples.hostile()])
    assert page.count("<script") == 3 and page.count("</script>") == 3
    assert "<img" not in page and "\u202e" not in page
    assert not re.search(r"""(?:src|href)=["'](?!data:,)""", page), "nothing is fetched"


def test_comments_are_stripped_and_code_is_not() -> None:
    for entry in ("report", "single"):
        assert "@param" not in script(entry) and "class Detail" in script(entry)
    assert "/*" not in style()


@pytest.mark.browser
def test_opens_from_disk_without_any_request(watched: Watched, many: Path) -> None:
    page = watched.page
    page.context.set_offline(True)
    page.goto(many.as_uri())
    page.locator(".cd-head h1").wait_for()
    assert [url for url in watched.requests if not url.startswith(("file:", "data:"))] == []
    assert page.locator(".cd-row").count() == 14
    assert page.locator(".cd-main-chart canvas").count() == 1
    assert page.evaluate("() => document.body.innerText").count("[object") == 0, (
        "all references were followed"
    )
    page.locator(".cd-row", has_text="mlp_overfits").click()
    page.locator(".cd-head h1", has_text="mlp_overfits").wait_for()
    page.locator(".cd-link").first.click()
    page.locator(".cd-dialog h2", has_text="Why it matters").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    page.locator(".cd-heat-row").first.wait_for()


@pytest.mark.browser
def test_notes_of_how_it_was_read_are_no_errors(watched: Watched, tmp_path: Path) -> None:
    run = samples.overfitting()
    note = Problem("fit.log", "read as a console log: 60 of 63 lines were used", kind="note")
    lost = Problem("fit.log", "line 7 is damaged")
    path = tmp_path / "report.html"
    page = watched.page
    for problems in ((note,), (note, lost)):
        told = replace(run, run=replace(run.run, problems=problems))
        path.write_text(report.many([told, samples.healthy()], [note]), encoding="utf-8")
        page.goto(path.as_uri())
        page.reload()
        page.locator(".cd-row", has_text=run.run.name).first.click()
        notes = page.locator("details", has=page.locator("h2", has_text="How it was read"))
        notes.wait_for()
        assert notes.get_attribute("open") is None and "60 of 63" in (notes.text_content() or "")
        assert page.locator("h2", has_text="What could not be read (1)").count() == (lost in problems)
        assert page.locator(".cd-notice:not(.cd-calm)").count() == 0
        assert page.locator(".cd-calm summary").inner_text() == "How files were read (1)"


@pytest.mark.browser
def test_opens_at_the_top_of_its_list(watched: Watched, tmp_path: Path) -> None:
    nothing = samples.non_finite("first_of_all")
    lost = replace(nothing.run.curves[0], values=np.full(200, np.nan))
    nothing = replace(nothing, run=replace(nothing.run, curves=(lost,)))
    path = tmp_path / "report.html"
    path.write_text(report.many([nothing, samples.overfitting()]), encoding="utf-8")
    watched.page.goto(path.as_uri())
    top = watched.page.locator(".cd-row").first
    assert top.get_attribute("title") == "first_of_all" and top.get_attribute("aria-selected") == "true"
    watched.page.locator(".cd-head h1", has_text="first_of_all").wait_for()
    path.write_text(report.many([nothing]), encoding="utf-8")
    watched.page.goto(path.as_uri() + "#")
    watched.page.reload()
    watched.page.locator(".cd-head h1", has_text="first_of_all").wait_for()


@pytest.mark.browser
def test_works_in_a_sandboxed_frame_from_a_blob(watched: Watched, one: Path) -> None:
    """As MLflow shows artifacts: `sandbox="allow-scripts"`, a blob, no origin of its own."""
    text = base64.b64encode(one.read_bytes()).decode()
    watched.page.goto("about:blank")
    watched.page.evaluate(
        "text => { const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));"
        "const frame = document.createElement('iframe'); frame.sandbox = 'allow-scripts'; "
        "frame.style = 'width:900px;height:800px';"
        "frame.src = URL.createObjectURL(new Blob([bytes], {type: 'text/html'})); "
        "document.body.append(frame); }",
        text,
    )
    frame = watched.page.frame_locator("iframe")
    frame.locator(".cd-head h1", has_text="mlp_overfits").wait_for()
    assert frame.locator("canvas").count() == 3
    frame.locator(".cd-finding-pick").nth(1).click()
    frame.locator(".cd-finding.cd-chosen", has_text="decayed").wait_for()


@pytest.mark.browser
@pytest.mark.parametrize(
    "watched", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True, ids=["light", "dark"]
)
@pytest.mark.parametrize("view", ["one", "runs", "across", "manual"])
def test_axe_finds_nothing(watched: Watched, view: str, one: Path, many: Path) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = watched.page
    page.goto(one.as_uri() if view == "one" else many.as_uri() + "#run=mlp_overfits")
    page.locator(".cd-head h1").wait_for()
    if view == "across":
        page.keyboard.press("2")
        page.locator(".cd-heat-row").first.wait_for()
    if view == "manual":
        page.locator(".cd-link").first.click()
        page.locator(".cd-dialog h2").first.wait_for()
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    assert [(item["id"], [node["html"][:200] for node in item["nodes"]][:3]) for item in found] == []


@pytest.mark.browser
def test_prints_all_sick_runs_in_full(watched: Watched, many: Path) -> None:
    page = watched.page
    page.goto(many.as_uri())
    page.locator(".cd-head h1").wait_for()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.wait_for_timeout(300)
    assert page.locator(".cd-paper .cd-detail").count() == 9
    assert page.locator(".cd-paper details").count() == 0, "nothing is folded away on paper"
    assert "best 0.66" in page.locator(".cd-paper .cd-detail", has_text="mlp_overfits").inner_text()
    assert page.locator(".cd-paper-summary tbody tr").count() == 14
    assert page.locator(".cd-paper canvas").count() >= 9
    assert page.locator(".cd-list").is_hidden()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".cd-paper").count() == 0
    assert len(page.pdf(format="A4")) > 20_000


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


@pytest.mark.browser
def test_two_runs_fit_on_a_page(watched: Watched, tmp_path: Path) -> None:
    path = tmp_path / "ten.html"
    made = report.Made("2026-06-01", "curvedoctor diagnose runs")
    sick = [
        samples.overfitting(f"a_run_{i}") if i % 2 else samples.lr_too_high(f"b_run_{i}") for i in range(10)
    ]
    path.write_text(report.many(sick, made=made), encoding="utf-8")
    page = watched.page
    page.goto(path.as_uri())
    page.locator(".cd-head h1").wait_for()
    assert page.locator(".cd-origin").inner_text().split(" · ")[1:3] == [
        "2026-06-01",
        "curvedoctor diagnose runs",
    ]
    assert pages(page.pdf(format="A4")) <= 1 + 5, "a table of all, then two runs a page"


@pytest.mark.browser
def test_of_many_runs_those_that_need_somebody_are_told_in_full(watched: Watched, tmp_path: Path) -> None:
    path = tmp_path / "crowd.html"
    path.write_text(report.many(samples.crowd(300)), encoding="utf-8")
    page = watched.page
    page.goto(path.as_uri() + "#run=sweep/run_0001")
    page.locator(".cd-message", has_text="curvedoctor diagnose").wait_for()
    page.goto("about:blank")
    page.goto(path.as_uri() + "#run=sweep/run_0007")
    page.locator(".cd-main-chart canvas").wait_for()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".cd-paper-summary tbody tr").count() == 300


@pytest.mark.parametrize("make", [samples.crowd, lambda n: [samples.overfitting(f"r{i}") for i in range(n)]])
def test_three_hundred_runs_stay_below_a_megabyte_and_a_half(make: Any) -> None:
    assert len(report.many(make(300)).encode()) <= 1_500_000


@pytest.mark.browser
def test_a_thousand_runs_scroll_with_few_rows_in_the_page(watched: Watched, tmp_path: Path) -> None:
    path = tmp_path / "crowd.html"
    path.write_text(report.many(samples.crowd(1_000)), encoding="utf-8")
    page = watched.page
    page.goto(path.as_uri())
    page.locator(".cd-head h1").wait_for()
    assert page.locator(".cd-row").count() < 60
    page.locator(".cd-rows").focus()
    page.keyboard.press("End")
    page.locator(".cd-row.cd-chosen").wait_for()
    assert page.locator(".cd-row.cd-chosen").get_attribute("title") == "sweep/run_0999"
    assert page.locator(".cd-row.cd-chosen .cd-row-name").inner_text() == "…/run_0999", (
        "what all share is left out"
    )
    page.locator(".cd-search").fill("run_0007")
    page.locator(".cd-count", has_text="1 of 1,000 runs").wait_for()


def listed(page: Any) -> list[str]:
    return list(page.locator(".cd-row:not(.cd-row-head) .cd-row-name").all_inner_texts())


@pytest.mark.browser
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("lr>0.004", {"mlp_lr0.01", "sgd_lr0.5", "fp16_nan"}),
        ("lr<=0.0001", {"mlp_lr0.0001", "wide_lr0.0001"}),
        ("loss nan", {"fp16_nan"}),
        ("learning rate too high", {"sgd_lr0.5"}),
        ("optimizer=sgd", {"sgd_lr0.5"}),
        ("could improve", {"adam_lr3e-4"}),
        ("final<0.3 lr=0.0003", {"adam_lr3e-4"}),
    ],
)
def test_the_search_understands_what_is_shown(
    watched: Watched, many: Path, query: str, names: set[str]
) -> None:
    page = watched.page
    page.goto(many.as_uri())
    page.locator(".cd-row").first.wait_for()
    page.locator(".cd-search").fill(query)
    assert set(listed(page)) == names


@pytest.mark.browser
def test_sorted_grouped_in_columns_and_all_of_it_in_the_address(watched: Watched, many: Path) -> None:
    page = watched.page
    page.goto(many.as_uri())
    page.locator(".cd-row").first.wait_for()
    page.get_by_label("Sort by").select_option("-lr")
    assert listed(page)[:2] == ["fp16_nan", "sgd_lr0.5"]
    page.locator(".cd-columns summary").click()
    page.locator(".cd-menu label", has_text="lr").locator("input").check()
    page.locator(".cd-search").fill("lr")
    page.locator(".cd-chip", has_text="Needs attention").click()
    cells = page.locator(".cd-row-cell").all_inner_texts()
    numbers = [float(cell) for cell in cells if cell != "–"]
    assert numbers == sorted(numbers, reverse=True) and len(numbers) >= 6
    page.locator("button", has_text="by directory").click()
    assert page.locator(".cd-row-head").count() == 2
    before, address = listed(page), page.url
    cells = page.locator(".cd-row-cell").all_inner_texts()
    page.goto("about:blank")
    page.goto(address)
    page.locator(".cd-row").first.wait_for()
    assert listed(page) == before and page.locator(".cd-search").input_value() == "lr"
    assert page.locator(".cd-row-cell").all_inner_texts() == cells


@pytest.mark.browser
def test_zoom_and_manual_page_stand_in_the_address(watched: Watched, many: Path) -> None:
    page = watched.page
    page.goto(many.as_uri() + "#run=mlp_overfits")
    chart = page.locator(".cd-main-chart .cd-canvas")
    chart.focus()
    page.keyboard.press("+")
    assert "zoom=" in page.url
    page.locator(".cd-link").first.click()
    page.locator(".cd-dialog h2").first.wait_for()
    address = page.url
    assert "page=overfitting" in address
    page.goto("about:blank")
    page.goto(address)
    page.locator(".cd-dialog h2").first.wait_for()
    page.keyboard.press("Escape")
    assert page.locator(".cd-main-chart button", has_text="reset zoom").is_visible()
    page.wait_for_function("() => !location.hash.includes('page=')")


@pytest.mark.browser
def test_keys_work_after_a_click_and_the_list_is_resized_by_keys(watched: Watched, many: Path) -> None:
    page = watched.page
    page.goto(many.as_uri())
    page.locator(".cd-chip", has_text="Needs attention").click()
    page.locator(".cd-head h1").wait_for()
    chosen = page.locator(".cd-row.cd-chosen .cd-row-name")
    page.keyboard.press("ArrowDown")
    first = chosen.inner_text()
    page.locator(".cd-finding-pick").nth(1).click()
    page.keyboard.press("j")
    assert chosen.inner_text() != first
    before = page.locator(".cd-list").bounding_box()
    page.locator(".cd-handle").focus()
    page.keyboard.press("ArrowRight")
    after = page.locator(".cd-list").bounding_box()
    assert (
        before is not None
        and after is not None
        and after["width"] == pytest.approx(before["width"] + 24, abs=2)
    )


@pytest.mark.browser
@pytest.mark.parametrize(
    "watched", [{"viewport": {"width": 760, "height": 1000}}], indirect=True, ids=["760"]
)
def test_across_runs_begins_with_sentences(watched: Watched, many: Path) -> None:
    page = watched.page
    page.goto(many.as_uri() + "#view=across")
    said = page.locator(".cd-summary").inner_text()
    assert "14 runs: 2 failed, 7 need attention" in said and "Overfitting: 6 of 14 runs" in said
    page.locator(".cd-next", has_text="Next: lr ").wait_for()
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"
    page.locator(".cd-heat-row [class*=cd-fill]").first.click()
    page.locator(".cd-head h1").wait_for()


@pytest.mark.browser
def test_axes_smoothing_and_curves_of_a_chart(watched: Watched, one: Path) -> None:
    page = watched.page
    page.goto(one.as_uri())
    page.locator(".cd-main-chart canvas").wait_for()
    axis = page.get_by_label("Horizontal axis")
    assert axis.locator("option").all_inner_texts() == ["epoch", "relative", "wall time"]
    page.get_by_label("Smoothing").fill("0.9")
    values = page.locator(".cd-main-chart .cd-legend-value")
    smooth = values.first.inner_text()
    page.get_by_label("Smoothing").fill("0")
    assert values.first.inner_text() != smooth
    axis.select_option("relative")
    page.locator(".cd-main-chart .u-over").hover()
    page.locator(".cd-main-chart .cd-legend-where", has_text="relative (s)").wait_for()
    toggle = page.locator(".cd-main-chart .cd-legend-item").first
    toggle.click()
    assert page.locator(".cd-main-chart .cd-legend-item").first.get_attribute("aria-pressed") == "false"


#: the area of a chart's pixels in each label's colour, above its plot and within it
PIXELS = """() => {
  const canvas = document.querySelector('.cd-chart canvas');
  const over = document.querySelector('.cd-chart .u-over').getBoundingClientRect();
  const box = canvas.getBoundingClientRect();
  const scale = canvas.width / box.width;
  const context = canvas.getContext('2d');
  const top = Math.round((over.top - box.top) * scale);
  const ink = (data) => { let n = 0; for (let i = 3; i < data.length; i += 4) n += data[i] > 128; return n; };
  return {room: (over.top - box.top), above: ink(context.getImageData(0, 0, canvas.width, top - 6).data)};
}"""


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 480, 1200])
@pytest.mark.parametrize("make", [samples.overfitting, samples.lr_too_high, samples.non_finite])
def test_labels_of_marks_stand_above_the_plot(
    watched: Watched, tmp_path: Path, width: int, make: Any
) -> None:
    path = tmp_path / "report.html"
    path.write_text(report.many([make()]), encoding="utf-8")
    page = watched.page
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(path.as_uri())
    page.locator(".cd-chart canvas").first.wait_for()
    page.wait_for_timeout(300)
    seen = page.evaluate(PIXELS)
    assert seen["room"] >= 30
    assert seen["above"] > 100


@pytest.mark.browser
def test_labels_cover_neither_each_other_nor_the_axis(watched: Watched, one: Path) -> None:
    page = watched.page
    page.goto(one.as_uri())
    rows = page.evaluate(
        """() => [60, 300, 900].flatMap((width) => [1, 2, 3].flatMap((count) => [0, 0.5, 1].map((place) => {
          const marks = Array.from({length: count}, (_, i) => ({label: `Too high from step ${i}`, x: place}));
          return {width, placed: modules.labels.rowsOf(marks, (mark) => mark.x * width, 0, width, 1)};
        })))"""
    )
    for row in rows:
        assert all(0 <= label["left"] <= row["width"] for label in row["placed"])
        places = [label["row"] for label in row["placed"]]
        assert len(set(places)) == len(places)
