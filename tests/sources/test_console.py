"""Console logs: what a person reads in them is what is read."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from curvedoctor.model import Run
from sources.console_samples import SAMPLES, fall
from sources.contract import read_all


def _read(path: Path, text: str) -> Run:
    path.write_bytes(text.encode())
    ((run,), problems) = read_all(path)
    assert not problems
    return run


def _points(run: Run) -> dict[str, tuple[list[int], list[float]]]:
    return {curve.id: (curve.steps.tolist(), curve.values.tolist()) for curve in run.curves}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", SAMPLES)
def test_every_framework_is_read_point_for_point(tmp_path: Path, kind: str, seed: int) -> None:
    text, expected = SAMPLES[kind](random.Random(seed), 4 + 7 * seed)
    found = _points(_read(tmp_path / "train.log", text))
    for name, points in expected.items():
        assert found.get(name) == points, name


@pytest.mark.parametrize("kind", ["own_loop", "mmdet", "sb3", "hf_dicts", "yolov5"])
def test_windows_line_ends_and_utf_16(tmp_path: Path, kind: str) -> None:
    text, expected = SAMPLES[kind](random.Random(1), 6)
    (tmp_path / "a.txt").write_bytes(text.replace("\n", "\r\n").encode("utf-16"))
    ((run,), _) = read_all(tmp_path / "a.txt")
    assert {name: _points(run)[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("kind", "split", "quantity", "curve"),
    [
        ("yolov5", "val", "accuracy", "val/mAP50"),
        ("fairseq", "val", "loss", "val/loss"),
        ("pytorch_mnist", "test", "accuracy", "test/Accuracy"),
        ("pytorch_tutorial", "val", "accuracy", "val/Acc"),
        ("mmengine", "train", "loss", "train/loss"),
        ("sb3", "train", "reward", "rollout/ep_rew_mean"),
        ("keras_bars", "val", "loss", "val_loss"),
    ],
)
def test_roles_follow(tmp_path: Path, kind: str, split: str, quantity: str, curve: str) -> None:
    run = _read(tmp_path / "a.log", SAMPLES[kind](random.Random(0), 8)[0])
    role = next(found.role for found in run.curves if found.id == curve)
    assert (role.split, role.quantity) == (split, quantity)


def test_it_says_which_lines_it_used_and_how_many_it_did_not(tmp_path: Path) -> None:
    text = "Loading data\nModel has 12 layers\n\n" + "".join(
        f"epoch {i} loss {3 - i / 10}\n" for i in range(7)
    )
    run = _read(tmp_path / "a.log", text + "Done in 12 s\n")
    (problem,) = run.problems
    assert "7 of 10 lines" in problem.what
    assert "the first is line 4" in problem.what
    assert "the last line 10" in problem.what
    assert "3 were not" in problem.what


def test_hyperparameters_that_were_printed_before(tmp_path: Path) -> None:
    lines = [
        "python train.py --dropout 0.3 --api-key SECRET",
        "Namespace(weight_decay=0.0005, momentum=0.9, data='/home/me', optimizer='sgd')",
        "{'learning_rate': 0.001,",
        " 'batch_size': 32}",
        *(f"Epoch [{i:03d}/300] - Train Loss: {5 - i / 10:.4f}, seconds 3" for i in range(1, 9)),
        "batch_size: 64",
    ]
    run = _read(tmp_path / "a.log", "\n".join(lines))
    assert run.params == {
        "lr": 0.001, "batch_size": 32, "optimizer": "sgd", "momentum": 0.9, "weight_decay": 0.0005,
        "dropout": 0.3, "epochs": 300,
    }  # fmt: skip


def test_what_is_logged_beside_the_loss_is_no_hyperparameter(tmp_path: Path) -> None:
    """A learning rate that is a curve has no one value."""
    text = "".join(f"epoch: {i} lr: {0.1 * 0.9**i:.5f} loss: {3 - i / 10}\n" for i in range(8))
    run = _read(tmp_path / "a.log", text)
    assert "lr" not in run.params
    assert "lr" in _points(run)


def test_sentences_are_no_curves(tmp_path: Path) -> None:
    text = "".join(
        f"Epoch {i}/9\n 10/10 [=====] - 1s 3ms/step - loss: {2 - i / 10} - val_loss: {3 - i / 10}\n"
        f"Epoch {i:05d}: val_loss improved from {3.1 - i / 10} to {3 - i / 10}, saving model to "
        f"w.{i:02d}.h5\n"
        for i in range(1, 9)
    )
    assert set(_points(_read(tmp_path / "a.log", text))) == {"loss", "val_loss"}


def test_a_restarted_program_shows(tmp_path: Path) -> None:
    """The counter starts over: nothing is dropped, and nothing hides it."""
    one = "".join(f"step {i} loss {3 - i / 100:.2f}\n" for i in range(50))
    runs, _ = read_all(_written(tmp_path / "a.log", one + one))
    assert sum(len(curve) for run in runs for curve in run.curves) == 100


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        'Traceback (most recent call last):\n  File "a.py", line 3\nValueError: 3\n',
        "# Notes\n\nWe tried 3 models in 2024, and none of 12 worked.\n",
        "Collecting numpy==1.26.0\nInstalling 3 packages\n",
    ],
)
def test_what_is_no_log_says_so(tmp_path: Path, text: str) -> None:
    runs, problems = read_all(_written(tmp_path / "a.log", text))
    assert not runs
    assert [problem.where for problem in problems] == [str(tmp_path / "a.log")]


def test_a_walk_finds_logs(tmp_path: Path) -> None:
    rng = random.Random(3)
    for name, kind in {
        "a/train.log": "own_loop",
        "b/slurm-4711.out": "nanogpt",
        "c/log.txt": "mmdet",
    }.items():
        (tmp_path / name).parent.mkdir()
        _written(tmp_path / name, SAMPLES[kind](rng, 8)[0])
    runs, problems = read_all(tmp_path)
    assert [run.name for run in runs] == ["a", "b", "c"]
    assert not problems


@pytest.mark.parametrize(
    "head",
    [
        "2024-03-02 11:00:{:02d} INFO ",
        "2024-03-02 11:00:{:02d},123 WARNING trainer: ",
        "2024-03-02 11:00:{:02d}.123 | INFO     | __main__:train:42 - ",
        "INFO:root:",
        "[2024-03-02 11:00:{:02d}] [DEBUG] ",
        "I0302 11:00:{:02d}.123456 140 solver.cpp:218] ",
    ],
)
def test_how_a_logger_heads_its_lines_is_no_part_of_a_name(tmp_path: Path, head: str) -> None:
    (tmp_path / "run").mkdir()
    lines = [
        f"{head.format(i)}step={20 * i} loss={2.3 / (1 + i):.4f} ERROR={0.9 - i / 50:.3f}\n"
        for i in range(20)
    ]
    _written(tmp_path / "run" / "train.log", "".join(lines))
    ((run,), problems) = read_all(tmp_path)
    assert not problems
    assert {curve.tag: curve.steps.tolist() for curve in run.curves} == {
        name: list(range(0, 400, 20)) for name in ("loss", "ERROR")
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("train.csv", "PassengerId,Survived,Age\n1,0,22\n2,1,38\n3,1,26\n"),
        ("log.txt", "Collecting numpy==1.26.0\nCollecting scipy==1.11\nInstalling 2 packages\n"),
        ("output.json", '{"answer": [1, 2, 3]}'),
        ("results.txt", "3 passed in 0.12s\n"),
        ("train.log", "GET /index.html 200 512\nGET /a.png 200 17\nGET /b.png 404 0\n"),
    ],
)
def test_a_walk_leaves_alone_what_only_has_the_name(tmp_path: Path, name: str, text: str) -> None:
    _written(tmp_path / name, text)
    runs, _ = read_all(tmp_path)
    assert not runs


def test_a_log_beside_event_files_is_the_same_run(tmp_path: Path) -> None:
    from sources import events

    events.run(tmp_path / "a")
    _written(tmp_path / "a" / "train.log", SAMPLES["own_loop"](random.Random(0), 8)[0])
    runs, _ = read_all(tmp_path)
    assert len(runs) == 1


def test_mmdetection_writes_its_log_twice(tmp_path: Path) -> None:
    loss = fall(random.Random(1), 12)
    rows = "".join(
        f'{{"mode": "train", "epoch": {1 + i // 4}, "iter": {50 * (i % 4 + 1)}, "loss": {loss[i]}}}\n'
        for i in range(12)
    )
    _written(tmp_path / "20220101_101010.log.json", '{"env_info": "sys", "seed": 3}\n' + rows)
    _written(tmp_path / "20220101_101010.log", SAMPLES["mmdet"](random.Random(0), 3)[0])
    ((run,), _) = read_all(tmp_path)
    assert _points(run)["train/loss"] == ([50 * (i + 1) for i in range(12)], loss)


@pytest.mark.parametrize("first", [0, 1, 16])
@pytest.mark.parametrize("per", [1, 2, 5])
@pytest.mark.parametrize(
    "form",
    [
        "Epoch {e}/{n} | step {b}/{of} | loss {v:.3f}",
        "Epoch [{e}/{n}], Step [{b}/{of}], Loss: {v:.3f}",
        "Epoch: [{e}][{b}/{of}] Loss {v:.3f}",
        "Epoch {e}/{n} ... step {b}/{of} - loss={v:.3f}",
        "Epoch {e}/{n} loss: {v:.3f}",
    ],
)
def test_what_is_logged_once_per_epoch_stands_at_the_logs_own_epoch(
    tmp_path: Path, form: str, per: int, first: int
) -> None:
    n = 6
    text = ""
    for e in range(first, first + n):
        rows = [
            form.format(e=e, n=first + n, b=200 * b, of=200 * per, v=9 - e / 9) for b in range(1, per + 1)
        ]
        text += "\n".join(rows) + f"\nEpoch {e}/{first + n} val_loss: {8 - e / 9:.3f}\n"
    run = _read(tmp_path / "a.log", text)
    curve = next(curve for curve in run.curves if curve.id == "val_loss")
    assert (curve.axis, curve.steps.tolist()) == ("epoch", list(range(first, first + n)))
    assert "step" not in _points(run)


def test_a_global_step_of_the_logs_own_is_kept(tmp_path: Path) -> None:
    text = "".join(
        f"epoch: {i // 3} step: {40 * i} loss: {3 - i / 10:.2f}\n"
        + f"epoch: {i // 3} val_loss: 1.{i}\n" * (i % 3 == 2)
        for i in range(9)
    )
    run = _read(tmp_path / "a.log", text)
    assert {curve.axis for curve in run.curves} == {"step"}
