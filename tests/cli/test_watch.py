"""`watch`: tells changes only, survives sources that come and go, notifies without a shell."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from curvedoctor.cli.watching import State, Watch, difference
from curvedoctor.engine import Options
from curvedoctor.known import Known
from shell import Log, Ran, at_terminal, falling, write_healthy, write_nan

Run = Callable[..., Ran]
#: a notifier: writes what it is told to a file named by its first argument
NOTIFIER = (
    "import json, os, sys; facts = {k: v for k, v in os.environ.items() if k.startswith('CURVEDOCTOR_')}; "
    "open(sys.argv[1], 'a').write(json.dumps([sys.argv[2:], facts, json.load(sys.stdin)]) + '\\n')"
)


def test_a_change_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = falling()
    values[60:] = np.nan
    with Log(tmp_path / "logs" / "live") as log:
        watch = Watch([str(tmp_path / "logs")], Options(), Known())
        for step in range(50):
            log.scalars(step, {"train/loss": float(values[step])})
        log.file.flush()
        watch.look()
        first = capsys.readouterr().out
        assert first.count("\n") == 1
        assert " live: " in first
        watch.look()
        assert capsys.readouterr().out == ""  # nothing moved
        for step in range(50, 100):
            log.scalars(step, {"train/loss": float(values[step])})
        log.file.flush()
        watch.look()
    second = capsys.readouterr().out
    assert second.count("\n") == 1
    assert "→ failed (non-finite" in second
    assert "Clip the gradient norm at 1" in second


def test_a_source_that_is_not_there_yet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    watch = Watch([str(tmp_path / "logs")], Options(), Known())
    watch.look()
    watch.look()
    out, err = capsys.readouterr()
    assert (out, err.count("still watching")) == ("", 1)
    write_healthy(tmp_path / "logs" / "a")
    watch.look()
    assert "a: fine" in capsys.readouterr().out


def test_a_new_finding_is_notified_without_a_shell(run: Run, tmp_path: Path) -> None:
    name = "x; touch pwned $(touch pwned) `touch pwned`"
    write_nan(tmp_path / "logs" / name)
    write_healthy(tmp_path / "logs" / "healthy")
    script = tmp_path / "notifier.py"
    script.write_text(NOTIFIER)
    told = tmp_path / "told.jsonl"
    command = f"{sys.executable} {script} {told} '$CURVEDOCTOR_RUN' '; touch pwned'"
    ran = run("watch", tmp_path / "logs", "--times", "2", "--interval", "0.1", "--notify", command)
    assert (ran.code, ran.err) == (0, "")
    lines = [json.loads(line) for line in told.read_text().splitlines()]
    assert len(lines) == 1
    arguments, facts, diagnosis = lines[0]
    assert arguments == ["$CURVEDOCTOR_RUN", "; touch pwned"]
    assert facts["CURVEDOCTOR_RUN"] == name
    assert facts["CURVEDOCTOR_CONDITION"] == "non-finite"
    assert facts["CURVEDOCTOR_SEVERITY"] == "error"
    assert diagnosis["run"] == name
    assert not (tmp_path / "pwned").exists()


def test_a_severity_limit_for_notifications(run: Run, tmp_path: Path) -> None:
    write_nan(tmp_path / "logs" / "nan")
    told = tmp_path / "told"
    command = f"{sys.executable} -c \"open('{told}', 'a').write('x')\""
    run(
        "watch",
        tmp_path / "logs",
        "--times",
        "1",
        "--notify",
        command,
        "--notify-on",
        "error",
        "--condition",
        "overfitting",
    )
    assert not told.exists()
    run("watch", tmp_path / "logs", "--times", "1", "--notify", command, "--notify-on", "error")
    assert told.read_text() == "x"


@pytest.mark.parametrize(
    "command", ["no-such-program", "'unclosed", "", f"{sys.executable} -c 'raise SystemExit(3)'"]
)
def test_a_notifier_that_fails_does_not_end_the_watch(run: Run, tmp_path: Path, command: str) -> None:
    write_nan(tmp_path / "logs" / "nan")
    ran = run("watch", tmp_path / "logs", "--times", "1", "--notify", command)
    assert ran.code == 0
    assert "nan: failed" in ran.out
    assert "Traceback" not in ran.err
    if command:
        assert "--notify" in ran.err


def test_it_is_redrawn_in_place_on_a_terminal(tmp_path: Path) -> None:
    write_nan(tmp_path / "logs" / "nan")
    write_healthy(tmp_path / "logs" / "healthy")
    shown, _ = at_terminal(80, "watch", tmp_path / "logs", "--times", "2", "--interval", "0.1")
    assert "\x1b[" in shown
    assert "2 runs in" in shown
    assert "failed: non-finite from 60  lower-lr 0.5 → 0.05" in shown
    assert "✗" in shown
    assert shown.index("nan") < shown.index("healthy")  # sick ones first


def test_a_watch_sees_what_a_real_training_appends(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    write_healthy(logs / "old")
    watch = subprocess.Popen(
        [sys.executable, "-m", "curvedoctor", "watch", str(logs), "--interval", "0.2"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert watch.stdout is not None
    assert "old: fine" in watch.stdout.readline()
    time.sleep(0.3)
    write_nan(logs / "new")
    line = watch.stdout.readline()
    assert "new: failed (non-finite" in line or "new: can't tell" in line
    watch.terminate()
    watch.communicate(timeout=30)


def test_annotating_writes_what_changed_and_is_no_change_itself(run: Run, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    write_nan(logs / "nan")
    history = logs / "old" / "history.csv"
    history.parent.mkdir()
    history.write_text("epoch,loss\n" + "".join(f"{i},{2 / (i + 1)}\n" for i in range(20)))
    ran = run("watch", logs, "--times", "3", "--interval", "0.1", "--annotate")
    assert ran.code == 0
    assert ran.out.count("\n") == 2
    assert (logs / "nan" / "curvedoctor").is_dir()
    assert ran.err.count("refused") == 1
    assert "old" in ran.err


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (("fine", (), ""), ("failed", ("non-finite",), "lower-lr"), "fine → failed (non-finite)"),
        (
            ("needs attention", ("lr-too-low", "undertrained"), "raise-lr"),
            ("needs attention", ("overfitting", "undertrained"), "stop-early"),
            "needs attention, overfitting now seen; lr-too-low no longer seen",
        ),
        (("could improve", (), "more-data"), ("could improve", (), "raise-lr"), "could improve, try first"),
    ],
)
def test_only_what_is_new_is_told(before: State, after: State, told: str) -> None:
    assert difference(before, after) == told


def test_the_time_stands_once_for_the_lines_of_one_look(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in "abc":
        write_healthy(tmp_path / name)
    Watch([str(tmp_path)], Options(), Known()).look()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-2].rstrip(":") for line in lines] == ["a", "b", "c"]
    assert len({line for line in lines if line[0].isdigit()}) <= 2  # the clock may strike in between
    assert len({line.index(": ") for line in lines}) == 1
