"""Kinds of scale that small trainings of strangers showed judged wrongly: decay too strong, and a first loss
far from what an untrained network must give."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from conditions.test_kinds_of_fault import down, first, judged, seen
from curvedoctor.model import ParamValue

Y = npt.NDArray[np.float64]
Params = dict[str, ParamValue]

# --- decay that holds down what is to be learnt

STRONG: list[Params] = [
    {"optimizer": "adamw", "lr": 3e-3, "weight_decay": 3.0},
    {"optimizer": "adamw", "lr": 1e-3, "weight_decay": 1.5},
    {"optimizer": "adam", "lr": 1e-3, "weight_decay": 0.1},
    {"optimizer": "sgd", "lr": 0.05, "weight_decay": 0.3},
    {"optimizer": "sgd", "lr": 0.01, "momentum": 0.9, "weight_decay": 0.6},
]
USUAL: list[Params] = [
    {"optimizer": "adamw", "lr": 1e-3, "weight_decay": 0.05},
    {"optimizer": "adamw", "lr": 1e-3, "weight_decay": 0.3},
    {"optimizer": "adam", "lr": 1e-3, "weight_decay": 1e-4},
    {"optimizer": "sgd", "lr": 0.05, "weight_decay": 5e-4},
    {"optimizer": "sgd", "lr": 0.05},
]


def held(n: int, floor: float, gap: float, seed: int) -> dict[str, Y]:
    y = down(n, 2.3, 2.3 * floor, 14, 0.004, seed)
    return {"train_loss": y, "val_loss": (1 + gap) * y}


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("n", [15, 40, 150])
@pytest.mark.parametrize("floor", [0.12, 0.3, 0.6])
@pytest.mark.parametrize("params", STRONG)
def test_decay_far_above_custom_with_validation_level_is_too_strong(
    params: Params, floor: float, n: int, seed: int
) -> None:
    for gap in (-0.04, 0.05):
        said = judged(params, **held(n, floor, gap, seed))
        assert "over-regularized" in seen(said)
        assert "reduce-regularization" in [p.action for p in said.prescriptions[:2]]


@pytest.mark.parametrize("floor", [0.12, 0.6])
@pytest.mark.parametrize("params", USUAL)
def test_as_much_as_people_use_is_not(params: Params, floor: float) -> None:
    assert "over-regularized" not in seen(judged(params, **held(40, floor, 0.03, 0)))


@pytest.mark.parametrize("params", STRONG)
def test_nor_is_any_where_training_is_memorized_or_all_is_won(params: Params) -> None:
    for floor, gap in ((0.3, 0.5), (0.02, 0.03)):
        assert "over-regularized" not in seen(judged(params, **held(40, floor, gap, 1)))


def test_nor_where_nothing_may_be_there_to_be_learnt() -> None:
    assert "over-regularized" not in seen(judged(STRONG[1], **held(40, 0.9, 0.0, 1)))


# --- a first loss far from what an untrained network must give


def wrong_scale(start: float, end: float, k: int, n: int = 30, seed: int = 0) -> dict[str, Y]:
    """Weights or inputs are too large: training and validation start as far off, and are learnt down."""
    y = down(n, start, end, 8, 0.02, seed)
    right = 1 / k + (0.93 - 1 / k) * (1 - np.exp(-np.linspace(0.1, 7, n)))
    return {"train_loss": y, "val_loss": 0.9 * y + 0.1, "val_accuracy": right}


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("end", [0.3, 6.0])
@pytest.mark.parametrize("k", [2, 4, 10])
@pytest.mark.parametrize("start", [200.0, 1500.0])
def test_huge_weights_ask_for_scale_before_all_else(start: float, k: int, end: float, seed: int) -> None:
    for params in ({}, {"optimizer": "adam", "lr": 1e-3}):
        said = judged(params, **wrong_scale(start, end, k, seed=seed))
        assert "initial-loss-off" in seen(said)
        if end > np.log(k) + 1:  # worth less than a guess: what is lost is repaired first
            assert first(said) in ("normalize-input", "fix-init")


@pytest.mark.parametrize("k", [2, 10, 100])
def test_a_sound_start_is_none(k: int) -> None:
    for start in (np.log(k), 1.4 * np.log(k) + 0.3):
        assert "initial-loss-off" not in seen(judged(**wrong_scale(start, 0.3, k)))


@pytest.mark.parametrize("batch", [8, 32, 128])
def test_nor_is_a_sum_over_the_batch(batch: int) -> None:
    """Of ten classes, as far off at the end."""
    said = judged(**wrong_scale(batch * 1.3, batch * 0.28, 10))
    assert "initial-loss-off" not in seen(said)


@pytest.mark.parametrize("classes", [5_000, 80_000])
def test_nor_are_many_classes(classes: int) -> None:
    """Of faces or words, hardly any of which is right at first."""
    x = np.linspace(0.1, 6, 40)
    for right, end in ((0.95, 0.5), (0.42, 3.2)):
        y = end + (np.log(classes) - end) * np.exp(-x)
        acc = right * (1 - np.exp(-x / 2)) * 0.98 + 1e-3
        assert "initial-loss-off" not in seen(judged(train_loss=y, val_loss=y, val_accuracy=acc))


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("var", [1.0, 1e5])
@pytest.mark.parametrize("times", [40.0, 3e3, 1e6])
def test_a_regression_tells_by_its_r2(times: float, var: float, seed: int) -> None:
    for end in (0.3, 20.0):
        y = var * down(40, times, end, 8, 0.02, seed)
        said = judged({"optimizer": "adam", "lr": 1e-3}, train_loss=1.1 * y, val_loss=y, val_r2=1 - y / var)
        assert "initial-loss-off" in seen(said)
        if end > 1 and times > 100:
            assert first(said) in ("normalize-input", "fix-init")


@pytest.mark.parametrize("var", [1.0, 1e5])
def test_and_a_sound_one_by_its_r2_too(var: float) -> None:
    """Targets some σ from zero, raw ones among them."""
    for start in (1.1, 2.5, 8.0):
        y = var * down(40, start, 0.2, 8, 0.02)
        assert "initial-loss-off" not in seen(judged(train_loss=y, val_loss=y, val_r2=1 - y / var))


def test_nor_are_other_scores_an_r2() -> None:
    y = down(40, 2.3, 0.3)
    for name in ("val_accuracy", "val_mcc", "val_f1", "val_auc"):
        assert "initial-loss-off" not in seen(judged(train_loss=y, val_loss=y, **{name: 1 - y / 2.5}))


@pytest.mark.parametrize("lr", [0.1, 1.0])
def test_steps_that_throw_it_far_are_the_rates_doing(lr: float) -> None:
    y = down(40, 60.0, 0.8, 8, 0.1)
    climbs = np.concatenate(([30.0, 900.0], 30 * y[2:]))
    said = judged({"optimizer": "adam", "lr": lr}, train_loss=climbs, val_loss=climbs, val_r2=1 - climbs)
    assert "initial-loss-off" not in seen(said)
