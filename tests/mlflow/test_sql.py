"""SQLite databases: all that MLflow wrote comes back, and not one byte changes, in them or beside them."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from curvedoctor.address import masked
from curvedoctor.errors import SourceError
from curvedoctor.sources.base import ReadOptions
from curvedoctor.sources.mlflow import db as mlflow_db
from mlflow_lab.compare import assert_all
from mlflow_lab.write import diagnoses
from sources.contract import SourceContract, read_all


def state(folder: Path) -> dict[str, str]:
    """Every file and its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class TestContract(SourceContract):
    reader_name = "mlflow-sql"

    @pytest.fixture
    def populated(self, filled, tmp_path: Path) -> str:
        shutil.copy(filled.database, tmp_path / "mlflow.db")
        with sqlite3.connect(tmp_path / "mlflow.db") as connection:
            # runs without curves, and two that share a name, are for the other tests
            connection.execute("DELETE FROM runs WHERE name NOT IN ('falls', 'nan-end', 'child-0.1')")
        connection.close()
        return f"sqlite:///{tmp_path / 'mlflow.db'}"

    @pytest.fixture
    def damaged(self, filled, tmp_path: Path) -> str:
        shutil.copy(filled.database, tmp_path / "good.db")
        content = bytearray(filled.database.read_bytes())
        content[4096 * 3 :] = b"\xff" * (len(content) - 4096 * 3)
        (tmp_path / "bad.db").write_bytes(content)
        return str(tmp_path)


def test_a_database_written_by_mlflow_is_read_back(filled) -> None:
    before = state(filled.folder)
    runs, problems = read_all(filled.uri)
    assert not problems
    assert_all(runs, filled.truth)
    assert state(filled.folder) == before


def test_databases_are_found_in_folders(filled, tmp_path: Path) -> None:
    shutil.copy(filled.database, tmp_path / "mlflow.db")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "mlflow.db").mkdir()
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE songs (title TEXT)")
    other.close()
    runs, problems = read_all(tmp_path)
    assert_all(runs, filled.truth)
    assert not problems


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("params.lr = '0.001'", {"overfits"}),
        (
            "metrics.loss < 0.03 AND attributes.status = 'FINISHED'",
            {"infinite", "equal-steps", "child-0.1", "child-1.0", "two-per-step"},
        ),
        ("tags.mlflow.parentRunId LIKE '%'", {"child-0.1", "child-1.0"}),
        ("attributes.run_name LIKE 'nan%'", {"nan-end"}),
        ("attributes.lifecycle_stage = 'deleted'", {"deleted"}),
    ],
)
def test_filters_select_as_mlflow_does(filled, text: str, names: set[str]) -> None:
    from mlflow import MlflowClient
    from mlflow.entities import ViewType

    runs, _ = read_all(filled.uri, options=ReadOptions(experiment="hard", filter=text))
    assert {run.name for run in runs} >= names
    if "lifecycle" not in text:
        client = MlflowClient(filled.uri)
        same = client.search_runs(
            [client.get_experiment_by_name("hard").experiment_id], text, ViewType.ACTIVE_ONLY
        )
        assert {run.name for run in runs} == {run.info.run_name for run in same}


def test_a_deleted_run_is_read_only(filled) -> None:
    runs, _ = read_all(filled.uri, options=ReadOptions(filter="lifecycle_stage = 'deleted'"))
    assert "restore" in runs[0].origin.read_only


WRITER = """
import sqlite3, sys, os
c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute(f"PRAGMA journal_mode={sys.argv[2]}")
c.execute("PRAGMA cache_size=1")
c.execute("BEGIN IMMEDIATE")
c.execute("UPDATE runs SET name = name || '!'")
if sys.argv[3] == "commit":
    c.execute("COMMIT")
else:
    c.execute("UPDATE metrics SET value = value + 1")
print("ready", flush=True)
if sys.argv[4] == "die":
    os._exit(1)
sys.stdin.read()
"""


