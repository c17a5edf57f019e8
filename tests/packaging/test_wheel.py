"""What users install: the wheel holds everything, works elsewhere, and offers its entry points."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("curvedoctor", "curvedoctor_tensorboard", "curvedoctor_mlflow", "curvedoctor_panel")
EXTRAS = {"mlflow", "remote", "dask", "ray", "all", "test"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source distribution and a wheel, built without a network:
    the front end's files are in the checkout."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel installed somewhere else."""
    target = tmp_path_factory.mktemp("site")
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--no-index",
        "--target",
        str(target),
    ]
    subprocess.run([*command, str(wheel)], check=True, timeout=120, capture_output=True)
    return target


def installed(site: Path, *command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run Python on the installed wheel, away from the checkout."""
    environment = {**os.environ, "PYTHONPATH": str(site)}
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def wanted() -> set[str]:
    """All files of the packages, as they stand in the wheel."""
    found = set()
    for root in ("backend", "plugin"):
        for package in PACKAGES:
            for path in (ROOT / root / package).rglob("*"):
                name = path.relative_to(ROOT / root)
                if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in name.parts):
                    found.add(name.as_posix())
    return found


def test_the_wheel_holds_the_packages_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    code = {name for name in names if ".dist-info/" not in name}
    assert {name.split("/")[0] for name in code} == set(PACKAGES)
    missing = {
        name for name in wanted() if not name.endswith(("package.json", "package-lock.json", "tsconfig.json"))
    } - code
    assert not missing
    for package in PACKAGES:
        assert f"{package}/py.typed" in code
    assert "curvedoctor/reports/schema.json" in code
    assert any(re.fullmatch(r"curvedoctor_panel/static/vendor/uPlot.*\.js", name) for name in code)


def test_the_source_distribution_can_be_built_from(built: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "hatch_build.py"} <= names
    assert any(name.startswith("plugin/curvedoctor_panel/static/vendor/uPlot") for name in names)
    assert {f"backend/{name}" for name in wanted() if name.startswith("curvedoctor/")} <= names


def test_no_path_of_the_build_machine_is_in_the_wheel(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    for name in archive.namelist():
        assert str(ROOT).encode() not in archive.read(name), name


def metadata(site: Path) -> Distribution:
    (folder,) = site.glob("curvedoctor-*.dist-info")
    return PathDistribution(folder)


def test_metadata(site: Path) -> None:
    said = metadata(site).metadata
    assert said["Name"] == "curvedoctor"
    assert said["License-Expression"] == "Apache-2.0"
    assert said["Requires-Python"] == ">=3.10"
    assert set(said.get_all("Provides-Extra")) >= EXTRAS
    base = [each for each in metadata(site).requires or [] if "extra ==" not in each]
    assert not any(re.match(r"mlflow|ray|distributed|s3fs|scikit-learn|pandas|torch", each) for each in base)


def test_entry_points_load(site: Path, tmp_path: Path) -> None:
    points = {(point.group, point.name): point.value for point in metadata(site).entry_points}
    assert points["console_scripts", "curvedoctor"] == "curvedoctor.cli:main"
    assert ("tensorboard_plugins", "curvedoctor") in points
    for value in points.values():
        module, _, name = value.partition(":")
        if "mlflow" in module:  # needs the extra
            continue
        code = f"import {module} as m; print(m.__file__); assert callable(m.{name})"
        done = installed(site, "-c", code, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(str(site))


def test_it_works_elsewhere(site: Path, tmp_path: Path) -> None:
    from shell import write_healthy, write_nan

    write_healthy(tmp_path / "logs" / "healthy")
    write_nan(tmp_path / "logs" / "nan")
    version = installed(site, "-m", "curvedoctor", "--version", cwd=tmp_path)
    assert re.fullmatch(r"curvedoctor \d+\.\d+\.\d+\n", version.stdout)
    done = installed(site, "-m", "curvedoctor", "diagnose", "logs", "--fail-on", "error", cwd=tmp_path)
    assert done.returncode == 1
    assert "non-finite" in done.stdout
    page = installed(site, "-m", "curvedoctor", "diagnose", "logs", "--format", "html", cwd=tmp_path)
    assert page.returncode == 0, page.stderr
    assert "uPlot" in page.stdout


def test_the_version_is_said_once() -> None:
    import curvedoctor

    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert (
        re.search(rf'^version = "{re.escape(curvedoctor.__version__)}"$', text, re.M)
        or 'dynamic = ["version"]' in text
    )
    assert f"## {curvedoctor.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
