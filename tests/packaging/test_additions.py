"""What `docs/contributing.md` shows how to add is added to a copy of the repository, by one file,
and holds there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DIFFS = re.findall(
    r"```diff\n(.*?)```", (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8"), re.DOTALL
)
SOURCE = """
from pathlib import Path

import pytest

from sources.contract import SourceContract


class TestLosses(SourceContract):
    reader_name = "losses"

    @pytest.fixture
    def populated(self, tmp_path: Path) -> str:
        (tmp_path / "logs").mkdir()
        for name, floor in (("a", 0.1), ("b", 0.2)):
            rows = "".join(f"{step} {floor + 1 / (step + 1)}\\n" for step in range(30))
            (tmp_path / "logs" / f"{name}.losses").write_text(rows)
        return str(tmp_path / "logs")

    @pytest.fixture
    def damaged(self, populated: str) -> str:
        Path(populated, "c.losses").write_text("one two\\n")
        return populated
"""
SINK = """
from pathlib import Path

import pytest

from sinks.contract import SinkContract


class TestHistory(SinkContract):
    sink_name = "history"

    @pytest.fixture
    def populated(self, tmp_path: Path) -> Path:
        for i, name in enumerate(("a", "b")):
            (tmp_path / "logs" / name).mkdir(parents=True)
            rows = "".join(f"{epoch},{1 / (i + epoch)}\\n" for epoch in range(1, 20))
            (tmp_path / "logs" / name / "results.csv").write_text("epoch,train/loss\\n" + rows)
        return tmp_path / "logs"
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    skip = shutil.ignore_patterns("__pycache__", "*.pyc", "golden", "benchmarks")
    for name in ("backend", "plugin", "tests"):
        shutil.copytree(ROOT / name, tmp_path / "copy" / name, ignore=skip)
    shutil.copy(ROOT / "pyproject.toml", tmp_path / "copy")
    return tmp_path / "copy"


def run(copy: Path, *command: str) -> None:
    """Raises with what the command printed where it fails."""
    places = os.pathsep.join(str(copy / name) for name in ("backend", "plugin"))
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=copy, env={**os.environ, "PYTHONPATH": places}, text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]


def check(copy: Path, *arguments: str) -> None:
    run(copy, "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *arguments)


def added(copy: Path, folder: str) -> str:
    """Apply the diff that adds a file to a folder of the package; its path."""
    (diff,) = (each for each in DIFFS if f"+++ b/backend/curvedoctor/{folder}/" in each)
    assert diff.count("+++ ") == 1, "one file"
    subprocess.run(["git", "apply", "-"], cwd=copy, input=diff, text=True, check=True)
    match = re.search(r"^\+\+\+ b/(.*)$", diff, re.MULTILINE)
    assert match is not None
    return match[1]


def test_a_condition(copy: Path) -> None:
    run(copy, "tests.new_condition", "far-apart", "generalization")
    checks = [f"tests/conditions/test_{name}.py" for name in ("manuals", "laws", "false_alarms")]
    check(copy, *checks, "-k", "far-apart")
    lint(copy, "backend/curvedoctor/conditions/generalization/far_apart.py")


def test_a_format(copy: Path) -> None:
    path = added(copy, "reports")
    check(copy, "tests/reports/test_formats.py")
    lint(copy, path)


def test_a_source(copy: Path) -> None:
    path = added(copy, "sources")
    (copy / "tests" / "sources" / "test_losses.py").write_text(SOURCE)
    check(copy, "tests/sources/test_losses.py", "tests/sources/test_history_contract.py")
    lint(copy, path)


def test_a_sink(copy: Path) -> None:
    path = added(copy, "sinks")
    (copy / "tests" / "sinks" / "test_history_sink.py").write_text(SINK)
    check(copy, "tests/sinks")
    lint(copy, path)


def lint(copy: Path, path: str) -> None:
    run(copy, "ruff", "check", "-q", path)
    run(copy, "ruff", "format", "-q", "--check", path)
