"""The Diagnosis tab in a real browser against a real TensorBoard."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from shell import process
from tensorboard_lab.browser import Watched
from tensorboard_lab.logs import Writer, broken, falling, turning, write
from tensorboard_lab.serving import Board, Proxy

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>"
#: looks at every frame that the browser paints whether the main chart is there
SAMPLER = (
    "() => { window.frames_seen = window.frames_without = 0;const look = () => { window.frames_seen++; if "
    "(!document.querySelector('.cd-main-chart canvas')) window.frames_without++;"
    "requestAnimationFrame(look); }; requestAnimationFrame(look); }"
)
#: the darkest and lightest a background of ours is, as the sum of its channels
DARK, LIGHT = 200, 600


@pytest.fixture(scope="module", params=[True, False], ids=["data-server", "python-loader"])
def board(demo: Path, request: pytest.FixtureRequest) -> Iterator[Board]:
    with Board(["--logdir", str(demo)], fast=request.param) as running:
        yield running


#: how the tab calls runs with a finding of weight
SICK = ("Failed", "Needs attention")


def capital(state: str) -> str:
    return state[:1].upper() + state[1:]


def tab(watched: Watched, board: Board, link: str = "") -> FrameLocator:
    """Our tab's frame, once runs are listed."""
    board.closing.append(watched.leave)
    watched.page.goto(f"{board.url}/#curvedoctor{link}")
    frame = watched.page.frame_locator("iframe")
    frame.locator(".cd-row").first.wait_for()
    frame.locator(".cd-head h1, .cd-across, .cd-message").first.wait_for()
    return frame


def run_in(frame: FrameLocator, name: str) -> None:
    """Wait until the run is shown."""
    frame.locator(".cd-head h1", has_text=re.compile(f"^{re.escape(name)}$")).wait_for()


def painted(frame: FrameLocator, selector: str = ".cd-main-chart canvas") -> int:
    """Different colours on a chart's canvas."""
    frame.locator(selector).first.wait_for()
    return int(
        frame.locator(selector).first.evaluate(
            "c => { const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; const "
            "s = new Set();for (let i = 0; i < d.length; i += 4) if (d[i + 3] > 200) "
            "s.add(`${d[i]},${d[i+1]},${d[i+2]}`); return s.size; }"
        )
    )


def test_lists_the_demo_with_the_right_verdicts(watched: Watched, board: Board) -> None:
    judged = {row["run"]: row for row in board.diagnosed(6)["overview"]["rows"]}
    frame = tab(watched, board)
    frame.locator(".cd-chip", has_text=capital(judged["healthy"]["state"])).wait_for()
    shown = dict(
        zip(
            frame.locator(".cd-row-name").all_inner_texts(),
            frame.locator(".cd-row > .cd-icon").evaluate_all(
                "all => all.map(i => i.getAttribute('aria-label'))"
            ),
            strict=True,
        )
    )
    assert shown == {name: capital(row["state"]) for name, row in judged.items()}
    assert shown["healthy"] in {"Fine", "Could improve"}
    assert {name for name, state in shown.items() if state in SICK} == set(judged) - {"healthy"}
    assert next(iter(shown)) != "healthy", "sick runs come first"
    assert judged["missing-value"]["conditions"][0]["id"] == "non-finite"
    assert "overfitting" in {seen["id"] for seen in judged["few-samples"]["conditions"]}


def test_a_deep_link_opens_a_run_and_a_condition_with_its_onset(watched: Watched, board: Board) -> None:
    board.diagnosed(6)
    frame = tab(watched, board, "&run=few-samples&condition=overfitting")
    run_in(frame, "few-samples")
    assert frame.locator(".cd-finding.cd-chosen .cd-finding-title").inner_text() == "Overfitting"
    assert "Overfitting from" in str(frame.locator(".cd-main-chart .cd-canvas").get_attribute("aria-label"))
    assert frame.locator(".cd-main-chart .cd-key").inner_text().count("onset") == 1
    assert painted(frame) > 5
    frame.locator(".cd-row", has_text="missing-value").click()
    run_in(frame, "missing-value")
    assert "run=missing-value" in watched.page.url, "the address follows, so that it can be passed on"
    watched.page.locator("[data-plugin-id=scalars]").click()
    watched.page.wait_for_url(re.compile("#scalars"))
    watched.page.locator("[data-plugin-id=curvedoctor]").click()
    watched.page.wait_for_url(re.compile("#curvedoctor&run=missing-value"))
    watched.page.reload()
    run_in(watched.page.frame_locator("iframe"), "missing-value")


