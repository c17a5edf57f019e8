"""Losses that never fall: what is seen, and what is asked."""

from __future__ import annotations

import numpy as np
import pytest

from curvedoctor import diagnose_curves
from curvedoctor.model import Finding, Floats, ParamValue

SEEDS = range(4)


def grave(params: dict[str, ParamValue], **curves: Floats) -> dict[str, Finding]:
    named = {tag.replace("__", "/"): y for tag, y in curves.items()}
    found = diagnose_curves(named, params=params, axis="epoch").findings
    return {f.condition: f for f in found if f.severity != "info"}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [8, 20, 60])
@pytest.mark.parametrize("times", [5.0, 200.0])
@pytest.mark.parametrize(("lr", "low"), [(0.001, True), (0.5, False)])
def test_a_gradient_of_the_wrong_sign(seed: int, n: int, times: float, lr: float, low: bool) -> None:
    """The loss climbs from the first point on, whatever the rate; the score moves among guesses."""
    rng = np.random.default_rng(seed)
    y = 3.0 * times ** (np.linspace(0, 1, n) ** 2)
    score = 0.06 + 0.03 * np.linspace(0, 1, n) + 0.001 * rng.standard_normal(n)
    seen = grave(
        {"optimizer": "sgd", "lr": lr, "n_classes": 10, "loss": "cross-entropy"},
        train_loss=y, val_loss=1.05 * y, train_accuracy=score, val_accuracy=score,
    )  # fmt: skip
    assert "lr-too-low" not in seen
    assert seen["divergence"].confidence > 0.7
    assert ("the sign of the gradient" in seen["divergence"].summary) is low
    assert (seen["divergence"].actions[:1] == ("overfit-one-batch",)) is low


@pytest.mark.parametrize("gained", [0.02, 0.3])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_score_that_gets_better_speaks_against_divergence_only_if_it_says_something(
    seed: int, gained: float
) -> None:
    rng = np.random.default_rng(seed)
    y = np.concatenate((np.geomspace(2.3, 1.5, 20), np.geomspace(1.5, 4.0, 20)))
    score = 0.1 + gained * np.linspace(0, 1, 40) + 1e-4 * rng.standard_normal(40)
    assert ("divergence" in grave({}, train_loss=y, val_loss=y, val_accuracy=score)) is (gained < 0.05)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("first", [5.0, 5900.0])
def test_first_steps_that_went_far_are_no_rate_that_is_too_low(seed: int, first: float) -> None:
    val = (
        1.1
        * (1 - 0.02 * np.linspace(0, 1, 20))
        * np.exp(1e-4 * np.random.default_rng(seed).standard_normal(20))
    )
    params: dict[str, ParamValue] = {"optimizer": "sgd", "lr": 0.01, "n_classes": 3, "loss": "cross-entropy"}
    assert "lr-too-low" not in grave(params, train_loss=np.concatenate(([first], val[1:])), val_loss=val)
