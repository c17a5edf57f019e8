"""Logins and workspaces: MLflow's own rules hold for our routes, and its own variables open its doors."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from mlflow import MlflowClient

from curvedoctor.errors import SourceError
from curvedoctor.sources.base import ReadOptions
from mlflow_lab.access import ADMIN, GUEST, ask, behind_login
from mlflow_lab.compare import assert_same
from mlflow_lab.stores import Store, serve_copy
from mlflow_lab.write import diagnoses, erase, statuses, write
from sources.contract import read_all

ROUTES = "/ajax-api/3.0/curvedoctor"
GUNICORN = pytest.param("gunicorn", marks=pytest.mark.slow)


@pytest.fixture(scope="module", params=["uvicorn", GUNICORN])
def guarded(
    filled: Store, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Store]:
    pytest.importorskip("flask_wtf", reason="pip install 'mlflow[auth]'")
    more = ["--gunicorn-opts", "--timeout 60"] if request.param == "gunicorn" else []
    with behind_login(sys.executable, filled, tmp_path_factory.mktemp("guarded"), *more) as store:
        yield store


def test_another_users_run_stays_closed(guarded: Store) -> None:
    run = guarded.run("nan-end")
    closed = [
        f"brief?run_id={run['id']}",
        f"run?run_id={run['id']}",
        f"experiment?experiment_id={run['experiment']}",
    ]
    for route in closed:
        assert ask(f"{guarded.uri}{ROUTES}/{route}")[0] == 401
        assert ask(f"{guarded.uri}{ROUTES}/{route}", GUEST)[0] == 403
        assert ask(f"{guarded.uri}{ROUTES}/{route}&experiment_id=0&run_id=x", GUEST)[0] == 403
        assert ask(f"{guarded.uri}{ROUTES}/{route}", ADMIN)[0] == 200
    # what holds no run's data is open to whoever may log in
    assert ask(f"{guarded.uri}{ROUTES}/page", GUEST)[0] == 200
    assert ask(f"{guarded.uri}{ROUTES}/explain?condition=non-finite", GUEST)[0] == 200
    assert ask(f"{guarded.uri}{ROUTES}/page")[0] == 401


def test_mlflows_own_variables_log_in(guarded: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SourceError, match="MLFLOW_TRACKING_USERNAME"):
        read_all(guarded.uri)
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", GUEST[0])
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", GUEST[1])
    assert not read_all(guarded.uri)[0]
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", ADMIN[0])
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", ADMIN[1])
    # few requests: each one's password is hashed for a quarter of a second
    runs, problems = read_all(guarded.uri, options=ReadOptions(experiment="small", run="one"))
    assert not problems
    (run,) = runs
    assert_same(run, guarded.run("one"))
    found = diagnoses(guarded.uri, experiment="small", run="one")
    assert statuses(write(found)) == {"written"}
    assert statuses(erase(found)) == {"removed"}


@pytest.mark.slow
def test_workspaces(
    filled: Store, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workspace's runs are read, written and shown in it, and nowhere else."""
    folder = tmp_path_factory.mktemp("workspaces")
    with serve_copy(
        sys.executable, filled, folder, "--app-name", "curvedoctor", "--enable-workspaces"
    ) as store:
        client = MlflowClient(store.uri)
        client.create_workspace("team")
        monkeypatch.setenv("MLFLOW_WORKSPACE", "team")
        experiment = client.create_experiment("ours")
        run_id = client.create_run(experiment, run_name="of-the-team").info.run_id
        for step in range(30):
            client.log_metric(run_id, "loss", 1.0 / (1 + step) if step < 20 else float("nan"), step=step)
        found = diagnoses(store.uri)
        assert [item.run.name for item in found] == ["of-the-team"]
        assert statuses(write(found, note=True)) == {"written"}
        assert client.get_run(run_id).data.tags["curvedoctor.verdict"] == "failed"
        assert statuses(erase(found)) == {"removed"}
        for route in (f"run?run_id={run_id}", f"experiment?experiment_id={experiment}"):
            address = f"{store.uri}{ROUTES}/{route}"
            assert ask(address, X_MLFLOW_WORKSPACE="team")[0] == 200
            assert ask(address)[0] == 404
        monkeypatch.delenv("MLFLOW_WORKSPACE")
        assert "of-the-team" not in {run.name for run in read_all(store.uri)[0]}
