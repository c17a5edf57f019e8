"""Looking again: only what grew is read and judged, and what is said is what a fresh diagnosis says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from curvedoctor.engine import Options, diagnose_sources, live
from curvedoctor.engine.growing import Growing
from curvedoctor.errors import SourceError
from curvedoctor.model import Diagnosis, Run
from curvedoctor.reports.as_json import to_dict
from curvedoctor.sources.base import ReadOptions
from shell import Log, falling, write, write_healthy, write_nan


def said(results: Iterator[object]) -> dict[str, object]:
    """What is said of each run, curves aside."""
    return {item.run.name: to_dict(item) for item in results if isinstance(item, Diagnosis)}


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """Four learning rates; the lowest ends lowest."""
    for index, lr in enumerate((0.3, 0.1, 0.03)):
        floor = 0.3 + 0.3 * (2 - index)
        curves = {
            "train/loss": falling(floor=floor, seed=index),
            "val/loss": falling(floor=floor, seed=index + 9),
        }
        write(tmp_path / "sweep" / f"lr{lr}", curves, {"lr": lr, "batch_size": 64})
    return tmp_path / "sweep"


def test_a_run_that_grows_is_judged_beside_its_siblings(sweep: Path) -> None:
    watched = Growing([str(sweep)], Options())
    assert list(said(watched.look())) == ["lr0.03", "lr0.1", "lr0.3"]
    assert said(watched.look()) == {}
    values = falling(floor=1.4, seed=5)
    with Log(sweep / "lr1.0") as log:
        log.hyperparameters({"lr": 1.0, "batch_size": 64})
        for step, value in enumerate(values):
            log.scalars(step, {"train/loss": float(value), "val/loss": float(value) * 1.02})
            if step % 40 == 39:
                log.file.flush()
                found = said(watched.look())
                assert list(found) == ["lr1.0"], "only what grew is judged"
                assert found["lr1.0"] == said(diagnose_sources([str(sweep)], Options()))["lr1.0"]
    # once it rests, its siblings learn from it, and that is what a fresh look says
    settled = said(watched.look())
    assert set(settled) == {"lr0.03", "lr0.1", "lr0.3"}
    assert found | settled == said(diagnose_sources([str(sweep)], Options()))
    assert said(watched.look()) == {}


def test_only_what_was_added_is_read(sweep: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []

    def noted(units: list[object], options: ReadOptions) -> Iterator[object]:
        loaded.extend(unit.run for unit in units)  # type: ignore[attr-defined]
        return real(units, options)  # type: ignore[arg-type,return-value]

    real = live.load_units
    watched = Growing([str(sweep)], Options())
    list(watched.look())
    monkeypatch.setattr(live, "load_units", noted)
    with Log(sweep / "late") as log:
        for step in range(90):
            log.scalars(step, {"train/loss": 1 / (step + 1)})
            if step % 30 == 29:
                log.file.flush()
                list(watched.look())
    assert sorted(loaded) == ["late", "lr0.03", "lr0.1", "lr0.3"], "each once, siblings for their summaries"


def test_runs_that_go_and_patterns(sweep: Path) -> None:
    watched = Growing([str(sweep)], Options(read=ReadOptions(run="lr0.*")))
    assert len(said(watched.look())) == 3
    write_nan(sweep / "other")
    assert said(watched.look()) == {}
    write_nan(sweep / "lr0.5")
    assert list(said(watched.look())) == ["lr0.5"]
    for path in (sweep / "lr0.5").iterdir():
        path.unlink()
    assert said(watched.look()) == {}, "it never rested, so nobody learnt from it"


def test_a_source_that_comes_later(tmp_path: Path) -> None:
    watched = Growing([str(tmp_path / "logs")], Options())
    with pytest.raises(SourceError):
        list(watched.look())
    write_healthy(tmp_path / "logs" / "a")
    assert list(said(watched.look())) == ["a"]


def test_curves_are_there_where_they_are_asked_for(sweep: Path) -> None:
    watched = Growing([str(sweep)], Options(curves="all"))
    for _ in range(2):
        runs: list[Run] = [item.run for item in watched.look() if isinstance(item, Diagnosis)]
        assert runs and all(np.isfinite(run.curves[0].values).any() for run in runs)
        write_healthy(sweep / "new")
