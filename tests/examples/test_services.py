"""The examples that run other programs: a CI gate, and an MLflow server from the past."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

import old_mlflow_server
from ci_gate import gate
from curvedoctor.model import Diagnosis


def test_ci_gate_fires_on_new_findings_only(tmp_path: Path) -> None:
    assert gate.main(tmp_path, quick=True) == [0, 0, 1]
    report = ElementTree.parse(tmp_path / "curvedoctor.xml").getroot()
    assert report.findall(".//failure"), "the new finding is not in the report"


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Diagnosis]]:
    return old_mlflow_server.main(tmp_path_factory.mktemp("old") / "store", quick=True)


def test_old_mlflow_store_is_diagnosed(read: dict[str, list[Diagnosis]]) -> None:
    found = {d.run.name: d for d in read["files"]}
    assert "raise-lr" in [p.action for p in found["slow"].prescriptions[:2]]
    assert {f.condition for f in found["by-heart"].findings} & {"overfitting", "dataset-too-small"}


def test_old_mlflow_server_and_database_say_the_same(read: dict[str, list[Diagnosis]]) -> None:
    assert set(read) == {"files", "server", "database"}

    def said(place: str) -> dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]]:
        return {
            d.run.name: (
                d.verdict,
                tuple(f.condition for f in d.findings),
                tuple(p.action for p in d.prescriptions),
            )
            for d in read[place]
        }

    assert said("server") == said("files")
    assert said("database") == said("files")
