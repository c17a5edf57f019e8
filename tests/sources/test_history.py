"""Training histories in CSV, JSON and JSON Lines."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path

import pytest

from curvedoctor.model import Curve, Run
from sources import events
from sources.contract import read_all, units_of


def _write(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def _only(*addresses: Path) -> Run:
    ((run,), problems) = read_all(*addresses)
    assert not problems
    return run


def _curves(run: Run) -> dict[str, Curve]:
    return {curve.id: curve for curve in run.curves}


def test_ultralytics(tmp_path: Path) -> None:
    """Names are padded with blanks, and repeated when the training is resumed."""
    header = (
        "                  epoch,         train/box_loss,      metrics/mAP50(B),                 lr/pg0\n"
    )
    rows = "".join(
        f"                  {e},                {1 / e},               {e / 10},                   0.01\n"
        for e in range(1, 6)
    )
    _write(
        tmp_path / "runs" / "train" / "results.csv", header + rows + header + rows.replace("  1,", "  6,", 1)
    )
    _write(tmp_path / "runs" / "train" / "args.yaml", "lr0: 0.01\nepochs: 5\n")
    run = _only(tmp_path)
    assert run.name == "runs/train"
    assert set(_curves(run)) == {"train/box_loss", "metrics/mAP50(B)", "lr/pg0"}
    assert _curves(run)["train/box_loss"].steps.tolist()[:5] == [1, 2, 3, 4, 5]
    assert _curves(run)["train/box_loss"].axis == "epoch"
    assert run.params["epochs"] == 5
    assert run.origin is not None
    assert run.origin.read_only


def test_lightning_leaves_cells_empty(tmp_path: Path) -> None:
    _write(
        tmp_path / "version_0" / "metrics.csv",
        "epoch,step,train_loss,val_loss\n0,49,0.9,\n0,99,,0.8\n1,149,nan,\n1,199,,0.7\n",
    )
    curves = _curves(_only(tmp_path))
    assert curves["train_loss"].steps.tolist() == [49, 149]
    assert math.isnan(curves["train_loss"].values[1])
    assert curves["val_loss"].values.tolist() == [0.8, 0.7]
    assert curves["val_loss"].axis == "step"
    assert curves["epoch"].values.tolist() == [0, 0, 1, 1]


def test_trainer_state(tmp_path: Path) -> None:
    history = [
        {"loss": 2.0 / (1 + s), "learning_rate": 1e-4, "epoch": s / 10, "step": 10 * s} for s in range(1, 6)
    ]
    history.append({"eval_loss": 0.5, "eval_accuracy": 0.9, "epoch": 0.5, "step": 50})
    state = {"log_history": history, "train_batch_size": 16, "num_train_epochs": 3, "best_metric": None}
    _write(tmp_path / "out" / "checkpoint-50" / "trainer_state.json", json.dumps(state))
    _write(
        tmp_path / "out" / "checkpoint-20" / "trainer_state.json",
        json.dumps(state | {"log_history": history[:2]}),
    )
    run = _only(tmp_path)
    assert run.name == "out/checkpoint-50"
    assert _curves(run)["loss"].steps.tolist() == [10, 20, 30, 40, 50]
    assert _curves(run)["eval_loss"].values.tolist() == [0.5]
    assert run.params["batch_size"] == 16


def test_keras_history(tmp_path: Path) -> None:
    path = _write(
        tmp_path / "history.json", json.dumps({"loss": [3, 2, 1], "val_loss": [3, float("nan"), 2]})
    )
    curves = _curves(_only(path))
    assert curves["loss"].steps.tolist() == [0, 1, 2]
    assert curves["loss"].axis == "epoch"
    assert math.isnan(curves["val_loss"].values[1])


def test_keras_csv_logger(tmp_path: Path) -> None:
    path = _write(tmp_path / "fit.csv", "epoch;accuracy;loss\n0;0.5;1.5\n1;0.75;1.25\n")
    assert _curves(_only(path))["loss"].values.tolist() == [1.5, 1.25]


def test_xgboost_results(tmp_path: Path) -> None:
    path = _write(
        tmp_path / "evals.json", json.dumps({"train": {"rmse": [2, 1]}, "valid": {"rmse": [3, 2.5]}})
    )
    assert set(_curves(_only(path))) == {"train/rmse", "valid/rmse"}


def test_detectron2_lines(tmp_path: Path) -> None:
    rows = [{"iteration": 20 * i, "total_loss": 1 / (1 + i), "lr": 0.02, "data_time": 0.01} for i in range(5)]
    _write(tmp_path / "out" / "metrics.json", "\n".join(map(json.dumps, rows)) + '\n{"iteration": 100, "tot')
    ((run,), _) = read_all(tmp_path)
    assert _curves(run)["total_loss"].steps.tolist() == [0, 20, 40, 60, 80]
    assert "line 6" in run.problems[0].what


def test_lists_of_rows(tmp_path: Path) -> None:
    path = _write(
        tmp_path / "log.json", json.dumps([{"step": 5, "loss": 1.0}, {"step": 6, "loss": 0.5}, "x"])
    )
    assert _curves(_only(path))["loss"].steps.tolist() == [5, 6]


def test_wall_times(tmp_path: Path) -> None:
    path = _write(tmp_path / "log.csv", "step,wall_time,loss\n1,1700000000.5,3\n2,1700000001.5,2\n")
    assert _curves(_only(path))["loss"].wall_times.tolist() == [1700000000.5, 1700000001.5]


def test_compressed(tmp_path: Path) -> None:
    (tmp_path / "log.csv.gz").write_bytes(gzip.compress(b"epoch,loss\n1,3\n2,2\n"))
    assert _curves(_only(tmp_path / "log.csv.gz"))["loss"].values.tolist() == [3, 2]


def test_event_files_beside_it_hold_the_same_run(tmp_path: Path) -> None:
    """One run, not two: the event files have more."""
    events.run(tmp_path / "a")
    _write(tmp_path / "a" / "results.csv", "epoch,train/loss\n1,3\n2,2\n")
    assert [unit.reader for unit in units_of(tmp_path)] == ["tensorboard"]


def test_event_files_without_scalars_beside_it(tmp_path: Path) -> None:
    events.write(tmp_path / "a" / events.name(), [events.version()])
    _write(tmp_path / "a" / "metrics.csv", "step,train/loss\n1,3\n2,2\n")
    runs, _ = read_all(tmp_path)
    assert [len(run.curves) for run in runs] == [1]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("results.csv", "name,value\nalice,3\n"),
        ("metrics.json", '{"accuracy": 0.93}'),
        ("history.json", '"text"'),
        ("log.csv", ""),
        ("scalars.json", "not json"),
    ],
)
def test_a_walk_leaves_alone_what_only_has_the_name(tmp_path: Path, name: str, content: str) -> None:
    _write(tmp_path / "a" / name, content)
    assert units_of(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", ""),
        ("a.csv", "epoch,loss\n"),
        ("a.csv", "\x00\x01\x02\n\x00"),
        ("a.csv", "epoch,loss\n1,x\n"),
        ("a.csv", "a" * 200_000),
        ("a.csv", '"' + "x\n" * 100_000),
        ("a.json", ""),
        ("a.json", "[" * 100_000),
        ("a.json", "3"),
        ("a.json", '{"loss": "high"}'),
        ("a.json", '{"loss": [[1, 2], [3]]}'),
        ("a.jsonl", "{}\n{}\n"),
        ("a.jsonl", "\n\n"),
    ],
)
def test_what_holds_no_history_says_so(tmp_path: Path, name: str, content: str) -> None:
    path = _write(tmp_path / name, content)
    runs, problems = read_all(path)
    assert not runs
    assert [problem.where for problem in problems] == [str(path)]


def test_hostile_numbers(tmp_path: Path) -> None:
    rows = "1,1e300\n2,-inf\n3,nan\n9223372036854775807,1\n1e400,2\nnan,3\n4,1_000\n5,0x10\n6,1e999\n"
    curves = _curves(_only(_write(tmp_path / "a.csv", "step,loss\n" + rows)))
    assert curves["loss"].values.tolist()[:2] == [1e300, -math.inf]
    assert len(curves["loss"]) == 4


def test_fractional_steps_count_rows(tmp_path: Path) -> None:
    curves = _curves(_only(_write(tmp_path / "a.csv", "epoch,loss\n0.1,3\n0.2,2\n0.3,1\n")))
    assert curves["loss"].steps.tolist() == [0, 1, 2]
