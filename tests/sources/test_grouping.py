"""Which directories make one run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tensorboardX import SummaryWriter

from curvedoctor.model import Run
from sources import events
from sources.contract import read_all, units_of


def _ids(run: Run) -> list[str]:
    return [curve.id for curve in run.curves]


def _keras(path: Path, split: str, wall: float = events.START) -> None:
    values = [events.float_tensor(1 / (1 + epoch)) for epoch in range(5)]
    found = [
        events.version(wall),
        *(events.tensor("epoch_loss", e, v, wall=wall + e) for e, v in enumerate(values)),
    ]
    events.write(path / split / events.name(int(wall), suffix=".v2"), found)


@pytest.mark.parametrize(
    ("train", "held"),
    [
        ("train", "validation"),
        ("training", "test"),
        ("train", "eval"),
        ("learn", "test"),
        ("train", "val"),
        ("Train", "Valid"),
    ],
)
def test_splits_are_one_run(tmp_path: Path, train: str, held: str) -> None:
    for number in (1, 2):
        _keras(tmp_path / f"run{number}", train, events.START + 100 * number)
        _keras(tmp_path / f"run{number}", held, events.START + 100 * number + 1)
    runs, problems = read_all(tmp_path)
    assert [run.name for run in runs] == ["run1", "run2"]
    assert _ids(runs[0]) == sorted([f"{train}/epoch_loss", f"{held}/epoch_loss"])
    assert runs[0].group == str(tmp_path)
    assert runs[0].source == str(tmp_path / "run1")
    assert not problems


def test_runs_below_a_split_are_not_lost(tmp_path: Path) -> None:
    """`train` belongs to the run above it; what lies deeper is a run of its own."""
    for split in ("train", "validation"):
        _keras(tmp_path / "run", split)
    _keras(tmp_path / "run" / "train", "deeper/experiment")
    (tmp_path / "run" / "train" / "plugins" / "profile").mkdir(parents=True)
    runs, _ = read_all(tmp_path)
    assert {run.name: _ids(run) for run in runs} == {
        "run": ["train/epoch_loss", "validation/epoch_loss"],
        "run/train/deeper/experiment": ["epoch_loss"],
    }


@pytest.mark.parametrize(
    "names",
    [
        ("test_a", "train_a"),
        ("train1", "train2", "test1"),
        ("training_final", "testing_lr"),
        ("val_accuracy_best", "train_v2"),
    ],
)
def test_runs_whose_names_only_begin_like_splits(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        events.run(tmp_path / name)
    assert [run.name for run in read_all(tmp_path)[0]] == sorted(names)


def test_the_address_itself_is_the_run(tmp_path: Path) -> None:
    _keras(tmp_path / "exp", "train")
    _keras(tmp_path / "exp", "validation")
    ((run,), _) = read_all(tmp_path / "exp")
    assert run.name == "exp"
    assert run.group == str(tmp_path)
    assert run.origin is not None
    assert run.origin.key == "."


def test_an_address_with_a_trailing_slash(tmp_path: Path) -> None:
    events.run(tmp_path / "exp")
    ((run,), _) = read_all(f"{tmp_path}/exp/")
    assert run.name == "exp"


def test_keras_train_alone_is_a_split(tmp_path: Path) -> None:
    """Training was stopped before the first validation: siblings must still agree on names."""
    _keras(tmp_path / "run", "train")
    ((run,), _) = read_all(tmp_path)
    assert (run.name, _ids(run)) == ("run", ["train/epoch_loss"])


def test_yolo_train_is_a_run(tmp_path: Path) -> None:
    detect = tmp_path / "runs" / "detect"
    for name in ("train", "train2", "val"):
        events.run(detect / name, tags=("train/box_loss", "val/box_loss"))
        (detect / name / "args.yaml").write_text("lr0: 0.01\nepochs: 3\n")
    runs, _ = read_all(tmp_path)
    assert [run.name for run in runs] == ["runs/detect/train", "runs/detect/train2", "runs/detect/val"]


def test_yolo_train_without_its_settings_is_a_run(tmp_path: Path) -> None:
    events.run(tmp_path / "runs" / "detect" / "train", tags=("train/box_loss", "val/box_loss"))
    ((run,), _) = read_all(tmp_path)
    assert run.name == "runs/detect/train"


def test_estimator_eval_belongs_to_the_model_directory(tmp_path: Path) -> None:
    events.run(tmp_path / "model", tags=("loss", "global_step/sec"))
    events.run(tmp_path / "model" / "eval", tags=("loss",), wall=events.START + 50)
    ((run,), _) = read_all(tmp_path)
    assert _ids(run) == ["eval/loss", "global_step/sec", "loss"]


def test_add_scalars_of_a_real_writer(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path / "run")) as writer:
        for step in range(10):
            writer.add_scalar("lr", 0.1, step)
            writer.add_scalars("Loss", {"train": 1 / (1 + step), "val": 2 / (1 + step)}, step)
            writer.add_scalars("GAN/score", {"generator": 1.0, "critic": 2.0}, step)
    runs, problems = read_all(tmp_path)
    assert [run.name for run in runs] == ["run"]
    assert not problems
    joined = " ".join(_ids(runs[0]))
    assert "lr" in joined
    assert sum("train" in name for name in _ids(runs[0])) == 1
    assert sum("critic" in name for name in _ids(runs[0])) == 1


def test_add_scalars_directories_of_torch(tmp_path: Path) -> None:
    events.run(tmp_path / "run", tags=("lr",))
    events.run(tmp_path / "run" / "Loss_train", tags=("Loss",))
    events.run(tmp_path / "run" / "Loss_val", tags=("Loss",))
    events.run(tmp_path / "run" / "other_experiment", tags=("acc",))
    events.run(tmp_path / "run" / "Loss_of_another_run", tags=("Loss", "acc"))
    runs, _ = read_all(tmp_path)
    assert {run.name: _ids(run) for run in runs} == {
        "run": ["Loss_train/Loss", "Loss_val/Loss", "lr"],
        "run/other_experiment": ["acc"],
        "run/Loss_of_another_run": ["Loss", "acc"],
    }


def test_add_hparams_directory_gives_parameters(tmp_path: Path) -> None:
    events.run(tmp_path / "run", tags=("loss",))
    found = [events.version(), events.hparams({"lr": 0.25, "bs": 8}), events.scalar("hparam/acc", 0, 0.5)]
    events.write(tmp_path / "run" / "1700000000.123" / events.name(number=1), found)
    ((run,), _) = read_all(tmp_path)
    assert run.params["lr"] == 0.25
    assert _ids(run) == ["1700000000.123/hparam/acc", "loss"]


def test_runs_inside_runs(tmp_path: Path) -> None:
    for name in ("", "a", "a/b"):
        events.run(tmp_path / "top" / name)
    assert [unit.run for unit in units_of(tmp_path)] == ["top", "top/a", "top/a/b"]


def test_a_curve_of_a_directory_called_like_a_tag_has_its_own_id(tmp_path: Path) -> None:
    events.run(tmp_path / "run", tags=("eval/loss",))
    events.run(tmp_path / "run" / "eval", tags=("loss",))
    ((run,), _) = read_all(tmp_path)
    assert len(set(_ids(run))) == 2


def test_our_own_files_are_no_runs(tmp_path: Path) -> None:
    """Nothing is said of what `annotate` wrote, wherever it lies."""
    events.run(tmp_path / "run")
    ours = [events.version(writer="curvedoctor"), events.scalar("lr-too-high", 0, 0.9)]
    events.write(tmp_path / "run" / "curvedoctor" / events.name(), ours)
    events.write(tmp_path / "elsewhere" / events.name(), ours)
    runs, problems = read_all(tmp_path)
    assert [run.name for run in runs] == ["run"]
    assert not problems


def test_a_users_directory_called_curvedoctor_is_a_run(tmp_path: Path) -> None:
    events.run(tmp_path / "curvedoctor")
    assert [run.name for run in read_all(tmp_path)[0]] == ["curvedoctor"]


def test_lightning_hp_metric_file_joins(tmp_path: Path) -> None:
    version = tmp_path / "lightning_logs" / "version_0"
    first = [events.version(), events.scalar("hp_metric", 0, -1.0)]
    first += [events.scalar("train_loss", step, 1.0 / (1 + step)) for step in range(20)]
    events.write(version / events.name(), first)
    events.write(
        version / events.name(1_700_000_500),
        [events.version(events.START + 500), events.scalar("hp_metric", 0, -1.0, events.START + 500)],
    )
    (version / "hparams.yaml").write_text("lr: 0.02\nmodel: !!python/object:my.Model {a: 1}\n")
    ((run,), _) = read_all(tmp_path)
    assert run.params["lr"] == 0.02
    assert len(run.curves) == 2


def test_copies_are_read_once(tmp_path: Path) -> None:
    path = events.run(tmp_path / "a")
    for copy in (tmp_path / "b" / path.name, tmp_path / "a" / "events.out.tfevents.1.copy"):
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes())
    runs, problems = read_all(tmp_path)
    assert [run.name for run in runs] == ["a", "b"] or [run.name for run in runs] == ["a"]
    assert all(len(curve) == 20 for run in runs for curve in run.curves)
    notes = [p.what for run in runs for p in run.problems] + [p.what for p in problems]
    assert sum("byte-identical copy" in note for note in notes) >= 1


def test_copied_directories_are_read_once(tmp_path: Path) -> None:
    path = events.run(tmp_path / "a")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / path.name).write_bytes(path.read_bytes())
    runs, problems = read_all(tmp_path)
    assert [run.name for run in runs] == ["a"]
    assert "byte-identical copy" in problems[0].what
    assert problems[0].where.startswith(str(tmp_path / "b"))


def test_an_event_file_alone_is_a_source(tmp_path: Path) -> None:
    path = events.run(tmp_path / "exp")
    ((run,), _) = read_all(path)
    assert run.name == "exp"
    for name in ("one", "two"):
        (tmp_path / f"{name}.bin").write_bytes(events.run(tmp_path / name).read_bytes())
    runs, problems = read_all(tmp_path / "one.bin", tmp_path / "two.bin")
    assert [len(run.curves) for run in runs] == [2, 2]
    assert not problems


def test_values_survive_grouping(tmp_path: Path) -> None:
    events.run(tmp_path, tags=("loss",), steps=range(50))
    ((run,), _) = read_all(tmp_path)
    np.testing.assert_array_equal(
        run.curves[0].values, np.float64(np.float32([1 / (1 + s) for s in range(50)]))
    )


@pytest.mark.parametrize(
    ("name", "below"),
    [
        (None, ""),
        ("final", ""),
        ("hparams", ""),
        ("my trial", ""),
        (None, "train"),
        ("1700000000.5", "train"),
    ],
)
def test_add_hparams_of_a_real_writer(tmp_path: Path, name: str | None, below: str) -> None:
    """The child directory's hyperparameters are those of the run that it was called on;
    it is no run beside it."""
    for number, lr in enumerate((0.5, 0.25)):
        with SummaryWriter(str(tmp_path / f"run{number}" / below)) as writer:
            for step in range(30):
                writer.add_scalar("loss", 1 / (1 + step), step)
            writer.add_hparams({"lr": lr, "batch_size": 8}, {"hparam/loss": 0.1}, name=name)
        if below:
            events.run(tmp_path / f"run{number}" / "val", tags=("loss",), wall=events.START + number)
    runs, problems = read_all(tmp_path)
    assert not problems
    assert [(run.name, run.params["lr"]) for run in runs] == [("run0", 0.5), ("run1", 0.25)]
    assert all(max(map(len, run.curves)) == 30 for run in runs)


def test_trials_of_one_writer_are_runs(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path / "sweep")) as writer:
        for number in range(1, 4):
            writer.add_hparams({"lr": 0.1 * number}, {"hparam/loss": 1 / number}, name=f"trial{number}")
    runs, _ = read_all(tmp_path)
    assert [run.name for run in runs] == [f"sweep/trial{number}" for number in range(1, 4)]
    assert [round(float(run.params["lr"]), 3) for run in runs] == [0.1, 0.2, 0.3]


def test_a_run_below_a_run_with_hyperparameters_of_its_own_stays_one(tmp_path: Path) -> None:
    events.run(tmp_path / "top")
    own = [events.hparams({"lr": 0.5}), *(events.scalar("loss", step, 1.0) for step in range(5))]
    events.write(tmp_path / "top" / "below" / events.name(), own)
    assert [run.name for run in read_all(tmp_path)[0]] == ["top", "top/below"]


@pytest.mark.parametrize("gap", [1.0, 5000.0])
def test_hyperparameters_of_several_trainings_in_one_directory(tmp_path: Path, gap: float) -> None:
    """Each training's `add_hparams` was called when it ended, and belongs to it alone."""
    wall = events.START
    for lr in (0.5, 0.25, 0.125):
        points = [events.scalar("loss", step, lr + 1 / (1 + step), wall + step) for step in range(40)]
        events.write(tmp_path / "run" / events.name(int(wall)), [events.version(wall), *points])
        wall += 40
        told = events.hparams({"lr": lr})
        told.wall_time = wall
        end = [events.version(wall), told, events.scalar("hparam/loss", 0, lr, wall)]
        events.write(tmp_path / "run" / f"{wall:.1f}" / events.name(int(wall), number=1), end)
        wall += gap
    runs, _ = read_all(tmp_path)
    assert [run.params["lr"] for run in runs] == [0.5, 0.25, 0.125]
    for run in runs:
        (loss,) = (curve for curve in run.curves if curve.tag == "loss")
        assert float(run.params["lr"]) < loss.values.min() < float(run.params["lr"]) + 0.1
