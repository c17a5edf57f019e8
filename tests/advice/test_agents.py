"""The numbers of changes to an agent: customary values, and how far from them a step is no longer a third."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curvedoctor.advice.agents import CHANGES
from curvedoctor.conditions.examples import agent
from curvedoctor.features.case import build
from curvedoctor.model import ParamValue


def proposed(action: str, **params: ParamValue) -> ParamValue | None:
    learns = replace(agent(np.linspace(9, 200, 30)), params=params)
    made = CHANGES[action](build([learns])[0], ())
    assert made is not None
    return made.proposed


@pytest.mark.parametrize(
    ("action", "lr", "then"),
    [
        ("raise-lr", 2.9e-5, 3e-4),  # more than ten times too low: to the customary rate at once
        ("raise-lr", 3.1e-5, 9.3e-5),  # less: three times higher
        ("lower-lr", 2.9e-3, 9.7e-4),
        ("lower-lr", 3.1e-3, 6.5e-4),  # ten times too high: two thirds of the way down, in decades
    ],
)
def test_a_rate_far_from_custom_goes_most_of_the_way(action: str, lr: float, then: float) -> None:
    assert proposed(action, lr=lr) == pytest.approx(then, rel=0.01)


@pytest.mark.parametrize(
    ("action", "params", "then"),
    [
        ("regularize", {"entropy_coef": 0.001}, 0.01),
        ("regularize", {"entropy_coef": 0.02}, 0.06),
        ("reduce-regularization", {"entropy_coef": 0.09}, 0.009),
        ("reduce-regularization", {"entropy_coef": 0.11}, 0.01),
        ("bigger-batch", {"batch_size": 64}, 256),
        ("train-longer", {"max_steps": 1000}, 2000),
    ],
)
def test_customary_values(action: str, params: dict[str, ParamValue], then: float) -> None:
    assert proposed(action, **params) == pytest.approx(then)