def test_dark_mode_follows_tensorboards(watched: Watched, board: Board) -> None:
    board.diagnosed(6)
    frame = tab(watched, board, "&run=few-samples")
    run_in(frame, "few-samples")

    def background() -> int:
        color = str(frame.locator(".cd-app").evaluate("e => getComputedStyle(e).backgroundColor"))
        return sum(int(part) for part in re.findall(r"\d+", color)[:3])

    assert background() > LIGHT
    watched.page.locator("app-header-dark-mode-toggle button").click()
    dark = watched.page.get_by_role("menuitem", name="Dark")
    if dark.count():
        dark.click()
    frame.locator(".cd-app[data-theme=dark]").wait_for()
    assert background() < DARK
    assert painted(frame) > 5


def test_search_filter_keyboard_and_manual_page(watched: Watched, board: Board) -> None:
    board.diagnosed(6)
    frame = tab(watched, board)
    run_in(frame, frame.locator(".cd-row-name").first.inner_text())
    frame.locator(".cd-detail").focus()
    watched.page.keyboard.press("/")
    watched.page.keyboard.type("non-finite")
    assert frame.locator(".cd-row-name").all_inner_texts() == ["missing-value"]
    watched.page.keyboard.press("Enter")
    run_in(frame, "missing-value")
    watched.page.keyboard.press("?")
    frame.locator(".cd-dialog h2", has_text="Why it matters").wait_for()
    assert frame.locator(".cd-picture").count() == 2
    watched.shot("manual_page")
    watched.page.keyboard.press("Escape")
    frame.locator(".cd-search").fill("")
    chip = frame.locator(".cd-chip", has_text=re.compile("Fine|Could improve")).first
    chip.click()
    assert frame.locator(".cd-row-name").all_inner_texts() == ["healthy"]
    chip.click()
    frame.locator(".cd-rows").focus()
    watched.page.keyboard.press("End")
    run_in(frame, "healthy")


def test_the_view_across_runs(watched: Watched, board: Board) -> None:
    board.diagnosed(6)
    frame = tab(watched, board, "&view=across")
    frame.locator(".cd-heat-row").first.wait_for()
    assert (
        frame.locator(".cd-heat-row", has_text="few-samples").locator("[aria-label^='Overfitting']").count()
        == 1
    )
    assert frame.locator(".cd-dot").count() >= 4
    frame.locator(".cd-heat-row", has_text="missing-value").locator("[class*='cd-fill']").first.click()
    run_in(frame, "missing-value")


def test_choosing_a_finding_brings_its_mark_into_view_and_the_link_follows(
    watched: Watched, board: Board
) -> None:
    rows = board.diagnosed(6)["overview"]["rows"]
    row = next(row for row in rows if len(row["conditions"]) > 1)
    name = row["run"]
    frame = tab(watched, board, f"&run={name}")
    run_in(frame, name)
    zoom(watched, frame)
    frame.locator(".cd-finding-pick").nth(1).click()
    assert f"condition={row['conditions'][1]['id']}" in watched.page.url
    titles = frame.locator(".cd-finding.cd-chosen .cd-finding-title").all_inner_texts()
    assert titles == [frame.locator(".cd-finding-title").nth(1).inner_text()]
    # the same run, another condition, by link
    link = f"#curvedoctor&run={name}&condition={row['conditions'][0]['id']}"
    watched.page.evaluate("link => { location.hash = link }", link)
    frame.locator(".cd-finding.cd-chosen").first.wait_for()
    first = frame.locator(".cd-finding").first
    first.and_(frame.locator(".cd-chosen")).wait_for()
    marks = str(frame.locator(".cd-main-chart .cd-canvas").get_attribute("aria-label"))
    assert first.locator(".cd-finding-title").inner_text() in marks


@pytest.mark.parametrize(
    "watched", [{"viewport": {"width": 1024, "height": 768}}], indirect=True, ids=["1024"]
)
def test_one_glance_holds_the_chart_what_is_seen_and_what_to_try(watched: Watched, board: Board) -> None:
    board.diagnosed(6)
    frame = tab(watched, board, "&run=few-samples")
    run_in(frame, "few-samples")
    seen = frame.locator(".cd-main-chart, .cd-findings, .cd-first, .cd-main-chart .cd-key")
    boxes = [seen.nth(i).bounding_box() for i in range(seen.count())]
    assert len(boxes) == 4 and all(box is not None and box["y"] + box["height"] <= 768 for box in boxes)
    chart, side = (frame.locator(name).bounding_box() for name in (".cd-main-chart", ".cd-side"))
    assert chart is not None and side is not None
    assert 0.5 < chart["width"] / (chart["width"] + side["width"]) < 0.7
    frame.locator(".cd-detail").evaluate("e => e.scrollTo(0, 120)")
    after = frame.locator(".cd-main-chart").bounding_box()
    assert after is not None and after["y"] >= 0


