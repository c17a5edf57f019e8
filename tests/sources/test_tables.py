"""Tables of every kind: content decides, and each number lands where a person would put it."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

import pytest

from curvedoctor.model import Run
from curvedoctor.sources.base import ReadOptions
from sources.contract import read_all

Points = dict[str, tuple[list[int], list[float]]]


def _runs(path: Path, text: str | bytes, options: ReadOptions | None = None) -> dict[str, Run]:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    runs, problems = read_all(path, options=options)
    assert not problems
    return {run.name: run for run in runs}


def _only(path: Path, text: str | bytes, options: ReadOptions | None = None) -> Run:
    (run,) = _runs(path, text, options).values()
    return run


def _points(run: Run) -> Points:
    return {curve.id: (curve.steps.tolist(), curve.values.tolist()) for curve in run.curves}


def _losses(seed: int) -> tuple[int, list[float], list[float]]:
    """A length, training and validation losses."""
    rng = random.Random(seed)
    n = 4 + 5 * seed
    return (
        n,
        [round(3 - i / n + rng.random() / 9, 4) for i in range(n)],
        [round(3 + rng.random(), 4) for _ in range(n)],
    )


def _comma(value: float) -> str:
    return str(value).replace(".", ",")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("name", "head", "row", "encoding"),
    [
        ("training.log", "epoch,loss,val_loss\n", "{e},{l},{v}\n", "utf-8"),
        ("x.txt", "epoch;loss;val_loss\n", "{e};{L};{V}\n", "utf-8"),
        ("x.csv", "epoch;loss;val_loss\r\n", "{e};{L};{V}\r\n", "utf-16"),
        ("x.dat", "epoch\tloss\tval_loss\n", "{e}\t{l}\t{v}\n", "utf-16-le"),
        ("x", "# epoch loss val_loss\n", "{e} {l} {v}\n", "utf-8"),
        ("x.txt", "  epoch    loss     val_loss\n", "    {e}     {l}      {v}\n", "utf-8-sig"),
        ("x.csv", '"epoch","loss","val_loss"\n', '"{e}","{l}","{v}"\n', "utf-8"),
        ("x.csv", "epoch, loss, val_loss\n", "{e}, {l}, {v}\n", "utf-8"),
        ("x.csv", ",epoch,loss,val_loss\n", "{i},{e},{l},{v}\n", "utf-8"),
        ("x.csv", "Unnamed: 0,epoch,loss,val_loss\n", "{i},{e},{l},{v}\n", "utf-8"),
        ("x.csv", "epoch,loss,val_loss\n", "{e},tensor({l}),[{v}]\n", "utf-8"),
        ("x.csv", "epoch,loss,val_loss,model\n", "{e},{l},{v},resnet\n", "utf-8"),
    ],
)
def test_delimiters_and_encodings(
    tmp_path: Path, name: str, head: str, row: str, encoding: str, seed: int
) -> None:
    n, loss, val = _losses(seed)
    text = head + "".join(
        row.format(i=i, e=i + 1, l=loss[i], v=val[i], L=_comma(loss[i]), V=_comma(val[i])) for i in range(n)
    )
    run = _only(tmp_path / name, text.encode(encoding))
    at = list(range(1, n + 1))
    assert _points(run) == {"loss": (at, loss), "val_loss": (at, val)}
    assert {curve.axis for curve in run.curves} == {"epoch"}


def test_percent_signs(tmp_path: Path) -> None:
    run = _only(tmp_path / "x.csv", "Epoch,Loss,Acc\n1,0.5,51.5%\n2,0.4,62 %\n3,0.3,70%\n")
    assert _points(run)["Acc"] == ([1, 2, 3], [51.5, 62, 70])


def test_thousands(tmp_path: Path) -> None:
    run = _only(tmp_path / "x.csv", 'step,loss\n"1,000",3\n"2,000",2\n"3,000",1\n')
    assert _points(run)["loss"] == ([1000, 2000, 3000], [3, 2, 1])


def test_a_table_without_a_header_asks_for_names(tmp_path: Path) -> None:
    text = "".join(f"{i},{3 - i / 10},{4 - i / 10}\n" for i in range(6))
    (tmp_path / "x.csv").write_text(text)
    runs, (problem,) = read_all(tmp_path / "x.csv")
    assert not runs
    assert "--columns" in problem.what
    run = _only(tmp_path / "x.csv", text, ReadOptions(columns=("epoch", "loss", "val_loss")))
    assert _points(run)["val_loss"] == (list(range(6)), [4 - i / 10 for i in range(6)])


def test_headers_that_are_repeated_and_changed(tmp_path: Path) -> None:
    text = "epoch,loss\n1,3\n2,2\nepoch,loss\n3,1\nepoch,loss,val_loss\n4,0.5,9\n5,0.4,8\n"
    assert _points(_only(tmp_path / "x.csv", text)) == {
        "loss": ([1, 2, 3, 4, 5], [3, 2, 1, 0.5, 0.4]),
        "val_loss": ([4, 5], [9, 8]),
    }


def test_rows_count_where_nothing_does(tmp_path: Path) -> None:
    run = _only(tmp_path / "x.csv", "train_loss,val_loss\n3,4\n2,\n1,3\n")
    assert _points(run) == {"train_loss": ([0, 1, 2], [3, 2, 1]), "val_loss": ([0, 2], [4, 3])}


@pytest.mark.parametrize("per", [2, 3, 20])
def test_several_rows_per_epoch_are_the_steps(tmp_path: Path, per: int) -> None:
    values = [round(2 * 0.96**i, 4) for i in range(4 * per)]
    text = "train_loss,epoch\n" + "".join(f"{v},{i // per}\n" for i, v in enumerate(values))
    run = _only(tmp_path / "x.csv", text)
    assert _points(run)["train_loss"] == (list(range(4 * per)), values)
    assert {curve.axis for curve in run.curves} == {"step"}


@pytest.mark.parametrize("first_epoch", [0, 1])
@pytest.mark.parametrize("per", [3, 20])
@pytest.mark.parametrize("name", ["batch", "iter", "Batch Idx"])
def test_batches_within_epochs(tmp_path: Path, name: str, per: int, first_epoch: int) -> None:
    values = [round(2 * 0.98**i, 4) for i in range(5 * per)]
    text = f"epoch,{name},loss\n" + "".join(
        f"{first_epoch + i // per},{i % per},{v}\n" for i, v in enumerate(values)
    )
    assert _points(_only(tmp_path / "x.csv", text))["loss"] == (list(range(5 * per)), values)


def test_counters_of_reinforcement_learning(tmp_path: Path) -> None:
    head = "TimeElapsed,EpisodesSoFar,EpRewMean,TimestepsSoFar\n"
    text = head + "".join(f"{i * 3.5},{i * 7},{i / 2},{2048 * (i + 1)}\n" for i in range(9))
    run = _only(tmp_path / "progress.csv", text)
    assert _points(run)["EpRewMean"] == ([2048 * (i + 1) for i in range(9)], [i / 2 for i in range(9)])
    assert "EpisodesSoFar" not in _points(run)


def test_a_walk_takes_progress_without_a_counter(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "progress.csv").write_text(
        "agent acc,loss,mean 100 episode reward\n" + "0.5,1,2\n0.6,2,3\n0.7,1,4\n"
    )
    ((run,), problems) = read_all(tmp_path)
    assert not problems
    assert _points(run)["loss"] == ([0, 1, 2], [1, 2, 1])


def test_wandb_exports_hold_several_runs(tmp_path: Path) -> None:
    head = (
        '"Step","brave-sun-1 - loss","brave-sun-1 - loss__MIN","brave-sun-1 - loss__MAX","moon '
        '- x - loss","moon - x - loss__MIN","moon - x - loss__MAX"\n'
    )
    text = head + "".join(
        f'"{i}","{3 - i}","{3 - i}","{3 - i}",{"" if i > 2 else f"{9 - i}"},,\n' for i in range(5)
    )
    runs = _runs(tmp_path / "wandb_export.csv", text)
    assert {name: _points(run) for name, run in runs.items()} == {
        "wandb_export.csv/brave-sun-1": {"loss": ([0, 1, 2, 3, 4], [3, 2, 1, 0, -1])},
        "wandb_export.csv/moon - x": {"loss": ([0, 1, 2], [9, 8, 7])},
    }


def test_one_of_several_runs_can_be_asked_for(tmp_path: Path) -> None:
    text = "run,epoch,loss\n" + "".join(f"{r},{i},{3 - i}\n" for r in "ab" for i in range(4))
    options = ReadOptions(run="x.csv/b")
    assert list(_runs(tmp_path / "x.csv", text, options)) == ["x.csv/b"]


def test_mlflow_exports_are_long(tmp_path: Path) -> None:
    text = "run_id,key,value,step,timestamp\n" + "".join(
        f"{run},{key},{i / 10},{i},{1700000000000 + i}\n"
        for run in ("aa", "bb")
        for key in ("loss", "val_loss")
        for i in range(5)
    )
    runs = _runs(tmp_path / "metrics.csv", text)
    assert len(runs) == 2
    for run in runs.values():
        assert _points(run) == {
            name: ([0, 1, 2, 3, 4], [0, 0.1, 0.2, 0.3, 0.4]) for name in ("loss", "val_loss")
        }


@pytest.mark.parametrize("column", ["seed", "fold", "trial", "experiment"])
@pytest.mark.parametrize("in_turns", [False, True])
def test_a_column_that_tells_runs_apart(tmp_path: Path, column: str, in_turns: bool) -> None:
    rows = [(run, i) for run in range(3) for i in range(4)]
    rows = sorted(rows, key=lambda row: row[1]) if in_turns else rows
    text = f"{column},epoch,loss\n" + "".join(f"{run},{i},{run + i / 10}\n" for run, i in rows)
    found = [_points(run) for run in _runs(tmp_path / "x.csv", text).values()]
    assert found == [{"loss": ([0, 1, 2, 3], [run + i / 10 for i in range(4)])} for run in range(3)]


def test_a_seed_that_never_changes_is_one_run(tmp_path: Path) -> None:
    text = "seed,epoch,loss\n" + "".join(f"7,{i},{3 - i}\n" for i in range(5))
    assert set(_points(_only(tmp_path / "x.csv", text))) == {"loss"}


def test_a_column_of_splits(tmp_path: Path) -> None:
    text = "epoch,phase,loss\n" + "".join(f"{i},{p},{i / 10}\n" for i in range(4) for p in ("train", "valid"))
    run = _only(tmp_path / "x.csv", text)
    assert {curve.id: curve.role.split for curve in run.curves} == {"train/loss": "train", "val/loss": "val"}


def test_tensorboard_downloads(tmp_path: Path) -> None:
    text = "Wall time,Step,Value\n" + "".join(f"{1700000000.5 + i},{10 * i},{3 - i / 10}\n" for i in range(5))
    run = _only(tmp_path / "run-train-tag-epoch_loss.csv", text)
    assert _points(run) == {"train/epoch_loss": ([0, 10, 20, 30, 40], [3 - i / 10 for i in range(5)])}
    assert run.curves[0].wall_times.tolist() == [1700000000.5 + i for i in range(5)]
    rows = [[1700000000.5 + i, 10 * i, 3 - i / 10] for i in range(5)]
    run = _only(tmp_path / "run-train-tag-epoch_loss.json", json.dumps(rows))
    assert _points(run) == {"train/epoch_loss": ([0, 10, 20, 30, 40], [3 - i / 10 for i in range(5)])}


def test_yolov5_results_have_no_header(tmp_path: Path) -> None:
    text = "".join(
        f"      {i}/29     2.59G   0.1{i}   0.069   0.045    0.22        32       640   0.04   "
        f"0.1   0.0{i + 1}  0.002  0.5{i} 0.06 0.04\n"
        for i in range(6)
    )
    run = _only(tmp_path / "results.txt", text)
    found = _points(run)
    assert found["train/box_loss"] == (list(range(6)), [float(f"0.1{i}") for i in range(6)])
    assert found["metrics/mAP_0.5"] == (list(range(6)), [float(f"0.0{i + 1}") for i in range(6)])
    assert found["val/box_loss"] == (list(range(6)), [float(f"0.5{i}") for i in range(6)])


def test_timm_summary_in_a_walk(tmp_path: Path) -> None:
    text = "epoch,train_loss,eval_loss,eval_top1,lr\n" + "".join(
        f"{i},{3 - i},{4 - i},{i},0.1\n" for i in range(5)
    )
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "summary.csv").write_text(text)
    (tmp_path / "out" / "args.yaml").write_text("opt: sgd\nbatch_size: 64\n")
    ((run,), _) = read_all(tmp_path)
    assert run.name == "out"
    assert run.params["batch_size"] == 64
    assert _points(run)["eval_top1"] == ([0, 1, 2, 3, 4], [0, 1, 2, 3, 4])


def test_keras_history_with_its_params(tmp_path: Path) -> None:
    whole = {
        "epoch": [0, 1, 2],
        "history": {"loss": [3, 2, 1], "val_loss": [3, 2, 2]},
        "params": {"epochs": 3, "batch_size": 32},
    }
    run = _only(tmp_path / "history.json", json.dumps(whole))
    assert _points(run) == {"loss": ([0, 1, 2], [3, 2, 1]), "val_loss": ([0, 1, 2], [3, 2, 2])}
    assert run.params == {"epochs": 3, "batch_size": 32}


def test_rllib_results_repeat_their_configuration(tmp_path: Path) -> None:
    rows = [
        {
            "episode_reward_mean": 2.0 * i, "training_iteration": i + 1, "timesteps_total": 4000 * (i + 1),
            "config": {"lr": 0.001, "password": "hunter2"}, "info": {"learner": {"total_loss": 5.0 - i}},
            "trial_id": "x1",
        }
        for i in range(5)
    ]  # fmt: skip
    run = _only(tmp_path / "result.json", "\n".join(map(json.dumps, rows)))
    at = [4000 * (i + 1) for i in range(5)]
    assert _points(run) == {
        "episode_reward_mean": (at, [0, 2, 4, 6, 8]), "info.learner.total_loss": (at, [5, 4, 3, 2, 1]),
    }  # fmt: skip
    assert run.params == {"lr": 0.001}


def test_evaluations_count_their_own_batches(tmp_path: Path) -> None:
    """mmdetection's JSON: iterations start over within each epoch; an evaluation's are another set's."""
    rows: list[dict[str, object]] = [{"env_info": "sys", "seed": 1}]
    for epoch in range(1, 5):
        rows += [
            {"mode": "train", "epoch": epoch, "iter": 50 * k, "lr": 0.1, "loss": epoch + k / 10}
            for k in (1, 2, 3)
        ]
        rows += [{"mode": "val", "epoch": epoch, "iter": 5000, "lr": 0.1, "bbox_mAP": epoch / 10}]
    found = _points(_only(tmp_path / "x.log.json", "\n".join(map(json.dumps, rows))))
    assert found["train/loss"][0] == [50 * (k + 1) for k in range(12)]
    assert found["val/bbox_mAP"] == ([1, 2, 3, 4], [0.1, 0.2, 0.3, 0.4])
    assert len(found["lr"][0]) == 12


