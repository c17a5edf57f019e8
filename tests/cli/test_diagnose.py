"""`diagnose`: its options, where its output goes, what goes to stderr."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from curvedoctor.cli import journal as journal_module
from shell import Ran, falling, write, write_healthy

Run = Callable[..., Ran]


def runs(ran: Ran) -> dict[str, dict[str, object]]:
    """The runs of a JSON output by name."""
    return {run["run"]: run for run in json.loads(ran.out)["runs"]}


def test_json_says_what_the_table_says(run: Run, logs: Path) -> None:
    found = runs(run("diagnose", logs, "--format", "json"))
    assert [found[name]["verdict"] for name in ("nan", "healthy", "short")] == [
        "sick",
        "healthy",
        "undetermined",
    ]
    first = found["nan"]["findings"][0]  # type: ignore[index]
    assert (first["condition"], first["severity"]) == ("non-finite", "error")
    assert 55 <= first["onset"] <= 65
    assert found["nan"]["prescriptions"][0]["action"] == "lower-lr"  # type: ignore[index]
    assert found["nan"]["params"]["lr"] == 0.5  # type: ignore[index]
    assert found["short"]["unjudged"]


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "markdown", "html", "csv", "sarif", "junit"])
def test_output_to_a_file_is_that_of_stdout(run: Run, logs: Path, tmp_path: Path, form: str) -> None:
    target = tmp_path / "out"
    printed = run("diagnose", logs, "--format", form)
    saved = run("diagnose", logs, "--format", form, "--output", target)
    assert (saved.code, saved.out, saved.err) == (0, "", "")
    assert target.read_text(encoding="utf-8") == printed.out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["logs", "out"]


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("x.html", "<!doctype html>"), ("x.json", '{\n  "schema"'), ("x.jsonl", '{"run"'),
        ("x.csv", "run,source"),
        ("x.md", "### curvedoctor"), ("x.xml", "<?xml"), ("x.sarif", '{\n  "$schema"'),
        ("x.HTML", "<!doctype html>"),
        ("x.log", "  run"),
    ],
)  # fmt: skip
def test_the_name_of_the_output_chooses_the_format(
    run: Run, logs: Path, tmp_path: Path, name: str, begins: str
) -> None:
    assert run("diagnose", logs, "-o", tmp_path / name).code == 0
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)


def test_what_is_said_counts_more_than_the_name(run: Run, logs: Path, tmp_path: Path) -> None:
    refused = run("diagnose", logs, "-o", tmp_path / "x.pdf")
    assert refused.code == 2 and ".html" in refused.err and not (tmp_path / "x.pdf").exists()
    run("diagnose", logs, "-o", tmp_path / "x.json", "--format", "csv")
    assert (tmp_path / "x.json").read_text().startswith("run,source")


def test_parquet(run: Run, logs: Path, tmp_path: Path) -> None:
    assert run("diagnose", logs, "--format", "parquet", "-o", tmp_path / "out.parquet").code == 0
    assert set(pd.read_parquet(tmp_path / "out.parquet")["run"]) == {"nan", "healthy", "short"}


def test_a_failed_run_leaves_no_output_file(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.write_text("before")
    assert run("diagnose", tmp_path / "missing", "-o", target).code == 2
    assert target.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_nothing_is_written_to_the_source(run: Run, logs: Path) -> None:
    before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in logs.rglob("*")}
    run("diagnose", logs)
    assert before == {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in logs.rglob("*")}


def test_the_output_is_the_same_every_time(run: Run, logs: Path) -> None:
    assert run("diagnose", logs, "--format", "json").out == run("diagnose", logs, "--format", "json").out


def test_picking_runs_and_conditions(run: Run, logs: Path) -> None:
    assert set(runs(run("diagnose", logs, "--run", "n*", "--format", "json"))) == {"nan"}
    only = runs(run("diagnose", logs, "--condition", "overfitting", "--format", "json"))
    assert only["nan"]["findings"] == []
    both = runs(run("diagnose", logs, "--condition", "overfitting,non-finite", "--format", "json"))
    assert both["nan"]["findings"]


def test_facts_that_the_log_lacks(run: Run, logs: Path) -> None:
    found = runs(run("diagnose", logs, "--param", "n_val=1000", "--param", "lr=0.25", "--format", "json"))
    assert found["healthy"]["params"]["n_val"] == 1000  # type: ignore[index]
    assert found["healthy"]["params"]["lr"] == 0.25  # type: ignore[index]


def test_a_corrected_role(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "logs" / "a", {"quux": falling()})
    arguments = ("diagnose", tmp_path / "logs", "--format", "json")
    before = runs(run(*arguments))["a"]["curves"][0]  # type: ignore[index]
    after = runs(run(*arguments, "--role", "quux=val:loss:lower"))["a"]["curves"][0]  # type: ignore[index]
    assert before["quantity"] != "loss"
    assert (after["split"], after["quantity"], after["better"]) == ("val", "loss", "lower")


def test_alone_is_accepted(run: Run, logs: Path) -> None:
    assert set(runs(run("diagnose", logs, "--alone", "--format", "json"))) == {"nan", "healthy", "short"}


def test_problems_go_to_stderr_and_into_the_json(run: Run, logs: Path) -> None:
    damaged = next((logs / "nan").iterdir())
    damaged.write_bytes(damaged.read_bytes()[:-3])
    ran = run("diagnose", logs, "--format", "json")
    assert damaged.name in ran.err
    assert "Traceback" not in ran.err
    run_problems = runs(ran)["nan"]["problems"]
    assert run_problems[0]["offset"] > 0  # type: ignore[index]
    table = run("diagnose", logs)
    assert damaged.name in table.err


def test_resume_goes_on_where_a_killed_scan_stopped(run: Run, logs: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    arguments = ("diagnose", logs, "--format", "jsonl", "-o", target)
    assert run(*arguments).code == 0
    whole = target.read_bytes()
    lines = whole.splitlines(keepends=True)
    for cut in (b"", lines[0][:40], lines[0], lines[0] + lines[1][:50], whole):
        target.write_bytes(cut)
        assert run(*arguments, "--resume").code == 0
        assert target.read_bytes() == whole


def test_resume_leaves_a_foreign_file_alone(run: Run, logs: Path, tmp_path: Path) -> None:
    target = tmp_path / "thesis.txt"
    target.write_text("my thesis\nsecond line\n")
    assert run("diagnose", logs, "--format", "jsonl", "-o", target, "--resume").code == 2
    assert target.read_text() == "my thesis\nsecond line\n"
    for form in ("jsonl", "parquet"):
        for content in ("one line", "one line\n", '{"other": 1}\n'):
            target.write_text(content)
            assert run("diagnose", logs, "--format", form, "-o", target, "--resume").code == 2
            assert target.read_text() == content


def test_parquet_goes_on_too(run: Run, logs: Path, tmp_path: Path) -> None:
    target, journal = tmp_path / "out.parquet", tmp_path / ".out.parquet.rows"
    arguments = ("diagnose", logs, "--format", "parquet", "-o", target)
    assert run(*arguments).code == 0
    whole = target.read_bytes()
    assert not journal.exists()
    assert run(*arguments, "--resume").code == 0  # nothing to add
    assert target.read_bytes() == whole
    kept = []

    def killed(found: list[dict[str, object]]) -> str:
        if len(kept) == 2:
            raise KeyboardInterrupt
        kept.append(found)
        return original(found)

    original = journal_module._line
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal_module, "_line", killed)
        target.unlink()
        assert run(*arguments).code == 130
    assert not target.exists()
    lines = journal.read_bytes().splitlines(keepends=True)
    assert len(lines) == 2
    for cut in (b"", lines[0][:30], lines[0] + lines[1][:50], lines[0], b"".join(lines)):
        journal.write_bytes(cut)
        assert run(*arguments, "--resume").code == 0
        assert target.read_bytes() == whole
        assert not journal.exists()
        target.unlink()


def test_a_finished_parquet_file_takes_more_runs(run: Run, logs: Path, tmp_path: Path) -> None:
    target, whole = tmp_path / "out.parquet", tmp_path / "whole.parquet"
    assert run("diagnose", logs, "--format", "parquet", "-o", whole).code == 0
    first = ("diagnose", logs, "--run", "healthy", "--format", "parquet", "-o", target)
    assert run(*first).code == 0
    assert run("diagnose", logs, "--format", "parquet", "-o", target, "--resume").code == 0
    sizes = [len(pd.read_parquet(path)) for path in (target, whole)]
    assert sizes[0] == sizes[1] > 0


def test_a_training_history_is_a_source(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    rows = "".join(f"{i},{value}\n" for i, value in enumerate(falling()))
    path.write_text("epoch,train/loss\n" + rows)
    found = runs(run("diagnose", path, "--format", "json"))
    assert len(found) == 1


def test_both_names_of_the_program(run: Run, logs: Path) -> None:
    from shell import process

    assert process("diagnose", logs).stdout.decode() == run("diagnose", logs).out


def test_runs_are_in_order(run: Run, tmp_path: Path) -> None:
    for name in ("c", "a", "b"):
        write_healthy(tmp_path / "logs" / name)
    table = run("diagnose", tmp_path / "logs").out
    assert re.findall(r"^✓ (\w)", table, re.M) == ["a", "b", "c"]
