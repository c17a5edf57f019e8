"""Bad input gets a clear answer, never a traceback, and never stops the other runs."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import cases
from shell import Log, Ran, falling, write, write_healthy

Run = Callable[..., Ran]
#: bytes; sparse, so that it takes no room on the disk
HUGE = 10 * 2**30
TEXTUAL = ("table", "json", "jsonl", "markdown", "html", "csv", "sarif", "junit")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A log directory with one sound run, which must be diagnosed whatever lies beside it."""
    write_healthy(tmp_path / "logs" / "sound")
    return tmp_path / "logs"


def diagnosed(ran: Ran) -> dict[str, dict[str, object]]:
    """The runs by name; the sound one must be healthy."""
    assert ran.code == 0, ran.err
    assert "Traceback" not in ran.err
    assert "fault of curvedoctor" not in ran.err
    found = {run["run"]: run for run in json.loads(ran.out)["runs"]}
    assert found["sound"]["verdict"] == "healthy"
    return found


def test_a_run_of_one_point_is_undetermined(run: Run, folder: Path) -> None:
    write(folder / "short", {"train/loss": [1.0]})
    found = diagnosed(run("diagnose", folder, "--format", "json"))
    assert found["short"]["verdict"] == "undetermined"


def test_a_symlink_loop_ends(run: Run, folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "up").symlink_to(folder, target_is_directory=True)
    (folder / "self").symlink_to(folder / "self")
    ran = run("diagnose", folder, "--format", "json")
    assert list(diagnosed(ran)) == ["sound"]


def test_a_huge_sparse_file_is_told_quickly(run: Run, folder: Path) -> None:
    path = folder / "huge" / "events.out.tfevents.1.host"
    path.parent.mkdir()
    with path.open("wb") as file:
        file.truncate(HUGE)
    ran = run("diagnose", folder, "--format", "json")
    diagnosed(ran)
    assert path.name in ran.err


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 4096, b"not an event file\n" * 100, os.urandom(5000), b"\xff" * 24],
    ids=lambda c: str(len(c)),
)
def test_what_is_no_event_file_is_told(run: Run, folder: Path, content: bytes) -> None:
    path = folder / "broken" / "events.out.tfevents.1.host"
    path.parent.mkdir()
    path.write_bytes(content)
    ran = run("diagnose", folder, "--format", "json")
    assert list(diagnosed(ran)) == ["sound"]
    if content:
        assert path.name in ran.err


def test_what_can_not_be_opened_is_told(run: Run, folder: Path) -> None:
    (folder / "gone" / "x").mkdir(parents=True)
    (folder / "gone" / "events.out.tfevents.1.host").symlink_to(folder / "nowhere")
    (folder / "gone" / "events.out.tfevents.2.host").mkdir()
    os.mkfifo(folder / "gone" / "events.out.tfevents.3.host")
    diagnosed(run("diagnose", folder, "--format", "json"))


def test_extreme_numbers(run: Run, folder: Path) -> None:
    write(folder / "big", {"train/loss": falling() * 1e300, "val/loss": falling() * 1e-300})
    write(folder / "steps", {"train/loss": ([-(2**63), -1, 0, 1, 2**63 - 1] * 5, falling(25))})
    write(folder / "nothing", {"train/loss": [np.nan, np.inf, -np.inf] * 20})
    found = diagnosed(run("diagnose", folder, "--format", "json"))
    assert {"big", "steps", "nothing"} <= set(found)
    for form in TEXTUAL:
        assert run("diagnose", folder, "--format", form).code == 0


def names() -> Iterator[str]:
    """Tags as a log can hold them: UTF-8, so without lone surrogates."""
    yield from (name for name in cases.HOSTILE if "\udc80" not in name)


@pytest.fixture
def hostile(folder: Path) -> Path:
    """Runs with hostile tags, directory and parameter values, besides the sound one."""
    for index, name in enumerate(names()):
        values = falling()
        values[60:] = np.nan
        with Log(folder / f"tag{index}") as log:
            log.hyperparameters({"optimizer": name})
            for step, value in enumerate(values):
                log.scalars(step, {f"train/loss/{name}": value, f"{name}/val_loss": value})
        if "/" not in name and "\0" not in name and len(name) < 200:
            write(folder / name, {"train/loss": values})
    undecodable = os.fsencode(folder) + b"/\xff\x1b[31m"
    os.mkdir(undecodable)
    write(Path(os.fsdecode(undecodable)), {"train/loss": falling()})
    return folder


@pytest.mark.parametrize("form", TEXTUAL)
def test_hostile_names_do_no_harm(run: Run, hostile: Path, form: str) -> None:
    ran = run("diagnose", hostile, "--format", form)
    assert ran.code == 0, ran.err
    assert "fault of curvedoctor" not in ran.err
    shown = ran.out.replace("\u200d", "") if form == "html" else ran.out
    dangerous = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
    assert dangerous.search(shown) is None
    assert dangerous.search(ran.err) is None
    assert form == "sarif" or "sound" in ran.out  # it lists findings only


@pytest.mark.parametrize("command", [("roles",), ("roles", "--format", "json"), ("roles", "--format", "csv")])
def test_hostile_names_in_roles(run: Run, hostile: Path, command: tuple[str, ...]) -> None:
    ran = run(command[0], hostile, *command[1:])
    assert ran.code == 0, ran.err
    assert re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", ran.out) is None


def test_hostile_names_are_still_one_line_per_run(
    run: Run, hostile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ran = run("diagnose", hostile)
    table = ran.out.split("\n\n")[0].splitlines()
    total = int(re.search(r"^(\d+) runs:", ran.out, re.M).group(1))  # type: ignore[union-attr]
    assert len(table) == total + 1


def test_secrets_beside_the_log_are_shown_nowhere(run: Run, folder: Path) -> None:
    (folder / "sound" / "config.json").write_text(json.dumps({"api_key": "hunter2secret", "lr": 0.1}))
    for form in TEXTUAL:
        ran = run("diagnose", folder, "--format", form)
        assert "hunter2secret" not in ran.out + ran.err


def test_a_page_without_its_chart_library_says_what_to_do(
    run: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout that was not built is nobody's fault of ours."""
    from curvedoctor_panel import bundle

    bundle.vendor.cache_clear(), bundle.style.cache_clear(), bundle.script.cache_clear()
    monkeypatch.setattr(bundle, "STATIC", tmp_path / "static")
    ran = run("diagnose", folder, "-o", "report.html")
    assert ran.code == 2
    assert "fault of curvedoctor" not in ran.err and "Traceback" not in ran.err
    assert "uPlot" in ran.err and "pip install -e ." in ran.err and "report.md" in ran.err
    assert not (tmp_path / "report.html").exists()
