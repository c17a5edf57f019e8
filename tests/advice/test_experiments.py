"""What is asked first where no remedy is likely, and what is not."""

from __future__ import annotations

import pytest

from curvedoctor.advice.experiments import LIKELY, NAMES, RAISES, experiment


@pytest.mark.parametrize(
    ("lower", "higher", "other", "asked"),
    [
        (0.3, 0.1, 0.45, True),
        (0.05, 0.3, 0.4, True),  # if the rate is not at fault, the other remedy is still there
        (0.2, 0.2, 0.1, True),
        (0.3, 0.1, LIKELY, False),  # what is likely is tried at once
        (NAMES / 2, NAMES / 2 - 0.01, 0.45, False),  # the answer hardly ever names a remedy
        (0.01, 0.4, RAISES / 2, False),  # raising the rate at once is as good
    ],
)
def test_a_range_test_is_worth_it_where_its_answer_makes_the_next_step_likelier(
    lower: float, higher: float, other: float, asked: bool
) -> None:
    chance = {"lower-lr": lower, "raise-lr": higher, "more-data": other}
    found = experiment(chance, chance, ())
    assert (found is not None) is asked
    if found is not None:
        assert found.action == "run-lr-range-test"
        assert found.chance == pytest.approx(lower + higher)


@pytest.mark.parametrize("gone", ["lower-lr", "raise-lr"])
def test_nothing_is_asked_where_a_finding_excludes_one_direction(gone: str) -> None:
    odds = {"lower-lr": 0.25, "raise-lr": 0.25, "more-data": 0.3}
    assert experiment(odds, odds, ()) is not None
    assert experiment({a: p for a, p in odds.items() if a != gone}, odds, ()) is None


@pytest.mark.parametrize("action", ["overfit-one-batch", "check-split"])
def test_code_and_evaluation_are_asked_where_they_may_be_at_fault(action: str) -> None:
    odds = {"more-data": 0.3, action: 0.4}
    found = experiment({"more-data": 0.3}, odds, ())
    assert found is not None
    assert found.action == action
    assert experiment({"more-data": 0.3}, {**odds, action: NAMES - 0.01}, ()) is None
    assert experiment({"more-data": 0.3}, odds, (action,)) is None  # a finding names it already


def test_the_answer_worth_most_is_asked_for() -> None:
    odds = {"lower-lr": 0.15, "raise-lr": 0.15, "check-split": 0.45}
    found = experiment({"lower-lr": 0.15, "raise-lr": 0.15}, odds, ())
    assert found is not None
    assert found.action == "check-split"
    assert experiment({}, {}, ()) is None
