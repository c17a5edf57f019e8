"""The server stays light: a page costs its own run, looking again costs a share of a core,
many ends cost one look."""

from __future__ import annotations

import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from curvedoctor.model import Diagnosis
from curvedoctor_mlflow import service as services
from curvedoctor_mlflow.routes import _status
from curvedoctor_mlflow.service import DiagnosisService, ExperimentState
from mlflow_lab.stores import Store


@pytest.fixture
def service(filled: Store, monkeypatch: pytest.MonkeyPatch) -> DiagnosisService:
    monkeypatch.setattr(
        DiagnosisService, "_put", lambda *arguments: None
    )  # no thread: each step is taken by hand
    return DiagnosisService(filled.uri)


def place(store: Store, name: str = "nan-end") -> tuple[str, str]:
    run = store.run(name)
    return run["experiment"], run["id"]


def test_a_page_waits_for_its_own_run_only(service: DiagnosisService, filled: Store) -> None:
    experiment, run_id = place(filled)
    state = ExperimentState()
    service.own(state, experiment, run_id)
    assert set(state.diagnoses) == {run_id}
    assert state.diagnoses[run_id].findings[0].condition == "non-finite"
    assert service.show(state, run_id).run.curves
    assert state.version == 0
    # the look at all of them is still to come, with what siblings say
    service._look(experiment, state)
    assert len(state.diagnoses) == len(filled.experiment("hard")) + 1
    # the parent of the sweep holds no curve: its page and the list pass it over
    assert len(state.lines()) == len(filled.experiment("hard"))
    assert {line["run"] for line in state.lines({run_id})} == {"nan-end"}


def of_a_copy(filled: Store, folder: Path) -> DiagnosisService:
    """The service of a copy of the store, which may be changed."""
    shutil.copy(filled.database, folder / "mlflow.db")
    return DiagnosisService(f"sqlite:///{folder / 'mlflow.db'}")


def test_a_look_costs_what_changed(
    filled: Store, tmp_path: Path, service: DiagnosisService, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, (experiment, run_id) = of_a_copy(filled, tmp_path), place(filled, "falls")
    state = ExperimentState()
    own._look(experiment, state)
    taken: list[str] = []
    take = DiagnosisService._take

    def noted(
        self: DiagnosisService, state: ExperimentState, diagnosis: Diagnosis, experiment: str, run_id: str
    ) -> None:
        taken.append(run_id)
        take(self, state, diagnosis, experiment, run_id)

    monkeypatch.setattr(DiagnosisService, "_take", noted)
    for change, expected in (
        ("", []),
        (f"UPDATE latest_metrics SET timestamp = timestamp + 1000 WHERE run_uuid = '{run_id}'", [run_id]),
        (f"UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_uuid = '{run_id}'", []),
    ):
        before = state.version
        with sqlite3.connect(tmp_path / "mlflow.db") as connection:
            connection.execute(change)
        connection.close()
        taken.clear()
        own._look(experiment, state)
        assert taken == expected
        assert (state.version > before) == bool(change)
    assert run_id not in state.diagnoses


def test_it_is_judged_again_only_when_it_has_changed(
    filled: Store, tmp_path: Path, service: DiagnosisService, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, (experiment, run_id) = of_a_copy(filled, tmp_path), place(filled, "falls")
    monkeypatch.setattr(services, "INTERVAL", 0.0)
    state = ExperimentState(version=1)  # the first look is still under way
    versions = []
    for change in ("", "", "UPDATE latest_metrics SET timestamp = timestamp + 1000", ""):
        if change:
            with sqlite3.connect(tmp_path / "mlflow.db") as connection:
                connection.execute(change)
            connection.close()
        own.own(state, experiment, run_id)
        versions.append(state.version)
    assert versions == [2, 2, 3, 3]


def test_a_long_look_is_followed_by_a_long_rest(
    service: DiagnosisService, filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment, _ = place(filled)
    service._states[experiment] = state = ExperimentState(busy=True)
    rests = []
    monkeypatch.setattr(services, "LONGEST", 7.0)
    for seconds in (0.4, 0.0, 0.4):
        monkeypatch.setattr(DiagnosisService, "_look", burning(seconds))
        service._todo.put((experiment, "", lambda: None))
        one_turn(service)
        rests.append(state.rest)
    assert rests[0] == services.LONGEST, "the first look comes once"
    assert rests[1] == services.INTERVAL
    assert rests[2] >= 0.4 / services.SHARE
    # as long as it lasts, nothing is asked of the store
    state.busy = False
    assert service.state(experiment).busy is False


def burning(seconds: float):
    def look(self: DiagnosisService, experiment: str, state: ExperimentState) -> None:
        end = time.thread_time() + seconds
        while time.thread_time() < end:
            pass

    return look


def one_turn(service: DiagnosisService) -> None:
    """What the thread does with what is in the queue."""

    class Over(Exception):
        pass

    get = service._todo.get

    def until_empty():
        if service._todo.empty():
            raise Over
        return get()

    service._todo.get = until_empty  # type: ignore[method-assign]
    with pytest.raises(Over):
        service._work()
    service._todo.get = get  # type: ignore[method-assign]


def test_many_runs_that_end_at_once_cost_one_look(
    service: DiagnosisService, filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, annotated = [], []
    monkeypatch.setenv("CURVEDOCTOR_ANNOTATE", "1")
    monkeypatch.setattr(DiagnosisService, "_put", lambda self, *what: self._todo.put(what))
    monkeypatch.setattr(DiagnosisService, "_look", lambda self, experiment, state: looks.append(experiment))
    monkeypatch.setattr(DiagnosisService, "_tell", lambda self, state, run_id: annotated.append(run_id))
    for number in range(5):
        service.ended("1", f"run-{number}", lambda: None)
    one_turn(service)
    assert len(looks) == 1
    assert annotated == [f"run-{number}" for number in range(5)]


def test_not_yet_is_not_nothing() -> None:
    assert _status(ExperimentState(busy=True), missing=True)["phase"] == "reading"
    assert _status(ExperimentState(busy=False), missing=True)["phase"] == "ready"
    assert _status(ExperimentState(busy=True), missing=False)["phase"] == "ready"


def test_the_operators_program_is_called_for_a_run_that_ends(
    service: DiagnosisService, filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "told"
    script = tmp_path / "program"
    script.write_text(f'#!/bin/sh\necho "$CURVEDOCTOR_RUN: $CURVEDOCTOR_CONDITION" >> "{told}"\n')
    script.chmod(0o755)
    monkeypatch.setenv("CURVEDOCTOR_NOTIFY", str(script))
    experiment, _ = place(filled)
    state = ExperimentState()
    service._look(experiment, state)
    assert not told.exists()
    for name in ("nan-end", "falls"):
        service._tell(state, place(filled, name)[1])
    assert told.read_text() == "nan-end: non-finite\n"
    monkeypatch.setenv("CURVEDOCTOR_NOTIFY", "/no/such/program")
    service._tell(state, place(filled)[1])  # a warning in the log, and the server goes on
