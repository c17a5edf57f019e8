"""What a look would have found in a training whose faults are known, and what it decides."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import cases
from clinic.config import Config
from clinic.looks import decided, measured, there
from clinic.store import load
from curvedoctor.advice.looks import LOOKS
from curvedoctor.model import Diagnosis


@pytest.mark.parametrize(
    ("setting", "remedy"),
    [
        ({"input_scale": 1.2}, "normalize-input"),
        ({"input_offset": 3.0}, "normalize-input"),
        ({"target_scale": 100.0}, "normalize-input"),
        ({"outliers": 0.05}, "clean-data"),
        ({"missing": 0.3}, "clean-data"),
        ({"label_noise": 0.4}, "clean-data"),
        ({"imbalance": 0.05}, "rebalance-classes"),
        ({"init": "huge"}, "fix-init"),
        ({"shuffle": "sorted"}, "shuffle"),
        ({"loss": "mse"}, "change-loss"),
    ],
)
def test_a_look_finds_what_was_put_in(setting: dict[str, Any], remedy: str) -> None:
    assert there(Config("t", **setting)) == {remedy}
    assert remedy in LOOKS


@pytest.mark.parametrize(
    "setting", [{}, {"init": "torch"}, {"init": "pretrained"}, {"imbalance": 0.1, "rebalance": True}]
)
def test_a_look_finds_nothing_in_what_is_usual(setting: dict[str, Any]) -> None:
    assert there(Config("t", **setting)) == set()


def said(*asked: str) -> Diagnosis:
    given = tuple(cases.prescription(action) for action in ("lower-lr", "clean-data", "raise-lr"))
    looked = {"look": {"for": [{"action": action} for action in asked]}} if asked else {}
    return replace(cases.sick(), prescriptions=given, readings=looked)


def test_the_remedy_of_what_is_there_comes_first_else_what_the_look_did_not_rule_out() -> None:
    run = next(run for run in load() if run.helps("lower-lr") is False and run.helps("raise-lr"))
    sound, unclean = Config("t"), Config("t", outliers=0.1)
    at_once = run.helps("lower-lr")
    assert decided(run, said())[1:] == (False, at_once, at_once)
    ruled_out = decided(replace(run, config=sound), said("clean-data", "fix-init"))
    assert ruled_out[1:] == (True, at_once, run.helps("lower-lr"))
    found = decided(replace(run, config=unclean), said("clean-data", "fix-init"))
    assert found[1:] == (True, at_once, run.helps("clean-data"))
    assert decided(replace(run, config=sound), said("lower-lr")).looked is run.helps("clean-data")


def test_how_often_a_remedy_helps_where_its_fault_is_there_is_what_was_measured() -> None:
    rows = [row.strip("| ").split(" | ") for row in measured()]
    told = {action: f"{100 * LOOKS[action].helps:.0f} %" for action, _, _ in rows}
    assert told == {action: share for action, _, share in rows}
