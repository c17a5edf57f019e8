"""A server or database that dies is told in one line,
and a gate that could not read everything is not passed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import shell
from curvedoctor.cli import main
from mlflow_lab import flaky, servers
from mlflow_lab.write import diagnoses, write


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "2")


def dies_at(proxy: flaky.Proxy, word: str, after: int = 0) -> None:
    """From the `after`-th request of a kind on, nobody is there any more."""
    seen, dead = 0, False

    def rule(method: str, path: str) -> flaky.Fault:
        nonlocal seen, dead
        seen += word in path
        dead = dead or seen > after
        return "drop" if dead else None

    proxy.rule = rule


@pytest.mark.parametrize("word", ["get-history", "runs/search"])
@pytest.mark.parametrize("other", [True, False])
def test_a_server_that_dies(
    board, tmp_path: Path, capfd: pytest.CaptureFixture[str], quick: None, word: str, other: bool
) -> None:
    shell.write_healthy(tmp_path / "fine")
    with flaky.before(board.uri) as proxy:
        for command, code in (
            (["diagnose", "--fail-on", "error"], 2),
            (["diagnose"], 0 if other else 2),
            (["annotate", "--dry-run"], 3 if other else 2),
            (["clean", "--dry-run"], 3 if other else 2),
            (["compare"], 0 if other else 2),
        ):
            dies_at(proxy, word)
            sources = [proxy.url, str(tmp_path / "fine")] if other else [proxy.url, "--experiment", "small"]
            assert main([*command, *sources]) == code, command
            err = capfd.readouterr().err
            told = [line for line in err.splitlines() if proxy.url in line]
            assert len(told) == 1, err
            assert "closed the connection" in told[0], told[0]


def test_the_runs_that_were_read_before_are_used(
    board, capfd: pytest.CaptureFixture[str], quick: None
) -> None:
    with flaky.before(board.uri) as proxy:
        dies_at(proxy, "get-history", after=9)
        assert main(["diagnose", proxy.url, "--format", "jsonl"]) == 0
        out, err = capfd.readouterr()
        assert 0 < len(out.splitlines()) < len(board.truth)
        assert err.count(proxy.url) == 1
        assert "runs)" in err


def test_a_dead_server_is_waited_for_once(board, quick: None) -> None:
    """It keeps silent: each of several batches would wait for the whole time limit."""
    import time

    with flaky.before(board.uri) as proxy:
        proxy.rule = flaky.failing("get-history", "hang")
        start = time.monotonic()
        assert main(["diagnose", proxy.url, "--fail-on", "error"]) == 2
        assert time.monotonic() - start < 8


def test_a_whole_server_is_missing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    shell.write_healthy(tmp_path / "fine")
    missing = f"http://127.0.0.1:{servers.free_port()}"
    assert main(["diagnose", missing, str(tmp_path), "--fail-on", "error"]) == 2
    assert capfd.readouterr().err.count(missing) == 1
    assert main(["diagnose", missing, str(tmp_path)]) == 0
    assert main(["diagnose", str(tmp_path), "--fail-on", "error"]) == 0
    assert main(["annotate", missing, str(tmp_path)]) == 3


def test_what_was_found_weighs_more_than_what_was_not_read(tmp_path: Path) -> None:
    shell.write_nan(tmp_path / "sick")
    missing = f"http://127.0.0.1:{servers.free_port()}"
    assert main(["diagnose", missing, str(tmp_path), "--fail-on", "error"]) == 1


def test_a_run_of_a_folder_that_can_not_be_read(
    filled_files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from curvedoctor.sources.mlflow import disk as mlflow_disk

    shutil.copytree(filled_files.uri, tmp_path / "mlruns")
    read, lost = mlflow_disk.read, filled_files.run("falls")["id"]

    def refuse(path: str, limit: int = -1) -> bytes:
        if lost in path and "metrics" in path:
            raise OSError(5, "Input/output error", path)
        return read(path, limit)

    command = ["diagnose", str(tmp_path / "mlruns"), "--experiment", "small", "--fail-on", "error"]
    assert main(command) == 0
    command[3] = "hard"
    monkeypatch.setattr(mlflow_disk, "read", refuse)
    assert main([*command, "--run", "[fw]*[!0-9a-f]*"]) == 2
    assert "the run can't be read" in capfd.readouterr().err


def test_nothing_is_written_where_nothing_was_lost(board) -> None:
    assert not [
        item
        for item in write(diagnoses(board.uri, experiment="small"), dry_run=True)
        if item.status == "failed"
    ]
