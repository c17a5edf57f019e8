"""The program at a terminal, in a pipe, without colours, in 80 and 200 columns, in ASCII."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len

from shell import Ran, at_terminal, process, write_nan

Run = Callable[..., Ran]


@pytest.mark.parametrize("columns", [80, 200])
def test_it_fits_the_terminal(logs: Path, columns: int) -> None:
    shown, err = at_terminal(columns, "diagnose", logs, err_to_pipe=True)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert err == ""
    assert "\x1b[31m" in shown
    assert all(cell_len(line) <= columns for line in plain.splitlines())
    rows = plain.split("\r\n\r\n")[0].splitlines()
    assert len(rows) == 4


def test_progress_only_on_a_terminal(logs: Path) -> None:
    both, _ = at_terminal(80, "diagnose", logs)
    alone, err = at_terminal(80, "diagnose", logs, err_to_pipe=True)
    assert "per second" in both
    assert both.rindex("\x1b[K") < both.index("run  ")  # gone before the result
    assert "per second" not in alone + err


def test_no_colour_when_told_so(logs: Path) -> None:
    shown, _ = at_terminal(80, "diagnose", logs, err_to_pipe=True, NO_COLOR="1")
    assert "\x1b" not in shown
    dumb, _ = at_terminal(80, "diagnose", logs, TERM="dumb")
    assert "\x1b" not in dumb


def test_no_colour_in_a_pipe_unless_forced(logs: Path) -> None:
    assert b"\x1b" not in process("diagnose", logs).stdout
    forced = process("diagnose", logs, env={**os.environ, "FORCE_COLOR": "1"})
    assert b"\x1b[31m" in forced.stdout


def test_ascii_where_the_encoding_is(logs: Path) -> None:
    for command in (("diagnose", logs), ("explain", "overfitting"), ("explain",), ("roles", logs)):
        done = process(*command, env={**os.environ, "PYTHONIOENCODING": "ascii"})
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.decode("ascii")
    assert (
        b"lower-lr 0.5 -> 0.05"
        in process("diagnose", logs, env={**os.environ, "PYTHONIOENCODING": "ascii"}).stdout
    )


def test_machine_formats_are_utf8_whatever_the_terminal(logs: Path) -> None:
    done = process("diagnose", logs, "--format", "markdown", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert "✅" in done.stdout.decode("utf-8")


def test_a_pipe_gets_whole_names(run: Run, tmp_path: Path) -> None:
    name = "lr=0.0001,batch=64,optimizer=adamw,weight_decay=0.05,warmup=500,schedule=cosine,seed=3"
    write_nan(tmp_path / name)
    assert name in process("diagnose", tmp_path).stdout.decode()
    shown, _ = at_terminal(80, "diagnose", tmp_path, NO_COLOR="1")
    assert name not in shown and "lower-lr 0.5 → 0.05" in shown


def test_bytes_do_not_go_to_a_terminal(logs: Path, tmp_path: Path) -> None:
    shown, err = at_terminal(80, "diagnose", logs, "--format", "parquet", err_to_pipe=True)
    assert shown == "" and "--output" in err
    assert process("diagnose", logs, "--format", "parquet").stdout[:4] == b"PAR1"


def test_columns_of_a_pipe_can_be_set(run: Run, logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = run("diagnose", logs).out.partition("──")[2]
    monkeypatch.setenv("COLUMNS", "200")
    wide = run("diagnose", logs).out.partition("──")[2]
    assert max(map(cell_len, narrow.splitlines())) <= 80
    assert max(map(cell_len, wide.splitlines())) > 80
