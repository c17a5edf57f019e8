"""Kinds of statement that contradicted each other, or the curve they stood beside: each with variations, and
with what must stay said."""

from __future__ import annotations

import numpy as np
import pytest

from conditions.test_kinds_of_fault import Y, down, first, judged, seen
from curvedoctor import diagnose_curves
from curvedoctor.conditions.base import all_conditions
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


# --- validation prepared otherwise than training


@pytest.mark.parametrize(
    ("right", "k", "word"),
    [(0.29, 2, "below that of a guess"), (0.5, 2, " that of a guess"), (0.47, 2, " that of a guess")],
)
@pytest.mark.parametrize("n", [10, 60])
def test_answers_below_a_guess_are_told_as_below(n: int, right: float, k: int, word: str) -> None:
    noise = 0.01 * np.random.default_rng(n).standard_normal(n)
    said = judged(
        {"n_classes": k, "n_train": 312},
        loss=down(n, 0.46, 0.04, 3),
        val_loss=np.full(n, 62.4) + noise,
        accuracy=1 - down(n, 0.3, 0.01, 6),
        val_accuracy=right + noise,
    )
    assert word in seen(said)["train-val-mismatch"].summary
    assert ("below" in word) == ("below" in seen(said)["train-val-mismatch"].summary)
    assert first(said) == "check-split"
    assert "prepared" in said.prescriptions[0].text
    assert "duplicates" not in said.prescriptions[0].text


def test_validation_that_is_too_good_is_still_asked_for_duplicates() -> None:
    train, val = down(80, 2.3, 0.012, 8, 0.03), down(80, 2.2, 0.006, 8.4, 0.03, 1)
    said = judged({"dropout": 0.0, "lr": 0.01}, loss=train, val_loss=val)
    assert "duplicates" in next(p.text for p in said.prescriptions if p.action == "check-split")


# --- targets and the words for them


@pytest.mark.parametrize("loss", ["mse", "huber", None])
def test_targets_of_a_regression_are_standardized(loss: str | None) -> None:
    y = down(60, 5e10, 4.5e10, 3)
    said = judged({"loss": loss} if loss else {}, loss=y, val_loss=1.1 * y)
    text = next(p.text for p in said.prescriptions if p.action == "fix-targets")
    assert "Standardize the targets" in text
    assert "entropy" not in text


def test_the_condition_names_targets_in_its_title_and_its_actions() -> None:
    condition = all_conditions()["inputs-unscaled"]
    assert "targets" in condition.title
    assert "fix-targets" in condition.actions


def test_inputs_alone_ask_for_no_other_targets() -> None:
    y = 1.2 + down(200, 60, 0.5, 50)
    said = judged({"loss": "cross-entropy", "n_classes": 10, "lr": 1e-3, "optimizer": "adam"}, loss=y)
    assert "fix-targets" not in [p.action for p in said.prescriptions]


# --- a gap beside validation that still falls


def gap_and_rest(val: Y) -> tuple[str, bool]:
    said = judged(loss=val / 4, val_loss=val).findings
    return next(f.summary for f in said if f.condition == "generalization-gap"), "undertrained" in {
        f.condition for f in said
    }


@pytest.mark.parametrize("n", [20, 40, 120])
@pytest.mark.parametrize("rate", [0.5, 1, 2, 3])
def test_what_still_falls_is_not_called_flat(n: int, rate: float) -> None:
    text, undertrained = gap_and_rest(down(n, 2.0, 0.1, rate, 0.004))
    assert undertrained
    assert "still falls" in text
    assert "flat" not in text


@pytest.mark.parametrize("n", [20, 40, 120])
@pytest.mark.parametrize("rate", [15, 40])
def test_what_rests_is(n: int, rate: float) -> None:
    text, undertrained = gap_and_rest(down(n, 2.0, 0.5, rate, 0.01))
    assert not undertrained
    assert "validation is flat" in text


# --- overfitting is not thrown about


