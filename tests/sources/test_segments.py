"""Several trainings in one directory are told apart; one that resumed is not torn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sources import events
from sources.contract import read_all

DAY = 86_400.0


def _names(tmp_path: Path) -> list[str]:
    return [run.name for run in read_all(tmp_path)[0]]


def _file(
    path: Path,
    steps: range,
    number: int,
    host: str = "host",
    wall: float | None = None,
    tags: tuple[str, ...] = ("loss", "acc"),
) -> None:
    wall = events.START + number * DAY if wall is None else wall
    found = [events.version(wall)]
    for i, step in enumerate(steps):
        found += [events.scalar(tag, step, number + 1 / (1 + step), wall + i) for tag in tags]
    events.write(path / events.name(int(wall), host, number), found)


def test_six_experiments_in_one_directory(tmp_path: Path) -> None:
    for number in range(6):
        _file(tmp_path / "run", range(100), number)
    runs, _ = read_all(tmp_path)
    assert [run.name for run in runs] == [f"run#{i}" for i in range(1, 7)]
    for number, run in enumerate(runs):
        assert all(len(curve) == 100 and curve.values.min() >= number for curve in run.curves)
        assert run.origin is not None
        assert "6 runs" in str(run.origin.read_only)
        assert len(run.origin.paths) == 1


def test_a_continued_run_is_one(tmp_path: Path) -> None:
    _file(tmp_path / "run", range(100), 0)
    _file(tmp_path / "run", range(100, 200), 1)
    ((run,), _) = read_all(tmp_path)
    assert run.curves[0].steps.tolist() == list(range(200))


def test_a_run_resumed_from_a_checkpoint_is_one_and_raw(tmp_path: Path) -> None:
    _file(tmp_path / "run", range(100), 0)
    _file(tmp_path / "run", range(60, 150), 1)
    ((run,), _) = read_all(tmp_path)
    assert run.curves[0].steps.tolist() == [*range(100), *range(60, 150)]


def test_two_hosts_at_the_same_time_are_two_runs(tmp_path: Path) -> None:
    _file(tmp_path / "run", range(100), 1, host="alpha", wall=events.START)
    _file(tmp_path / "run", range(100), 2, host="beta", wall=events.START + 10)
    assert _names(tmp_path) == ["run#1", "run#2"]


def test_files_with_different_curves_are_one_run(tmp_path: Path) -> None:
    _file(tmp_path / "run", range(100), 1, tags=("train/loss",))
    _file(tmp_path / "run", range(0, 100, 10), 2, tags=("eval/loss",), wall=events.START + DAY + 5)
    ((run,), _) = read_all(tmp_path)
    assert len(run.curves) == 2


def test_reruns_into_keras_directories_stay_together(tmp_path: Path) -> None:
    for number in range(3):
        for i, split in enumerate(("train", "validation")):
            _file(tmp_path / "run" / split, range(20), number, wall=events.START + number * DAY + 30 * i)
    runs, _ = read_all(tmp_path)
    assert [run.name for run in runs] == ["run#1", "run#2", "run#3"]
    for number, run in enumerate(runs):
        assert len(run.curves) == 4
        assert all(curve.values.min() >= number for curve in run.curves)
        assert all(curve.values.max() <= number + 1 for curve in run.curves)


def _one_file(path: Path, steps: list[tuple[str, int]], values: list[float] | None = None) -> None:
    found = [events.version()]
    for i, (tag, step) in enumerate(steps):
        value = values[i] if values else 1 / (1 + step)
        found.append(events.scalar(tag, step, value, events.START + i))
    events.write(path / events.name(), found)


def test_experiments_in_one_file(tmp_path: Path) -> None:
    """The step starts over in all curves at once: 115 such resets were seen in one real file."""
    steps = [(tag, s) for length in (50, 30, 70) for s in range(length) for tag in ("loss", "acc")]
    _one_file(tmp_path / "run", steps)
    runs, _ = read_all(tmp_path)
    assert [run.name for run in runs] == ["run#1", "run#2", "run#3"]
    assert [len(run.curves[0]) for run in runs] == [50, 30, 70]
    assert all(np.all(np.diff(curve.steps) > 0) for run in runs for curve in run.curves)


def test_an_experiment_begins_with_its_first_curve(tmp_path: Path) -> None:
    """The second of one file, of which one curve comes late, before that of another host which began
    meanwhile."""
    found = [events.version(events.START)]
    for fit, begun in enumerate((0, 1000)):
        for s in range(60):
            tags = ("loss", "acc") if s >= 40 * fit else ("loss",)
            found += [events.scalar(tag, s, 1 + fit, events.START + begun + 10 * s) for tag in tags]
    events.write(tmp_path / "run" / events.name(int(events.START), "alpha", 1), found)
    _file(tmp_path / "run", range(60), 2, host="beta", wall=events.START + 1200, tags=("loss", "acc"))
    runs, _ = read_all(tmp_path)
    lengths = [{curve.tag: len(curve) for curve in run.curves} for run in runs]
    assert lengths == [{"acc": 60, "loss": 60}, {"acc": 20, "loss": 60}, {"acc": 60, "loss": 60}]


def test_sparse_curves_follow_the_experiment(tmp_path: Path) -> None:
    steps: list[tuple[str, int]] = []
    for length in (50, 30, 70):
        steps += [(tag, s) for s in range(length) for tag in (["loss"] if s % 10 else ["val", "loss"])]
        steps += [("final", length)]
    _one_file(tmp_path / "run", steps)
    runs, _ = read_all(tmp_path)
    assert [{c.tag: len(c) for c in run.curves} for run in runs] == [
        {"loss": 50, "val": 5, "final": 1},
        {"loss": 30, "val": 3, "final": 1},
        {"loss": 70, "val": 7, "final": 1},
    ]


def test_an_axis_that_counts_within_epochs_is_one_run(tmp_path: Path) -> None:
    loss = [("batch_loss", s) for _ in range(5) for s in range(40)]
    values = [3 * np.exp(-i / 60) for i in range(len(loss))]
    _one_file(tmp_path / "run", loss, values)
    ((run,), _) = read_all(tmp_path)
    assert len(run.curves[0]) == 200


def test_one_curve_that_starts_over_among_others_is_one_run(tmp_path: Path) -> None:
    steps: list[tuple[str, int]] = []
    for epoch in range(5):
        steps += [("batch_loss", s) for s in range(40)] + [("val_loss", epoch)]
    _one_file(tmp_path / "run", steps)
    assert _names(tmp_path) == ["run"]


@pytest.mark.parametrize("seed", range(5))
def test_parallel_environments_step_back_a_little(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    steps = np.maximum(0, np.arange(500) * 8 + rng.integers(-60, 60, 500))
    _one_file(tmp_path / "run", [("rollout/reward", int(s)) for s in steps])
    assert _names(tmp_path) == ["run"]


def test_two_values_per_step_are_one_run(tmp_path: Path) -> None:
    _one_file(tmp_path / "run", [("loss", s // 2) for s in range(100)])
    assert _names(tmp_path) == ["run"]


def test_steps_near_the_limits(tmp_path: Path) -> None:
    _one_file(tmp_path / "run", [("loss", s) for s in (-(2**63), 0, 2**63 - 1, -(2**63), 5, 2**63 - 1)])
    assert all(name.startswith("run") for name in _names(tmp_path))


def _fit(
    path: Path, wall: float, epochs: int, number: int, pid: int = 500, seconds: float = 3.0
) -> tuple[float, float]:
    """One `model.fit` as Keras logs it: validation comes a little before the epoch's training point."""
    named = (f"{level}" for level in ("train", "validation"))
    train, held = (
        path / split / events.name(int(wall), pid=pid, number=2 * number, suffix=".v2") for split in named
    )
    held = held.with_name(events.name(int(wall + seconds), pid=pid, number=2 * number + 1, suffix=".v2"))
    ends = [wall + seconds * (epoch + 1.3) for epoch in range(epochs)]
    level = 1000.0 * number
    events.write(train, [events.version(wall)] + [
        events.scalar("epoch_loss", epoch, level + 1 / (1 + epoch), end + 0.02) for epoch,
        end in enumerate(ends)
    ])  # fmt: skip
    found = [events.version(wall + seconds)]
    for epoch, end in enumerate(ends):
        iteration = 50 * (
            100 * number + epoch + 1
        )  # goes on from fit to fit, as the optimizer's counter does
        found.append(events.scalar("evaluation_loss_vs_iterations", iteration, level + 2, end - 0.01))
        found.append(events.scalar("epoch_loss", epoch, level + 2 + 1 / (1 + epoch), end))
    events.write(held, found)
    return ends[-1], level


