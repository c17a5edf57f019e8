"""Stores and servers that the tests of this folder share: each is made once per session."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mlflow_lab import servers

pytest.importorskip("mlflow", reason="pip install 'curvedoctor[mlflow]'")


@dataclass(frozen=True)
class Store:
    """A store filled by `populate.py`, and what was logged to it."""

    uri: str
    folder: Path
    truth: list[dict[str, Any]]

    @property
    def database(self) -> Path:
        return self.folder / "mlflow.db"

    def experiment(self, name: str) -> list[dict[str, Any]]:
        """The runs of one experiment: "hard", "small" or "long"."""
        first = {"hard": "falls", "small": "one", "long": "long"}[name]
        return [run for run in self.truth if run["experiment"] == self.run(first)["experiment"]]

    def run(self, name: str) -> dict[str, Any]:
        return next(run for run in self.truth if run["name"] == name)


def fill(
    python: str, folder: Path, uri: str | None = None, artifacts: str | None = None, **environment: str
) -> Store:
    """Fill a store through its own MLflow; by default an SQLite file."""
    folder.mkdir(parents=True, exist_ok=True)
    uri = uri or f"sqlite:///{folder / 'mlflow.db'}"
    more = [artifacts] if artifacts else []
    servers.run_script(python, "populate.py", uri, str(folder / "truth.json"), *more, environment=environment)
    return Store(uri, folder, json.loads((folder / "truth.json").read_text()))


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """An SQLite store written by the installed, newest MLflow. Read only."""
    folder = tmp_path_factory.mktemp("filled")
    return fill(sys.executable, folder, artifacts=str(folder / "artifacts"))


@pytest.fixture(scope="session")
def filled_files(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """An mlruns folder written by the installed MLflow. Read only."""
    folder = tmp_path_factory.mktemp("files")
    return fill(sys.executable, folder, uri=str(folder / "mlruns"), MLFLOW_ALLOW_FILE_STORE="true")


@pytest.fixture(scope="session")
def server(filled: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A server of the installed MLflow over a copy of the filled database, artifacts served by it."""
    folder = tmp_path_factory.mktemp("server")
    with serve_copy(sys.executable, filled, folder) as store:
        yield store


class serve_copy:
    """Serve a copy of a filled SQLite store, its artifacts by the server itself."""

    def __init__(self, python: str, store: Store, folder: Path, *more: str, **environment: str) -> None:
        shutil.copy(store.database, folder / "mlflow.db")
        artifacts_by_server(folder / "mlflow.db")
        self.store, self.folder = store, folder
        self.context = servers.serve(
            python, f"sqlite:///{folder / 'mlflow.db'}", folder, *more, environment=environment
        )

    def __enter__(self) -> Store:
        self.running = self.context.__enter__()
        return Store(self.running.url, self.folder, self.store.truth)

    def __exit__(self, *error: object) -> None:
        self.context.__exit__(None, None, None)


def artifacts_by_server(database: Path) -> None:
    """Point the runs' artifacts to the server, as for experiments that were made through one."""
    import sqlite3

    with sqlite3.connect(database) as connection:
        rows = connection.execute("SELECT run_uuid, experiment_id FROM runs").fetchall()
        for run_id, experiment in rows:
            uri = f"mlflow-artifacts:/{experiment}/{run_id}/artifacts"
            connection.execute("UPDATE runs SET artifact_uri = ? WHERE run_uuid = ?", (uri, run_id))
        connection.execute("UPDATE experiments SET artifact_location = 'mlflow-artifacts:/' || experiment_id")
    connection.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """MLflow's own deprecations are not ours to mend."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(
                pytest.mark.filterwarnings(r"ignore:::(mlflow|sqlalchemy|alembic|google|pydantic)(\.|$)")
            )
