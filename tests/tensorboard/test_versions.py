"""Every supported TensorBoard, each in an environment of its own: entry page, data routes, diagnosis,
write-back.

Environments are made once in $CURVEDOCTOR_TEST_ENVS (else in a temporary folder) and reused.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tensorboard_lab.logs import falling, turning, write
from tensorboard_lab.serving import Board

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
#: version → what it needs besides (before 2.21, TensorBoard imports pkg_resources)
VERSIONS = {"2.18.0": ["setuptools<81"], "2.20.0": ["setuptools<81"], "newest": []}


@pytest.fixture(scope="session")
def envs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = os.environ.get("CURVEDOCTOR_TEST_ENVS")
    return Path(place) if place else tmp_path_factory.mktemp("environments")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout as users get it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), str(ROOT)]
    subprocess.run(command, check=True, timeout=600)
    (made,) = folder.glob("*.whl")
    return made


def environment(envs: Path, version: str, wheel: Path) -> str:
    """The Python of an environment with this TensorBoard and our wheel."""
    folder = envs / f"tensorboard-{version}-{hashlib.sha256(sys.version.encode()).hexdigest()[:8]}"
    python = folder / "bin" / "python"
    wanted = "tensorboard" if version == "newest" else f"tensorboard=={version}"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        command = [str(python), "-m", "pip", "install", "-q", wanted, *VERSIONS[version], str(wheel)]
        subprocess.run(command, check=True, timeout=1200)
    ours = [str(python), "-m", "pip", "install", "-q", "--no-deps", "--force-reinstall", str(wheel)]
    subprocess.run(ours, check=True, timeout=300)
    return str(python)


@pytest.mark.parametrize("version", VERSIONS)
def test_starts_and_serves_the_tab(version: str, envs: Path, wheel: Path, tmp_path: Path) -> None:
    python = environment(envs, version, wheel)
    write(tmp_path / "ill", {"train/loss": falling(), "val/loss": turning()})
    annotate = [python, "-m", "curvedoctor", "annotate", str(tmp_path)]
    for fast in (True, False):
        with Board(["--logdir", str(tmp_path)], fast=fast, python=python) as board:
            found = board.get("environment")["version"]
            assert version == "newest" or found == version
            listed = board.get("plugins_listing")["curvedoctor"]
            assert listed["enabled"] and listed["tab_name"] == "Diagnosis"
            entry = listed["loading_mechanism"]["module_path"]
            assert b"export async function render" in board.raw(entry.removeprefix("/").removeprefix("data/"))
            page = board.raw("plugin_entry.html?name=curvedoctor")
            assert b"<base" in page
            (row,) = board.diagnosed(1)["overview"]["rows"]
            assert (row["run"], row["verdict"]) == ("ill", "sick")
            assert board.ours("run", key="ill")["charts"]
            assert board.ours("explain", condition="overfitting")["sections"]
            subprocess.run(annotate, check=True, capture_output=True, timeout=120)
            board.until(lambda: board.get("plugin/text/text", run="ill/curvedoctor", tag="diagnosis"))
