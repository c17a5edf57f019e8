"""The forest's evaluation against a walk by hand, and how odds become suspicions."""

from __future__ import annotations

import numpy as np
import pytest

from curvedoctor.differential.odds import SICK, Model, suspect
from curvedoctor.differential.trees import STEPS, Forest

ROWS = [(0.0, 9.0), (1.0, 9.0), (2.0, -1.0), (2.0, 1.0), (np.nan, 1.0), (2.0, np.nan)]
LEAVES = [51, 51, 102, 255, 51, 102]


def forest() -> Forest:
    """One tree: x ≤ 1 → 51, else (y ≤ 0 → 102, else 255); the second outcome is always 102."""
    return Forest.from_arrays(
        {
            "outcomes": np.array(["help", SICK]),
            "features": np.array(["x", "y"]),
            "feature": np.array([0, -1, 1, -1, -1], np.int16),
            "threshold": np.array([1, 0, 0, 0, 0], np.float32),
            "left": np.array([1, 1, 3, 3, 4], np.int32),
            "right": np.array([2, 1, 4, 3, 4], np.int32),
            "share": np.array([[128, 102], [51, 102], [180, 102], [102, 102], [255, 102]], np.uint8),
            "roots": np.array([0], np.int32),
            "slope": np.array([1, 2], np.float32),
            "intercept": np.array([0, 1], np.float32),
        }
    )


@pytest.mark.parametrize(("row", "leaf"), list(zip(ROWS, LEAVES, strict=True)))
def test_rows_reach_their_leaf_missing_values_too(row: tuple[float, float], leaf: int) -> None:
    assert forest().shares(np.array([row]))[0] == pytest.approx([leaf / STEPS, 0.4])


def test_probabilities_are_calibrated_log_odds() -> None:
    p = forest().probabilities(np.array([[0.0, 0.0], [2.0, 1.0]]))
    assert p[0, 0] == pytest.approx(0.2, abs=1e-6)
    assert p[1, 0] == pytest.approx(1, abs=0.01)
    assert p[0, 1] == pytest.approx(1 / (1 + np.exp(-(2 * np.log(0.4 / 0.6) + 1))), abs=1e-6)


def test_contributions_add_up_to_the_way_from_root_to_leaf() -> None:
    moved = forest().contributions(np.array([2.0, 1.0]), "help")
    assert moved == pytest.approx({"x": (180 - 128) / STEPS, "y": (255 - 180) / STEPS})


def test_a_forest_survives_extreme_values() -> None:
    p = forest().probabilities(np.array([[1e300, -1e300], [np.inf, -np.inf]]))
    assert np.isfinite(p).all()


def test_blocks_give_what_single_rows_give() -> None:
    block = np.array(ROWS)
    assert forest().shares(block) == pytest.approx(np.vstack([forest().shares(r[None]) for r in block]))


def model(gate: float = 0.5) -> Model:
    return Model(forest(), gate, least=0.3, share=0.6)


def test_nothing_is_suspected_of_a_run_that_is_probably_healthy() -> None:
    assert suspect({"a": 0.9, SICK: 0.4}, model()) == {}


def test_suspects_are_the_probable_actions_and_always_one() -> None:
    assert suspect({"a": 0.9, "b": 0.5, "c": 0.6, SICK: 0.9}, model()) == {"a": 0.9, "c": 0.6}
    assert suspect({"a": 0.1, "b": 0.05, SICK: 0.9}, model()) == {"a": 0.1}
