"""MLflow stores looked at again: what changed is judged, with those it has something to tell; nobody else."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager, closing
from pathlib import Path

import numpy as np
import pytest

from curvedoctor.engine import Options, diagnose_sources, live, tree
from curvedoctor.engine import judge as judging
from curvedoctor.engine.growing import Growing
from curvedoctor.features.case import Case
from curvedoctor.model import Diagnosis
from curvedoctor.reports.as_json import to_dict
from curvedoctor.sources import find_all
from curvedoctor.sources.base import ReadOptions, Unit
from curvedoctor.sources.mlflow import sql as mlflow_sql
from curvedoctor.sources.mlflow.db import Database, connect
from shell import falling

TABLES = """
CREATE TABLE experiments (experiment_id INTEGER, name TEXT, lifecycle_stage TEXT);
CREATE TABLE runs (run_uuid TEXT, name TEXT, status TEXT, lifecycle_stage TEXT, start_time INTEGER,
    end_time INTEGER, experiment_id INTEGER);
CREATE TABLE metrics (run_uuid TEXT, "key" TEXT, value REAL, timestamp INTEGER, step INTEGER, is_nan INTEGER);
CREATE TABLE params (run_uuid TEXT, "key" TEXT, value TEXT);
CREATE TABLE tags (run_uuid TEXT, "key" TEXT, value TEXT);
INSERT INTO experiments VALUES (1, 'sweep', 'active');
"""


class Store:
    """The tables of an MLflow database, as far as they are read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.do(TABLES)

    def do(self, script: str) -> None:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.executescript(script)

    def run(self, number: int, lr: float, status: str = "FINISHED") -> None:
        key, floor = f"{number:032x}", 0.3 + 0.3 * number
        self.do(
            f"INSERT INTO runs VALUES ('{key}', 'lr{lr}', '{status}', 'active', {number}, NULL, 1);"
            f"INSERT INTO params VALUES ('{key}', 'lr', '{lr}'), ('{key}', 'batch_size', '64');"
        )
        self.log(
            number,
            {
                "train_loss": falling(floor=floor, seed=number),
                "val_loss": falling(floor=floor, seed=number + 9),
            },
        )

    def log(self, number: int, curves: dict[str, np.ndarray], start: int = 0) -> None:
        rows = [
            f"('{number:032x}', '{key}', {float(value)}, {1_700_000_000_000 + start + step}, "
            f"{start + step}, 0)"
            for key, values in curves.items()
            for step, value in enumerate(values)
        ]
        self.do(f"INSERT INTO metrics VALUES {','.join(rows)};")


def said(results: object) -> dict[str, object]:
    return {item.run.name: to_dict(item) for item in results if isinstance(item, Diagnosis)}  # type: ignore[attr-defined]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    found = Store(tmp_path / "mlflow.db")
    for number, lr in enumerate((0.03, 0.1, 0.3)):
        found.run(number, lr)
    return found


@pytest.fixture
def address(store: Store) -> str:
    return f"sqlite:///{store.path}"


def test_a_live_run_costs_itself_only(store: Store, address: str) -> None:
    store.run(3, 1.0, "RUNNING")
    watched = Growing([address], Options())
    assert said(watched.look()) == said(diagnose_sources([address], Options()))
    for turn in range(3):
        assert said(watched.look()) == {}
        store.log(3, {"train_loss": np.full(20, 1.2), "val_loss": np.full(20, 1.3)}, start=1000 * (turn + 1))
        found = said(watched.look())
        assert list(found) == ["lr1.0"]
        assert found["lr1.0"] == said(diagnose_sources([address], Options()))["lr1.0"]


def test_a_run_that_ends_moves_those_that_learn_from_it(store: Store, address: str) -> None:
    """What is known after any number of looks is what a fresh diagnosis says of all runs."""
    watched, known = Growing([address], Options()), {}
    known |= said(watched.look())
    store.run(4, 0.003, "RUNNING")
    known |= said(watched.look())
    store.do(f"UPDATE metrics SET value = value / 20 WHERE run_uuid = '{4:032x}'")
    for change in ("status = 'FINISHED'", "end_time = 5", "name = 'renamed'"):
        store.do(f"UPDATE runs SET {change} WHERE run_uuid = '{4:032x}'")
        judged = said(watched.look())
        known = {
            name: told
            for name, told in (known | judged).items()
            if name in {*judged, "lr0.03", "lr0.1", "lr0.3"}
        }
        if change.startswith("status"):
            assert len(judged) > 1, "its siblings learn from how it ended"
    assert known == said(diagnose_sources([address], Options()))
    store.do(f"DELETE FROM runs WHERE run_uuid = '{4:032x}'")
    known |= said(watched.look())
    del known["renamed"]
    assert known == said(diagnose_sources([address], Options()))


def test_alone_nobody_learns_from_anybody(store: Store, address: str) -> None:
    watched = Growing([address], Options(alone=True))
    assert said(watched.look()) == said(diagnose_sources([address], Options(alone=True)))
    store.run(4, 0.003)
    assert list(said(watched.look())) == ["lr0.003"]


def test_points_are_there_where_they_are_asked_for(address: str) -> None:
    for curves, there in (("all", True), ("none", False)):
        found = [
            item for item in Growing([address], Options(curves=curves)).look() if isinstance(item, Diagnosis)
        ]
        assert all(np.isfinite(item.run.curves[0].values).all() == there for item in found)
        assert all(len(item.run.curves[0]) for item in found)


def test_a_database_that_has_not_changed_is_not_even_opened(
    store: Store, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CURVEDOCTOR_CACHE", str(tmp_path / "cache"))
    opened: list[str] = []

    def noted(address: str) -> AbstractContextManager[Database]:
        opened.append(address)
        return connect(address)

    monkeypatch.setattr(mlflow_sql, "connect", noted)

    def scan(settled: float = -3600.0) -> dict[str, object]:
        monkeypatch.setattr(
            tree, "SETTLED", settled
        )  # the times of a file that was just made can't be set back
        opened.clear()
        return said(diagnose_sources([address], Options(memory=True, curves="none")))

    first = scan()
    assert opened
    assert scan() == first
    assert not opened
    store.log(0, {"train_loss": np.full(40, 50.0)}, start=500)
    assert scan() != first
    assert opened
    # what has just changed is not trusted to tell the next change
    store.log(0, {"train_loss": np.full(3, 1.0)}, start=600)
    assert scan(settled=60.0) == scan(settled=60.0)
    assert opened


def test_what_was_interrupted_is_done_again(
    store: Store, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Growing([address], Options(read=ReadOptions(experiment="sweep")))
    assert len(said(watched.look())) == 3
    store.run(4, 0.003)
    with monkeypatch.context() as patched:
        patched.setattr(live, "judged", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            said(watched.look())
    assert "lr0.003" in said(watched.look())


def test_a_run_that_makes_us_fail_costs_itself_only(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnose = judging._diagnose

    def failing(case: Case, *others: object) -> Diagnosis:
        if case.run.name == "lr0.1":
            raise ZeroDivisionError("a fault of ours")
        return diagnose(case, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(judging, "_diagnose", failing)
    units = [item for item in find_all([address]) if isinstance(item, Unit)]
    found = {d.run.name: d for looked in live.Live(Options()).look(units) for d in looked.diagnoses}
    assert len(found) == 3
    assert "a fault of ours" in found["lr0.1"].problems[0].what
    assert not found["lr0.3"].problems