@pytest.mark.parametrize("pause", [0.5, 30.0, DAY])
@pytest.mark.parametrize("epochs", [(1, 10, 10, 10, 10), (5, 5), (3, 20, 1, 8), (1, 1, 1)])
def test_fits_of_one_notebook_keep_their_validation(
    tmp_path: Path, epochs: tuple[int, ...], pause: float
) -> None:
    wall = events.START
    for number, count in enumerate(epochs):
        wall = _fit(tmp_path / "run", wall, count, number)[0] + pause + 1
    runs, _ = read_all(tmp_path)
    assert [max(len(curve) for curve in run.curves) for run in runs] == list(epochs)
    for number, run in enumerate(runs):
        assert len(run.curves) == 3
        assert all(
            1000 * number <= curve.values.min() <= curve.values.max() < 1000 * number + 4
            for curve in run.curves
        )


@pytest.mark.parametrize("shift", [0.3, 1.0, 7.0, 40.0])
@pytest.mark.parametrize("epochs", [(20, 20), (20, 5), (5, 20)])
def test_two_trainings_at_a_time_of_one_process_keep_their_validation(
    tmp_path: Path, shift: float, epochs: tuple[int, int]
) -> None:
    for number, count in enumerate(epochs):
        _fit(tmp_path / "run", events.START + number * shift, count, number)
    runs, _ = read_all(tmp_path)
    for number, run in enumerate(runs):
        assert len(run.curves) == 3
        assert max(len(curve) for curve in run.curves) == epochs[number]
        assert all(1000 * number <= c.values.min() <= c.values.max() < 1000 * number + 4 for c in run.curves)


