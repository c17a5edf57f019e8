"""What is looked for before anything is trained again, and where looking is not worth it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from curvedoctor.actions import ACTIONS
from curvedoctor.advice.help_probability import Estimate
from curvedoctor.advice.looks import LOOKS, NAMED, SELDOM_THERE, WORTH, look
from curvedoctor.conditions.examples import run
from curvedoctor.features.case import Case, build
from curvedoctor.model import ParamValue, Prescription

FALLING = 2.0 * np.exp(-np.arange(40) / 10) + 0.4


def case(**params: ParamValue) -> Case:
    return build([run(params, train_loss=FALLING, val_loss=FALLING + 0.05)])[0]


def asked(
    odds: dict[str, float],
    first: float = 0.3,
    action: str = "lower-lr",
    params: dict[str, ParamValue] | None = None,
    in_vain: tuple[str, ...] = (),
) -> Any:
    """What is looked for where this is prescribed first."""
    return look(
        case(**(params or {})),
        [],
        Prescription(action, first, (), ""),
        Estimate(odds, in_vain=frozenset(in_vain)),
    )


@pytest.mark.parametrize("action", LOOKS)
def test_each_remedy_of_the_vocabulary_is_looked_for_by_how_likely_it_is_there(action: str) -> None:
    assert action in ACTIONS
    found = asked({action: 0.3}, 0.2)
    (item,) = found["for"]
    assert item["action"] == action
    assert item["there"] == LOOKS[action].there
    assert item["probability"] == pytest.approx(0.3 / LOOKS[action].helps, abs=0.001)
    assert found["raises"] == pytest.approx(0.3 - 0.2 * 0.3 / LOOKS[action].helps, abs=0.001)


@pytest.mark.parametrize(("share", "is_asked"), [(0.9, False), (1.1, True)])
def test_it_is_asked_from_a_worth_on(share: float, is_asked: bool) -> None:
    helps, first = LOOKS["fix-init"].helps, 0.3
    there = share * WORTH / (helps - first)
    assert (asked({"fix-init": there * helps}, first) is not None) is is_asked


def test_nothing_is_looked_for_where_what_comes_first_is_as_likely_to_help() -> None:
    assert asked({"fix-init": 0.5}, LOOKS["fix-init"].helps - 0.1) is not None
    assert asked({"fix-init": 0.5}, LOOKS["fix-init"].helps + 0.01) is None


def test_nor_what_comes_first_itself_nor_what_a_sibling_tried_in_vain_nor_what_is_set_right() -> None:
    assert asked({"fix-init": 0.5}, action="fix-init") is None
    assert asked({"fix-init": 0.5}, in_vain=("fix-init",)) is None
    assert asked({"fix-init": 0.5}, params={"init": "he"}) is None
    assert asked({"normalize-input": 0.5}, params={"input_scaling": "standard"}) is None
    assert asked({"shuffle": 0.5}, params={"shuffle": True}) is None


def test_the_likeliest_are_named_and_what_is_hardly_ever_there_is_not() -> None:
    many = {action: 0.2 + 0.01 * i for i, action in enumerate(LOOKS)}
    named = [item["action"] for item in asked(many)["for"]]
    assert named == sorted(LOOKS, key=lambda a: -many[a] / LOOKS[a].helps)[:NAMED]
    seldom = LOOKS["change-loss"].helps * SELDOM_THERE
    for share, there in ((0.9, False), (1.1, True)):
        told = asked({"fix-init": 0.3, "change-loss": share * seldom})["for"]
        assert ("change-loss" in [item["action"] for item in told]) is there


def test_nothing_is_looked_for_where_nothing_is_prescribed_or_known() -> None:
    assert look(case(), [], None, Estimate({"fix-init": 0.5})) is None
    assert look(case(), [], Prescription("lower-lr", 0.1, (), ""), Estimate()) is None
