"""What could not be written, or removed, is made up for by the next call; nothing of ours is left,
folders included."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient

from curvedoctor.sinks.mlflow.content import FILES, NOTE, STATE
from mlflow_lab import look
from mlflow_lab.stores import Store, serve_copy
from mlflow_lab.write import diagnoses, erase, statuses, write


@pytest.fixture(scope="module")
def own(filled: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A server, and the database behind it."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "artifacts").mkdir()
    with serve_copy(sys.executable, filled, folder) as store:
        yield store


@pytest.fixture
def as_before(own: Store) -> Iterator[None]:
    """Whatever a test writes and takes back: every row, every file and every folder is as before."""
    rows, files = look.database(own.database), artifacts(own)
    yield
    assert look.database(own.database) == rows
    assert artifacts(own) == files


def artifacts(store: Store) -> dict[str, str]:
    return look.files(store.folder / "artifacts")


def behind(store: Store) -> str:
    return f"sqlite:///{store.database}"


def state(store: Store, name: str = "one") -> dict[str, object]:
    return json.loads(MlflowClient(store.uri).get_run(store.run(name)["id"]).data.tags[STATE])


@pytest.mark.parametrize("note", [False, True])
def test_annotate_and_clean_is_never(own: Store, as_before: None, note: bool) -> None:
    for experiment in ("small", "hard"):
        found = diagnoses(own.uri, experiment=experiment)
        assert statuses(write(found, note=note)) == {"written"}
    trained = [item for item in found if item.run.curves]
    assert len(list((own.folder / "artifacts").rglob("report.html"))) == 3 + len(trained)
    assert statuses(erase(diagnoses(own.uri))) == {"removed", "absent"}


def test_folders_that_hold_something_else_stay(own: Store, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    run_id = own.run("two")["id"]
    MlflowClient(own.uri).log_artifact(run_id, str(tmp_path / "mine.txt"))
    found = diagnoses(own.uri, experiment="small")
    write(found)
    assert statuses(erase(found)) == {"removed"}
    assert [path.name for path in (own.folder / "artifacts").rglob("*") if path.is_file()] == ["mine.txt"]
    assert not [path for path in (own.folder / "artifacts").rglob("*") if own.run("one")["id"] in str(path)]
    shutil.rmtree(own.folder / "artifacts")
    (own.folder / "artifacts").mkdir()


def test_an_empty_folder_of_an_experiment_at_work_stays(own: Store) -> None:
    """A run that is under way may write its first artifact at any moment."""
    client = MlflowClient(own.uri)
    experiment = client.create_experiment("at-work")
    running = client.create_run(experiment).info.run_id
    for step in range(3):
        client.log_metric(running, "loss", 1.0 / (1 + step), step=step)
    found = diagnoses(own.uri, experiment="at-work")
    write(found)
    erase(found)
    assert (own.folder / "artifacts" / experiment).is_dir()
    client.set_terminated(running)
    write(diagnoses(own.uri, experiment="at-work"))
    erase(diagnoses(own.uri, experiment="at-work"))
    assert not list((own.folder / "artifacts").rglob("*.*"))
    client.delete_experiment(experiment)
    shutil.rmtree(own.folder / "artifacts", ignore_errors=True)
    (own.folder / "artifacts").mkdir()


def test_files_that_a_database_can_not_write_are_written_by_its_server(own: Store, as_before: None) -> None:
    found = diagnoses(behind(own), experiment="small")
    outcomes = write(found)
    assert statuses(outcomes) == {"written"}
    assert "files not written" in outcomes[0].what[-1]
    assert "files" not in state(own)
    # nothing more can be done from here: repeating it changes nothing, and says why
    again = write(diagnoses(behind(own), experiment="small"))
    assert statuses(again) == {"unchanged"}
    assert "files not written" in again[0].what[-1]
    late = write(diagnoses(own.uri, experiment="small"))
    assert statuses(late) == {"written"}
    assert sum("report.html" in line for line in late[0].what) == 1
    assert state(own)["files"] == state(own)["tags"]
    # and now neither way changes anything
    assert statuses(write(diagnoses(own.uri, experiment="small"))) == {"unchanged"}
    assert statuses(write(diagnoses(behind(own), experiment="small"))) == {"unchanged"}
    assert statuses(erase(diagnoses(own.uri, experiment="small"))) == {"removed"}


def test_a_report_that_no_longer_holds_is_renewed_by_the_server(own: Store, as_before: None) -> None:
    write(diagnoses(own.uri, experiment="small"))
    # siblings change what is said: alone, the same runs are judged by themselves
    from dataclasses import replace

    other = [
        replace(item, verdict="undetermined", findings=(), prescriptions=())
        for item in diagnoses(behind(own), experiment="small")
    ]
    assert statuses(write(other)) == {"written"}
    assert "files" not in state(own)
    assert statuses(write(diagnoses(own.uri, experiment="small"))) == {"written"}
    assert state(own)["files"] == state(own)["tags"]
    erase(diagnoses(own.uri, experiment="small"))


@pytest.mark.parametrize("gone", [FILES[:1], FILES[1:], FILES])
def test_artifacts_that_were_deleted_by_hand_come_back(own: Store, as_before: None, gone: tuple[str]) -> None:
    found = diagnoses(own.uri, experiment="small")
    write(found)
    whole = artifacts(own)
    for name in gone:
        for path in (own.folder / "artifacts").rglob(name):
            path.unlink()
    assert statuses(write(found, dry_run=True)) == {"written"}
    assert statuses(write(found)) == {"written"}
    assert set(artifacts(own)) == set(whole)
    assert statuses(write(found)) == {"unchanged"}
    erase(found)


def test_a_clean_that_could_not_remove_files_is_finished_by_the_next(own: Store, as_before: None) -> None:
    write(diagnoses(own.uri, experiment="small"), note=True)
    half = erase(diagnoses(behind(own), experiment="small"))
    assert statuses(half) == {"refused"}
    assert "the files are still there" in half[0].what[-1]
    tags = MlflowClient(own.uri).get_run(own.run("one")["id"]).data.tags
    assert [key for key in tags if key.startswith("curvedoctor.")] == [STATE]
    assert NOTE not in tags
    assert statuses(erase(diagnoses(behind(own), experiment="small"))) == {"refused"}
    assert statuses(erase(diagnoses(own.uri, experiment="small"))) == {"removed"}
    assert statuses(erase(diagnoses(own.uri, experiment="small"))) == {"absent"}


def test_a_note_that_is_there_says_what_holds(own: Store, as_before: None) -> None:
    from dataclasses import replace

    found = diagnoses(own.uri, experiment="small")
    write(found, note=True)
    write([replace(item, verdict="undetermined", findings=(), prescriptions=()) for item in found])
    note = MlflowClient(own.uri).get_run(own.run("one")["id"]).data.tags[NOTE]
    assert "curvedoctor: can't tell" in note
    erase(found)


def test_what_version_0_1_wrote_is_replaced_and_removed(own: Store, as_before: None) -> None:
    client, run_id = MlflowClient(own.uri), own.run("one")["id"]
    for name in ("verdict", "severity", "onset", "version", "fingerprint"):
        client.set_tag(run_id, f"curvedoctor.{name}", "old")
    found = diagnoses(own.uri, experiment="small")
    write(found)
    ours = {key for key in client.get_run(run_id).data.tags if key.startswith("curvedoctor.")}
    assert ours <= {f"curvedoctor.{name}" for name in ("verdict", "conditions", "prescription", "state")}
    erase(found)


def test_a_database_with_folders_of_its_own(filled: Store, tmp_path: Path) -> None:
    shutil.copy(filled.database, tmp_path / "mlflow.db")
    with sqlite3.connect(tmp_path / "mlflow.db") as connection:
        connection.execute(
            "UPDATE runs SET artifact_uri = ? || '/' || experiment_id || '/' || run_uuid || '/artifacts'",
            (str(tmp_path / "kept"),),
        )
    connection.close()
    (tmp_path / "kept").mkdir()
    before = look.files(tmp_path / "kept")
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    assert statuses(write(diagnoses(uri))) == {"written"}
    assert statuses(write(diagnoses(uri))) == {"unchanged"}
    assert len(look.files(tmp_path / "kept")) > 30
    assert statuses(erase(diagnoses(uri))) == {"removed", "absent"}  # the sweep itself is no training
    assert look.files(tmp_path / "kept") == before
