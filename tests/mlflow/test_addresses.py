"""A run is found by whatever MLflow calls it: its id, its page, `runs:/`, a model;
and without an address by MLflow's variables."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient

from curvedoctor.cli import main
from curvedoctor.errors import SourceError
from curvedoctor.reports.as_json import to_dict
from curvedoctor.sources.base import ReadOptions
from mlflow_lab import look, plugged, servers
from mlflow_lab.stores import Store, serve_copy
from mlflow_lab.write import diagnoses
from sources.contract import read_all, units_of


@pytest.fixture(scope="module")
def registry(filled: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A server with a model of two versions, the second one the champion, and a logged model."""
    folder = tmp_path_factory.mktemp("registry")
    with serve_copy(sys.executable, filled, folder) as store:
        client = MlflowClient(store.uri)
        client.create_registered_model("digits")
        for name in ("one", "two", "three"):
            client.create_model_version(
                "digits", f"runs:/{store.run(name)['id']}/model", store.run(name)["id"]
            )
        client.set_registered_model_alias("digits", "champion", "2")
        yield store


@pytest.fixture(params=["server", "database", "folder"])
def kinds(request: pytest.FixtureRequest, server: Store, filled: Store, filled_files: Store) -> Store:
    return {"server": server, "database": filled, "folder": filled_files}[request.param]


def names(*sources: str, **read: str) -> set[str]:
    return {unit.run for unit in units_of(*sources, options=ReadOptions(**read))}


def test_by_its_id(kinds: Store) -> None:
    wanted = kinds.run("nan-end")
    runs, problems = read_all(kinds.uri, options=ReadOptions(run=wanted["id"]))
    assert [(run.name, run.run_id) for run in runs] == [("nan-end", wanted["id"])]
    assert not problems
    assert names(kinds.uri, run=wanted["id"][:12] + "*") == {"nan-end"}
    assert names(kinds.uri, run=wanted["id"], experiment="small") == set()


def test_what_is_asked_for_by_its_id_learns_from_its_experiment(kinds: Store) -> None:
    every = {found.run.run_id: to_dict(found) for found in diagnoses(kinds.uri)}
    for name in ("nan-end", "child-0.1", "one"):
        wanted = kinds.run(name)["id"]
        assert [to_dict(found) for found in diagnoses(kinds.uri, run=wanted)] == [every[wanted]]
    siblings = ReadOptions(run=kinds.run("one")["id"], siblings=True)
    groups = {unit.group for unit in units_of(kinds.uri, options=siblings)}
    assert len(groups) == 1 or not kinds.uri.startswith("http"), "of a server no other experiment is searched"


def test_names_still_work(kinds: Store) -> None:
    assert names(kinds.uri, run="child-*") == {"child-0.1", "child-1.0"}


@pytest.mark.parametrize(
    "page",
    [
        "/#/experiments/{experiment}/runs/{id}",
        "/#/experiments/{experiment}/runs/{id}/artifacts?workspace=default",
        "/#/experiments/{experiment}/runs/{id}/model-metrics/",
        "/experiments/{experiment}/runs/{id}",
    ],
)
def test_by_its_page(server: Store, page: str) -> None:
    wanted = server.run("nan-end")
    assert names(server.uri + page.format(**wanted)) == {"nan-end"}


def test_by_a_page_that_compares(server: Store) -> None:
    ids = [server.run(name)["id"] for name in ("one", "three")]
    page = f"{server.uri}/#/compare-runs?runs={json.dumps(ids)}&experiments=[%222%22]".replace(" ", "")
    assert names(page) == {"one", "three"}
    assert names(f"{server.uri}/#/experiments/{server.run('one')['experiment']}") == {"one", "two", "three"}


def test_a_page_of_a_run_that_is_not_there(server: Store) -> None:
    _, problems = read_all(f"{server.uri}/#/experiments/1/runs/{'0' * 32}")
    assert "no run" in problems[0].what


def test_status_and_id_are_read(kinds: Store, capfd: pytest.CaptureFixture[str]) -> None:
    by_name = {run.name: run for run in read_all(kinds.uri, options=ReadOptions(experiment="hard"))[0]}
    assert by_name["falls"].status == "finished"
    assert by_name["sweep"].status == "running"
    for _ in range(2):  # judged, and remembered
        assert main(["diagnose", kinds.uri, "--experiment", "hard", "--format", "jsonl"]) == 0
        told = {line["run_id"]: line for line in map(json.loads, capfd.readouterr().out.splitlines())}
        assert told[kinds.run("falls")["id"]]["status"] == "finished"
        assert told[by_name["sweep"].run_id]["status"] == "running"


@pytest.fixture
def tracking(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    return lambda uri: monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)


def test_runs_uri(kinds: Store, tracking: Callable[[str], None]) -> None:
    tracking(kinds.uri)
    run_id = kinds.run("nan-end")["id"]
    assert names(f"runs:/{run_id}") == names(f"runs:/{run_id}/model") == {"nan-end"}
    with pytest.raises(SourceError, match="there is no run"):
        units_of(f"runs:/{'0' * 32}")


