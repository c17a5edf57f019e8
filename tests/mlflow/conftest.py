"""Stores and servers that the tests of this folder share: each is made once per session."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlflow_lab import servers
from mlflow_lab.stores import Store, fill, serve_copy

pytest.importorskip("mlflow", reason="pip install 'curvedoctor[mlflow]'")


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
def old() -> str:
    """The Python of an environment with the oldest supported MLflow."""
    return servers.old_python()


@pytest.fixture(scope="session")
def old_filled(old: str, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """An SQLite store written by it. Read only."""
    folder = tmp_path_factory.mktemp("old")
    return fill(old, folder, artifacts=str(folder / "artifacts"))


@pytest.fixture(scope="session")
def server(filled: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A server of the installed MLflow over a copy of the filled database, artifacts served by it."""
    folder = tmp_path_factory.mktemp("server")
    with serve_copy(sys.executable, filled, folder) as store:
        yield store


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """MLflow's own deprecations are not ours to mend."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(
                pytest.mark.filterwarnings(r"ignore:::(mlflow|sqlalchemy|alembic|google|pydantic)(\.|$)")
            )


@pytest.fixture(scope="session")
def board(server: Store) -> Store:
    """A server to write to: every test leaves it as it was."""
    return server
