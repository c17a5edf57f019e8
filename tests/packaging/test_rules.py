"""The rules that CI relies on do what they say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SKIPPING = """
import pytest

def test_fine():
    pass

def test_skips():
    pytest.skip("needs Chromium: apt-get install chromium")

@pytest.mark.skipif(True, reason="marked")
def test_marked():
    pass

@pytest.mark.xfail(reason="known")
def test_known():
    raise AssertionError
"""
MISSING = 'import pytest\npytest.importorskip("no_such_module")\n'
CONNECTING = """
import socket, threading
import pytest

def test_away():
    with pytest.raises(OSError, match="loopback only"):
        socket.create_connection(("192.0.2.1", 9), timeout=5)

def test_here():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()
"""


def outcome(folder: Path, *arguments: str) -> tuple[int, dict[str, int]]:
    """Exit code and counts of a test session under our conftest."""
    shutil.copy(ROOT / "tests" / "conftest.py", folder)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(folder),
        str(folder),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    done = subprocess.run(
        [*command, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    counts = {
        name: int(count)
        for count, name in re.findall(r"(\d+) (passed|failed|skipped|errors?|xfailed)", done.stdout)
    }
    return done.returncode, counts


def test_a_skip_is_a_skip_or_a_failure(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(SKIPPING)
    assert outcome(tmp_path) == (0, {"passed": 1, "skipped": 2, "xfailed": 1})
    assert outcome(tmp_path, "--no-skips") == (1, {"passed": 1, "failed": 1, "error": 1, "xfailed": 1})


def test_a_module_that_is_skipped_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "test_b.py").write_text(MISSING)
    (tmp_path / "test_c.py").write_text("def test_fine():\n    pass\n")
    assert outcome(tmp_path)[0] == 0
    code, counts = outcome(tmp_path, "--no-skips")
    assert code != 0
    assert counts.get("error", 0) + counts.get("errors", 0) == 1


def test_connections_stay_on_this_machine(tmp_path: Path) -> None:
    (tmp_path / "test_d.py").write_text(CONNECTING)
    assert outcome(tmp_path) == (0, {"passed": 2})


@pytest.mark.parametrize("path", [".ci/run"])
def test_scripts_are_valid_and_executable(path: str) -> None:
    script = ROOT / path
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", str(script)], check=True, timeout=30)
    text = script.read_text(encoding="utf-8")
    for step in ("ruff check", "ruff format --check", "mypy", "lint-imports", "--no-skips"):
        assert step in text