def writer(database: Path, mode: str, end: str, then: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, database, mode, end, then],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize(
    ("mode", "end", "changed"), [("WAL", "commit", True), ("WAL", "open", False), ("DELETE", "open", False)]
)
@pytest.mark.parametrize("then", ["die", "stay"])
def test_a_database_in_use_or_left_by_a_killed_writer(
    filled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, end: str, changed: bool, then: str
) -> None:
    """What was committed is read, what was not isn't, and all files stay as they were."""
    monkeypatch.setattr(mlflow_db, "PATIENCE", 0.5)
    database = tmp_path / "mlflow.db"
    shutil.copy(filled.database, database)
    process = writer(database, mode, end, then)
    if then == "die":
        process.wait(10)
    before = {
        key: value for key, value in state(tmp_path).items() if not key.endswith("-shm") or then == "die"
    }
    if (mode, then) == ("DELETE", "stay"):
        # SQLite lets nobody in while such a transaction spills; that is told in seconds
        with pytest.raises(SourceError, match="locked"):
            read_all(f"sqlite:///{database}")
    else:
        names = {run.name for run in read_all(f"sqlite:///{database}")[0]}
        assert ("falls!" in names) is changed
        assert len(names) == len(filled.truth) + 1
    after = state(tmp_path)
    assert {key: after.get(key) for key in before} == before
    assert set(after) <= set(before) | {"mlflow.db-shm"}
    process.communicate("")


def test_an_empty_wal_database_stays_alone(filled, tmp_path: Path) -> None:
    shutil.copy(filled.database, tmp_path / "mlflow.db")
    connection = sqlite3.connect(tmp_path / "mlflow.db")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    before = state(tmp_path)
    assert_all(read_all(f"sqlite:///{tmp_path / 'mlflow.db'}")[0], filled.truth)
    assert state(tmp_path) == before


def test_a_read_only_folder(filled, tmp_path: Path) -> None:
    shutil.copy(filled.database, tmp_path / "mlflow.db")
    (tmp_path / "mlflow.db").chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        assert_all(read_all(f"sqlite:///{tmp_path / 'mlflow.db'}")[0], filled.truth)
    finally:
        tmp_path.chmod(0o755)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no SQLite"),
        (b"SQLite format 3\0" + b"\0" * 200, "damaged|no MLflow"),
        (b"text", "no SQLite"),
        (None, "no such file"),
    ],
)
def test_what_is_no_database_is_named(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "x.db"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=says):
        read_all(f"sqlite:///{path}")


def test_another_programs_database_is_named(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "x.db") as other:
        other.execute("CREATE TABLE runs (title TEXT)")
    other.close()
    with pytest.raises(SourceError, match="no MLflow database"):
        read_all(f"sqlite:///{tmp_path / 'x.db'}")


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("postgresql://me:secret@127.0.0.1:1/mlflow", "can't be opened"),
        ("mysql+pymysql://me:secret@127.0.0.1:1/mlflow", "can't be opened"),
        ("mssql://host/db", "not supported yet"),
        ("postgresql+nothing://host/db", "nothing"),
    ],
)
def test_a_database_that_is_away_is_told_in_seconds_without_its_password(address: str, says: str) -> None:
    with pytest.raises(SourceError, match=says) as error:
        read_all(address)
    assert "secret" not in str(error.value)


def test_passwords_are_masked() -> None:
    assert masked("postgresql://me:se:cr%40et@host/db") == "postgresql://me:***@host/db"
    assert masked("sqlite:///a@b:c.db") == "sqlite:///a@b:c.db"


def test_each_run_is_diagnosed_once(filled) -> None:
    """All runs were started in the same millisecond, so that the database lists experiments mixed."""
    keys = [item.run.origin.key for item in diagnoses(filled.uri)]
    assert len(keys) == len(set(keys)) == len(filled.truth) + 1