def test_fractions_of_epochs_keep_training_and_validation_together(tmp_path: Path) -> None:
    text = "epoch,loss,eval_loss\n0.25,4,\n0.5,3,\n0.5,,9\n0.75,2,\n1.0,1,\n1.0,,8\n"
    run = _only(tmp_path / "x.csv", text)
    assert _points(run)["loss"] == ([0, 1, 2, 3], [4, 3, 2, 1])
    assert _points(run)["eval_loss"] == ([1, 3], [9, 8])
    assert {curve.axis for curve in run.curves} == {"step"}


def test_dates_are_wall_times(tmp_path: Path) -> None:
    text = "step,timestamp,loss\n1,2024-01-01T00:00:00+00:00,3\n2,2024-01-01T00:00:05Z,2\n"
    assert _only(tmp_path / "x.csv", text).curves[0].wall_times.tolist() == [1704067200, 1704067205]


def test_what_counts_in_one_table_is_measured_in_another(tmp_path: Path) -> None:
    """The steps of an episode go up and down: they are a curve."""
    text = "episode,steps,reward\n" + "".join(f"{i},{(200, 30, 77)[i % 3]},{3 * i}\n" for i in range(12))
    found = _points(_only(tmp_path / "x.csv", text))
    assert found["reward"][0] == found["steps"][0] == list(range(12))


@pytest.mark.parametrize(
    ("value", "expected"), [("nan", math.nan), ("NaN", math.nan), ("-inf", -math.inf), ("1e400", math.inf)]
)
def test_what_is_not_finite_is_kept(tmp_path: Path, value: str, expected: float) -> None:
    run = _only(tmp_path / "x.csv", f"epoch,loss\n1,3\n2,{value}\n3,1\n")
    assert str(run.curves[0].values[1]) == str(expected)


def test_too_many_columns_are_said(tmp_path: Path) -> None:
    head = "epoch," + ",".join(f"c{i}" for i in range(100_000)) + "\n"
    run = _only(
        tmp_path / "x.csv", head + "".join(f"{e}," + ",".join(["1"] * 100_000) + "\n" for e in range(3))
    )
    assert any("columns" in problem.what for problem in run.problems)
    assert 1000 < len(run.curves) <= 4096
