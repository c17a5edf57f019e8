"""Writing to servers and databases: everything is said, nothing else changes,
and `clean` takes it all back."""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow import MlflowClient

import shell
from curvedoctor.cli.writeback import report
from curvedoctor.model import Diagnosis
from curvedoctor.sinks.mlflow import content as mlflow_content
from curvedoctor.sinks.mlflow import views as mlflow_views
from curvedoctor.sinks.mlflow.content import NOTE
from mlflow_lab import flaky, look
from mlflow_lab.write import diagnoses, erase, statuses, write

KEYS = {"curvedoctor.verdict", "curvedoctor.state"}


@pytest.fixture(scope="module")
def found(board) -> list[Diagnosis]:
    return [item for item in diagnoses(board.uri, experiment="hard") if item.run.curves]


@pytest.fixture
def client(board) -> MlflowClient:
    return MlflowClient(board.uri)


@pytest.fixture
def untouched(board, found: list[Diagnosis]) -> Iterator[dict]:
    """The store as it was: whatever a test writes, `clean` takes back, to the last row."""
    before = look.database(board.database)
    yield before
    assert statuses(erase(found)) <= {"removed", "absent"}
    assert look.database(board.database) == before
    assert not list((board.folder / "artifacts").rglob("*.html"))


def named(found: list[Diagnosis], name: str) -> Diagnosis:
    return next(item for item in found if item.run.name == name)


def test_everything_is_said_and_nothing_else_changes(board, found, client, untouched) -> None:
    foretold = write(found, dry_run=True, note=True)
    assert look.database(board.database) == untouched
    outcomes = write(found, note=True)
    assert outcomes == foretold
    assert statuses(outcomes) == {"written"}
    written = look.database(board.database)
    changed = {table for table in written if written[table] != untouched[table]}
    assert changed == {"tags", "experiment_tags"}
    assert set(untouched["tags"]) - set(written["tags"]) == {
        row for row in untouched["tags"] if NOTE in row and "My own words" in row
    }
    for item in found:
        said = client.get_run(item.run.origin.key).data.tags
        assert set(said) >= KEYS
        assert said["curvedoctor.verdict"] == item.state
        assert said.get("curvedoctor.conditions", "") == ",".join(f.condition for f in item.findings)


def test_the_run_that_mlflow_hides_shows_up(found, client, untouched) -> None:
    sick = named(found, "nan-end")
    write([sick])
    said = client.get_run(sick.run.origin.key).data.tags
    assert said["curvedoctor.verdict"] == "failed"
    state = json.loads(said["curvedoctor.state"])
    assert state["severity"] == "error"
    assert said["curvedoctor.conditions"].startswith("non-finite")
    assert state["onset"] == 60
    assert "lr" in said["curvedoctor.prescription"] or "learning rate" in said["curvedoctor.prescription"]