def zoom(watched: Watched, frame: FrameLocator) -> None:
    """Drag over a part of the main chart."""
    box = frame.locator(".cd-main-chart .u-over").bounding_box()
    assert box is not None
    watched.page.mouse.move(box["x"] + 100, box["y"] + 50)
    watched.page.mouse.down()
    watched.page.mouse.move(box["x"] + 300, box["y"] + 60, steps=5)
    watched.page.mouse.up()
    frame.locator(".cd-main-chart button", has_text="reset zoom").wait_for()


def test_zoom_and_log(watched: Watched, board: Board) -> None:
    board.diagnosed(6)
    frame = tab(watched, board, "&run=few-samples")
    run_in(frame, "few-samples")
    zoom(watched, frame)
    reset = frame.locator(".cd-main-chart button", has_text="reset zoom")
    reset.click()
    assert reset.is_hidden()
    log = frame.locator(".cd-main-chart button", has_text="log").last
    before = log.get_attribute("aria-pressed")
    log.click()
    assert log.get_attribute("aria-pressed") != before


def test_axes_smoothing_and_curves_of_a_chart(watched: Watched, board: Board) -> None:
    board.diagnosed(6)
    frame = tab(watched, board, "&run=few-samples")
    run_in(frame, "few-samples")
    frame.locator(".cd-main-chart canvas").first.wait_for()
    chart = frame.locator(".cd-main-chart")
    values = chart.locator(".cd-legend-value")
    frame.get_by_label("Smoothing").fill("0.9")
    smooth = values.first.inner_text()
    frame.get_by_label("Smoothing").fill("0")
    assert values.first.inner_text() != smooth
    frame.get_by_label("Horizontal axis").select_option("relative")
    chart.locator(".u-over").hover()
    chart.locator(".cd-legend-where", has_text="relative (s)").wait_for()
    curve = chart.locator(".cd-legend-item").first
    curve.click()
    assert curve.get_attribute("aria-pressed") == "false"


def test_the_list_is_sorted_filtered_resized_and_has_columns(watched: Watched, board: Board) -> None:
    board.diagnosed(6)
    frame = tab(watched, board)
    frame.get_by_label("Sort by").select_option("-lr")
    assert frame.locator(".cd-row-name").first.inner_text() == "lr-too-high"
    frame.locator(".cd-columns summary").click()
    frame.locator(".cd-menu label", has_text="lr").locator("input").check()
    frame.locator(".cd-columns summary").click()
    frame.locator(".cd-search").fill("lr<0.01")
    frame.locator(".cd-row-name", has_text="lr-too-high").wait_for(state="detached")
    cells = [float(cell) for cell in frame.locator(".cd-row-cell").all_inner_texts()]
    assert cells == sorted(cells, reverse=True) and cells[0] < 0.01
    before = frame.locator(".cd-list").bounding_box()
    frame.locator(".cd-handle").focus()
    watched.page.keyboard.press("ArrowRight")
    after = frame.locator(".cd-list").bounding_box()
    assert before is not None and after is not None
    assert after["width"] == pytest.approx(before["width"] + 24, abs=2)


def test_a_walk_by_keyboard_alone(watched: Watched, board: Board) -> None:
    board.diagnosed(6)
    frame = tab(watched, board, "&run=few-samples")
    run_in(frame, "few-samples")
    keys = watched.page.keyboard
    frame.locator(".cd-detail").focus()
    keys.press("/")
    keys.type("lr<1")
    keys.press("Enter")
    names = [str(row.get_attribute("title")) for row in frame.locator(".cd-row").all()]
    run_in(frame, names[0])
    keys.press("j")
    run_in(frame, names[1])
    frame.locator(".cd-finding-pick").first.wait_for()
    tabbed: list[str] = []
    for _ in range(40):  # from the list through the handle to the chart and the findings
        keys.press("Tab")
        tabbed.append(str(frame.locator(":focus").first.get_attribute("class")))
        if "cd-finding-pick" in tabbed[-1]:
            break
    assert any("cd-handle" in name for name in tabbed) and any("cd-canvas" in name for name in tabbed)
    keys.press("Enter")
    frame.locator(".cd-finding-pick[aria-expanded=true]").wait_for()
    keys.press("?")
    frame.locator(".cd-dialog h2").first.wait_for()
    keys.press("Escape")
    frame.locator(".cd-canvas").first.focus()
    keys.press("+")
    frame.locator("button", has_text="reset zoom").first.wait_for()
    keys.press("2")
    frame.locator(".cd-summary li").first.wait_for()
    keys.press("1")
    frame.locator(".cd-head h1").wait_for()


