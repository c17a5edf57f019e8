"""A prescription's numbers where a sibling has proved a value."""

from __future__ import annotations

import numpy as np
import pytest
from curvedoctor.advice.numbers import dose

from curvedoctor import diagnose_curves
from curvedoctor.features.case import Case, build
from curvedoctor.model import ParamValue


def case(lr: float, proven: tuple[str, ParamValue, float], action: str, **params: ParamValue) -> Case:
    curve = np.linspace(2.3, 1.9, 30)
    run = diagnose_curves({"train/loss": curve}, params={"lr": lr, **params}).run
    return build([run])[0].having(proven={action: proven})


@pytest.mark.parametrize(
    ("lr", "sibling", "gain", "proposed"),
    [
        (0.001, 0.01, 0.2, 0.01),
        (5e-5, 0.02, 0.9, 0.02),
        (0.5, 5e-5, 0.3, 0.05),  # the best lies rather in between
    ],
)
def test_a_learning_rate_that_a_sibling_proved(
    lr: float, sibling: float, gain: float, proposed: float
) -> None:
    action = "raise-lr" if sibling > lr else "lower-lr"
    found = dose(case(lr, ("lr", sibling, gain), action), action, ())
    assert found.proposed == pytest.approx(proposed)
    assert found.factor == pytest.approx(proposed / lr)
    assert ("as a sibling did" in found.text) == (proposed == sibling)


def test_a_word_and_a_value_that_is_not_logged() -> None:
    proven = ("activation", "relu", 0.32)
    found = dose(case(0.01, proven, "fix-activation", activation="sigmoid"), "fix-activation", ())
    assert (found.parameter, found.current, found.proposed) == ("activation", "sigmoid", "relu")
    assert found.text == "Change the activation from sigmoid to relu, as a sibling did that ended 32 % lower."
    found = dose(case(0.01, ("n_train", 4000, 0.5), "more-data"), "more-data", ())
    assert found.text == "Set the number of training samples to 4000, as a sibling did that ended 50 % lower."
