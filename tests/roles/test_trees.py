"""Names that boosting libraries give without saying what is measured: the values tell."""

from __future__ import annotations

import numpy as np
import pytest

from curvedoctor.model import Curve, Floats, Role
from curvedoctor.roles import assign

T = np.arange(40)
FALLS = 0.2 + np.exp(-T / 10)


def roles(**values: Floats) -> dict[str, Role]:
    nan = np.full(len(T), np.nan)
    return {c.tag: c.role for c in assign([Curve(t, t, T, v, nan) for t, v in values.items()])}


@pytest.mark.parametrize("better", ["lower", "higher"])
def test_catboost_prints_no_measure(better: str) -> None:
    test = FALLS if better == "lower" else 1 - FALLS / 2
    so_far = (np.minimum if better == "lower" else np.maximum).accumulate(test)
    found = roles(learn=test * 0.9, test=test, best=so_far)
    assert (found["learn"].split, found["test"].split) == ("train", "test")
    assert {found[tag].better for tag in ("learn", "test")} == {better}
    assert {found[tag].quantity for tag in ("learn", "test")} == {"loss" if better == "lower" else "accuracy"}
    assert found["best"].better == "none"


@pytest.mark.parametrize("measure", ["logloss", "rmse", "mlogloss"])
def test_the_first_of_two_sets_is_learnt_from_if_it_is_fitted_better(measure: str) -> None:
    one, two = f"validation_0-{measure}", f"validation_1-{measure}"
    assert roles(**{one: 0.5 * FALLS, two: FALLS})[one].split == "train"
    assert roles(**{one: 0.5 * FALLS, two: FALLS})[two].split == "val"
    # two held-out sets: neither is better all along
    rng = np.random.default_rng(0)
    noisy = FALLS + 0.02 * rng.standard_normal(len(T))
    assert roles(**{one: noisy, two: FALLS})[one].split == "val"


def test_scores_of_histogram_boosting_are_losses_with_a_minus() -> None:
    found = roles(train_score=-0.5 * FALLS, validation_score=-FALLS)
    assert {(r.quantity, r.better) for r in found.values()} == {("loss", "higher")}
    real = roles(train_score=1 - FALLS / 2, validation_score=1 - FALLS / 2)
    assert {(r.quantity, r.better) for r in real.values()} == {("accuracy", "higher")}
