"""The rules that turn tried remedies into truth."""

from __future__ import annotations

import math

import pytest

from clinic import truth


def levels(*losses: float | None) -> list[float]:
    return [truth.level(v, 1.0) for v in losses]


@pytest.mark.parametrize(
    ("base", "changed", "helps"),
    [
        ([1.0], [0.8], True),
        ([1.0], [0.92], None),
        ([1.0], [0.97], False),
        ([1.0], [1.5], False),
        ([1.0, 1.0, 1.0], [0.85, 0.84, 0.86], True),
        ([1.0, 1.0, 1.0], [0.3, 1.2, 1.1], None),  # the mean gain is one lucky seed's
        ([None], [0.5], True),  # a run that was lost is saved
        ([None], [None], False),
        ([1.0], [None], False),
        ([1e-5], [2e-6], False),  # both memorized: below a thousandth of chance nothing counts
    ],
)
def test_a_remedy_helps_from_ten_percent_beyond_the_noise(
    base: list[float | None], changed: list[float | None], helps: bool | None
) -> None:
    assert truth.verdict(*truth.compare(levels(*base), levels(*changed))) is helps


def test_one_variant_that_helps_is_enough() -> None:
    assert truth.any_helps([False, True, None]) is True
    assert truth.any_helps([False, None]) is None
    assert truth.any_helps([False, False]) is False


def test_borderline_gains_and_gains_of_noisy_runs_are_repeated() -> None:
    calm, wild = levels(1.0, 1.01, 0.99), levels(1.0, 1.4, 0.7)
    assert truth.wants_repeat(0.1, calm)
    assert not truth.wants_repeat(0.5, calm)
    assert not truth.wants_repeat(0.01, calm)
    assert truth.wants_repeat(0.5, wild)


def test_noise_variance_ignores_the_trend() -> None:
    line = [0.5 * i for i in range(50)]
    assert truth.second_difference_variance(line) == pytest.approx(0.0, abs=1e-12)
    zigzag = [0.5 * i + (-1) ** i for i in range(50)]
    assert truth.second_difference_variance(zigzag) == pytest.approx(16 / 6)


FACTS = {
    "metric": "right", "log_fault": "", "val_dup": 0.0, "dropout": 0.0, "n_val": 400,
    "logged_accuracy": 0.8, "true_accuracy": 0.8, "val_loss": 0.5, "true_loss": 0.5, "val_loss_large": None,
    "train_loss": 0.5, "train_loss_eval": 0.5, "variance_ratio": None, "relative_noise": 0.01,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "action"),
    [
        ({"metric": "argmax", "logged_accuracy": 0.5}, "fix-metric"),
        ({"log_fault": "overlap"}, "fix-logging"),
        ({"val_dup": 1.0, "val_loss": 0.1}, "check-split"),
        ({"n_val": 20, "variance_ratio": 0.1}, "more-validation-data"),
    ],
)
def test_measurement_remedies(change: dict[str, object], action: str) -> None:
    clean = truth.measurement(FACTS)
    assert not any(clean.values())
    found = truth.measurement(FACTS | change)
    assert found[action] is True
    assert not any(v for a, v in found.items() if a != action)


def test_lost_runs_are_capped() -> None:
    assert truth.level(math.inf, 1.0) == truth.level(None, 1.0) == truth.level(1e9, 1.0)
