"""Every exit code of the contract, each with its one clear line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import curvedoctor
from shell import Ran, process, write_healthy

Run = Callable[..., Ran]


def one_line(text: str) -> str:
    """The only line on stderr."""
    assert text.endswith("\n")
    assert text.count("\n") == 1, text
    assert "Traceback" not in text
    return text


def test_done(run: Run, logs: Path) -> None:
    ran = run("diagnose", logs)
    assert ran.code == 0
    assert "3 runs: 1 failed, 1 can't tell, 1 " in ran.out
    assert ran.err == ""


def test_version_and_help(run: Run) -> None:
    assert run("--version").out == f"curvedoctor {curvedoctor.__version__}\n"
    told = run("--help").out
    for command in ("diagnose", "annotate", "clean", "watch", "explain", "roles", "demo"):
        assert f"  {command} " in told
        ran = run(command, "--help")
        assert (ran.code, ran.err) == (0, "")


@pytest.mark.parametrize(
    ("level", "names", "code"),
    [
        ("error", ["nan", "healthy", "short"], 1),
        ("warning", ["nan"], 1),
        ("info", ["nan"], 1),
        ("undetermined", ["nan"], 1),
        ("undetermined", ["short"], 1),
        ("undetermined", ["healthy"], 0),
        ("error", ["healthy", "short"], 0),
        ("warning", ["healthy", "short"], 0),
    ],
)
def test_fail_on(run: Run, logs: Path, level: str, names: list[str], code: int) -> None:
    ran = run("diagnose", *(logs / name for name in names), "--fail-on", level)
    assert (ran.code, ran.err) == (code, "")
    assert f"{len(names)} run" in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["diagnose"], "SOURCE"),
        (["diagnos", "x"], "did you mean 'diagnose'?"),
        (["diagnose", "logs", "--format", "yaml"], "yaml"),
        (["diagnose", "logs", "--fail-on", "fatal"], "fatal"),
        (["diagnose", "logs", "--nonsense"], "--nonsense"),
        (["diagnose", "logs", "--jobs", "many"], "many"),
        (["diagnose", "logs", "--condition", "overfiting"], "did you mean 'overfitting'?"),
        (["diagnose", "logs", "--param", "n_val"], "key=value"),
        (["diagnose", "logs", "--param", "n_val=-3"], "n_val"),
        (["diagnose", "logs", "--role", "loss=val"], "split:quantity:better"),
        (["diagnose", "logs", "--role", "loss=val:los:lower"], "los"),
        (["diagnose", "logs", "--baseline", "nowhere.json"], "--write-baseline"),
        (["diagnose", "logs", "--resume"], "--format jsonl"),
        (["explain", "overfiting"], "did you mean 'overfitting'?"),
        (["roles", "logs", "--format", "parquet"], "parquet"),
    ],
)
def test_bad_usage(run: Run, logs: Path, arguments: list[str], said: str) -> None:
    ran = run(*(str(logs) if argument == "logs" else argument for argument in arguments))
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("command", ["diagnose", "annotate", "clean", "roles"])
def test_no_source_can_be_read(run: Run, tmp_path: Path, command: str) -> None:
    ran = run(command, tmp_path / "missing")
    assert (ran.code, ran.out) == (2, "")
    assert str(tmp_path / "missing") in one_line(ran.err)
    assert "no such file" in ran.err


@pytest.mark.parametrize("command", ["diagnose", "annotate", "clean", "roles"])
@pytest.mark.parametrize("content", ["nothing", "other files", "no scalars"])
def test_no_run_is_found(run: Run, tmp_path: Path, command: str, content: str) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    if content == "other files":
        (folder / "readme.txt").write_text("hello")
    if content == "no scalars":
        from shell import Log

        with Log(folder / "a"):
            pass
    ran = run(command, folder)
    assert (ran.code, ran.out) == (2, "")
    assert f"no run was found in {folder}" in one_line(ran.err)
    if content == "no scalars":
        assert "events.out.tfevents" in ran.err


def test_a_pattern_that_matches_nothing(run: Run, logs: Path) -> None:
    ran = run("diagnose", logs, "--run", "nothing*")
    assert (ran.code, ran.out) == (2, "")
    assert "--run" in one_line(ran.err)


def test_one_bad_source_among_good_ones_is_told_and_skipped(run: Run, logs: Path, tmp_path: Path) -> None:
    ran = run("diagnose", tmp_path / "missing", logs, "--format", "json")
    assert ran.code == 0
    assert "no such file or directory" in one_line(ran.err)
    assert "1 of 2 sources" in ran.err
    data = json.loads(ran.out)
    assert len(data["runs"]) == 3
    assert data["problems"][0]["where"].endswith("missing")


def test_no_right_to_write_the_output(run: Run, logs: Path, tmp_path: Path) -> None:
    ran = run("diagnose", logs, "--output", tmp_path / "nowhere" / "out.txt")
    assert (ran.code, ran.out) == (2, "")
    assert "out.txt" in one_line(ran.err)


def test_annotate_in_part(run: Run, logs: Path, tmp_path: Path) -> None:
    history = tmp_path / "history.csv"
    history.write_text("epoch,loss\n" + "".join(f"{i},{2 / (i + 1)}\n" for i in range(20)))
    ran = run("annotate", history, logs)
    assert ran.code == 3
    assert "refused" in ran.err
    assert "nan: written" in ran.out
    assert run("annotate", logs).code == 0
    assert run("clean", history, logs).code == 3
    assert run("clean", logs).code == 0


def test_interrupted(tmp_path: Path) -> None:
    write_healthy(tmp_path / "logs" / "healthy")
    # a shell that runs the tests in the background has them, and so what they start, ignore interrupts
    signal.signal(signal.SIGINT, signal.default_int_handler)
    watch = subprocess.Popen(
        [sys.executable, "-m", "curvedoctor", "watch", str(tmp_path / "logs"), "--interval", "60"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert watch.stdout is not None
    assert b"healthy: " in watch.stdout.readline()
    time.sleep(0.2)
    watch.send_signal(signal.SIGINT)
    _, err = watch.communicate(timeout=30)
    assert watch.returncode == 130
    assert one_line(err.decode()) == "curvedoctor: interrupted\n"


@pytest.mark.parametrize("form", ["table", "jsonl", "csv"])
def test_a_reader_that_goes_away_is_no_error(logs: Path, form: str) -> None:
    read, written = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "curvedoctor", "diagnose", str(logs), "--format", form]
    done = subprocess.run(command, stdout=written, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(written)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_reader_that_goes_away_does_not_leave_a_store_half_done(logs: Path) -> None:
    for command, left in (("annotate", 3), ("clean", 0)):
        read, written = os.pipe()
        os.close(read)
        done = subprocess.run(
            [sys.executable, "-m", "curvedoctor", command, str(logs)],
            stdout=written, stderr=subprocess.PIPE, timeout=60, check=False,
        )  # fmt: skip
        os.close(written)
        assert (done.returncode, done.stderr) == (0, b"")
        assert len(list(logs.glob("*/curvedoctor"))) == left


def test_as_a_process(logs: Path, tmp_path: Path) -> None:
    done = process("diagnose", logs, "--format", "jsonl", "--fail-on", "error")
    assert (done.returncode, done.stderr) == (1, b"")
    assert len(done.stdout.splitlines()) == 3
    assert process("diagnose", tmp_path / "missing").returncode == 2


def test_a_fault_of_ours_is_no_verdict(run: Run, logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a fault\nin two lines")

    monkeypatch.setattr("curvedoctor.cli.results.diagnose_sources", broken)
    ran = run("diagnose", logs)
    assert (ran.code, ran.out) == (70, "")
    assert "report it: RuntimeError: a fault" in one_line(ran.err)
    monkeypatch.setenv("CURVEDOCTOR_DEBUG", "1")
    with pytest.raises(RuntimeError):
        run("diagnose", logs)