def overfits(n: int, rise: float, seed: int, spikes: int = 0, noise: float = 0.03) -> dict[str, Y]:
    """Training falls to its best at the end, validation creeps up from a tenth of the run on."""
    rng = np.random.default_rng(seed)
    x = np.linspace(0, 1, n)
    train = down(n, 0.72, 0.004, 5, 0.06, seed)
    train[rng.choice(n // 2, spikes, replace=False) + n // 2 - 3] *= 2.5
    val = 0.5 + 0.2 * np.exp(-40 * x) + 0.5 * rise * np.clip(x - 0.1, 0, None)
    return {"loss": train, "val_loss": val * np.exp(noise * rng.standard_normal(n))}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("rise", [0.4, 0.8, 2.0])
@pytest.mark.parametrize(("n", "spikes"), [(40, 0), (60, 2), (100, 3)])
def test_training_at_its_best_beside_validation_that_creeps_up_is_overfitting(
    n: int, spikes: int, rise: float, seed: int
) -> None:
    said = seen(judged({"lr": 1e-3, "optimizer": "adam"}, **overfits(n, rise, seed, spikes)))
    assert "lr-too-high" not in said
    assert "overfitting" in said


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n", [20, 40, 100])
def test_what_throws_both_about_is_the_rate(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    train = down(n, 0.7, 0.3, 3, 0.25, seed)
    val = np.exp(0.3 * rng.standard_normal(n)) * np.linspace(0.9, 1.1, n)
    val[2], train[3] = 0.3, 0.1
    assert "lr-too-high" in seen(judged({"lr": 0.1, "optimizer": "adam"}, loss=train, val_loss=val))


@pytest.mark.parametrize("rise", [3.0, 4.4])
def test_each_curve_is_told_its_own_distance_from_its_best(rise: float) -> None:
    x = np.linspace(0, 1, 40)
    train = np.where(x < 0.4, down(40, 0.7, 0.1, 12, 0.0), 0.18)
    val = np.where(x < 0.4, down(40, 0.7, 0.3, 12, 0.0), 0.3 * (1 + rise))
    text = seen(judged({"lr": 0.1, "optimizer": "adam"}, loss=train, val_loss=val))["lr-too-high"].summary
    ends = [v[-1] / v.min() - 1 for v in (val, train)]
    assert all(f"{100 * above:.0f} % above its" in text for above in ends)
    assert "or more" not in text


# --- a score calmer than chance


def scored(n_val: int, share: float, n: int = 100) -> str | None:
    """What is said of a score that moves by a share of what chance gives."""
    sigma = (0.9 * 0.1 / n_val) ** 0.5
    score = 0.9 + share * sigma * np.random.default_rng(n_val).standard_normal(n)
    loss = down(n, 2.3, 0.3, 6)
    said = seen(judged({"n_val": n_val}, loss=loss, val_loss=1.1 * loss, val_accuracy=np.minimum(score, 1)))
    found = said.get("validation-too-small")
    return None if found is None else found.summary


@pytest.mark.parametrize("n_val", [46, 60, 80])
@pytest.mark.parametrize("share", [0.1, 0.3, 0.4])
def test_what_is_far_calmer_than_chance_is_not_chance(n_val: int, share: float) -> None:
    assert scored(n_val, share) is None


@pytest.mark.parametrize("n_val", [46, 60, 80])
@pytest.mark.parametrize("share", [0.8, 1.0, 1.2])
def test_what_moves_as_chance_does_is(n_val: int, share: float) -> None:
    text = scored(n_val, share)
    assert text is not None
    assert "from epoch to epoch, and it moves by" in text


def test_of_a_handful_the_number_says_it_without_a_word_of_what_is_not_seen() -> None:
    text = scored(20, 0.2)
    assert text is not None
    assert "moves" not in text


# --- a loss that never moved


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
@pytest.mark.parametrize("n", [30, 100])
def test_where_nothing_moved_the_gradient_vanishes_and_one_batch_is_tried(n: int, activation: str) -> None:
    y = np.log(10) * (1 + 0.004 * np.random.default_rng(n).standard_normal(n))
    params: Params = {"activation": activation, "depth": 5, "lr": 0.02, "optimizer": "sgd"}
    said = judged(params, loss=y, val_loss=y)
    text = seen(said)["vanishing-gradient"].summary
    assert "nothing is learnt" in text
    assert "stays at" in text
    assert "saturate" not in text
    assert "from 2.3 to 2.3" not in text
    assert "overfit-one-batch" in [p.action for p in said.prescriptions[:2]]


@pytest.mark.parametrize("end", [1.6, 2.0])
def test_where_it_moved_a_little_the_units_saturate(end: float) -> None:
    said = seen(judged({"activation": "sigmoid", "depth": 6}, loss=down(60, 2.3, end, 3, 0.002)))
    found = said["vanishing-gradient"]
    assert "they saturate" in found.summary
    assert "goes from" in found.summary


# --- numbers that say nothing


@pytest.mark.parametrize("moved", [0.0, 1e-7, 3e-4])
def test_what_has_not_moved_is_not_said_to_have_moved_by_nothing(moved: float) -> None:
    y = 0.976 * (1 - moved * np.linspace(0, 1, 40))
    text = seen(judged({"lr": 1e-9, "optimizer": "adam"}, val_loss=y))["lr-too-low"].summary
    assert "has not moved" in text
    assert " 0.0 %" not in text


def test_what_has_moved_a_little_is_told_by_how_much() -> None:
    y = 0.69 * (1 - 0.03 * np.linspace(0, 1, 40))
    text = seen(judged({"lr": 1e-9, "optimizer": "adam"}, val_loss=y))["lr-too-low"].summary
    assert "moved by 3.0 % only" in text or "moved by 2.9 % only" in text


@pytest.mark.parametrize("epochs", [6, 10, 30])
@pytest.mark.parametrize("points", [11, 20])
def test_no_more_repeats_than_all_of_it(points: int, epochs: int) -> None:
    wave = np.tile(np.exp(0.5 * np.sin(2 * np.pi * np.arange(points) / points)), epochs)
    y = wave * (0.5 + 1.8 * np.exp(-np.linspace(0, 6, points * epochs)))
    said = diagnose_curves({"train/loss_step": y}, params={"epochs": epochs})
    found = next((f for f in said.findings if f.condition == "uneven-batches"), None)
    assert found is None or 0 <= float(str(found.evidence["repeats"])) <= 1
    assert found is not None or epochs < 10


def test_a_training_loss_of_another_scale_did_not_blow_up() -> None:
    y = 2.3 - 0.7 * np.linspace(0, 1, 80)
    said = seen(judged({"lr": 1e-5, "optimizer": "adam"}, loss=200 * y, val_loss=y))
    assert "inputs-unscaled" not in said
    assert "lr-too-low" in said
