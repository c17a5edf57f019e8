"""Fixtures: logs, and the program run on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from curvedoctor.cli import main
from shell import Ran, write_healthy, write_nan, write_short


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A sick, a healthy and a short run."""
    folder = tmp_path / "logs"
    write_nan(folder / "nan")
    write_healthy(folder / "healthy")
    write_short(folder / "short")
    return folder


@pytest.fixture
def run(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Ran]:
    """Run the program in this process, in a directory of its own."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> Ran:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return Ran(code, out, err)

    return call
