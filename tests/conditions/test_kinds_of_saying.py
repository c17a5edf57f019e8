"""Kinds of statement that contradicted each other, or the curve they stood beside: each with variations, and
with what must stay said."""

from __future__ import annotations

import numpy as np
import pytest

from conditions.test_kinds_of_fault import Y, down, first, judged, seen
from curvedoctor.model import ParamValue

Params = dict[str, ParamValue]

# --- a first epoch that blew up at a rate far below custom

FAR_BELOW: list[Params] = [
    {"optimizer": "sgd", "momentum": 0.9, "lr": 1e-7, "loss": "mse"},
    {"optimizer": "sgd", "lr": 1e-5, "loss": "mse"},
    {"optimizer": "adam", "lr": 1e-8, "input_scaling": "none"},
    {"lr": 1e-7, "loss": "mse"},
]


def blew_up(n: int, start: float, level: float, seed: int = 0) -> dict[str, Y]:
    """One epoch at a huge mean, and nothing moves after it but the batches."""
    noise = np.random.default_rng(seed).standard_normal(n)
    train = level * (1.02 + 0.002 * noise)
    train[0] = start
    return {"loss": train, "val_loss": level * (1 - 1e-7 * np.arange(n))}


@pytest.mark.parametrize("n", [8, 40, 100])
@pytest.mark.parametrize("start", [2.4e3, 2.4e6])
@pytest.mark.parametrize("params", FAR_BELOW)
def test_a_rate_far_below_custom_is_neither_too_high_nor_decayed(
    params: Params, start: float, n: int
) -> None:
    said = judged(params, **blew_up(n, start, 0.976))
    assert not {"lr-too-high", "lr-too-low", "lr-decayed-too-early"} & set(seen(said))
    assert "inputs-unscaled" in seen(said)
    assert first(said) == "normalize-input"


@pytest.mark.parametrize("params", [{"optimizer": "sgd", "momentum": 0.9, "lr": 0.1}, {"optimizer": "adam"}])
def test_at_a_usual_rate_the_steps_were_too_large(params: Params) -> None:
    said = seen(judged(params, **blew_up(40, 2.4e6, 0.976)))
    assert "lr-too-high" in said
    assert "inputs-unscaled" not in said


# --- weights that move because training does


@pytest.mark.parametrize("n", [20, 60])
@pytest.mark.parametrize("end", [0.04, 0.2, 0.4])
def test_where_training_falls_weights_move(n: int, end: float) -> None:
    val = np.full(n, 62.4)
    val[:2] = [64.0, 62.9]
    assert "lr-decayed-too-early" not in seen(judged(loss=down(n, 0.46, end, 3), val_loss=val))


@pytest.mark.parametrize("n", [20, 60])
def test_where_both_rest_they_do_not(n: int) -> None:
    noise = np.random.default_rng(n).standard_normal(n)
    val, train = np.full(n, 2.1), 2.1 * (1 + 0.001 * noise)
    val[:2], train[:2] = [2.3, 2.2], [2.3, 2.2]
    assert "lr-decayed-too-early" in seen(judged(loss=train, val_loss=val))


# --- answers above a guess beside a loss that costs more than one


@pytest.mark.parametrize("right", [0.4, 0.59, 0.95])
@pytest.mark.parametrize("n", [12, 60])
def test_answers_clearly_above_a_guess_contradict_that_nothing_is_learnt(n: int, right: float) -> None:
    loss, params = down(n, 74, 27, 2), {"loss": "cross-entropy", "n_classes": 10}
    said = seen(judged(params, loss=loss, val_loss=1.2 * loss, val_accuracy=1 - down(n, 0.88, 1 - right, 2)))
    assert "not-learning" not in said


@pytest.mark.parametrize("right", [0.1, 0.9])
def test_answers_of_a_guess_or_of_one_class_do_not(right: float) -> None:
    loss, params = down(40, 74, 27, 2), {"loss": "cross-entropy", "n_classes": 10}
    said = seen(judged(params, loss=loss, val_loss=1.2 * loss, val_accuracy=np.full(40, right)))
    assert "not-learning" in said
