"""From within a training that logs to MLflow: `annotate`, `diagnose` of the active run, `autolog`."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest

import curvedoctor
from mlflow_lab import look


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """MLflow's current store, with an experiment of its own."""
    folder, before = tmp_path_factory.mktemp("hooks"), mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    mlflow.create_experiment("hooks", artifact_location=str(folder / "artifacts"))
    (folder / "artifacts").mkdir()
    mlflow.set_experiment("hooks")
    yield folder
    curvedoctor.autolog(disable=True)
    mlflow.set_tracking_uri(before)


@pytest.fixture(autouse=True)
def switched_off(store: Path) -> Iterator[None]:
    yield
    curvedoctor.autolog(disable=True)


def train(steps: int = 60, broken: bool = True) -> None:
    for step in range(steps):
        mlflow.log_metric("loss", math.nan if broken and step > steps / 2 else 1.0 / (1 + step), step=step)


def tags(run_id: str) -> dict[str, str]:
    return {k: v for k, v in mlflow.get_run(run_id).data.tags.items() if k.startswith("curvedoctor.")}


def test_the_active_run_is_diagnosed_and_nothing_written(store: Path) -> None:
    with mlflow.start_run() as run:
        train()
        before = look.database(store / "mlflow.db")
        (found,) = curvedoctor.diagnose()
        assert found.run.run_id == run.info.run_id
        assert found.run.status == "running"
        assert found.findings[0].condition == "non-finite"
        assert look.database(store / "mlflow.db") == before


def test_without_an_active_run_the_remedy_is_told() -> None:
    for call in (curvedoctor.diagnose, curvedoctor.annotate):
        with pytest.raises(curvedoctor.UsageError, match="start_run"):
            call()


def test_a_run_is_annotated_on_request(store: Path) -> None:
    with mlflow.start_run() as run:
        train()
        assert curvedoctor.annotate().findings[0].condition == "non-finite"
    assert tags(run.info.run_id)["curvedoctor.verdict"] == "failed"
    assert mlflow.get_run(run.info.run_id).info.status == "FINISHED"
    curvedoctor.annotate(run.info.run_id, note=True, alone=False)
    assert "curvedoctor: failed" in mlflow.get_run(run.info.run_id).data.tags["mlflow.note.content"]
    with pytest.raises(curvedoctor.SourceError, match="no run"):
        curvedoctor.annotate("0" * 32)


def test_every_run_that_ends_is_annotated(store: Path) -> None:
    curvedoctor.autolog()
    curvedoctor.autolog(note=True)  # once is enough, twice is no harm
    with mlflow.start_run() as parent:
        with mlflow.start_run(nested=True) as child:
            train()
        with pytest.raises(ZeroDivisionError), mlflow.start_run(nested=True) as failed:
            train(broken=False)
            raise ZeroDivisionError
    assert tags(child.info.run_id)["curvedoctor.verdict"] == "failed"
    assert "mlflow.note.content" in mlflow.get_run(child.info.run_id).data.tags
    assert "curvedoctor.verdict" in tags(failed.info.run_id)
    assert mlflow.get_run(failed.info.run_id).info.status == "FAILED"
    assert not tags(parent.info.run_id), "it holds no curve"
    curvedoctor.autolog(disable=True)
    with mlflow.start_run() as after:
        train()
    assert not tags(after.info.run_id)


def test_a_training_is_never_broken(
    store: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuses(*arguments: object, **named: object) -> None:
        raise RuntimeError("out of order")

    curvedoctor.autolog()
    monkeypatch.setattr("curvedoctor.hooks._annotated", refuses)
    with caplog.at_level(logging.WARNING, "curvedoctor"), mlflow.start_run() as run:
        train()
    assert mlflow.get_run(run.info.run_id).info.status == "FINISHED"
    assert "out of order" in caplog.text


def test_a_metric_logged_after_the_end_changes_nothing_of_mlflows(store: Path) -> None:
    """What MLflow returns, and the times it notes, are its own."""
    curvedoctor.autolog()
    client = mlflow.MlflowClient()
    experiment = client.get_experiment_by_name("hooks")
    run = client.create_run(experiment.experiment_id)
    client.log_metric(run.info.run_id, "loss", 1.0)
    assert client.set_terminated(run.info.run_id, end_time=1234567890123) is None
    assert client.get_run(run.info.run_id).info.end_time == 1234567890123
