"""The forest's evaluation against a walk by hand, and how odds become suspicions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from curvedoctor.differential.odds import SICK, Model, suspect
from curvedoctor.differential.trees import Forest


def forest() -> Forest:
    """Two outcomes. `help`: one tree, x ≤ 1 → −1, else (y ≤ 0 → 2, else 3). `sick`: no tree, offset 0.5."""
    return Forest.from_arrays(
        {
            "outcomes": np.array(["help", SICK]),
            "features": np.array(["x", "y"]),
            "feature": np.array([0, -1, 1, -1, -1], np.int16),
            "threshold": np.array([1, 0, 0, 0, 0], np.float32),
            "left": np.array([1, 1, 3, 3, 4], np.int32),
            "right": np.array([2, 1, 4, 3, 4], np.int32),
            "missing_left": np.array([False, True, True, True, True]),
            "value": np.array([0.5, -1, 2.4, 2, 3], np.float32),
            "roots": np.array([0], np.int32),
            "owner": np.array([0], np.int16),
            "offset": np.array([0, 0.5], np.float32),
            "slope": np.array([1, 2], np.float32),
            "intercept": np.array([0, -1], np.float32),
        }
    )


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


@pytest.mark.parametrize(
    ("row", "leaf"),
    [((0.0, 9.0), -1), ((1.0, 9.0), -1), ((2.0, -1.0), 2), ((2.0, 1.0), 3), ((np.nan, 1.0), 3), ((np.nan, np.nan), 2)],
)
def test_rows_reach_their_leaf_missing_values_too(row: tuple[float, float], leaf: float) -> None:
    p = forest().probabilities(np.array([row]))
    assert p[0, 0] == pytest.approx(sigmoid(leaf))
    assert p[0, 1] == pytest.approx(sigmoid(2 * 0.5 - 1))


def test_contributions_add_up_to_the_way_from_root_to_leaf() -> None:
    moved = forest().contributions(np.array([2.0, 1.0]), "help")
    assert moved == pytest.approx({"x": 2.4 - 0.5, "y": 3 - 2.4}, rel=1e-5)


def test_a_forest_survives_extreme_values() -> None:
    p = forest().probabilities(np.array([[1e300, -1e300], [np.inf, -np.inf]]))
    assert np.isfinite(p).all()


def model(gate: float = 0.5) -> Model:
    return Model(forest(), gate, least=0.3, share=0.6)


def test_nothing_is_suspected_of_a_run_that_is_probably_healthy() -> None:
    assert suspect({"a": 0.9, SICK: 0.4}, model()) == {}


def test_suspects_are_the_probable_actions_and_always_one() -> None:
    assert suspect({"a": 0.9, "b": 0.5, "c": 0.6, SICK: 0.9}, model()) == {"a": 0.9, "c": 0.6}
    assert suspect({"a": 0.1, "b": 0.05, SICK: 0.9}, model()) == {"a": 0.1}
