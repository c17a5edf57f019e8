"""Fixtures of the TensorBoard tests."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's logs: real trainings."""
    from curvedoctor.demo.runs import train_all

    folder = tmp_path_factory.mktemp("demo")
    for _ in train_all(folder):
        pass
    return folder
