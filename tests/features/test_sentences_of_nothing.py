"""No sentence is a multiple of what is next to nothing: such a number was made by what it was divided by."""

from __future__ import annotations

import math

import numpy as np
import pytest

from curvedoctor.conditions.examples import falling, run
from curvedoctor.features.case import build
from curvedoctor.features.sentences import LEAST_ERROR, facts
from curvedoctor.features.vector import vector

NOTHING = [0.0, 1e-9, 2e-5]


def told(name: str, row: dict[str, float]) -> tuple[str, ...]:
    return facts([(name, row[name])], 1, row)


@pytest.mark.parametrize("wrong", [0.0, 5e-4, 0.9 * LEAST_ERROR])
def test_no_loss_per_wrong_answer_where_none_is_wrong(wrong: float) -> None:
    rng = np.random.default_rng(0)
    score = np.concatenate((np.linspace(0.5, 1 - wrong, 10), np.full(50, 1 - wrong)))
    known = vector(build([run(train_loss=falling(rng), val_loss=falling(rng), val_accuracy=score)])[0])
    assert told("loss_per_error", known) == ()


@pytest.mark.parametrize("wrong", [0.002, 0.1])
def test_it_is_told_where_some_are(wrong: float) -> None:
    rng = np.random.default_rng(0)
    score = np.concatenate((np.linspace(0.5, 1 - wrong, 10), np.full(50, 1 - wrong)))
    known = vector(build([run(train_loss=falling(rng), val_loss=falling(rng), val_accuracy=score)])[0])
    (text,) = told("loss_per_error", known)
    assert "times the share of wrong answers" in text


@pytest.mark.parametrize("end", NOTHING)
@pytest.mark.parametrize(
    "name", ["train_at10", "train_at50", "train_first", "train_rise", "gap_end", "gap_best"]
)
def test_nothing_is_told_against_a_level_that_is_nothing(name: str, end: float) -> None:
    x = np.linspace(0, 1, 60)
    train = np.where(x < 0.7, 2.3 * np.exp(-3 * x), end)
    known = vector(build([run(train_loss=train, val_loss=0.5 + 1.9 * np.exp(-9 * x))])[0])
    assert told(name, known) == ()


@pytest.mark.parametrize("name", ["train_at10", "train_first", "gap_end", "gap_best"])
def test_it_is_where_there_is_one(name: str) -> None:
    x = np.linspace(0, 1, 60)
    train = 0.01 + 2.3 * math.e ** (-8 * x)
    known = vector(build([run(train_loss=train, val_loss=0.5 + 1.9 * np.exp(-9 * x))])[0])
    assert told(name, known) != ()
