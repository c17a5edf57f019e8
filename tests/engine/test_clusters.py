"""The same bytes from one process, from all cores, from Dask, from Ray; from disk and from object stores."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from curvedoctor import store as kept_store
from curvedoctor.engine import Options, diagnose_sources
from curvedoctor.model import Diagnosis
from curvedoctor.reports.as_json import dumps, to_dict
from engine.logs import log_teams

#: the command line with jobs so small that every worker gets some, and one group is larger than a job
COMMAND = """
import sys
from curvedoctor.cli import main
from curvedoctor.engine import grouping
grouping.JOB = 3
if __name__ == "__main__":
    sys.exit(main())
"""


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("logs")
    log_teams(root)
    (root / "b" / "events.out.tfevents.1.broken").write_bytes(b"no event file")
    return root


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("script") / "scan.py"
    path.write_text(COMMAND)
    return path


def lines(script: Path, source: str, *options: str, **env: str) -> bytes:
    """What the command line prints."""
    return subprocess.run(
        [sys.executable, str(script), "diagnose", source, "--format", "jsonl", *options],
        env=os.environ | {"CURVEDOCTOR_CACHE": "off", "RAY_USAGE_STATS_ENABLED": "0"} | env,
        stdout=subprocess.PIPE,
        check=True,
        timeout=300,
    ).stdout


@pytest.fixture(scope="module")
def alone(script: Path, logs: Path) -> bytes:
    """What one process says."""
    said = lines(script, str(logs))
    assert len(said.splitlines()) == 12
    return said


def test_loky_says_the_same_bytes(script: Path, logs: Path, alone: bytes) -> None:
    assert lines(script, str(logs), "--jobs", "2") == alone


@pytest.mark.slow
def test_dask_says_the_same_bytes(script: Path, logs: Path, alone: bytes) -> None:
    assert lines(script, str(logs), "--backend", "dask", "--jobs", "2") == alone


@pytest.mark.slow
def test_a_running_dask_cluster_is_used(script: Path, logs: Path, alone: bytes) -> None:
    code = (
        "import sys; from distributed import LocalCluster\nif __name__ == '__main__':\n"
        "    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:\n"
        "        print(cluster.scheduler_address, flush=True); sys.stdin.read()\n"
    )
    where = script.with_name("cluster.py")
    where.write_text(code)
    with subprocess.Popen(
        [sys.executable, str(where)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as cluster:
        assert cluster.stdout is not None
        address = cluster.stdout.readline().strip()
        said = lines(script, str(logs), "--backend", "dask", DASK_SCHEDULER_ADDRESS=address)
    assert said == alone


@pytest.mark.slow
def test_ray_says_the_same_bytes(script: Path, logs: Path, alone: bytes) -> None:
    assert lines(script, str(logs), "--backend", "ray", "--jobs", "2") == alone


@pytest.fixture(scope="module")
def s3(logs: Path) -> Iterator[dict[str, str]]:
    """The environment in which s3://bucket/logs holds what `logs` does."""
    server = Path(__file__).with_name("s3.py")
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", str(server), str(logs)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@pytest.mark.parametrize(
    "options",
    [
        pytest.param((), id="one"),
        pytest.param(("--jobs", "2"), id="loky", marks=pytest.mark.slow),
        pytest.param(("--backend", "dask", "--jobs", "2"), id="dask", marks=pytest.mark.slow),
    ],
)
def test_an_object_store_says_the_same(
    script: Path, logs: Path, alone: bytes, s3: dict[str, str], options: tuple[str, ...]
) -> None:
    said = lines(script, "s3://bucket/logs", *options, **s3)
    assert said.replace(b"s3://bucket/logs", str(logs).encode()).replace(b".gz", b"") == alone


def test_a_remote_file_system_says_the_same(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = fsspec.filesystem("memory")
    for number, path in enumerate(sorted(p for p in logs.rglob("*") if p.is_file())):
        name = f"/logs/{path.relative_to(logs).as_posix()}"
        data = path.read_bytes()
        if number % 2:
            name, data = f"{name}.gz", gzip.compress(data)
        store.pipe_file(name, data)
    local, remote = (
        [dumps(to_dict(d)) for d in diagnose_sources([address]) if isinstance(d, Diagnosis)]
        for address in (str(logs), "memory://logs")
    )
    assert [line.replace("memory://logs", str(logs)) for line in remote] == local
    # no file there tells its time: nothing is remembered that may be out of date
    monkeypatch.setenv(kept_store.VARIABLE, str(tmp_path / "cache"))
    kept: list[object] = []
    monkeypatch.setattr(kept_store.Store, "put", lambda *args: kept.append(args))
    list(diagnose_sources(["memory://logs"], Options(memory=True, curves="none")))
    assert not kept
    store.rm("/logs", recursive=True)
