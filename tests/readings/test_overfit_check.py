"""A run on a handful of samples is read as a check, with its outcome; any other is not."""

from __future__ import annotations

import numpy as np
import pytest

from curvedoctor.conditions.examples import falling, run
from curvedoctor.features.case import build
from curvedoctor.model import Run
from curvedoctor.readings import read_all


def reading(made: Run) -> dict[str, object] | None:
    found = read_all(build([made])[0]).get("overfit-check")
    return None if found is None else dict(found)


@pytest.mark.parametrize("samples", [1, 5, 10, 16, 64])
def test_reaches_zero(samples: int) -> None:
    found = reading(
        run({"n_train": samples}, train_loss=falling(np.random.default_rng(0), 100, 2.3, 1e-4, 12))
    )
    assert found is not None
    assert found["samples"] == samples
    assert found["reached_zero"] is True
    assert abs(float(str(found["first"])) - 2.3) < 0.1
    assert float(str(found["final"])) < 0.01


def test_stays_above() -> None:
    found = reading(run({"n_train": 10}, train_loss=falling(np.random.default_rng(0), 100, 2.3, 0.4, 12)))
    assert found is not None
    assert found["reached_zero"] is False


def test_zero_is_relative_to_an_untrained_model() -> None:
    """The first logged loss may be low already; the expected one is the scale."""
    made = run(
        {"n_train": 8, "loss": "cross-entropy", "n_classes": 10},
        train_loss=falling(np.random.default_rng(0), 100, 0.3, 0.03, 12),
    )
    found = reading(made)
    assert found is not None
    assert found["reached_zero"] is True


@pytest.mark.parametrize("params", [{}, {"n_train": 65}, {"n_train": 60_000}])
def test_a_real_training_is_none(params: dict[str, int]) -> None:
    assert reading(run(dict(params), train_loss=falling(np.random.default_rng(0)))) is None


def test_few_samples_with_validation_are_a_small_training() -> None:
    y = falling(np.random.default_rng(0))
    assert reading(run({"n_train": 40}, train_loss=y, val_loss=y)) is None
    assert reading(run({"n_train": 8}, train_loss=y, val_loss=y)) is not None


def test_too_few_points() -> None:
    assert reading(run({"n_train": 8}, train_loss=np.array([1.0, 0.5, 0.1]))) is None
