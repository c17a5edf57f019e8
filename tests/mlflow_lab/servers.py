"""Real MLflow servers on loopback, each version in an environment of its own."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.metadata
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

HERE = Path(__file__).parent
#: the oldest supported MLflow, and what it needs beside itself
OLD = ("mlflow==2.22.5", "sqlalchemy<2.1", "setuptools<81", "psycopg2-binary", "pymysql", "flask-wtf")
#: seconds until a server must answer
STARTUP = 90


def quiet_environment(**more: str) -> dict[str, str]:
    """The environment for MLflow: no helper processes, no telemetry, none of the developer's settings."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
    return {
        **kept,
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "GIT_PYTHON_REFRESH": "quiet",
        **more,
    }


def old_python() -> str:
    """The interpreter of an environment with MLflow 2.22.5 and with what curvedoctor needs where it
    runs as the server's app. Made once, kept in the cache, and made anew when either changes.

    CURVEDOCTOR_TEST_ENVS says where; uv is used where it is installed.
    """
    root = Path(
        os.environ.get("CURVEDOCTOR_TEST_ENVS") or platformdirs.user_cache_path("curvedoctor-test-envs")
    )
    root.mkdir(parents=True, exist_ok=True)
    place = root / f"mlflow-2.22.5-py{sys.version_info.major}.{sys.version_info.minor}"
    wanted = [*OLD, *_ours()]
    complete, python = place / "complete", place / "bin" / "python"
    with open(f"{place}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists() or complete.read_text().splitlines() != wanted:
            subprocess.run([sys.executable, "-m", "venv", "--clear", place], check=True)
            subprocess.run([*_installer(str(python)), "-q", *wanted], check=True)
            complete.write_text("\n".join(wanted))
    return str(python)


def _ours() -> list[str]:
    """What curvedoctor itself asks for, without its extras."""
    asked = importlib.metadata.requires("curvedoctor") or []
    return sorted(text for text in asked if "extra ==" not in text)


def _installer(python: str) -> list[str]:
    uv = shutil.which("uv")
    return [uv, "pip", "install", "--python", python] if uv else [python, "-m", "pip", "install"]


def with_ours(folder: Path) -> dict[str, str]:
    """Environment variables that make this checkout an installed package, entry points and all, for
    an interpreter that has its dependencies."""
    root = HERE.parents[1]
    info = folder / "site" / "curvedoctor-0.1.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: curvedoctor\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text("[mlflow.app]\ncurvedoctor = curvedoctor_mlflow.app:create_app\n")
    return {"PYTHONPATH": os.pathsep.join(map(str, (folder / "site", root / "backend", root / "plugin")))}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    url: str
    log: Path
    process: subprocess.Popen[bytes]


@contextlib.contextmanager
def serve(
    python: str,
    store: str,
    folder: Path,
    *more: str,
    environment: dict[str, str] | None = None,
    workers: int = 1,
) -> Iterator[Running]:
    """`mlflow server` for a backend store, with artifacts served from `folder`."""
    port = free_port()
    command = [
        python, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--backend-store-uri",
        store,
        "--artifacts-destination", str(folder / "artifacts"), "--workers", str(workers), *more,
    ]  # fmt: skip
    log = folder / f"server-{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            stdout=out,
            stderr=out,
            env=quiet_environment(**(environment or {})),
            start_new_session=True,
            cwd=folder,
        )
    url = f"http://127.0.0.1:{port}"
    prefix = more[more.index("--static-prefix") + 1] if "--static-prefix" in more else ""
    try:
        wait_for(f"{url}{prefix}/health", process, log)
        yield Running(url, log, process)
    finally:
        stop(process)


def wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a server answers; its log is shown if it does not."""
    end = time.monotonic() + STARTUP
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError):
            try:
                with urllib.request.urlopen(address, timeout=5):
                    return
            except urllib.error.HTTPError:
                return
        time.sleep(0.1)
    raise RuntimeError(f"no answer from {address}:\n{log.read_text(errors='replace')[-3000:]}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server with its workers: the process group that it was started in."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
            return


def run_script(python: str, script: str, *arguments: str, environment: dict[str, str] | None = None) -> None:
    """Run a script of this folder in an environment; its output is shown if it fails."""
    command: Sequence[str] = [python, str(HERE / script), *arguments]
    # older clients leave a folder wherever they are started
    with tempfile.TemporaryDirectory(prefix="curvedoctor-") as place:
        done = subprocess.run(
            command,
            env=quiet_environment(**(environment or {})),
            cwd=place,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"{script} failed:\n{done.stderr[-3000:]}")
