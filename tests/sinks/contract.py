"""What every sink must do, as a test class: subclass it, and give it an address with runs that it accepts.

class TestMine(SinkContract):
    sink_name = "mine"

    @pytest.fixture
    def populated(self, tmp_path): …   # a directory with at least two runs
"""

from __future__ import annotations

from pathlib import Path

import pytest

from curvedoctor.engine import Options, diagnose_sources
from curvedoctor.model import Diagnosis
from curvedoctor.sinks.base import Outcome, WriteOptions
from curvedoctor.sinks.writeback import annotate, clean, sinks


def content(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def diagnoses(folder: Path) -> list[Diagnosis]:
    return [item for item in diagnose_sources([str(folder)], Options()) if isinstance(item, Diagnosis)]


class SinkContract:
    """Laws of `sinks.base.Sink`."""

    sink_name: str

    @pytest.fixture
    def populated(self, tmp_path: Path) -> Path:
        raise NotImplementedError

    def write(self, folder: Path, options: WriteOptions | None = None) -> list[Outcome]:
        return list(annotate(diagnoses(folder), options or WriteOptions()))

    def test_it_accepts_its_runs_and_no_other_does(self, populated: Path) -> None:
        for diagnosis in diagnoses(populated):
            assert diagnosis.run.origin is not None
            accepting = [sink.name for sink in sinks() if sink.accepts(diagnosis.run.origin)]
            assert accepting == [self.sink_name]

    def test_one_outcome_per_run_in_order(self, populated: Path) -> None:
        names = [diagnosis.run.name for diagnosis in diagnoses(populated)]
        outcomes = self.write(populated)
        assert len(names) >= 2
        assert [(outcome.run, outcome.status) for outcome in outcomes] == [
            (name, "written") for name in names
        ]

    def test_writing_twice_is_writing_once(self, populated: Path) -> None:
        self.write(populated)
        once = content(populated)
        assert {outcome.status for outcome in self.write(populated)} == {"unchanged"}
        assert content(populated) == once

    def test_a_dry_run_writes_nothing_and_says_the_same(self, populated: Path) -> None:
        before = content(populated)
        told = self.write(populated, WriteOptions(dry_run=True))
        assert content(populated) == before
        assert [outcome.status for outcome in told] == [outcome.status for outcome in self.write(populated)]

    def test_what_was_there_stays(self, populated: Path) -> None:
        before = content(populated)
        self.write(populated)
        assert before.items() < content(populated).items()

    def test_cleaning_leaves_what_was_there(self, populated: Path) -> None:
        before = content(populated)
        self.write(populated)
        origins = [(diagnosis.run.name, diagnosis.run.origin) for diagnosis in diagnoses(populated)]
        assert {outcome.status for outcome in clean(origins, WriteOptions(dry_run=True))} == {"removed"}
        assert content(populated) != before
        assert {outcome.status for outcome in clean(origins, WriteOptions())} == {"removed"}
        assert content(populated) == before
        assert {outcome.status for outcome in clean(origins, WriteOptions())} == {"absent"}
