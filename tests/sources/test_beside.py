"""A history beside event files: one run where both tell the same, two where they don't,
and nothing lost in silence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tensorboard.compat.proto.event_pb2 import Event

from sources import events
from sources.contract import read_all

Columns = dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]


def _columns(rng: np.random.Generator, rows: int) -> Columns:
    x = np.linspace(0, 1, rows)
    noise = 0.02 * rng.standard_normal((2, rows))
    return {
        "train/box_loss": 1.9 - x + noise[0],
        "val/box_loss": 1.6 - 0.4 * x + noise[1],
        "metrics/mAP50(B)": 0.9 * x - noise[0],
        "lr/pg0": 0.01 * (1 - 0.99 * x),
    }


def _csv(path: Path, columns: Columns, digits: int = 5) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = zip(*columns.values(), strict=True)
    lines = [",".join([str(i), *(f"{v:.{digits}g}" for v in row)]) for i, row in enumerate(rows, 1)]
    path.write_text("\n".join([",".join(["epoch", *columns]), *lines]) + "\n")


def _events(path: Path, columns: Columns, graph: int = 0, rows: int | None = None) -> None:
    found = [events.version()]
    if graph:
        found.append(Event(wall_time=events.START, graph_def=b"\x0a\x00" * (graph // 2)))
    for i in range(rows or len(next(iter(columns.values())))):
        found += [events.scalar(tag, i + 1, values[i]) for tag, values in columns.items()]
    events.write(path / events.name(), found)


def _told(tmp_path: Path) -> tuple[list[tuple[str, int]], list[str]]:
    runs, problems = read_all(tmp_path)
    return sorted((run.name, max(map(len, run.curves))) for run in runs), [
        problem.what for problem in problems
    ]


@pytest.mark.parametrize("graph", [0, 1000, 70_000, 400_000])
@pytest.mark.parametrize(("rows", "seed"), [(3, 0), (60, 1), (300, 2)])
def test_ultralytics_logs_twice_what_is_one_run(tmp_path: Path, rows: int, seed: int, graph: int) -> None:
    columns = _columns(np.random.default_rng(seed), rows)
    _events(tmp_path / "train", columns, graph)
    _csv(tmp_path / "train" / "results.csv", columns)
    (tmp_path / "train" / "args.yaml").write_text("lr0: 0.01\n")
    assert _told(tmp_path) == ([("train", rows)], [])


@pytest.mark.parametrize(("attempted", "rows"), [(25, 3000), (5, 40), (300, 300)])
def test_an_aborted_attempt_hides_no_history(tmp_path: Path, attempted: int, rows: int) -> None:
    _events(tmp_path / "run", _columns(np.random.default_rng(1), attempted))
    _csv(tmp_path / "run" / "progress.csv", _columns(np.random.default_rng(2), rows))
    assert _told(tmp_path) == ([("run", attempted), ("run/progress.csv", rows)], [])


def test_event_files_that_end_early_hide_no_history(tmp_path: Path) -> None:
    columns = _columns(np.random.default_rng(3), 500)
    _events(tmp_path / "run", columns, rows=40)
    _csv(tmp_path / "run" / "progress.csv", columns)
    assert _told(tmp_path)[0] == [("run", 40), ("run/progress.csv", 500)]


def test_curves_that_only_the_history_has_are_told(tmp_path: Path) -> None:
    columns = _columns(np.random.default_rng(4), 50)
    _events(tmp_path / "run", {"train/box_loss": columns["train/box_loss"]})
    _csv(tmp_path / "run" / "results.csv", columns)
    runs, (problem,) = _told(tmp_path)
    assert runs == [("run", 50)]
    assert "val/box_loss" in problem
    assert "50 rows" in problem
    assert "train/box_loss" not in problem


@pytest.mark.parametrize("below", ["", "checkpoint-300"])
def test_hugging_faces_state_beside_its_events(tmp_path: Path, below: str) -> None:
    """Names differ, values don't: `loss` in the state, `train/loss` in `runs/`."""
    rng = np.random.default_rng(5)
    loss, held = np.round(2 - rng.random(30), 4), np.round(2 - rng.random(10), 4)
    rows = [{"step": 10 * i, "loss": value} for i, value in enumerate(loss)]
    rows += [{"step": 30 * i, "eval_loss": value} for i, value in enumerate(held)]
    out = tmp_path / "out" / below
    out.mkdir(parents=True)
    (out / "trainer_state.json").write_text(json.dumps({"log_history": rows}))
    found = [events.version(), *(events.scalar("train/loss", 10 * i, value) for i, value in enumerate(loss))]
    found += [events.scalar("eval/loss", 30 * i, value) for i, value in enumerate(held)]
    path = events.write(tmp_path / "out" / "runs" / "Nov29_host" / events.name(), found)
    assert _told(tmp_path) == ([("out/runs/Nov29_host", 30)], [])
    path.write_bytes(b"")
    assert [points for _, points in _told(tmp_path)[0]] == [30], "empty event files tell nothing"


def test_other_seeds_in_one_folder_are_other_runs(tmp_path: Path) -> None:
    """The learning rate is the same, the losses are not: equal schedules make no equal trainings."""
    one, other = (_columns(np.random.default_rng(seed), 80) for seed in (6, 7))
    _events(tmp_path / "run", one)
    _csv(tmp_path / "run" / "results.csv", other)
    assert [name for name, _ in _told(tmp_path)[0]] == ["run", "run/results.csv"]


@pytest.mark.parametrize("below", ["tensorboard", "logs/PPO_1", "tb/version_0"])
def test_event_files_in_a_directory_of_their_own(tmp_path: Path, below: str) -> None:
    columns = _columns(np.random.default_rng(8), 70)
    _events(tmp_path / "exp" / below, columns)
    _csv(tmp_path / "exp" / "progress.csv", columns)
    assert _told(tmp_path) == ([(f"exp/{below}", 70)], [])
    _csv(tmp_path / "exp" / "progress.csv", _columns(np.random.default_rng(9), 70))
    assert _told(tmp_path)[0] == [("exp", 70), (f"exp/{below}", 70)]


_LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 123456\n"


@pytest.mark.parametrize(
    "name", ["results.csv", "trainer_state.json", "metrics.jsonl", "events.out.tfevents.1700000000.host.1.0"]
)
def test_pointers_of_git_lfs_are_named_once(tmp_path: Path, name: str) -> None:
    events.run(tmp_path / "good")
    for number in range(3):
        (tmp_path / f"run{number}").mkdir()
        (tmp_path / f"run{number}" / name).write_text(_LFS.format(f"{number:064x}"))
    runs, problems = read_all(tmp_path)
    assert [run.name for run in runs] == ["good"]
    assert [Path(problem.where).parent.name for problem in problems] == ["run0", "run1", "run2"]
    assert all("git lfs pull" in problem.what for problem in problems)