@pytest.mark.parametrize("shift", [1.0, 7.0, 40.0])
def test_two_processes_at_a_time_keep_their_validation(tmp_path: Path, shift: float) -> None:
    for number in range(2):
        _fit(tmp_path / "run", events.START + number * shift, 20, number, pid=500 + number)
    runs, _ = read_all(tmp_path)
    assert len(runs) == 2
    for number, run in enumerate(runs):
        assert len(run.curves) == 3
        assert all(
            1000 * number <= curve.values.min() <= curve.values.max() < 1000 * number + 4
            for curve in run.curves
        )


@pytest.mark.parametrize("resumed", [3, 10, 12])
def test_a_fit_that_goes_on_with_a_new_optimizer_is_one(tmp_path: Path, resumed: int) -> None:
    """`initial_epoch` lets epochs go on; iterations start over with the optimizer."""
    for number, epochs in enumerate((range(12), range(resumed, 30))):
        wall = events.START + 1000 * number
        for i, split in enumerate(("train", "validation")):
            found = [events.version(wall + i)]
            for place, epoch in enumerate(epochs):
                found.append(events.scalar("epoch_loss", epoch, 1.0, wall + 3 * place + 5))
                if split == "validation":
                    found.append(
                        events.scalar("evaluation_loss_vs_iterations", 50 * place, 1.0, wall + 3 * place + 5)
                    )
            events.write(tmp_path / "run" / split / events.name(int(wall) + i, number=2 * number + i), found)
    ((run,), _) = read_all(tmp_path)
    assert {curve.id: len(curve) for curve in run.curves}["train/epoch_loss"] == 42 - resumed