@pytest.mark.parametrize("place", [".cd-canvas", ".cd-finding-pick", ".cd-link"])
def test_another_run_that_is_shown_takes_no_focus_away(watched: Watched, board: Board, place: str) -> None:
    """Its answer may come while somebody is tabbing through the run before it."""
    board.diagnosed(6)
    frame = tab(watched, board, "&run=few-samples")
    run_in(frame, "few-samples")
    frame.locator(place).first.focus()
    watched.page.keyboard.press("j")
    frame.locator(".cd-head h1", has_not_text="few-samples").wait_for()
    focused = frame.locator(".cd-detail:focus, .cd-detail :focus")
    assert focused.count() == 1
    watched.page.keyboard.press("Tab")
    assert focused.count() == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("view", ["runs", "across"])
def test_axe_finds_nothing_in_the_tab(watched: Watched, board: Board, view: str, theme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    board.diagnosed(6)
    frame = tab(watched, board, f"&view={view}&run=few-samples")
    frame.locator(".cd-summary li, .cd-main-chart canvas").first.wait_for()
    if theme == "dark":
        frame.locator(".cd-app").evaluate("e => { e.dataset.theme = 'dark' }")
        watched.page.wait_for_timeout(400)  # until colours have faded over
    inner = next(f for f in watched.page.frames if f.parent_frame is not None)
    inner.evaluate(Axe().axe_script)
    found = inner.evaluate("() => axe.run(document.querySelector('.cd-app')).then(r => r.violations)")
    assert [(item["id"], [node["html"][:160] for node in item["nodes"]][:3]) for item in found] == []


@pytest.mark.parametrize("fast", [True, False], ids=["data-server", "python-loader"])
def test_follows_a_run_that_grows(watched: Watched, tmp_path: Path, fast: bool) -> None:
    writer = Writer(tmp_path / "growing")
    train, val = falling(80), turning(80)

    def train_until(begin: int, end: int) -> None:
        for step in range(begin, end):
            writer.add("train/loss", float(train[step]), step)
            writer.add("val/loss", float(val[step]), step)
        writer.flush()

    train_until(0, 15)
    with Board(["--logdir", str(tmp_path)], fast=fast) as board:
        frame = tab(watched, board)
        run_in(frame, "growing")
        frame.locator(".cd-detail").evaluate(SAMPLER)
        train_until(15, 80)
        frame.locator(".cd-verdict", has_text=re.compile("|".join(SICK))).wait_for()
        frame.locator(".cd-finding-title", has_text="Overfitting").wait_for()
        zoom(watched, frame)
        writer.add("train/loss", 77.0, 80)
        writer.flush()
        frame.locator(".cd-main-chart .cd-legend", has_text="77").wait_for()
        assert frame.locator(".cd-main-chart button", has_text="reset zoom").is_visible(), (
            "what was zoomed stays zoomed"
        )
        seen, without = frame.locator(".cd-detail").evaluate(
            "() => [window.frames_seen, window.frames_without]"
        )
        assert seen > 20 and without == 0, "the chart was away for a moment"
    writer.close()


@pytest.mark.parametrize("fast", [True, False], ids=["data-server", "python-loader"])
def test_hostile_names_do_no_harm(watched: Watched, tmp_path: Path, fast: bool) -> None:
    tags = {
        HOSTILE: falling(),
        "</script><script>alert(2)</script>": falling(seed=2),
        "🔥/loss": falling(seed=3),
        "train/loss": broken(),
        "x" * 10_000: falling(seed=4),
        "val/loss\u202e\u0007": turning(),
    }
    write(tmp_path / HOSTILE, tags)
    with Board(["--logdir", str(tmp_path)], fast=fast) as board:
        frame = tab(watched, board)
        run_in(frame, HOSTILE)
        frame.locator("summary", has_text="curves and what each was taken for").click()
        assert frame.locator("img").count() == 0
        assert frame.locator(".cd-table td", has_text=HOSTILE).count() >= 1
        tab(watched, board, "&view=across")
        watched.page.frame_locator("iframe").locator(".cd-heat-row, .cd-count").first.wait_for()


def test_behind_a_prefix(watched: Watched, demo: Path) -> None:
    with Board(["--logdir", str(demo)], prefix="/lab/tb") as board:
        board.diagnosed(6)
        frame = tab(watched, board, "&run=few-samples")
        run_in(frame, "few-samples")
        assert painted(frame) > 5


def test_behind_a_reverse_proxy(watched: Watched, demo: Path) -> None:
    with Board(["--logdir", str(demo)]) as board, Proxy(board, "/user/me/proxy/6006") as proxy:
        board.diagnosed(6)
        board.closing.append(watched.leave)
        watched.page.goto(f"{proxy.url}/#curvedoctor&run=few-samples")
        frame = watched.page.frame_locator("iframe")
        run_in(frame, "few-samples")
        assert painted(frame) > 5
        watched.leave()


def test_says_what_is_wrong(watched: Watched, tmp_path: Path) -> None:
    logdir = tmp_path / "runs"
    write(logdir / "fine", {"train/loss": falling(), "val/loss": falling(seed=2)})
    damaged = write(logdir / "damaged", {"train/loss": falling()})
    damaged.write_bytes(damaged.read_bytes()[:-5])
    (logdir / "garbage").mkdir()
    (logdir / "garbage" / "events.out.tfevents.1.x").write_bytes(b"no events at all" * 10)
    with Board(["--logdir", str(logdir)]) as board:
        frame = tab(watched, board, "&run=damaged")
        frame.locator("h2", has_text="What could not be read").wait_for()
        frame.locator(".cd-notice", has_text="garbage").wait_for()
        shutil.rmtree(logdir)
        frame.locator(".cd-notice", has_text="no such file or directory").wait_for()
        assert frame.locator(".cd-row").count() == 2, "what was seen before stays"
        assert board.get("plugin/scalars/tags") is not None


def test_an_empty_logdir_says_so(watched: Watched, tmp_path: Path) -> None:
    with Board(["--logdir", str(tmp_path)]) as board:
        board.closing.append(watched.leave)
        watched.page.goto(f"{board.url}/#curvedoctor")
        frame = watched.page.frame_locator("iframe")
        frame.locator(".cd-message", has_text="No runs yet").wait_for()
        write(tmp_path / "late", {"train/loss": falling(), "val/loss": falling(seed=2)})
        frame.locator(".cd-row, .cd-head h1").first.wait_for()


def test_the_annotate_button_is_there_only_if_asked_for(watched: Watched, tmp_path: Path) -> None:
    write(tmp_path / "ill", {"train/loss": falling(), "val/loss": turning()})
    with Board(["--logdir", str(tmp_path), "--curvedoctor_write"]) as board:
        frame = tab(watched, board)
        frame.locator("button", has_text="Annotate runs").click()
        frame.locator("button", has_text="1 written").wait_for()
        assert (tmp_path / "ill" / "curvedoctor").is_dir()
        watched.leave()
    with Board(["--logdir", str(tmp_path)]) as board:
        frame = tab(watched, board)
        assert frame.locator(".cd-row-name").all_inner_texts() == ["ill"], "our own sub-run is no run"
        assert frame.locator("button", has_text="Annotate").count() == 0


@pytest.mark.parametrize("fast", [True, False], ids=["data-server", "python-loader"])
@pytest.mark.parametrize("dashboard", ["scalars", "timeseries"])
def test_after_annotate_the_users_dashboards_look_as_before(
    watched: Watched, tmp_path: Path, fast: bool, dashboard: str
) -> None:
    write(tmp_path / "ill", {"train/loss": falling(), "val/loss": turning()})

    def cards() -> list[str]:
        with Board(["--logdir", str(tmp_path)], fast=fast) as board:
            board.until(lambda: board.get("plugin/scalars/tags"))
            board.closing.append(lambda: watched.page.goto("about:blank"))
            watched.page.goto(f"{board.url}/#{dashboard}")
            found = watched.page.locator("tf-scalar-card" if dashboard == "scalars" else "card-view")
            found.nth(1).wait_for()
            watched.page.wait_for_timeout(2000)
            return sorted(" ".join(text.split()) for text in found.all_inner_texts())

    before = cards()
    assert process("annotate", tmp_path).returncode == 0
    assert (tmp_path / "ill" / "curvedoctor").is_dir()
    assert cards() == before and len(before) == 2


def test_an_empty_logdir_does_not_begin_with_our_tab(watched: Watched, tmp_path: Path) -> None:
    with Board(["--logdir", str(tmp_path)]) as board:
        watched.page.goto(board.url)
        watched.page.locator("text=No dashboards are active").wait_for()
        assert watched.page.locator("iframe").count() == 0
        board.closing.append(watched.leave)
