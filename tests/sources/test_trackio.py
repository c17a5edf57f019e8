"""trackio's projects, in the exact shape of its databases, new and old."""

from __future__ import annotations

import json
import math
import sqlite3
from pathlib import Path

import pytest

from curvedoctor.errors import SourceError
from curvedoctor.sources import find_all
from sources.contract import SourceContract, read_all

NEW = """
CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, timestamp TEXT NOT NULL,
  run_name TEXT NOT NULL, step INTEGER NOT NULL, metrics TEXT NOT NULL, log_id TEXT, space_id TEXT);
CREATE TABLE configs (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, run_name TEXT NOT NULL,
  config TEXT NOT NULL, created_at TEXT NOT NULL, UNIQUE(run_id));
"""
OLD = """
CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp TEXT NOT NULL,
    project_name TEXT NOT NULL,
  run_name TEXT NOT NULL, step INTEGER NOT NULL, metrics TEXT NOT NULL);
"""


def write(
    path: Path, runs: dict[str, list[object]], *, old: bool = False, wal: bool = False
) -> sqlite3.Connection:
    """A project with these losses per run; the connection is still open."""
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path)
    if wal:
        database.execute("PRAGMA journal_mode = WAL")
    database.executescript(OLD if old else NEW)
    for number, (name, losses) in enumerate(runs.items()):
        for i, loss in enumerate(losses):
            own = ("project_name", "p") if old else ("run_id", f"{number:032x}")
            row = json.dumps({"train/loss": loss, "val": {"acc": i / 10}, "note": "x"})
            database.execute(
                f"INSERT INTO metrics ({own[0]}, timestamp, run_name, step, metrics) VALUES (?, ?, ?, ?, ?)",
                (own[1], f"2025-03-01T10:00:{i:02d}+00:00", name, 10 * i, row),
            )
        if not old:
            config = json.dumps({"lr": 0.1 * (number + 1), "_Username": "me", "token": "hunter2"})
            database.execute(
                "INSERT INTO configs (run_id, run_name, config, created_at) VALUES (?, ?, ?, '2025')",
                (f"{number:032x}", name, config),
            )
    database.commit()
    return database


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("wal", [False, True])
def test_point_for_point(tmp_path: Path, old: bool, wal: bool) -> None:
    """Also while a training has the database open."""
    losses: dict[str, list[object]] = {"calm": [3.0, 2.0, "NaN", "Infinity"], "wild": [5.0, 4.0]}
    database = write(tmp_path / "project.db", losses, old=old, wal=wal)
    runs, problems = read_all(tmp_path / "project.db")
    assert not problems
    assert [run.name for run in runs] == ["calm", "wild"]
    for run, expected in zip(runs, losses.values(), strict=True):
        curves = {curve.id: curve for curve in run.curves}
        assert set(curves) == {"train/loss", "val.acc"}
        assert curves["train/loss"].steps.tolist() == [10 * i for i in range(len(expected))]
        assert str(curves["train/loss"].values.tolist()) == str([float(str(loss)) for loss in expected])
        assert curves["train/loss"].wall_times[0] == 1740823200
    if not old:
        assert [run.params for run in runs] == [{"lr": 0.1}, {"lr": 0.2}]
    database.close()


def test_nothing_is_written(tmp_path: Path) -> None:
    write(tmp_path / "project.db", {"a": [3.0, 2.0]}).close()
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    read_all(tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_runs_of_one_name_are_told_apart(tmp_path: Path) -> None:
    database = write(tmp_path / "project.db", {"a": [3.0, 2.0], "b": [5.0, 4.0]})
    database.execute("UPDATE metrics SET run_name = 'same'")
    database.commit()
    runs, _ = read_all(tmp_path / "project.db")
    assert len({run.name for run in runs}) == 2
    assert [run.curves[0].values[0] for run in runs] == [3.0, 5.0]
    database.close()


def test_another_database_is_not_taken(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "x.db").execute("CREATE TABLE metrics (a, b)")
    with pytest.raises(SourceError):
        list(find_all([str(tmp_path / "x.db")]))


def test_hostile_rows(tmp_path: Path) -> None:
    database = write(tmp_path / "project.db", {"a": [3.0, 2.0, math.pi]})
    for text in ("not json", "[1, 2]", "{}", "[" * 100_000, '{"train/loss": {"a": [1]}}'):
        database.execute(
            "INSERT INTO metrics (run_id, timestamp, run_name, step, metrics) VALUES (?, 'never', "
            "'a', 1e300, ?)",
            (f"{0:032x}", text),
        )
    database.commit()
    ((run,), _) = read_all(tmp_path / "project.db")
    assert [curve.values.tolist() for curve in run.curves if curve.id == "train/loss"] == [
        [3.0, 2.0, math.pi]
    ]
    database.close()


class TestTrackio(SourceContract):
    reader_name = "trackio"

    @pytest.fixture
    def populated(self, tmp_path: Path) -> str:
        write(tmp_path / "logs" / "p.db", {"b": [3.0, 2.0], "a": [4.0, 3.0]}).close()
        return str(tmp_path / "logs")

    @pytest.fixture
    def damaged(self, populated: str) -> str:
        database = sqlite3.connect(Path(populated, "p.db"))
        database.execute(
            "INSERT INTO metrics (run_id, timestamp, run_name, step, metrics) VALUES ('c', '2025', "
            "'c', 0, 'cut')"
        )
        database.commit()
        database.close()
        return populated
