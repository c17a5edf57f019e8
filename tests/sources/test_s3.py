"""Runs in an object store: a real S3 server (moto) on loopback, read through fsspec."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from curvedoctor.errors import SourceError
from curvedoctor.sources import find_all
from sources import events
from sources.contract import read_all

pytest.importorskip("s3fs", reason="s3fs is missing: pip install 'curvedoctor[remote]'")
pytest.importorskip("moto", reason="moto is missing: pip install 'moto[server]'")


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server with an empty bucket."""
    log = tmp_path_factory.mktemp("moto") / "log"
    with log.open("wb") as stream:
        command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
        server = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT)
    try:
        yield _address(log)
    finally:
        server.terminate()
        server.wait()


def _address(log: Path) -> str:
    for _ in range(1200):
        text = log.read_text()
        if "Running on " in text:
            return text.split("Running on ")[1].split()[0]
        time.sleep(0.1)
    raise TimeoutError(log.read_text())


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    import s3fs

    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST")).close()
    s3fs.S3FileSystem.clear_instance_cache()
    s3fs.S3FileSystem().mkdir("runs")
    yield "s3://runs"
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_a_bucket_reads_like_a_directory(bucket: str, tmp_path: Path) -> None:
    import s3fs

    for name in ("a", "b/train", "b/validation"):
        events.run(tmp_path / "logs" / name)
    (tmp_path / "logs" / "a" / "hparams.yaml").write_text("lr: 0.25\n")
    s3 = s3fs.S3FileSystem()
    for path in (tmp_path / "logs").rglob("*"):
        if path.is_file():
            s3.put_file(str(path), f"{bucket}/logs/{path.relative_to(tmp_path / 'logs')}")
    remote, problems = read_all(f"{bucket}/logs")
    local, _ = read_all(tmp_path / "logs")
    assert not problems
    assert [run.name for run in remote] == [run.name for run in local] == ["a", "b"]
    for one, other in zip(remote, local, strict=True):
        assert one.params == other.params
        for curve, twin in zip(one.curves, other.curves, strict=True):
            assert curve.id == twin.id
            assert curve.values.tolist() == twin.values.tolist()
    with pytest.raises(SourceError, match="nothing-here"):
        list(find_all([f"{bucket}/nothing-here"]))


@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_a_server_that_is_gone_is_a_clear_error(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import s3fs

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(SourceError, match=r"can't be opened|no such file"):
        list(find_all(["s3://runs/logs"]))
    assert os.environ["AWS_ENDPOINT_URL"].endswith(":9")
