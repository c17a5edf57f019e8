"""Well-trained models, logged by nothing but autologging: none of them is sick."""

from __future__ import annotations

from pathlib import Path

import mlflow
import pytest

import autologged
from curvedoctor.model import Diagnosis

#: those that are dependencies of the tests; the example trains what is installed beside them as well
SURE = {
    "keras-perceptron", "keras-convolutional", "keras-regression", "lightgbm", "fit",
}  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Diagnosis]:
    before = mlflow.get_tracking_uri()
    folder: Path = tmp_path_factory.mktemp("autologged")
    try:
        return {item.run.name: item for item in autologged.main(folder / "store", quick=True)}
    finally:
        mlflow.set_tracking_uri(before)


@pytest.mark.slow
def test_none_is_sick(found: dict[str, Diagnosis]) -> None:
    assert set(found) >= SURE
    assert {name: item.findings for name, item in found.items() if item.verdict == "sick"} == {}


@pytest.mark.slow
def test_each_was_annotated_as_it_ended_but_for_the_fit(found: dict[str, Diagnosis]) -> None:
    for name, item in found.items():
        address, run_id = item.run.origin.address, item.run.run_id
        tags = mlflow.MlflowClient(str(address)).get_run(str(run_id)).data.tags
        assert ("curvedoctor.verdict" in tags) is (name != "fit")


@pytest.mark.slow
def test_what_autologging_calls_things_is_understood(found: dict[str, Diagnosis]) -> None:
    for name, item in found.items():
        roles = {(curve.role.split, curve.role.quantity) for curve in item.run.curves}
        if name != "fit":
            assert {("train", "loss"), ("val", "loss")} <= roles or {
                ("train", "error"),
                ("val", "error"),
            } <= roles
