"""The history reader keeps the contract of sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from sources.contract import SourceContract


class TestHistory(SourceContract):
    reader_name = "history"

    @pytest.fixture
    def populated(self, tmp_path: Path) -> str:
        for i, name in enumerate(("b", "a")):
            (tmp_path / "logs" / name).mkdir(parents=True)
            rows = "".join(f"{epoch},{1 / (i + epoch)},{2 / (i + epoch)}\n" for epoch in range(1, 20))
            (tmp_path / "logs" / name / "results.csv").write_text("epoch,train/loss,val/loss\n" + rows)
        return str(tmp_path / "logs")

    @pytest.fixture
    def damaged(self, populated: str) -> str:
        Path(populated, "c").mkdir()
        Path(populated, "c", "results.csv").write_text("epoch,train/loss\nx,y\n")
        return populated
