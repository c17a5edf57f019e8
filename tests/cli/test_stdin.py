"""`-`: a console log or a table that is piped in."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from shell import falling
from sources.console_samples import SAMPLES


def _piped(text: bytes, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "curvedoctor", *arguments]
    return subprocess.run(command, input=text, capture_output=True, timeout=120, check=False, cwd=cwd)


LOSSES = [round(float(value), 4) for value in falling(60)]
LOG = "".join(f"Epoch {i}/60 loss {v} val_loss {v + 0.01:.4f}\n" for i, v in enumerate(LOSSES, 1)).encode()
TABLE = ("epoch,loss\n" + "".join(f"{i},{v}\n" for i, v in enumerate(LOSSES, 1))).encode()


@pytest.mark.parametrize("text", [LOG, TABLE], ids=["log", "table"])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_what_is_piped_in_is_a_run(tmp_path: Path, text: bytes, jobs: str) -> None:
    ran = _piped(text, "diagnose", "-", "--format", "json", "--jobs", jobs, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    (run,) = told["runs"]
    assert (run["run"], run["source"]) == ("stdin", "-")
    (loss,) = [curve for curve in run["curves"] if curve["id"] == "loss"]
    assert loss["points"] == 60
    assert not list(tmp_path.iterdir())


def test_it_says_the_same_twice(tmp_path: Path) -> None:
    first, again = (_piped(LOG, "diagnose", "-", "--format", "json", cwd=tmp_path) for _ in range(2))
    assert first.stdout == again.stdout


def test_a_piped_log_says_what_was_used(tmp_path: Path) -> None:
    text = SAMPLES["nanogpt"](random.Random(0), 6)[0].encode()
    ran = _piped(text, "diagnose", "-", cwd=tmp_path)
    assert ran.returncode == 0
    assert b"val loss" in ran.stdout
    assert b"lines were used" in ran.stderr


def test_columns_without_a_header(tmp_path: Path) -> None:
    text = b"".join(b"%d %f\n" % (i, v) for i, v in enumerate(LOSSES))
    ran = _piped(text, "diagnose", "-", cwd=tmp_path)
    assert ran.returncode == 2
    assert b"--columns" in ran.stderr
    ran = _piped(text, "diagnose", "-", "--columns", "epoch,loss", "--format", "json", cwd=tmp_path)
    assert [curve["id"] for curve in json.loads(ran.stdout)["runs"][0]["curves"]] == ["loss"]


@pytest.mark.parametrize("text", [b"", b"hello\n", bytes(range(256)) * 40])
def test_nothing_to_read_is_said(tmp_path: Path, text: bytes) -> None:
    ran = _piped(text, "diagnose", "-", cwd=tmp_path)
    assert ran.returncode == 2
    assert b"Traceback" not in ran.stderr
    assert b"curvedoctor: " in ran.stderr


def test_annotate_says_that_it_has_no_place(tmp_path: Path) -> None:
    ran = _piped(LOG, "annotate", "-", cwd=tmp_path)
    assert b"Traceback" not in ran.stderr
    assert b"no place" in ran.stderr + ran.stdout
    assert not list(tmp_path.iterdir())
