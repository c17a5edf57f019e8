"""Both supported MLflows, each in its own environment, over SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from mlflow_lab import look, mariadb, postgres, servers
from mlflow_lab.compare import assert_all
from mlflow_lab.stores import Store, fill, serve_copy
from mlflow_lab.write import diagnoses, erase, statuses, write
from sources.contract import read_all

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def old_server(old: str, old_filled: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with serve_copy(old, old_filled, tmp_path_factory.mktemp("old-server")) as store:
        yield store


def test_an_old_database_is_read_to_the_last_point_and_stays_byte_identical(old_filled: Store) -> None:
    before = look.files(old_filled.folder)
    runs, problems = read_all(old_filled.uri)
    assert not problems
    assert_all(runs, old_filled.truth)
    assert len(diagnoses(old_filled.uri)) == len(runs)
    assert look.files(old_filled.folder) == before


def test_annotating_an_old_database_is_refused_with_the_reason(old_filled: Store) -> None:
    before = look.files(old_filled.folder)
    found = diagnoses(old_filled.uri, experiment="small")
    for outcomes in (write(found), write(found, dry_run=True), erase(found)):
        assert statuses(outcomes) == {"refused"}
        assert "would migrate" in outcomes[0].what[0]
        assert "http://" in outcomes[0].what[0]
    assert look.files(old_filled.folder) == before


def test_an_old_server_is_read(old_server: Store) -> None:
    runs, problems = read_all(old_server.uri)
    assert not problems
    assert_all(runs, old_server.truth)


def test_an_old_server_is_annotated_and_cleaned(old_server: Store) -> None:
    before = look.database(old_server.database)
    found = diagnoses(old_server.uri, experiment="hard")
    assert statuses(write(found, note=True)) == {"written"}
    assert statuses(write(diagnoses(old_server.uri, experiment="hard"), note=True)) == {"unchanged"}
    written = look.database(old_server.database)
    # it can't delete an experiment's tag again, so none is written
    assert {table for table in written if written[table] != before[table]} == {"tags"}
    trained = [item for item in found if item.run.curves]  # a parent without curves is left alone
    assert len(list((old_server.folder / "artifacts").rglob("report.html"))) == len(trained)
    assert statuses(erase(trained)) == {"removed"}
    assert look.database(old_server.database) == before


@pytest.fixture(scope="module", params=[pytest.param(postgres, marks=pytest.mark.postgres), mariadb])
def database(request: pytest.FixtureRequest) -> Iterator[tuple[ModuleType, str]]:
    with request.param.running() as address:
        yield request.param, address


@pytest.mark.parametrize("version", ["newest", "2.22.5"])
def test_a_database_server(database: tuple[ModuleType, str], old: str, version: str, tmp_path: Path) -> None:
    """Read, refused or annotated, and every row as before."""
    kind, cluster = database
    python = old if version == "2.22.5" else sys.executable
    uri = kind.create(cluster, f"mlflow-{version}")
    filled = fill(python, tmp_path, uri=kind.for_mlflow(uri), artifacts=str(tmp_path / "artifacts"))
    (tmp_path / "artifacts").mkdir(exist_ok=True)
    before = kind.content(uri)
    runs, problems = read_all(uri)
    assert not problems
    assert_all(runs, filled.truth)
    found = diagnoses(uri, experiment="small")
    if version == "2.22.5":
        assert statuses(write(found)) == {"refused"}
        assert kind.content(uri) == before
        return
    assert statuses(write(found, note=True)) == {"written"}
    assert len(list((tmp_path / "artifacts").rglob("report.html"))) == 3
    assert statuses(write(diagnoses(uri, experiment="small"), note=True)) == {"unchanged"}
    assert statuses(erase(found)) == {"removed"}
    assert kind.content(uri) == before


def test_a_server_over_a_database_server(database: tuple[ModuleType, str], tmp_path: Path) -> None:
    kind, cluster = database
    uri = kind.create(cluster, "behind-a-server")
    filled = fill(sys.executable, tmp_path, uri=kind.for_mlflow(uri), artifacts="mlflow-artifacts:/")
    with servers.serve(sys.executable, kind.for_mlflow(uri), tmp_path) as server:
        runs, problems = read_all(server.url)
        assert not problems
        assert_all(runs, filled.truth)
