"""However many runs stream through, no more memory is taken than a few of them need."""

from __future__ import annotations

import shutil
import sqlite3
import tracemalloc
from pathlib import Path

import pytest

from curvedoctor.model import Run
from curvedoctor.sources import load_units
from curvedoctor.sources.base import ReadOptions, Unit
from sources.contract import units_of

POINTS, MANY, FEW = 10_000, 30, 3


def peak(units: list[Unit]) -> int:
    """Bytes that Python had allocated at most while runs were read one after the other."""
    for run in load_units(units[:1]):  # what is imported and remembered once
        assert isinstance(run, Run)
    tracemalloc.start()
    try:
        for run in load_units(units):
            assert isinstance(run, Run)
            assert sum(map(len, run.curves)) == POINTS
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.fixture
def folder(tmp_path: Path) -> str:
    lines = "".join(f"{1700000000000 + i} {1 / (1 + i)} {i}\n" for i in range(POINTS))
    for number in range(MANY):
        metrics = tmp_path / "mlruns" / "1" / f"{number:032x}" / "metrics"
        metrics.mkdir(parents=True)
        (metrics / "loss").write_text(lines)
    return str(tmp_path / "mlruns")


@pytest.fixture
def database(filled, tmp_path: Path) -> str:
    shutil.copy(filled.database, tmp_path / "mlflow.db")
    run_id, experiment = filled.run("falls")["id"], filled.run("falls")["experiment"]
    with sqlite3.connect(tmp_path / "mlflow.db") as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(runs)")]
        others = ", ".join(f'"{name}"' for name in columns if name not in {"run_uuid", "name"})
        for number in range(MANY):
            new = (f"{number:032x}", "many", run_id)
            sql = (
                f"INSERT INTO runs (run_uuid, name, {others}) SELECT ?, ?, {others} FROM runs WHERE "
                "run_uuid = ?"
            )
            connection.execute(sql, new)
            rows = ((new[0], "loss", 1 / (1 + i), 1_700_000_000_000 + i, i, 0) for i in range(POINTS))
            sql = (
                "INSERT INTO metrics (run_uuid, key, value, timestamp, step, is_nan) VALUES (?, ?, ?, "
                "?, ?, ?)"
            )
            connection.executemany(sql, rows)
        connection.execute("UPDATE runs SET experiment_id = ? WHERE name = 'many'", (experiment,))
    connection.close()
    return f"sqlite:///{tmp_path / 'mlflow.db'}"


@pytest.mark.parametrize("store", ["folder", "database"])
def test_runs_stream_through(store: str, request: pytest.FixtureRequest) -> None:
    asked = ReadOptions(run="many") if store == "database" else ReadOptions()
    units = units_of(request.getfixturevalue(store), options=asked)
    assert len(units) == MANY
    few, many = peak(units[:FEW]), peak(units)
    all_points = MANY * POINTS * 24
    assert many < 1.3 * few + 200_000 < all_points
