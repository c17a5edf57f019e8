"""AllenNLP's serialization directory: one file per epoch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sources.contract import SourceContract, read_all


def write(folder: Path, epochs: int, seed: int = 0) -> None:
    """What `allennlp train` leaves."""
    folder.mkdir(parents=True)
    for epoch in range(epochs):
        row = {
            "best_epoch": 0, "peak_worker_0_memory_MB": 812.3, "training_duration": "0:01:07.1",
            "epoch": epoch,
            "training_loss": 3 - epoch / 10 + seed, "validation_loss": 3 - epoch / 20,
            "best_validation_loss": 3.0,
        }  # fmt: skip
        (folder / f"metrics_epoch_{epoch}.json").write_text(json.dumps(row))
    (folder / "metrics.json").write_text(json.dumps({"best_epoch": 0, "validation_loss": 3.0}))
    (folder / "config.json").write_text(json.dumps({"trainer": {"optimizer": {"type": "adam", "lr": 0.001}}}))


@pytest.mark.parametrize("epochs", [2, 12, 103])
def test_epochs_in_their_order(tmp_path: Path, epochs: int) -> None:
    write(tmp_path / "out", epochs)
    ((run,), problems) = read_all(tmp_path)
    assert not problems
    curves = {curve.id: curve for curve in run.curves}
    assert curves["training_loss"].steps.tolist() == list(range(epochs))
    assert curves["training_loss"].values.tolist() == [3 - epoch / 10 for epoch in range(epochs)]
    assert curves["validation_loss"].role.split == "val"
    assert "best_validation_loss" not in curves
    assert run.params["lr"] == 0.001


class TestAllenNlp(SourceContract):
    reader_name = "allennlp"

    @pytest.fixture
    def populated(self, tmp_path: Path) -> str:
        for seed, name in enumerate("ba"):
            write(tmp_path / "logs" / name, 9, seed)
        return str(tmp_path / "logs")

    @pytest.fixture
    def damaged(self, populated: str) -> str:
        Path(populated, "a", "metrics_epoch_3.json").write_text('{"training_lo')
        return populated