def test_files(found, client, untouched, tmp_path: Path) -> None:
    write([named(found, "nan-end")])
    run_id = named(found, "nan-end").run.origin.key
    paths = {item.path for item in client.list_artifacts(run_id, "curvedoctor")}
    assert paths == {f"curvedoctor/{name}" for name in mlflow_content.FILES}
    place = Path(client.download_artifacts(run_id, "curvedoctor", str(tmp_path)))
    data = json.loads((place / "diagnosis.json").read_text())
    assert data["runs"][0]["findings"][0]["condition"] == "non-finite"
    page = (place / "report.html").read_bytes()
    assert 10_000 < len(page) < 150_000
    assert (place / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_repeating_it_changes_nothing(board, found, untouched) -> None:
    write(found, note=True)
    once = look.database(board.database)
    files = {path: path.stat().st_mtime_ns for path in (board.folder / "artifacts").rglob("*")}
    again = diagnoses(board.uri, experiment="hard")
    assert statuses(write(again, note=True)) == {"unchanged"}
    assert statuses(write(again)) == {"unchanged"}
    assert look.database(board.database) == once
    assert files == {path: path.stat().st_mtime_ns for path in (board.folder / "artifacts").rglob("*")}


def test_what_no_longer_holds_is_removed(found, client, untouched) -> None:
    sick = named(found, "nan-end")
    run_id = sick.run.origin.key
    write([sick])
    write([replace(sick, verdict="healthy", findings=(), prescriptions=())])
    tags = client.get_run(run_id).data.tags
    assert {key for key in tags if key.startswith("curvedoctor.")} == KEYS
    assert tags["curvedoctor.verdict"] == "fine"


def test_the_description_keeps_what_others_wrote(found, client, untouched) -> None:
    item = named(found, "with-system")
    run_id = item.run.origin.key
    mine = client.get_run(run_id).data.tags[NOTE]
    write([item], note=True)
    text = client.get_run(run_id).data.tags[NOTE]
    assert text.startswith(f"{mine}\n\n<!-- curvedoctor:begin below -->")
    assert f"run_uuid={run_id}" in text
    client.set_tag(run_id, NOTE, text + "added later")
    erase([item])
    assert client.get_run(run_id).data.tags[NOTE] == mine + "added later"
    client.set_tag(run_id, NOTE, mine)


def test_a_broken_marker_is_refused(found, client, untouched) -> None:
    item = named(found, "with-system")
    mine = client.get_run(item.run.origin.key).data.tags[NOTE]
    client.set_tag(item.run.origin.key, NOTE, "<!-- curvedoctor:begin --> half")
    outcomes = write([item], note=True)
    assert statuses(outcomes) == {"refused"}
    assert "marker" in outcomes[0].what[0]
    client.set_tag(item.run.origin.key, NOTE, mine)


def test_a_run_named_with_html_stays_text(found, client, untouched) -> None:
    item = next(item for item in found if item.run.name.startswith("<img"))
    write([item], note=True)
    note = client.get_run(item.run.origin.key).data.tags[NOTE]
    assert "<img" not in note
    assert "<script" not in note


def test_the_saved_view_goes_with_the_last_annotated_run(found, client, untouched) -> None:
    write(found[:2])
    experiment = client.get_run(found[0].run.origin.key).info.experiment_id
    view = json.loads(client.get_experiment(experiment).tags[mlflow_views.TAG])
    columns = json.loads(view["state"])["selectedColumns"]
    assert "tags.`curvedoctor.verdict`" in columns
    assert any(column.startswith("metrics.`") for column in columns)
    erase(found[:1])
    assert mlflow_views.TAG in client.get_experiment(experiment).tags
    foretold = erase(found[1:2], dry_run=True)
    assert any("saved view" in line for line in foretold[0].what)
    assert erase(found[1:2]) == foretold
    assert mlflow_views.TAG not in client.get_experiment(experiment).tags


def test_files_of_others_in_our_folder_stay(found, client, untouched, tmp_path: Path) -> None:
    item = named(found, "falls")
    (tmp_path / "mine.txt").write_text("mine")
    client.log_artifact(item.run.origin.key, str(tmp_path / "mine.txt"), "curvedoctor")
    write([item])
    erase([item])
    assert [entry.path for entry in client.list_artifacts(item.run.origin.key, "curvedoctor")] == [
        "curvedoctor/mine.txt"
    ]


def test_a_deleted_run_is_refused_with_the_remedy(board) -> None:
    gone = diagnoses(board.uri, filter="attributes.lifecycle_stage = 'deleted'")
    outcomes = write(gone)
    assert statuses(outcomes) == {"refused"}
    assert "mlflow runs restore" in outcomes[0].what[0]


@pytest.fixture
def proxied(board, monkeypatch: pytest.MonkeyPatch):
    """The same runs through a proxy that can fail, with little patience."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", "0")
    with flaky.before(board.uri) as proxy:
        yield proxy, diagnoses(proxy.url, experiment="small")


@pytest.mark.parametrize(
    ("where", "fault"),
    [
        ("runs/log-batch", 500),
        ("runs/log-batch", "hang"),
        ("runs/log-batch", "drop"),
        ("PUT", 429),
        ("PUT", "drop"),
    ],
)
def test_a_server_that_fails_midway(
    board, proxied, client, monkeypatch: pytest.MonkeyPatch, where: str, fault: int | str
) -> None:
    """What was written is told, no run says half a diagnosis, and a second call finishes the job."""
    proxy, found = proxied
    before = look.database(board.database)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "2" if fault == "hang" else "30")
    proxy.rule = flaky.failing(where, fault, after=1 if where != "PUT" else 3)
    start = time.monotonic()
    outcomes = write(found)
    assert time.monotonic() - start < 20
    assert [outcome.status for outcome in outcomes] == ["written", "failed", "failed"]
    said: list[str] = []
    assert report(outcomes, False, said.append) == 3
    for outcome, item in zip(outcomes, found, strict=True):
        tags = client.get_run(item.run.origin.key).data.tags
        assert (set(tags) >= KEYS) is (outcome.status == "written")
        assert not any(key.startswith("curvedoctor.") for key in tags) or set(tags) >= KEYS
    proxy.rule = lambda method, path: None
    assert [outcome.status for outcome in write(found)] == ["unchanged", "written", "written"]
    assert statuses(erase(found)) == {"removed"}
    assert look.database(board.database) == before


@pytest.mark.parametrize("fault", [500, "drop"])
def test_clean_that_fails_midway_is_finished_by_the_next(board, proxied, fault: int | str) -> None:
    proxy, found = proxied
    before = look.database(board.database)
    write(found)
    proxy.rule = flaky.failing("delete-tag", fault, after=4)
    outcomes = erase(found)
    assert "failed" in statuses(outcomes)
    assert report(outcomes, False, lambda line: None) == 3
    proxy.rule = lambda method, path: None
    assert statuses(erase(found)) <= {"removed", "absent"}
    assert look.database(board.database) == before


class TestDatabase:
    """Straight into a database of the installed MLflow's own schema."""

    @pytest.fixture
    def uri(self, filled, tmp_path: Path) -> str:
        shutil.copy(filled.database, tmp_path / "mlflow.db")
        with sqlite3.connect(tmp_path / "mlflow.db") as connection:
            there = str(tmp_path / "artifacts")
            connection.execute(
                "UPDATE runs SET artifact_uri = replace(artifact_uri, ?, ?)",
                (str(filled.folder / "artifacts"), there),
            )
        connection.close()
        (tmp_path / "artifacts").mkdir()
        return f"sqlite:///{tmp_path / 'mlflow.db'}"

    def test_writes_and_takes_it_back(
        self, uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "here").mkdir()
        monkeypatch.chdir(tmp_path / "here")
        before = look.database(tmp_path / "mlflow.db")
        found = diagnoses(uri, experiment="small")
        assert statuses(write(found, note=True)) == {"written"}
        assert len(list((tmp_path / "artifacts").rglob("report.html"))) == 3
        assert statuses(write(diagnoses(uri, experiment="small"), note=True)) == {"unchanged"}
        assert statuses(erase(found)) == {"removed"}
        assert look.database(tmp_path / "mlflow.db") == before
        assert not [path for path in (tmp_path / "artifacts").rglob("*") if path.is_file()]
        assert not list((tmp_path / "here").iterdir())

    def test_another_mlflows_database_is_refused_untouched(self, uri: str, tmp_path: Path) -> None:
        with sqlite3.connect(tmp_path / "mlflow.db") as connection:
            connection.execute("UPDATE alembic_version SET version_num = '0584bdc529eb'")
        connection.close()
        before = look.files(tmp_path)
        outcomes = write(diagnoses(uri, experiment="small"))
        assert statuses(outcomes) == {"refused"}
        assert "http://" in outcomes[0].what[0]
        assert statuses(erase(diagnoses(uri, experiment="small"))) == {"refused"}
        assert look.files(tmp_path) == before

    def test_artifacts_of_another_machine_are_left_out(self, uri: str, tmp_path: Path) -> None:
        with sqlite3.connect(tmp_path / "mlflow.db") as connection:
            connection.execute(
                "UPDATE runs SET artifact_uri = 'file:///E:/Projects/mlruns/1/' || run_uuid || '/artifacts'"
            )
        connection.close()
        found = diagnoses(uri, experiment="small")
        outcomes = write(found)
        assert statuses(outcomes) == {"written"}
        assert any("another machine" in line for line in outcomes[0].what)
        assert not Path("/E:").exists()
        assert statuses(erase(found)) == {"removed"}


def test_a_server_that_dies_and_comes_back(board, client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command itself: what was written and what not, exit code 3,
    and the same command finishes the job."""
    for name, value in {"MAX_RETRIES": "1", "BACKOFF_FACTOR": "0", "BACKOFF_JITTER": "0"}.items():
        monkeypatch.setenv(f"MLFLOW_HTTP_REQUEST_{name}", value)
    before = look.database(board.database)
    with flaky.before(board.uri) as proxy:
        written = 0

        def dies(method: str, path: str) -> flaky.Fault:
            nonlocal written
            if written > 1:
                return "drop"
            written += "log-batch" in path
            return None if written < 2 else "drop"

        proxy.rule = dies
        command = ("annotate", proxy.url, "--experiment", "small")
        ended = shell.process(*command)
        assert ended.returncode == 3
        assert ended.stdout.decode().count(": written\n") == 1
        said = ended.stderr.decode()
        assert said.count(": failed: ") == 2
        assert "gone" in said
        verdicts = [
            "curvedoctor.verdict" in client.get_run(board.run(name)["id"]).data.tags
            for name in ("one", "two", "three")
        ]
        assert sum(verdicts) == 1
        proxy.rule = lambda method, path: None
        assert shell.process(*command).returncode == 0
        assert shell.process("clean", *command[1:]).returncode == 0
    assert look.database(board.database) == before
