"""The TensorBoard sink keeps the contract of sinks."""

from __future__ import annotations

from pathlib import Path

import pytest

from sinks.contract import SinkContract
from sources import events


class TestTensorBoard(SinkContract):
    sink_name = "tensorboard"

    @pytest.fixture
    def populated(self, tmp_path: Path) -> Path:
        for name in ("a", "b"):
            events.run(tmp_path / "logs" / name)
        return tmp_path / "logs"
