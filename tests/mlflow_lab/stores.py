"""Stores that real MLflow wrote, and servers over copies of them."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlflow_lab import servers


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


@contextmanager
def serve_copy(
    python: str, store: Store, folder: Path, *more: str, workers: int = 1, **environment: str
) -> Iterator[Store]:
    """Serve a copy of a filled SQLite store, its artifacts by the server itself."""
    shutil.copy(store.database, folder / "mlflow.db")
    artifacts_by_server(folder / "mlflow.db")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    with servers.serve(python, uri, folder, *more, environment=environment, workers=workers) as running:
        yield Store(running.url, folder, store.truth)


def artifacts_by_server(database: Path) -> None:
    """Point the runs' artifacts to the server, as for experiments that were made through one."""
    with sqlite3.connect(database) as connection:
        rows = connection.execute("SELECT run_uuid, experiment_id FROM runs").fetchall()
        for run_id, experiment in rows:
            uri = f"mlflow-artifacts:/{experiment}/{run_id}/artifacts"
            connection.execute("UPDATE runs SET artifact_uri = ? WHERE run_uuid = ?", (uri, run_id))
        connection.execute("UPDATE experiments SET artifact_location = 'mlflow-artifacts:/' || experiment_id")
    connection.close()
