"""Checkpoints are found by name beside a run, and never opened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import curvedoctor
from curvedoctor.model import Checkpoint
from curvedoctor.sources import checkpoints
from curvedoctor.sources.checkpoints import parse

#: name, whether a directory → step, epoch, number, word
NAMED = {
    ("ckpt-1200", True): (None, None, 1200, None),
    ("ckpt-1200.index", False): (None, None, 1200, None),
    ("ckpt-1200.data-00000-of-00001", False): (None, None, 1200, None),
    ("checkpoint-500", True): (None, None, 500, None),
    ("checkpoint_12.pt", False): (None, None, 12, None),
    ("epoch=12-step=5000.ckpt", False): (5000, 12, None, None),
    ("epoch=9-val_loss=0.32.ckpt", False): (None, 9, None, None),
    ("model_0012.pt", False): (None, None, 12, None),
    ("model_0004999.pth", False): (None, None, 4999, None),
    ("model_final.pth", False): (None, None, None, "final"),
    ("best.pt", False): (None, None, None, "best"),
    ("best_model.zip", False): (None, None, None, "best"),
    ("last.ckpt", False): (None, None, None, "last"),
    ("epoch_12.pth", False): (None, 12, None, None),
    ("iter_5000.pth", False): (5000, None, None, None),
    ("weights.05-0.32.hdf5", False): (None, None, 5, None),
    ("cp-0005.ckpt", False): (None, None, 5, None),
    ("rl_model_10000_steps.zip", False): (10000, None, None, None),
    ("model.txt.snapshot_iter_100", False): (100, None, None, None),
    ("epoch10.pt", False): (None, 10, None, None),
    ("step-00042.safetensors", False): (42, None, None, None),
}
NONE = [
    ("optimizer-1200.pt", False), ("model-00001-of-00003.safetensors", False),
    ("events.out.tfevents.1", False),
    ("train.py", False), ("results.csv", False), ("notes_12.txt", False), ("data.npz", False),
    ("checkpoints", True),
    ("training_args.bin", False), ("x" * 500 + "ckpt-1.pt", False), ("ckpt-" + "9" * 13 + "0.pt", False),
    ("model", True),
    ("tokenizer_model.bin", False), ("rng_state_0.pth", False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "is_dir"), NAMED)
def test_names(name: str, is_dir: bool) -> None:
    made = parse(name, is_dir)
    assert made is not None
    assert (made.step, made.epoch, made.number, made.word) == NAMED[name, is_dir]


@pytest.mark.parametrize(("name", "is_dir"), NONE)
def test_what_is_no_checkpoint(name: str, is_dir: bool) -> None:
    assert parse(name, is_dir) is None


def test_bare_numbers_count_in_a_directory_of_checkpoints_only() -> None:
    assert parse("1200", True, named_by_folder=True) == Checkpoint("1200", number=1200)
    assert parse("1200", True) is None


def log(folder: Path, rows: int = 20, tail: float = 10) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{100 * i},{1 + abs(i - 12) / tail},{2 / (i + 1)}" for i in range(1, rows + 1)]
    (folder / "history.csv").write_text("step,val_loss,loss\n" + "\n".join(lines) + "\n")
    return folder


def keep(folder: Path) -> dict[str, object]:
    (said,) = curvedoctor.diagnose(folder)
    return dict(said.readings["checkpoint"])


@pytest.mark.parametrize("below", ["", "checkpoints/", "weights/", "artifacts/checkpoints/"])
def test_beside_a_run_and_below_it(tmp_path: Path, below: str) -> None:
    place = log(tmp_path / "run") / below
    place.mkdir(parents=True, exist_ok=True)
    for step in (400, 1200, 2000):
        (place / f"ckpt-{step}.pt").write_bytes(b"")
    assert keep(tmp_path / "run")["keep"] == f"{below}ckpt-1200.pt"


def test_the_directory_of_a_log_stands_beside_its_checkpoints(tmp_path: Path) -> None:
    log(tmp_path / "run" / "logs")
    (tmp_path / "run" / "iter_1200.pth").write_bytes(b"")
    assert keep(tmp_path / "run")["keep"] == "iter_1200.pth"


def test_runs_side_by_side_keep_their_own(tmp_path: Path) -> None:
    for name, step in (("a", 1200), ("b", 1100)):
        (log(tmp_path / name, tail=step) / f"ckpt-{step}.pt").write_bytes(b"")
    (tmp_path / "ckpt-1200.pt").write_bytes(b"")
    found = {d.run.name: d.readings["checkpoint"] for d in curvedoctor.diagnose(tmp_path)}
    assert [found[name]["keep"] for name in ("a", "b")] == ["ckpt-1200.pt", "ckpt-1100.pt"]
    assert all(reading["on_disk"] == 1 for reading in found.values())


def test_they_are_never_opened(tmp_path: Path) -> None:
    """A pipe would block for ever, a broken link can't be opened."""
    folder = log(tmp_path / "run")
    os.mkfifo(folder / "ckpt-1200.pt")
    (folder / "ckpt-1300.pt").symlink_to(tmp_path / "nowhere")
    assert keep(folder)["keep"] == "ckpt-1200.pt"


def test_hostile_names_are_bounded_and_harmless(tmp_path: Path) -> None:
    folder = log(tmp_path / "run")
    evil = "ckpt-1200\x1b[31m\u202e<script>.pt"
    (folder / evil).write_bytes(b"")
    for i in range(2 * checkpoints.MOST):
        (folder / f"junk-epoch-{i}.pt").write_bytes(b"")
    reading = keep(folder)
    assert reading["on_disk"] <= checkpoints.MOST
    from curvedoctor.cli import main

    out = tmp_path / "report.html"
    assert main(["diagnose", str(folder), "-o", str(out)]) == 0
    assert "<script>.pt" not in out.read_text()


def test_what_was_read_before_sees_new_checkpoints(tmp_path: Path) -> None:
    folder = log(tmp_path / "run")
    assert keep(folder)["keep"] is None
    (folder / "ckpt-1200.pt").write_bytes(b"")
    assert keep(folder)["keep"] == "ckpt-1200.pt"
