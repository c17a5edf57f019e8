"""The server stays light: a page costs its own run, looking again costs a share of a core, many ends cost one look."""

from __future__ import annotations

import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from curvedoctor.model import Diagnosis
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
    # the parent of the sweep holds no curve: its page and the list pass it over
    assert len(ward.lines()) == len(filled.experiment("hard"))
    assert {line["run"] for line in ward.lines({run_id})} == {"nan-end"}


def test_a_look_costs_what_changed(
    filled: Store, tmp_path: Path, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(filled.database, tmp_path / "mlflow.db")
    own, (experiment, run_id) = Clinic(f"sqlite:///{tmp_path / 'mlflow.db'}"), place(filled, "falls")
    ward = Ward()
    own._look(experiment, ward)
    taken: list[str] = []
    take = Clinic._take

    def noted(self: Clinic, ward: Ward, diagnosis: Diagnosis, experiment: str, run_id: str) -> None:
        taken.append(run_id)
        take(self, ward, diagnosis, experiment, run_id)

    monkeypatch.setattr(Clinic, "_take", noted)
    for change, expected in (
        ("", []),
        (f"UPDATE latest_metrics SET timestamp = timestamp + 1000 WHERE run_uuid = '{run_id}'", [run_id]),
        (f"UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_uuid = '{run_id}'", []),
    ):
        before = ward.version
        with sqlite3.connect(tmp_path / "mlflow.db") as connection:
            connection.execute(change)
        connection.close()
        taken.clear()
        own._look(experiment, ward)
        assert taken == expected
        assert (ward.version > before) == bool(change)
    assert run_id not in ward.diagnoses


def test_it_is_judged_again_only_when_it_has_changed(
    filled: Store, tmp_path: Path, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(filled.database, tmp_path / "mlflow.db")
    own, (experiment, run_id) = Clinic(f"sqlite:///{tmp_path / 'mlflow.db'}"), place(filled, "falls")
    monkeypatch.setattr(clinics, "INTERVAL", 0.0)
    ward = Ward(version=1)  # the first look is still under way
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
    monkeypatch.setattr(clinics, "LONGEST", 12.0)
    for seconds in (0.0, 0.4, 0.8):
        monkeypatch.setattr(Clinic, "_look", burning(seconds))
        clinic._todo.put((experiment, "", lambda: None))
        one_turn(clinic)
        rests.append(ward.rest)
    assert rests[0] == clinics.INTERVAL
    assert 12.0 > rests[1] >= 0.4 / clinics.SHARE
    assert rests[2] == clinics.LONGEST
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
    monkeypatch.setattr(Clinic, "_put", lambda self, *what: self._todo.put(what))
    monkeypatch.setattr(Clinic, "_look", lambda self, experiment, ward: looks.append(experiment))
    monkeypatch.setattr(Clinic, "_tell", lambda self, ward, run_id: annotated.append(run_id))
    for number in range(5):
        clinic.ended("1", f"run-{number}", lambda: None)
    one_turn(clinic)
    assert len(looks) == 1
    assert annotated == [f"run-{number}" for number in range(5)]


def test_not_yet_is_not_nothing() -> None:
    assert _status(Ward(busy=True), missing=True)["phase"] == "reading"
    assert _status(Ward(busy=False), missing=True)["phase"] == "ready"
    assert _status(Ward(busy=True), missing=False)["phase"] == "ready"


def test_the_operators_program_is_called_for_a_run_that_ends(
    clinic: Clinic, filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "told"
    script = tmp_path / "program"
    script.write_text(f'#!/bin/sh\necho "$CURVEDOCTOR_RUN: $CURVEDOCTOR_CONDITION" >> "{told}"\n')
    script.chmod(0o755)
    monkeypatch.setenv("CURVEDOCTOR_NOTIFY", str(script))
    experiment, _ = place(filled)
    ward = Ward()
    clinic._look(experiment, ward)
    assert not told.exists()
    for name in ("nan-end", "falls"):
        clinic._tell(ward, place(filled, name)[1])
    assert told.read_text() == "nan-end: non-finite\n"
    monkeypatch.setenv("CURVEDOCTOR_NOTIFY", "/no/such/program")
    clinic._tell(ward, place(filled)[1])  # a warning in the log, and the server goes on
