"""`mlflow server --app-name curvedoctor`: its routes, its manners, and who may see what."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import mlflow
import pytest
from mlflow import MlflowClient

from curvedoctor_mlflow import page
from mlflow_lab.access import ask
from mlflow_lab.stores import Store, serve_copy

ROUTES = "/ajax-api/3.0/curvedoctor"


def until(question: Callable[[], Any], wanted: Callable[[Any], bool], seconds: float = 60) -> Any:
    """Ask until the answer is the wanted one."""
    end = time.monotonic() + seconds
    while not wanted(answer := question()):
        assert time.monotonic() < end, answer
        time.sleep(0.3)
    return answer


@pytest.fixture(scope="module", params=["uvicorn", pytest.param("gunicorn", marks=pytest.mark.slow)])
def app(
    filled: Store, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Store]:
    """Behind a prefix, with several workers, annotating runs that end."""
    more = ["--gunicorn-opts", "--timeout 60"] if request.param == "gunicorn" else []
    folder = tmp_path_factory.mktemp("app")
    arguments = ("--app-name", "curvedoctor", "--static-prefix", "/lab", *more)
    with serve_copy(sys.executable, filled, folder, *arguments, workers=2, CURVEDOCTOR_ANNOTATE="1") as store:
        yield store


def test_the_page_has_one_script_more_and_it_is_there(app: Store) -> None:
    index = (Path(mlflow.__file__).parent / "server" / "js" / "build" / "index.html").read_text()
    status, text = ask(f"{app.uri}/lab/")
    assert status == 200
    script = re.search(r'<script type="module" src="([^"]+)"></script></body>', text)
    assert script is not None
    assert text.replace(script.group(0), "</body>") == index
    status, code = ask(f"{app.uri}/lab/{script.group(1)}")
    assert status == 200
    assert "curvedoctor-badge" in code
    code = f"{app.uri}/lab/{script.group(1).removesuffix('badge.js')}page.js"
    imported = re.findall(r'from "(\.\./panel/[\w.]+)"', ask(code)[1])
    assert imported
    for name in imported:
        assert ask(urljoin(code, name))[0] == 200
    assert ask(urljoin(code, "nothing.js"))[0] == 404


def test_a_run_and_an_experiment(app: Store) -> None:
    run = app.run("nan-end")
    brief = until(
        lambda: ask(f"{app.uri}/lab{ROUTES}/brief?run_id={run['id']}")[1], lambda told: "state" in told
    )
    assert (brief["state"], brief["curves"], brief["running"]) == ("failed", True, False)
    assert brief["conditions"][0] == "non-finite"
    view = until(lambda: ask(f"{app.uri}/lab{ROUTES}/run?run_id={run['id']}")[1]["view"], bool)
    assert view["findings"][0]["onset"] == 60
    assert any(curve for curve in view["curves"])
    told = until(
        lambda: ask(f"{app.uri}/lab{ROUTES}/experiment?experiment_id={run['experiment']}")[1],
        lambda t: t["version"] > 0,
    )
    assert {row["run"] for row in told["overview"]["rows"]} >= {"falls", "nan-end", "child-0.1"}
    # what needs the points, though they are not kept: the curve in small, and siblings by their outcome
    assert all(row["spark"] for row in told["overview"]["rows"] if row["run"] != "sweep")
    (family,) = told["overview"]["siblings"]
    assert family["group"].startswith("sweep (")
    assert {param["name"] for param in family["params"]} == {"lr"}
    assert {row["run"] for row in told["overview"]["rows"] if row["key"] in family["runs"]} == {
        "child-0.1",
        "child-1.0",
    }
    counts = ask(f"{app.uri}/lab{ROUTES}/counts?experiment_id={run['experiment']}")[1]
    assert counts["states"]["failed"] == 1
    some = f"{ROUTES}/counts?experiment_id={run['experiment']}&runs={run['id']},{app.run('falls')['id']}"
    assert sum(ask(f"{app.uri}/lab{some}")[1]["states"].values()) == 2
    assert str(app.folder) not in json.dumps(told)
    assert str(app.folder) not in json.dumps(view)
    assert ask(f"{app.uri}/lab{ROUTES}/explain?condition=non-finite")[1]["page"]


@pytest.mark.parametrize(
    ("route", "status"),
    [
        ("brief?run_id=nothing", 404),
        ("run", 400),
        ("experiment?experiment_id=999", 404),
        ("experiment?experiment_id=" + "9" * 200, 400),
    ],
)
def test_what_is_not_there_is_an_answer(app: Store, route: str, status: int) -> None:
    got, told = ask(f"{app.uri}/lab{ROUTES}/{route}")
    assert got == status
    assert told["error"]


def test_a_run_that_ends_is_annotated(app: Store) -> None:
    client = MlflowClient(f"{app.uri}/lab")
    experiment = app.run("one")["experiment"]
    run_id = client.create_run(experiment, run_name="live").info.run_id
    for step in range(40):
        client.log_metric(run_id, "loss", 1.0 / (1 + step) if step < 20 else float("nan"), step=step)
    assert "curvedoctor.verdict" not in client.get_run(run_id).data.tags
    client.set_terminated(run_id)
    tags = until(lambda: client.get_run(run_id).data.tags, lambda tags: "curvedoctor.state" in tags)
    assert tags["curvedoctor.verdict"] == "failed"
    assert {item.path for item in client.list_artifacts(run_id, "curvedoctor")} == {
        f"curvedoctor/{name}" for name in ("report.html", "diagnosis.json", "curves.png")
    }


@pytest.mark.parametrize(
    "stock", ["", "<html><body><div>another page</div></body></html>", "<div id='root'></div>"]
)
def test_a_page_that_looks_different_is_served_as_it_is(stock: str) -> None:
    assert page.with_script(stock) == stock


def test_a_server_whose_inside_has_changed_starts_without_us(monkeypatch: pytest.MonkeyPatch) -> None:
    from curvedoctor_mlflow import app as apps

    def refuses(app: object) -> None:
        raise AttributeError("_add_static_prefix")

    monkeypatch.delenv("_MLFLOW_SGI_NAME", raising=False)
    monkeypatch.delenv("CURVEDOCTOR_INNER_APP", raising=False)
    monkeypatch.setattr(apps, "_extend", refuses)
    from mlflow.server import app

    assert apps.create_app() is app


def test_a_plain_page_is_the_way_in_without_mlflows(app: Store) -> None:
    status, text = ask(f"{app.uri}/lab{ROUTES}/page")
    assert status == 200
    assert "page.js" in text


def test_an_unreadable_page_is_left_to_mlflow(tmp_path: Path) -> None:
    assert page.serving(lambda: "stock", tmp_path / "none.html")() == "stock"
