"""Autologged runs: their data sets and hyperparameters are read,
and what is no training is passed over in silence."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import pytest
from mlflow import MlflowClient

from curvedoctor.cli import main
from curvedoctor.model import Run
from curvedoctor.sources.base import ReadOptions
from mlflow_lab import look, servers
from mlflow_lab.stores import Store
from mlflow_lab.trained import NO_TRAININGS, ROWS
from mlflow_lab.write import diagnoses, erase, write
from sources.contract import read_all


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("trained")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    with servers.serve(sys.executable, uri, folder) as running:
        servers.run_script(sys.executable, "trained.py", running.url)
        yield Store(running.url, folder, [])


@pytest.fixture(params=["server", "database"])
def runs(trained: Store, request: pytest.FixtureRequest) -> dict[str, Run]:
    address = trained.uri if request.param == "server" else f"sqlite:///{trained.database}"
    return {run.name: run for run in read_all(address, options=ReadOptions(experiment="trained"))[0]}


def test_data_sets_tell_how_many_samples(runs: dict[str, Run]) -> None:
    assert (runs["network"].params["n_train"], runs["network"].params["n_val"]) == ROWS
    assert runs["network"].params["optimizer"] == "adam"


def test_what_boosting_is_called(runs: dict[str, Run]) -> None:
    params = runs["boosted"].params
    assert (params["model"], params["lr"], params["weight_decay"], params["max_steps"]) == (
        "tree",
        0.1,
        0.5,
        40,
    )


def test_what_is_no_training_is_passed_over(trained: Store, capfd: pytest.CaptureFixture[str]) -> None:
    client = MlflowClient(trained.uri)
    before = look.database(trained.database)
    outcomes = write(diagnoses(trained.uri, experiment="trained"), note=True)
    assert {outcome.run for outcome in outcomes if outcome.status == "written"} == {"network", "boosted"}
    experiment = client.get_experiment_by_name("trained").experiment_id
    tagged = {
        run.info.run_name
        for run in client.search_runs([experiment])
        if "curvedoctor.verdict" in run.data.tags
    }
    assert tagged == {"network", "boosted"}
    assert main(["annotate", trained.uri, "--experiment", "trained"]) == 0
    out, err = capfd.readouterr()
    assert not any(f"{name}:" in out + err for name in NO_TRAININGS)
    erase(diagnoses(trained.uri, experiment="trained"))
    assert look.database(trained.database) == before


def test_an_experiment_without_trainings_gets_no_view(trained: Store) -> None:
    client = MlflowClient(trained.uri)
    experiment = client.create_experiment("questions")
    run = client.create_run(experiment, run_name="evaluated")
    client.log_metric(run.info.run_id, "exact_match", 0.8)
    client.set_terminated(run.info.run_id)
    before = look.database(trained.database)
    assert write(diagnoses(trained.uri, experiment="questions"), note=True) == []
    assert look.database(trained.database) == before


def test_they_are_told_of_only_when_asked_for(trained: Store, capfd: pytest.CaptureFixture[str]) -> None:
    """`diagnose` lists them as undetermined, with the reason: nobody is left to wonder where a run is."""
    assert main(["diagnose", trained.uri, "--experiment", "trained", "--format", "jsonl"]) == 0
    told = {line["run"]: line for line in map(json.loads, capfd.readouterr().out.splitlines())}
    assert set(NO_TRAININGS) <= set(told)
    assert all(told[name]["verdict"] == "undetermined" for name in NO_TRAININGS)
