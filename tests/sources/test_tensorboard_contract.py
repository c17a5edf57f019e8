"""The TensorBoard reader keeps the contract of sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from sources import events
from sources.contract import SourceContract


class TestTensorBoard(SourceContract):
    reader_name = "tensorboard"

    @pytest.fixture
    def populated(self, tmp_path: Path) -> str:
        for i, name in enumerate(("b", "a", "c/d")):
            events.run(tmp_path / "logs" / name, wall=events.START + 100 * i, scale=i + 1.0)
        return str(tmp_path / "logs")

    @pytest.fixture
    def damaged(self, tmp_path: Path) -> str:
        path = events.run(tmp_path / "logs" / "a")
        path.write_bytes(path.read_bytes()[:-5])
        (tmp_path / "logs" / "a" / "events.out.tfevents.1.meta").write_text("fileFormatVersion: 2\nguid: 1\n")
        return str(tmp_path / "logs")
