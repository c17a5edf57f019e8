"""`explain` and `roles`."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len

from curvedoctor.actions import ACTIONS, TAKES
from curvedoctor.conditions.base import HEADINGS, all_conditions
from shell import Ran

Run = Callable[..., Ran]


def test_the_list_names_every_condition(run: Run) -> None:
    ran = run("explain")
    assert (ran.code, ran.err) == (0, "")
    for condition in all_conditions():
        assert f" {condition} " in ran.out


@pytest.mark.parametrize("condition", sorted(all_conditions()))
@pytest.mark.parametrize("columns", ["60", "80", "200"])
def test_a_page_is_a_good_read(
    run: Run, monkeypatch: pytest.MonkeyPatch, condition: str, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    ran = run("explain", condition)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(condition)
    for heading in HEADINGS:
        assert re.search(rf"^{heading}$", ran.out, re.M), heading
    assert all(cell_len(line) <= int(columns) for line in ran.out.splitlines())
    assert re.search(r"[\u2801-\u28ff]{3}", ran.out), "no picture"
    assert re.search(r"^sick +healthy$", ran.out, re.M)
    for key in all_conditions()[condition].evidence:
        assert f"    {key}: " in ran.out


def test_a_title_will_do_where_an_id_does(run: Run) -> None:
    for condition in all_conditions().values():
        by_id = run("explain", condition.id)
        assert run("explain", *condition.title.split()).out == by_id.out
        assert run("explain", condition.title.upper()).out == by_id.out
    ran = run("explain", "learning rate to high")
    assert ran.code == 2 and "did you mean 'lr-too-high'?" in ran.err


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("columns", ["60", "200"])
def test_every_prescription_has_a_page(
    run: Run, monkeypatch: pytest.MonkeyPatch, action: str, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    ran = run("explain", action)
    assert (ran.code, ran.err) == (0, "")
    text = " ".join(ran.out.split())
    assert text.startswith(f"{action}: {ACTIONS[action].text}")
    assert TAKES[ACTIONS[action].cost] in text
    assert all(cell_len(line) <= int(columns) for line in ran.out.splitlines())
    named = set(re.findall(r"^    [✗!i] (\S+)", ran.out, re.M))
    assert named == {c.id for c in all_conditions().values() if action in c.actions}
    assert run("explain", *action.upper().split("-")).out == ran.out
    assert action in " ".join(run("explain").out.split())


def test_a_mistyped_prescription_is_guessed(run: Run) -> None:
    ran = run("explain", "more-datas")
    assert ran.code == 2 and "did you mean 'more-data'?" in ran.err
    # where only conditions will do, no prescription is proposed
    ran = run("diagnose", ".", "--condition", "lower-lr")
    assert ran.code == 2 and "there is no condition 'lower-lr'" in ran.err


@pytest.mark.parametrize(
    "command", ["diagnose", "annotate", "clean", "watch", "compare", "explain", "roles", "demo"]
)
def test_every_help_page_ends_with_examples(run: Run, command: str) -> None:
    page = run(command, "--help").out
    examples = page.partition("Examples:")[2].strip().splitlines()
    assert len(examples) >= 2
    assert all(line.strip().startswith(f"curvedoctor {command}") for line in examples)


def test_roles_in_three_formats(run: Run, logs: Path) -> None:
    rows = json.loads(run("roles", logs, "--format", "json").out)
    by_curve = {(row["run"], row["curve"]): row for row in rows}
    val = by_curve["healthy", "val/loss"]
    assert (val["split"], val["quantity"], val["better"], val["points"]) == ("val", "loss", "lower", 120)
    assert val["why"]
    table = list(csv.DictReader(io.StringIO(run("roles", logs, "--format", "csv").out)))
    assert [(row["run"], row["curve"]) for row in table] == list(by_curve)
    text = run("roles", logs).out
    assert re.search(r"^  val/loss +val:loss:lower ", text, re.M)
    assert "..." not in text and all(reason in text for reason in val["why"]), "a pipe gets all of it"


def test_a_corrected_role_is_shown(run: Run, logs: Path) -> None:
    rows = json.loads(run("roles", logs, "--format", "json", "--role", "train/*=test:error:lower").out)
    changed = next(row for row in rows if row["curve"] == "train/loss")
    assert (changed["split"], changed["quantity"]) == ("test", "error")
    assert changed["why"] == ["given by the user"]
