"""The program starts quickly because it imports little: what must not be loaded, by command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from shell import write_healthy

#: never needed to diagnose event files
HEAVY = {
    "tensorflow", "torch", "mlflow", "pandas", "matplotlib", "sklearn", "sqlalchemy", "pyarrow", "ray",
    "distributed", "jax", "IPython", "PIL", "jsonschema", "werkzeug", "requests", "aiohttp", "grpc",
}  # fmt: skip
#: not even needed to answer --help
NUMERIC = {"numpy", "scipy", "tensorboard", "google.protobuf", "fsspec", "yaml", "rich", "loky"}


def loaded(*arguments: str) -> set[str]:
    """Modules that are loaded when the program has run with `arguments`."""
    code = (
        f"import sys\nfrom curvedoctor.cli import main\ncode = main({list(arguments)!r})\n"
        "assert code == 0, code\nsys.stderr.write('\\n'.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    return set(done.stderr.splitlines())


@pytest.mark.parametrize(
    "arguments", [("--version",), ("--help",), ("diagnose", "--help"), ("demo", "--help")]
)
def test_answering_a_question_needs_nothing_numeric(arguments: tuple[str, ...]) -> None:
    assert not loaded(*arguments) & (HEAVY | NUMERIC)


def test_diagnosing_event_files_needs_nothing_heavy(tmp_path: Path) -> None:
    write_healthy(tmp_path / "logs" / "a")
    modules = loaded("diagnose", str(tmp_path / "logs"))
    assert not modules & (
        HEAVY | {"tensorboard.backend.event_processing", "tensorboard.summary", "rich.live"}
    )
    assert "numpy" in modules


def test_importing_the_package_imports_nothing() -> None:
    code = "import sys; before = set(sys.modules); import curvedoctor; print(*(set(sys.modules) - before))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert {name.split(".")[0] for name in done.stdout.split()} <= {"curvedoctor", "typing"} | set(
        sys.stdlib_module_names
    )
    assert "curvedoctor.model" not in done.stdout.split()
