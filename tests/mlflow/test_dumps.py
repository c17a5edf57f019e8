"""A store before and after: annotating twice is annotating once, annotating and cleaning is not having been
there.

Every row of every table, every file and every folder, over all kinds of stores.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mlflow_lab import look, mariadb, postgres, servers
from mlflow_lab.access import ADMIN, behind_login
from mlflow_lab.stores import Store, fill, serve_copy
from mlflow_lab.write import diagnoses, erase, statuses, write

Dump = Callable[[], Any]
Place = tuple[str, Dump]
Kind = Callable[[Store, Path], AbstractContextManager[Place]]


@contextmanager
def sqlite_behind_a_server(filled: Store, folder: Path) -> Iterator[Place]:
    (folder / "artifacts").mkdir()
    with serve_copy(sys.executable, filled, folder) as store:
        yield store.uri, lambda: (look.database(store.database), look.files(folder / "artifacts"))


@contextmanager
def file_store(filled: Store, folder: Path) -> Iterator[Place]:
    store = fill(sys.executable, folder, uri=str(folder / "mlruns"), MLFLOW_ALLOW_FILE_STORE="true")
    yield str(folder / "mlruns"), lambda: look.files(Path(store.uri))


def _database(kind: ModuleType) -> Kind:
    @contextmanager
    def behind_a_server(filled: Store, folder: Path) -> Iterator[Place]:
        with kind.running() as cluster:
            uri = kind.create(cluster, "dumped")
            fill(sys.executable, folder, uri=kind.for_mlflow(uri), artifacts="mlflow-artifacts:/")
            (folder / "artifacts").mkdir(exist_ok=True)
            with servers.serve(sys.executable, kind.for_mlflow(uri), folder) as server:
                yield server.url, lambda: (kind.content(uri), look.files(folder / "artifacts"))

    return behind_a_server


@contextmanager
def behind_a_login_and_a_prefix(filled: Store, folder: Path) -> Iterator[Place]:
    (folder / "artifacts").mkdir()
    with (
        pytest.MonkeyPatch.context() as patched,
        behind_login(sys.executable, filled, folder, "--static-prefix", "/lab") as store,
    ):
        patched.setenv("MLFLOW_TRACKING_USERNAME", ADMIN[0])
        patched.setenv("MLFLOW_TRACKING_PASSWORD", ADMIN[1])
        yield f"{store.uri}/lab", lambda: (look.database(store.database), look.files(folder / "artifacts"))


@pytest.mark.parametrize(
    "kind",
    [
        sqlite_behind_a_server,
        file_store,
        pytest.param(_database(postgres), marks=[pytest.mark.slow, pytest.mark.postgres], id="postgresql"),
        pytest.param(_database(mariadb), marks=pytest.mark.slow, id="mariadb"),
        pytest.param(behind_a_login_and_a_prefix, marks=pytest.mark.slow),
    ],
)
def test_twice_is_once_and_cleaned_is_never(kind: Kind, filled: Store, tmp_path: Path) -> None:
    with kind(filled, tmp_path) as (address, dump):
        never = dump()
        found = diagnoses(address, experiment="small")
        assert len(found) == 3
        write(found, dry_run=True, note=True)
        assert dump() == never
        assert statuses(write(found, note=True)) == {"written"}
        once = dump()
        assert once != never
        assert statuses(write(diagnoses(address, experiment="small"), note=True)) == {"unchanged"}
        assert dump() == once
        assert statuses(erase(diagnoses(address, experiment="small"))) == {"removed"}
        assert dump() == never
