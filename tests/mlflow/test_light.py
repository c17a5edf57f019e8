"""The server stays light: a page costs its own run, looking again costs a share of a core, many ends cost one look."""

from __future__ import annotations

import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from curvedoctor_mlflow import clinic as clinics
from curvedoctor_mlflow.clinic import Clinic, Ward
from curvedoctor_mlflow.routes import _status
from mlflow_lab.stores import Store


@pytest.fixture
def clinic(filled: Store, monkeypatch: pytest.MonkeyPatch) -> Clinic:
    monkeypatch.setattr(Clinic, "_put", lambda *arguments: None)  # no thread: each step is taken by hand
    return Clinic(filled.uri)


def place(store: Store, name: str = "nan-end") -> tuple[str, str]:
    run = store.run(name)
    return run["experiment"], run["id"]


def test_a_page_waits_for_its_own_run_only(clinic: Clinic, filled: Store) -> None:
    experiment, run_id = place(filled)
    ward = Ward()
    clinic.own(ward, experiment, run_id)
    assert set(ward.diagnoses) == {run_id}
    assert ward.diagnoses[run_id].findings[0].condition == "non-finite"
    assert clinic.show(ward, run_id).run.curves
    assert ward.version == 0
    # the look at all of them is still to come, with what siblings say
    clinic._look(experiment, ward)
    assert len(ward.diagnoses) == len(filled.experiment("hard")) + 1


def test_it_is_judged_again_only_when_it_has_changed(
    filled: Store, tmp_path: Path, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(filled.database, tmp_path / "mlflow.db")
    own, (experiment, run_id) = Clinic(f"sqlite:///{tmp_path / 'mlflow.db'}"), place(filled, "falls")
    monkeypatch.setattr(clinics, "INTERVAL", 0.0)
    ward = Ward(version=1)
    versions = []
    for change in ("", "", "UPDATE latest_metrics SET timestamp = timestamp + 1000", ""):
        if change:
            with sqlite3.connect(tmp_path / "mlflow.db") as connection:
                connection.execute(change)
            connection.close()
        own.own(ward, experiment, run_id)
        versions.append(ward.version)
    assert versions == [2, 2, 3, 3]


def test_a_long_look_is_followed_by_a_long_rest(
    clinic: Clinic, filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment, _ = place(filled)
    clinic._wards[experiment] = ward = Ward(busy=True)
    rests = []
    for seconds in (0.0, 0.4):
        monkeypatch.setattr(Clinic, "_look", burning(seconds))
        clinic._todo.put((experiment, "", lambda: None))
        one_turn(clinic)
        rests.append(ward.rest)
    assert rests[0] == clinics.INTERVAL
    assert rests[1] >= 0.4 / clinics.SHARE
    # as long as it lasts, nothing is asked of the store
    ward.busy = False
    assert clinic.ward(experiment).busy is False


def burning(seconds: float):
    def look(self: Clinic, experiment: str, ward: Ward) -> None:
        end = time.thread_time() + seconds
        while time.thread_time() < end:
            pass

    return look


def one_turn(clinic: Clinic) -> None:
    """What the thread does with what is in the queue."""

    class Over(Exception):
        pass

    get = clinic._todo.get

    def until_empty():
        if clinic._todo.empty():
            raise Over
        return get()

    clinic._todo.get = until_empty  # type: ignore[method-assign]
    with pytest.raises(Over):
        clinic._work()
    clinic._todo.get = get  # type: ignore[method-assign]


def test_many_runs_that_end_at_once_cost_one_look(
    clinic: Clinic, filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, annotated = [], []
    monkeypatch.setenv("CURVEDOCTOR_ANNOTATE", "1")
    monkeypatch.setattr(Clinic, "_put", lambda self, *what: self._todo.put(what))
    monkeypatch.setattr(Clinic, "_look", lambda self, experiment, ward: looks.append(experiment))
    monkeypatch.setattr(Clinic, "_annotate", lambda self, ward, run_id: annotated.append(run_id))
    for number in range(5):
        clinic.ended("1", f"run-{number}", lambda: None)
    one_turn(clinic)
    assert len(looks) == 1
    assert annotated == [f"run-{number}" for number in range(5)]


def test_not_yet_is_not_nothing() -> None:
    assert _status(Ward(busy=True), missing=True)["phase"] == "reading"
    assert _status(Ward(busy=False), missing=True)["phase"] == "ready"
    assert _status(Ward(busy=True), missing=False)["phase"] == "ready"
