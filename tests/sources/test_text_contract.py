"""The reader of text keeps the contract of sources."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from sources.console_samples import SAMPLES
from sources.contract import SourceContract


class TestText(SourceContract):
    reader_name = "text"

    @pytest.fixture
    def populated(self, tmp_path: Path) -> str:
        for seed, name in enumerate("ba"):
            (tmp_path / "logs" / name).mkdir(parents=True)
            text, _ = SAMPLES["own_loop"](random.Random(seed), 12)
            (tmp_path / "logs" / name / "train.log").write_text(text)
        return str(tmp_path / "logs")

    @pytest.fixture
    def damaged(self, populated: str) -> str:
        path = Path(populated, "a", "train.log")
        path.write_text(path.read_text() + "x" * (17 << 20) + "\n")
        return populated
