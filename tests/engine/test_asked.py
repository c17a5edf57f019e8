"""`--run` chooses what is shown. What siblings tried is read as without it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from curvedoctor.engine import Options, diagnose_sources
from curvedoctor.engine.growing import Growing
from curvedoctor.model import Diagnosis, Problem
from curvedoctor.reports.as_json import to_dict
from curvedoctor.sources.base import ReadOptions
from shell import falling, write

PARAMS = {"optimizer": "sgd", "batch_size": 32, "epochs": 120, "n_train": 4000, "width": 16, "depth": 2}
FLOORS = {0.001: 1.2, 0.01: 0.6, 0.1: 0.3, 1.0: 0.9}


def events(folder: Path, name: str, lr: float, floor: float) -> None:
    curves = {"train/loss": falling(floor=floor), "val/loss": falling(floor=1.1 * floor, seed=1)}
    write(folder / name, curves, {**PARAMS, "lr": lr})


def lines(folder: Path, name: str, lr: float, floor: float) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "config.json").write_text(json.dumps({**PARAMS, "lr": lr}))
    rows = zip(falling(floor=floor), falling(floor=1.1 * floor, seed=1), strict=True)
    (folder / name / "metrics.jsonl").write_text(
        "\n".join(json.dumps({"step": i, "loss": a, "val_loss": b}) for i, (a, b) in enumerate(rows))
    )


@pytest.fixture(params=[events, lines])
def sweep(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Two groups of siblings in one folder."""
    for group in ("a", "b"):
        for lr, floor in FLOORS.items():
            request.param(tmp_path / group, f"lr{lr:g}", lr, floor * (1 + (group == "b")))
    return tmp_path


def said(folder: Path, run: str | None, **given: object) -> dict[str, object]:
    options = Options(read=ReadOptions(run=run), **given)  # type: ignore[arg-type]
    found = list(diagnose_sources([str(folder)], options))
    assert not [item for item in found if isinstance(item, Problem)]
    return {item.run.name: to_dict(item) for item in found if isinstance(item, Diagnosis)}


@pytest.mark.parametrize("pattern", ["a/lr0.001", "*/lr1", "b/*", "*lr0.01"])
@pytest.mark.parametrize("memory", [False, True])
def test_a_run_that_is_asked_for_alone_is_told_what_it_is_told_beside_all(
    sweep: Path, pattern: str, memory: bool
) -> None:
    every = said(sweep, None, memory=memory)
    for _ in range(1 + memory):
        some = said(sweep, pattern, memory=memory)
        assert some and some == {name: told for name, told in every.items() if name in some}
    assert len(some) == {"a/lr0.001": 1, "*/lr1": 2, "b/*": 4, "*lr0.01": 2}[pattern]
    assert said(sweep, None, memory=memory) == every


def test_its_siblings_are_left_out_where_it_is_to_stand_alone(sweep: Path) -> None:
    (beside,), (alone,) = (
        said(sweep, "a/lr0.001").values(), said(sweep, "a/lr0.001", alone=True).values()
    )  # fmt: skip
    assert next(p["basis"] for p in beside["prescriptions"]) == "siblings"  # type: ignore[index]
    assert "siblings" not in [p["basis"] for p in alone["prescriptions"]]  # type: ignore[index]
    assert alone == said(sweep, None, alone=True)["a/lr0.001"]


def test_groups_of_which_no_run_is_asked_for_are_not_read(
    sweep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from curvedoctor.engine import work

    read: list[str] = []
    load = work.load

    def noting(units: tuple[object, ...], options: Options) -> work.Loaded:
        read.extend(unit.run for unit in units)  # type: ignore[attr-defined]
        return load(units, options)  # type: ignore[arg-type]

    monkeypatch.setattr(work, "load", noting)
    said(sweep, "a/lr1")
    assert sorted(read) == sorted(f"a/lr{lr:g}" for lr in FLOORS)


def test_what_could_not_be_read_of_a_sibling_is_nobodys_problem(tmp_path: Path) -> None:
    for lr, floor in FLOORS.items():
        events(tmp_path, f"lr{lr:g}", lr, floor)
    (file,) = (tmp_path / "lr1").iterdir()
    file.write_bytes(b"\0" * 40)
    names = [item.where for item in diagnose_sources([str(tmp_path)]) if isinstance(item, Problem)]
    assert any("lr1" in where for where in names)
    assert said(tmp_path, "lr0.1").keys() == {"lr0.1"}


def test_a_watch_on_one_run_learns_from_its_siblings_and_tells_of_it_alone(tmp_path: Path) -> None:
    for lr, floor in list(FLOORS.items())[:1]:
        events(tmp_path, f"lr{lr:g}", lr, floor)
    growing = Growing([str(tmp_path)], Options(read=ReadOptions(run="lr0.001"), curves="none"))
    assert [item.run.name for item in growing.look() if isinstance(item, Diagnosis)] == ["lr0.001"]
    events(tmp_path, "lr0.1", 0.1, 0.3)
    looks = [*growing.look(), *growing.look()]  # what grew is known to have ended when it rests for one
    told = [item for item in looks if isinstance(item, Diagnosis)]
    assert [(item.run.name, item.prescriptions[0].basis) for item in told] == [("lr0.001", "siblings")]
