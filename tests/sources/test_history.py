"""Training histories in CSV, JSON and JSON Lines."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path

import numpy as np
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


_CONFIG = {"lr": 0.01, "hidden": [256, 128], "betas": [0.9, 0.999], "batch_size": 32}
_LOSSES = {"loss": [3.0, 2.0, 1.0], "val_loss": [3.5, 2.5, 2.0]}
_RECORDS = [
    {"epoch": e, **dict(zip(_LOSSES, pair, strict=True))}
    for e, pair in enumerate(zip(*_LOSSES.values(), strict=True))
]


@pytest.mark.parametrize(
    "document",
    [
        {"config": _CONFIG, "history": _LOSSES},
        {"run": {"Hyperparameters": _CONFIG, "loss_curves": {"x": 1}}, **_LOSSES},
        {**_CONFIG, "milestones": [1, 2], **_LOSSES},
        {"args": {"model": _CONFIG}, "history": _LOSSES | {"epoch": [0, 1, 2]}},
        *(
            {"config": _CONFIG, key: _RECORDS}
            for key in ("epochs", "history", "log", "log_history", "per_epoch")
        ),
        {**_CONFIG, "results": {"epochs": _RECORDS}},
        {"config": _CONFIG, "callbacks": [{"patience": 3, "epoch": 1}], "steps": _RECORDS},
    ],
)
def test_settings_beside_a_history(tmp_path: Path, document: dict[str, object]) -> None:
    """Lists of numbers in a configuration are no curves, and the history may have any name."""
    run = _only(_write(tmp_path / "run7.json", json.dumps(document)).parent)
    assert {name: curve.values.tolist() for name, curve in _curves(run).items()} == _LOSSES
    assert {curve.axis for curve in run.curves} == {"epoch"}
    wanted = {"lr": 0.01, "depth": 2, "width": 256, "beta1": 0.9, "beta2": 0.999, "batch_size": 32}
    assert run.params == wanted


def test_short_lists_that_may_be_curves(tmp_path: Path) -> None:
    """What measures, or is as long as what does, is a curve; so is everything where nothing does."""
    document = {"loss": [3, 2, 1, 0.5], "val_loss": [3, 1], "entropy": [1, 2], "sizes": [8, 8, 8]}
    run = _only(_write(tmp_path / "history.json", json.dumps(document)))
    assert set(_curves(run)) == {"loss", "val_loss", "entropy"}
    run = _only(_write(tmp_path / "history.json", json.dumps({"one": [1, 2], "another": [1, 2, 3]})))
    assert set(_curves(run)) == {"one", "another"}


def test_records_of_something_else(tmp_path: Path) -> None:
    """Records that count nothing or measure nothing are no history."""
    document = {"layers": [{"l2_loss": 0.1}], "plan": [{"epoch": 3, "lr": 0.1}], **_LOSSES}
    run = _only(_write(tmp_path / "history.json", json.dumps(document)))
    assert set(_curves(run)) == set(_LOSSES)


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


def _attempts(lengths: list[int], every: int = 20) -> list[dict[str, float]]:
    """What detectron2 appends to one file, start after start; now and then an evaluation."""
    rows: list[dict[str, float]] = []
    for number, length in enumerate(lengths):
        for i in range(length):
            at = every * i + every - 1
            rows.append({"iteration": at, "total_loss": number + 1 / (1 + i), "lr": 0.02})
            if i % 7 == 6:
                rows[-1]["bbox/AP"] = 10.0 * number + i
    return rows


@pytest.mark.parametrize("lengths", [[20, 15, 300], [5, 5], [40, 8, 40, 12], [100, 30]])
@pytest.mark.parametrize("kind", ["json", "csv"])
def test_trainings_appended_to_one_file_are_told_apart_as_in_event_files(
    tmp_path: Path, lengths: list[int], kind: str
) -> None:
    rows = _attempts(lengths)
    if kind == "json":
        _write(tmp_path / "out" / "metrics.json", "\n".join(map(json.dumps, rows)))
    else:
        names = ["iteration", "total_loss", "lr", "bbox/AP"]
        lines = [",".join(str(row.get(name, "")) for name in names) for row in rows]
        _write(tmp_path / "out" / "metrics.csv", "\n".join([",".join(names), *lines]))
    tags = ("total_loss", "lr", "bbox/AP")
    found = [
        events.scalar(tag, int(row["iteration"]), row[tag], events.START + i)
        for i, row in enumerate(rows)
        for tag in tags
        if tag in row
    ]
    events.write(tmp_path / "same" / events.name(), [events.version(), *found])
    runs, problems = read_all(tmp_path)
    assert not problems
    told = {
        folder: [
            {c.id: (c.steps.tolist(), np.float32(c.values).tolist()) for c in run.curves}
            for run in runs
            if run.name.startswith(f"{folder}#")
        ]
        for folder in ("out", "same")
    }
    assert len(told["out"]) == len(lengths)
    assert told["out"] == told["same"]


def test_a_training_that_resumed_is_one(tmp_path: Path) -> None:
    rows = [{"iteration": i, "total_loss": 1 / (1 + i)} for i in [*range(100), *range(60, 150)]]
    _write(tmp_path / "out" / "metrics.json", "\n".join(map(json.dumps, rows)))
    assert len(_curves(_only(tmp_path))["total_loss"]) == 190


@pytest.mark.parametrize(
    ("epochs", "per_epoch", "metric"), [(12, 3, "coco/bbox_mAP"), (60, 1, "accuracy/top1")]
)
def test_mmengines_rows_of_validation(tmp_path: Path, epochs: int, per_epoch: int, metric: str) -> None:
    rows: list[dict[str, float]] = []
    for epoch in range(1, epochs + 1):
        for i in range(per_epoch):
            at = 50 * ((epoch - 1) * per_epoch + i + 1)
            rows.append(
                {"lr": 0.02, "loss": 1 / at, "epoch": epoch, "iter": at, "step": at, "data_time": 0.1}
            )
        rows.append({metric: epoch / 100, "data_time": 0.2, "step": epoch})
    _write(tmp_path / "vis_data" / "scalars.json", "\n".join(map(json.dumps, rows)))
    curves = _curves(_only(tmp_path))
    loss, held = curves["loss"], curves[f"val/{metric}"]
    assert (loss.role.split, held.role.split) == ("train", "val")
    assert len(loss) == epochs * per_epoch
    assert held.steps.tolist() == loss.steps.tolist()[per_epoch - 1 :: per_epoch]
    assert held.values.tolist() == [epoch / 100 for epoch in range(1, epochs + 1)]


@pytest.mark.parametrize("rows", [3, 50, 700])
@pytest.mark.parametrize(
    "head",
    [
        "TimeElapsed,loss_vf_loss,EpisodesSoFar,EpRewMean,TimestepsSoFar,loss_kl",
        "agent acc,demo acc,entropy loss,kl,loss,mean 100 episode reward",
        "train_loss,val_loss",
    ],
)
def test_histories_without_a_counter_are_read_by_row(tmp_path: Path, head: str, rows: int) -> None:
    count = head.count(",") + 1
    body = "\n".join(",".join(str((i + 1) * (j + 1)) for j in range(count)) for i in range(rows))
    _write(tmp_path / "run" / "progress.csv", f"{head}\n{body}\n")
    curve = _curves(_only(tmp_path))[head.split(",")[1]]
    assert curve.values.tolist() == [2 * (i + 1) for i in range(rows)]
    assert bool(np.all(np.diff(curve.steps) > 0))


@pytest.mark.parametrize("folder", ["validation", "test"])
def test_a_history_in_a_folder_of_held_out_data(tmp_path: Path, folder: str) -> None:
    _write(tmp_path / folder / "metrics.csv", "epoch,loss\n1,3\n2,2\n3,4\n")
    assert _curves(_only(tmp_path))["loss"].role.split == folder.replace("validation", "val")


def test_lines_without_a_counter_are_read_by_row(tmp_path: Path) -> None:
    lines = [json.dumps({"train_loss": 1 / (1 + i), "lr": 0.1}) for i in range(20)]
    _write(tmp_path / "run" / "metrics.jsonl", "\n".join(lines))
    assert _curves(_only(tmp_path))["train_loss"].steps.tolist() == list(range(20))