def test_runs_uri_without_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, filled: Store) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    run_id = filled.run("nan-end")["id"]
    with pytest.raises(SourceError, match="MLFLOW_TRACKING_URI"):
        units_of(f"runs:/{run_id}")
    shutil.copy(filled.database, tmp_path / "mlflow.db")
    assert names(f"runs:/{run_id}") == {"nan-end"}


@pytest.mark.parametrize(
    ("uri", "name"),
    [("models:/digits/1", "one"), ("models:/digits@champion", "two"), ("models:/digits/latest", "three"),
        ("models:/digits/9", None), ("models:/other/1", None), ("models:/digits", None)],
)  # fmt: skip
@pytest.mark.parametrize("way", ["server", "database"])
def test_models_uri(
    registry: Store, tracking: Callable[[str], None], uri: str, name: str | None, way: str
) -> None:
    tracking(registry.uri if way == "server" else f"sqlite:///{registry.database}")
    if name is None:
        with pytest.raises(SourceError, match=r"models:/|knows no such model"):
            units_of(uri)
    else:
        assert names(uri) == {name}


def test_without_a_source_mlflows_variables_say_it(
    server: Store, tracking: Callable[[str], None], monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:  # fmt: skip
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    assert main(["diagnose"]) == 2
    assert "SOURCE" in capfd.readouterr().err
    tracking(server.uri)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "small")
    for command in (
        ["diagnose", "--format", "jsonl"],
        ["roles", "--format", "json"],
        ["clean", "--dry-run"],
        ["compare"],
    ):
        assert main(command) == 0
        out = capfd.readouterr().out
        assert "nan-end" not in out
        assert "two" in out or command[0] == "compare"
    assert main(["diagnose", "--format", "jsonl", "--experiment", "hard"]) == 0
    assert "nan-end" in capfd.readouterr().out
    # what is named is not narrowed
    assert main(["diagnose", server.uri, "--format", "jsonl"]) == 0
    assert "nan-end" in capfd.readouterr().out


class TestPlugin:
    @pytest.fixture
    def address(self, filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
        from mlflow.tracking._tracking_service import utils

        from curvedoctor.sources.mlflow import plugin as mlflow_plugin

        monkeypatch.syspath_prepend(str(plugged.install(tmp_path / "site")))
        utils._tracking_store_registry.register_entrypoints()
        mlflow_plugin.plugged.cache_clear()
        shutil.copy(filled.database, tmp_path / "mlflow.db")
        yield f"labstore:{tmp_path / 'mlflow.db'}"
        utils._tracking_store_registry._registry.pop("labstore")
        mlflow_plugin.plugged.cache_clear()

    def test_it_is_read_as_the_database_is(self, address: str, filled: Store) -> None:
        from sources.contract import fingerprint

        runs, problems = read_all(address, options=ReadOptions(experiment="hard"))
        same, _ = read_all(filled.uri, options=ReadOptions(experiment="hard"))
        assert ["slow" in problem.what for problem in problems] == [True]
        assert [fingerprint(run)[3:5] for run in runs] == [fingerprint(run)[3:5] for run in same]
        assert [run.status for run in runs] == [run.status for run in same]
        assert names(address, experiment="hard", filter="params.learning_rate = '0.5'") == {"nan-end"}
        assert names(address, run=filled.run("one")["id"]) == {"one"}

    def test_it_is_written(self, address: str, tmp_path: Path) -> None:
        (tmp_path / "artifacts").mkdir()
        before = look.database(tmp_path / "mlflow.db")
        for command, said in (("annotate", "written"), ("annotate", "unchanged"), ("clean", "removed")):
            assert main([command, address, "--experiment", "small"]) == 0, said
        assert look.database(tmp_path / "mlflow.db") == before

    def test_its_filter_is_its_own(self, address: str, capfd: pytest.CaptureFixture[str]) -> None:
        assert main(["diagnose", address, "--filter", "nonsense"]) == 2
        assert "nonsense" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("databricks", "databricks"),
        ("databricks://profile", "databricks"),
        ("azureml://host/path", "azureml-mlflow"),
        ("arn:aws:sagemaker:eu-west-1:123:mlflow-tracking-server/x", "sagemaker-mlflow"),
        ("dagshub:owner/repo", "dagshub"),
    ],
)
def test_a_store_whose_plugin_is_missing_says_what_to_install(
    address: str, says: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("DATABRICKS")]:
        monkeypatch.delenv(name)
    assert main(["diagnose", address]) == 2
    err = capfd.readouterr().err
    assert says in err
    assert "pip install" in err


def test_a_word_on_the_database_drivers() -> None:
    import tomllib

    project = tomllib.loads((servers.HERE.parents[1] / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    assert {"postgres", "mysql"} <= set(extras)
    assert all(name in extras["all"][0] for name in ("postgres", "mysql"))
