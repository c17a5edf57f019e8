"""What people see, in a headless Chromium: MLflow's own pages with our tags, report and picture,
and the app."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient

from curvedoctor.model import Origin
from curvedoctor.sinks.mlflow.client import server_version
from curvedoctor.sinks.mlflow.views import SINCE
from mlflow_lab import servers
from mlflow_lab.access import ADMIN, GUEST, behind_login
from mlflow_lab.stores import Store, serve_copy
from mlflow_lab.write import diagnoses, write
from tensorboard_lab.browser import Watched

pytestmark = [pytest.mark.browser, pytest.mark.slow]

VERSIONS = ["newest", "2.22.5"]


def of_version(
    request: pytest.FixtureRequest, filled: Store, folder: Path
) -> tuple[str, Store, dict[str, str]]:
    """The Python that the asked-for MLflow is installed in, runs that it logged,
    and how its server finds our app."""
    if request.param == "newest":
        return sys.executable, filled, {}
    return servers.old_python(), request.getfixturevalue("old_filled"), servers.with_ours(folder)


@pytest.fixture(scope="module", params=VERSIONS)
def app(
    filled: Store, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Store]:
    """A server of each MLflow with our app, over annotated runs."""
    folder = tmp_path_factory.mktemp("app")
    python, store, ours = of_version(request, filled, folder)
    with serve_copy(python, store, folder, "--app-name", "curvedoctor", **ours) as served:
        found = diagnoses(served.uri, experiment="hard", run="[fn<]*[!0-9a-f]*")
        write(found, note=True)
        yield served


@pytest.fixture(scope="module", params=VERSIONS)
def guarded(
    filled: Store, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Store]:
    """The same behind basic-auth."""
    folder = tmp_path_factory.mktemp("guarded")
    python, store, ours = of_version(request, filled, folder)
    with behind_login(python, store, folder, **ours) as served:
        yield served


@pytest.fixture
def seen(browser) -> Iterator[Watched]:
    """A page; nothing of ours may appear among its faults (MLflow's own are not ours to mend)."""
    context = browser.new_context(viewport={"width": 1500, "height": 950})
    context.set_default_timeout(40_000)
    held = Watched(context.new_page(), None, "")
    yield held
    title = held.page.title()
    context.close()
    assert title != "owned"
    assert not [fault for fault in held.faults if "curvedoctor" in fault or "dialog" in fault]


def address(store: Store, name: str, tab: str = "") -> str:
    run = store.run(name)
    return f"{store.uri}/#/experiments/{run['experiment']}/runs/{run['id']}{tab}"


def test_the_badge_and_the_drawer(app: Store, seen: Watched) -> None:
    page = seen.page
    page.goto(address(app, "nan-end"))
    badge = page.locator("curvedoctor-badge .badge")
    badge.wait_for()
    page.locator("curvedoctor-badge .badge[data-kind=failed]").wait_for()
    assert badge.inner_text().startswith("Failed: The loss is NaN")
    color = "e => getComputedStyle(e).color"
    of_badge = badge.locator("svg").evaluate(color)
    badge.click()
    frame = page.frame_locator("curvedoctor-badge iframe")
    frame.locator("h1", has_text="nan-end").wait_for()
    frame.locator("canvas").first.wait_for()
    assert frame.get_by_text("Lower the learning rate from 0.5 to 0.05").first.is_visible()
    assert frame.locator(".cd-is-failed svg, svg.cd-is-failed").first.evaluate(color) == of_badge
    frame.locator("h1").click()
    page.keyboard.press("Escape")  # from within
    page.locator("curvedoctor-badge .drawer").wait_for(state="hidden")
    # another run, without a reload
    page.evaluate(f"location.hash = {json.dumps(address(app, 'falls').partition('#')[2])}")
    page.locator("curvedoctor-badge .badge", has_not_text="NaN").wait_for()


def test_a_page_per_experiment(app: Store, seen: Watched) -> None:
    page = seen.page
    page.goto(f"{app.uri}/#/experiments/{app.run('falls')['experiment']}/runs")
    page.locator("curvedoctor-badge .badge").click()
    frame = page.frame_locator("curvedoctor-badge iframe")
    frame.locator(".cd-row").first.wait_for()
    assert frame.locator(".cd-row").count() >= 8
    frame.get_by_role("tab", name="Across runs").click()
    frame.locator(".cd-across").wait_for()
    assert not frame.get_by_text("there is nothing to compare").count()


def test_links_lead_to_the_charts_and_to_the_open_drawer(app: Store, seen: Watched) -> None:
    page = seen.page
    page.goto(address(app, "nan-end"))
    page.locator("curvedoctor-badge .badge").click()
    shared = page.locator("curvedoctor-badge .link").get_attribute("href")
    page.locator("curvedoctor-badge .charts").click()
    page.wait_for_url("**/model-metrics*")
    page.locator("curvedoctor-badge .drawer").wait_for(state="hidden")
    page.goto("about:blank")
    page.goto(str(shared))
    page.frame_locator("curvedoctor-badge iframe").locator("h1", has_text="nan-end").wait_for()


def test_runs_that_are_compared(app: Store, seen: Watched) -> None:
    one, two = app.run("nan-end"), app.run("falls")
    asked = f'runs=["{one["id"]}","{two["id"]}"]&experiments=["{one["experiment"]}"]'
    seen.page.goto(f"{app.uri}/#/compare-runs?{asked}")
    badge = seen.page.locator("curvedoctor-badge .badge", has_text="1 failed")
    badge.wait_for()
    badge.click()
    frame = seen.page.frame_locator("curvedoctor-badge iframe")
    frame.locator(".cd-row").first.wait_for()
    assert frame.locator(".cd-row").count() == 2


#: controls of the page's that the badge lies on, asked of the page itself at every third pixel
COVERED = """() => {
  const host = document.querySelector('curvedoctor-badge');
  const box = host.shadowRoot.querySelector('.badge').getBoundingClientRect();
  const found = new Set();
  for (let x = box.left; x < box.right; x += 3) for (let y = box.top; y < box.bottom; y += 3) {
    const below = document.elementsFromPoint(x, y).find((element) => element !== host);
    const control = below?.closest(
      'a, button, input, select, textarea, label, [role=button], [role=tab], [role=checkbox]');
    if (control) found.add(control.outerHTML.slice(0, 120));
  }
  return [...found];
}"""


@pytest.mark.parametrize("width", [480, 1500])
@pytest.mark.parametrize("place", ["", "/model-metrics", "/runs"])
def test_the_badge_covers_no_control(app: Store, seen: Watched, width: int, place: str) -> None:
    page = seen.page
    page.set_viewport_size({"width": width, "height": 800})
    experiment = f"{app.uri}/#/experiments/{app.run('nan-end')['experiment']}/runs"
    page.goto(experiment if place == "/runs" else address(app, "nan-end", place))
    page.locator("curvedoctor-badge .badge").wait_for()
    page.wait_for_timeout(2500)  # until the page and the badge have settled
    assert page.evaluate(COVERED) == []


def test_a_page_without_a_run_has_no_badge(app: Store, seen: Watched) -> None:
    page = seen.page
    empty = MlflowClient(app.uri).create_experiment("empty")
    for place in ("experiments", "models", f"experiments/{empty}/runs"):
        page.goto(f"{app.uri}/#/{place}")
        page.wait_for_timeout(2500)
        assert not page.locator("curvedoctor-badge .badge").is_visible()
    MlflowClient(app.uri).delete_experiment(empty)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_in_what_is_ours(app: Store, seen: Watched, dark: bool) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = seen.page
    if dark:
        page.add_init_script("localStorage.setItem('_mlflow_dark_mode_toggle_enabled', 'true')")
    page.goto(address(app, "nan-end"))
    badge = page.locator("curvedoctor-badge .badge[data-kind=failed]")
    badge.wait_for()
    assert page.locator("curvedoctor-badge .cd-over").get_attribute("data-theme") == (
        "dark" if dark else "light"
    )
    page.evaluate(Axe().axe_script)
    ours = (
        "() => axe.run({include: [['curvedoctor-badge', '.cd-over']]}, {iframes: "
        "false}).then(r => r.violations)"
    )
    told = [page.evaluate(ours)]
    badge.click()
    inner = page.frame_locator("curvedoctor-badge iframe")
    inner.locator("canvas").first.wait_for()
    page.wait_for_timeout(400)  # until colours have faded over
    told.append(page.evaluate(ours))
    frame = next(f for f in page.frames if "/curvedoctor/page" in f.url)
    frame.evaluate(Axe().axe_script)
    told.append(frame.evaluate("() => axe.run().then(r => r.violations)"))
    found = [
        (item["id"], [node["html"][:160] for node in item["nodes"]][:3]) for some in told for item in some
    ]
    assert found == []


def test_a_run_named_with_html_does_no_harm(app: Store, seen: Watched) -> None:
    html = next(run["name"] for run in app.truth if run["name"].startswith("<img"))
    seen.page.goto(address(app, html))
    seen.page.locator("curvedoctor-badge .badge").click()
    seen.page.frame_locator("curvedoctor-badge iframe").locator("h1", has_text="<img src=x").wait_for()


def test_the_tags_and_the_picture_on_the_run_page(app: Store, seen: Watched) -> None:
    page = seen.page
    page.goto(address(app, "nan-end"))
    page.get_by_text("curvedoctor.verdict").first.wait_for()
    picture = page.locator("img[src*='curves.png']").first
    picture.wait_for(state="attached")
    page.wait_for_function(
        "[...document.images].some((i) => i.src.includes('curves.png') && i.complete && i.naturalWidth > 300)"
    )
    assert page.get_by_text("curvedoctor: failed").count()


def test_the_saved_views_columns(app: Store, seen: Watched) -> None:
    if server_version(Origin("mlflow-http", app.uri, "")) < SINCE:
        # none is written there; the run's own page shows the tags all the same
        assert "mlflow.sharedViewState" not in str(
            MlflowClient(app.uri).get_experiment(app.run("falls")["experiment"]).tags
        )
        return
    seen.page.goto(
        f"{app.uri}/#/experiments/{app.run('falls')['experiment']}/runs?viewStateShareKey=curvedoctor"
    )
    for column in ("curvedoctor.verdict", "curvedoctor.conditions"):
        seen.page.get_by_text(column).first.wait_for()
    seen.page.get_by_text("non-finite").first.wait_for()


def test_the_report_in_the_artifact_viewer(app: Store, seen: Watched) -> None:
    page = seen.page
    page.goto(address(app, "nan-end", "/artifacts/curvedoctor/report.html"))
    frame = page.frame_locator("iframe:not([title='Diagnosis'])")
    frame.locator("h1", has_text="nan-end").wait_for()
    frame.locator("canvas").first.wait_for()


@pytest.mark.parametrize(("login", "shown"), [(ADMIN, True), (GUEST, False)])
def test_another_users_run_stays_closed(guarded: Store, browser, login: tuple[str, str], shown: bool) -> None:
    name, password = login
    context = browser.new_context(http_credentials={"username": name, "password": password})
    context.set_default_timeout(40_000)
    page = context.new_page()
    with page.expect_response(lambda response: "/curvedoctor/brief" in response.url) as asked:
        page.goto(address(guarded, "nan-end"))
    assert asked.value.status == (200 if shown else 403)
    badge = page.locator("curvedoctor-badge .badge")
    if shown:
        page.locator("curvedoctor-badge .badge", has_text="NaN").wait_for()
    else:
        badge.wait_for(state="hidden")
        # the drawer's page by itself shows nothing either
        page.goto(f"{guarded.uri}/ajax-api/3.0/curvedoctor/page?run_id={guarded.run('nan-end')['id']}")
        page.get_by_text("No diagnosis").wait_for()
        assert not page.locator("canvas").count()
    context.close()


def test_the_badge_and_the_drawer_ask_in_the_pages_workspace(app: Store, seen: Watched) -> None:
    """MLflow's pages name the workspace behind the run, and send it along with every question."""
    asked: dict[str, str | None] = {}

    def answer(route) -> None:
        name = route.request.url.partition("/curvedoctor/")[2].partition("?")[0]
        asked[name] = route.request.headers.get("x-mlflow-workspace")
        told = {"phase": "ready", "total": 1, "trouble": "", "version": 1, "view": None, "curves": True}
        route.fulfill(json={**told, "state": "needs attention", "headline": "Of the team"})

    for name in ("brief", "run"):
        seen.page.route(f"**/curvedoctor/{name}?*", answer)
    seen.page.goto(address(app, "nan-end", "?workspace=a%20team"))
    badge = seen.page.locator("curvedoctor-badge .badge", has_text="Of the team")
    badge.wait_for()
    badge.click()
    seen.page.frame_locator("curvedoctor-badge iframe").get_by_text("No diagnosis").wait_for()
    assert asked == {"brief": "a team", "run": "a team"}
