"""Kinds of logs that were judged wrongly once: made anew over seeds and sizes,
and pairs a hair apart at the thresholds."""

from __future__ import annotations

import numpy as np
import pytest

from curvedoctor.conditions.base import Check
from curvedoctor.conditions.data import (
    class_imbalance,
    dirty_data,
    noisy_batches,
    one_class,
    repeats,
    uneven_batches,
)
from curvedoctor.conditions.examples import falling, run
from curvedoctor.conditions.generalization import dataset_too_small, held_down, over_regularized, overfitting
from curvedoctor.conditions.measurement import few_samples, held_out, train_val_mismatch, validation_too_small
from curvedoctor.conditions.measures import turn
from curvedoctor.conditions.progress import underfitting, wasted_training
from curvedoctor.conditions.stability import loss_spikes, spikes
from curvedoctor.features.case import build
from curvedoctor.model import Curve, Finding, Floats, ParamValue, Role, Run, Unjudged

SEEDS = range(6)


def found(check: Check, made: Run) -> Finding | None:
    result = check(build([made])[0])
    return result if isinstance(result, Finding) else None


def grave(check: Check, made: Run) -> bool:
    result = found(check, made)
    return result is not None and result.severity != "info"


def reason(check: Check, made: Run) -> str:
    result = check(build([made])[0])
    assert isinstance(result, Unjudged)
    return result.reason


def turned(rng: np.random.Generator, n: int, at: int, up: float, noise: float = 0.01) -> Floats:
    """A validation loss that falls until `at` and rises by a share of its best until the end."""
    down = 0.6 + 0.6 * (1 - np.arange(at + 1) / max(at, 1)) ** 2
    rise = 0.6 * (1 + up * np.arange(1, n - at) / (n - at - 1))
    return np.asarray(np.concatenate((down, rise)) * np.exp(noise * rng.standard_normal(n)))


# --- overfitting


@pytest.mark.parametrize("seed", range(40))
def test_the_best_epoch_is_the_lowest_that_was_logged(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(8, 41))
    val = turned(rng, n, int(rng.integers(0, n // 2)), float(rng.uniform(0.3, 1.5)), 0.03)
    result = found(overfitting.check, run(train_loss=falling(rng, n), val_loss=val))
    assert result is not None
    best = int(np.argmin(val))
    assert result.onset == best
    assert f"best ({val[best]:.3g}) at epoch {best} " in result.summary
    assert result.evidence["best"] == pytest.approx(val[best], rel=1e-3)


@pytest.mark.parametrize("values", [(1.0, 1.3, 1.6), (1.2, 1.0, 1.2, 1.5), (1.4, 1.1, 1.0, 1.25, 1.4)])
def test_few_points_that_turn_are_judged(values: tuple[float, ...]) -> None:
    train = np.geomspace(1.5, 0.2, len(values))
    assert grave(overfitting.check, run(train_loss=train, val_loss=values))


@pytest.mark.parametrize("values", [(1.0, 1.3, 1.1), (1.2, 1.0, 1.2, 1.02), (1.4, 1.1, 1.0, 0.99, 1.4)])
def test_few_points_that_only_waver_are_not(values: tuple[float, ...]) -> None:
    train = np.geomspace(1.5, 0.2, len(values))
    assert not grave(overfitting.check, run(train_loss=train, val_loss=values))


def test_two_points_are_too_few() -> None:
    assert "too few" in reason(overfitting.check, run(train_loss=[1.0, 0.5], val_loss=[1.0, 1.2]))


@pytest.mark.parametrize(
    ("train", "val", "accuracy", "fires"),
    [
        ((1.0, 0.5), (1.0, 1.26), (0.5, 0.4), True),
        ((1.0, 0.5), (1.0, 1.24), (0.5, 0.4), False),  # a small validation set may do that
        ((1.0, 0.95), (1.0, 1.5), (0.5, 0.4), False),  # training has not learnt more
        ((1.0, 0.5), (1.0, 1.5), (0.5, 0.55), False),  # the answers are better
    ],
)
def test_a_second_epoch_far_worse_says_it(
    train: tuple[float, ...], val: tuple[float, ...], accuracy: tuple[float, ...], fires: bool
) -> None:
    made = run(train_loss=train, val_loss=val, val_accuracy=accuracy)
    assert grave(overfitting.check, made) is fires
    assert not fires or found(overfitting.check, made).onset == 0  # type: ignore[union-attr]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [6, 12, 40])
def test_a_best_point_at_the_end_is_no_turn(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    val = turned(rng, n, n // 2, 0.3)
    val[-1] = val.min() * 0.98
    assert found(overfitting.check, run(train_loss=falling(rng, n), val_loss=val)) is None


@pytest.mark.parametrize("seed", SEEDS)
def test_a_validation_curve_alone_says_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    val = turned(rng, 15, 4, 0.9, 0.02)
    result = found(overfitting.check, run(val_loss=val))
    assert result is not None
    assert (result.severity, result.onset) == ("warning", float(np.argmin(val)))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_score_that_falls_falls(seed: int) -> None:
    """Training logs a loss, validation an accuracy only."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, 60)
    accuracy = np.where(t < 0.4, 0.6 + 0.7 * t, 0.89 - 0.22 * (t - 0.4)) + 0.003 * rng.standard_normal(60)
    result = found(overfitting.check, run(train_loss=falling(rng, floor=0.02), val_accuracy=accuracy))
    assert result is not None
    assert result.onset == float(np.argmax(accuracy))
    assert "falls to" in result.summary
    assert "above" not in result.summary


@pytest.mark.parametrize("seed", SEEDS)
def test_a_loss_that_creeps_up_while_accuracy_holds_is_information(seed: int) -> None:
    rng = np.random.default_rng(seed)
    val = np.linspace(0.1, 0.22, 9) * np.exp(0.03 * rng.standard_normal(9))
    val[0] = 0.1
    accuracy = 0.984 + 0.001 * rng.standard_normal(9)
    made = run(
        {"n_classes": 10}, train_loss=np.geomspace(0.012, 0.007, 9), val_loss=val, val_accuracy=accuracy
    )
    result = found(overfitting.check, made)
    assert result is not None
    assert result.severity == "info"
    falls = run(
        {"n_classes": 10},
        train_loss=np.geomspace(0.012, 0.007, 9),
        val_loss=val,
        val_accuracy=accuracy - np.linspace(0, 0.08, 9),
    )
    assert grave(overfitting.check, falls)


def detector(rng: np.random.Generator, up: float) -> Run:
    """A detector's log: box loss holds, objectness turns, mAP still improves."""

    def of(tag: str, y: Floats) -> Curve:
        role = Role("val" if tag.startswith("val") else "train", "loss", "lower", "epoch")
        return Curve(tag, tag, np.arange(len(y)), y, np.full(len(y), np.nan), role, "step")

    n = 100
    val = {"box": falling(rng, n, 0.1, 0.05, 12), "obj": turned(rng, n, 10, up)}
    train = {"box": falling(rng, n, 0.1, 0.04, 8), "obj": falling(rng, n, 0.1, 0.02, 5)}
    losses = [of(f"{s}/{k}_loss", y) for s, d in (("train", train), ("val", val)) for k, y in d.items()]
    score = run(val_accuracy=1 - falling(rng, n, 0.9, 0.4, 8)).curves
    return Run("detector", "detector", "g", (*losses, *score))


@pytest.mark.parametrize("seed", SEEDS)
def test_one_term_of_several_warns_but_is_no_reason_to_stop(seed: int) -> None:
    result = found(overfitting.check, detector(np.random.default_rng(seed), 0.9))
    assert result is not None
    assert result.curves[0] == "val/obj_loss"
    assert "stop-early" not in result.actions
    assert result.actions


@pytest.mark.parametrize(("up", "severity"), [(0.46, "info"), (0.56, "warning")])
def test_how_far_a_term_rises(up: float, severity: str) -> None:
    result = found(overfitting.check, detector(np.random.default_rng(1), up))
    assert result is not None
    assert result.severity == severity


@pytest.mark.parametrize(
    ("up", "severity"),
    [(overfitting.NOTABLE * 0.9, None), (overfitting.NOTABLE * 1.1, "info"),
        (overfitting.RISE * 0.97, "info"),
     (overfitting.RISE * 1.03, "warning")],
)  # fmt: skip
def test_how_far_validation_rises(up: float, severity: str | None) -> None:
    rng = np.random.default_rng(0)
    val = turned(rng, 9, 3, up, 0.0)
    result = found(overfitting.check, run(train_loss=falling(rng, 9), val_loss=val))
    assert (None if result is None else result.severity) == severity


@pytest.mark.parametrize(("after", "fires"), [(turn.AFTER - 1, False), (turn.AFTER, True)])
def test_how_many_points_follow_the_best(after: int, fires: bool) -> None:
    val = np.concatenate((np.linspace(1.2, 1.0, 6), 1 + 0.3 * np.arange(1, after + 1)))[-6:]
    assert grave(overfitting.check, run(train_loss=np.geomspace(2, 0.2, 6), val_loss=val)) is fires


@pytest.mark.parametrize(("at", "fires"), [(36, True), (37, False)])
def test_how_late_the_best_is(at: int, fires: bool) -> None:
    """A best point at 36 of 40 is before nine tenths of the run, one at 37 is not."""
    val = np.concatenate((np.geomspace(2, 0.8, at + 1), 0.8 * np.array([1.2, 1.3, 1.4, 1.5][: 40 - at])))
    assert grave(overfitting.check, run(train_loss=np.geomspace(2, 0.1, 41), val_loss=val)) is fires


def test_next_to_nothing_is_not_sick() -> None:
    """Rises by half, between 1e-5 and 2e-5 of where it started."""
    val = np.concatenate((np.geomspace(1.0, 1e-5, 12), np.geomspace(1.1e-5, 2e-5, 12)))
    assert found(overfitting.check, run(train_loss=np.geomspace(1.0, 1e-7, 24), val_loss=val)) is None


# --- too little data, too small a model, too much regularization


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_said_of_data_without_validation(seed: int) -> None:
    rng = np.random.default_rng(seed)
    made = run(train_loss=falling(rng, 50, 2.3, 0.01, 14, 0.1))
    assert "not both" in reason(dataset_too_small.check, made)


@pytest.mark.parametrize(
    ("steps", "fires"), [(dataset_too_small.MANY_STEPS, True), (dataset_too_small.MANY_STEPS + 100, False)]
)
def test_a_long_run_of_unknown_size_is_not_short_of_data(steps: int, fires: bool) -> None:
    made = dataset_too_small._memorizes(np.random.default_rng(0))
    per_step = Curve(
        "lr",
        "lr",
        np.array([0, steps]),
        np.array([0.1, 0.1]),
        np.full(2, np.nan),
        Role("train", "lr"),
        "step",
    )
    assert grave(dataset_too_small.check, Run("r", "r", "g", (*made.curves, per_step))) is fires


@pytest.mark.parametrize("seed", SEEDS)
def test_a_gap_with_validation_at_its_minimum_is_information(seed: int) -> None:
    rng = np.random.default_rng(seed)
    made = run(
        {"lr": 0.01, "weight_decay": 0.001},
        train_loss=falling(rng, 200, 1.0, 0.012, 10, 0.02),
        val_loss=falling(rng, 200, 1.0, 0.075, 12, 0.02),
    )
    for check in (overfitting.check, dataset_too_small.check, underfitting.check):
        assert found(check, made) is None


@pytest.mark.parametrize("seed", SEEDS)
def test_a_finished_run_is_not_underfitted(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y = falling(rng, 80, 0.01, 5e-4, 12, 0.005)
    assert found(underfitting.check, run({"width": 8}, train_loss=y, val_loss=1.02 * y)) is None


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("decay", [0.05, 0.16, 0.34])
def test_decoupled_weight_decay_and_smoothing_are_normal(seed: int, decay: float) -> None:
    rng = np.random.default_rng(seed)
    made = run(
        {"weight_decay": decay, "dropout": 0.1, "label_smoothing": 0.2},
        train_loss=falling(rng, 40, 0.16, 0.128, 10), val_loss=falling(rng, 40, 0.16, 0.125, 10),
    )  # fmt: skip
    assert found(over_regularized.check, made) is None


@pytest.mark.parametrize(("share", "fires"), [(held_down.HIGH - 0.11, False), (held_down.HIGH + 0.11, True)])
def test_how_high_the_floor_is(share: float, fires: bool) -> None:
    y = falling(np.random.default_rng(0), 40, 2.3, share * np.log(10), 16, 0.002)
    known = {"weight_decay": 0.032, "optimizer": "adam", "loss": "cross-entropy", "n_classes": 10}
    assert grave(over_regularized.check, run(known, train_loss=y, val_loss=y)) is fires


@pytest.mark.parametrize(("times", "fires"), [(0.5, False), (1.0, True)])
def test_how_strong_weight_decay_is(times: float, fires: bool) -> None:
    y = falling(np.random.default_rng(0), 40, 2.3, 1.7, 16, 0.002)
    known = {
        "weight_decay": 0.01 * held_down.STRONG * times,
        "optimizer": "adam",
        "loss": "cross-entropy",
        "n_classes": 10,
    }
    assert grave(over_regularized.check, run(known, train_loss=y, val_loss=y)) is fires


@pytest.mark.parametrize(
    ("optimizer", "lr", "decay", "fires"),
    [
        ("adam", 1e-3, 0.1, True),
        ("rmsprop", 1e-3, 0.1, True),
        ("adam", 1e-5, 0.1, False),  # so slow that anything would stay where it began
        ("adam", 1.0, 0.1, False),  # so fast that it is the rate
        ("sgd", 0.01, 0.1, False),  # plain SGD bears what Adam does not
        ("sgd", 0.01, 0.2, True),
        ("sgd", 0.5, 0.08, True),  # 4 % of its weights are forgotten a step
        ("sgd", 0.5, 0.01, False),
        ("adamw", 1e-3, 0.1, False),  # decoupled: customary
        ("adamw", 1e-3, 1.0, True),
    ],
)
def test_how_strong_weight_decay_is_depends_on_optimizer_and_rate(
    optimizer: str, lr: float, decay: float, fires: bool
) -> None:
    y = falling(np.random.default_rng(0), 40, 2.3, 1.7, 16, 0.002)
    known: dict[str, ParamValue] = {
        "weight_decay": decay, "optimizer": optimizer, "lr": lr, "loss": "cross-entropy", "n_classes": 10
    }  # fmt: skip
    assert grave(over_regularized.check, run(known, train_loss=y, val_loss=y)) is fires


@pytest.mark.parametrize(
    ("width", "floor"),
    [
        (1, underfitting.NARROW_FLOOR), (underfitting.NARROW, underfitting.NARROW_FLOOR),
        (underfitting.NARROW + 1, underfitting.TINY_FLOOR), (underfitting.TINY, underfitting.TINY_FLOOR),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("beyond", "fires"), [(-0.03, False), (0.12, True)])
def test_how_high_the_floor_of_a_tiny_model_is(width: int, floor: float, beyond: float, fires: bool) -> None:
    share = floor + beyond
    y = falling(np.random.default_rng(0), 60, 1.7, share * np.log(5), 14, 0.003)
    known = {"width": width, "loss": "cross-entropy", "n_classes": 5}
    assert grave(underfitting.check, run(known, train_loss=y, val_loss=1.03 * y)) is fires


@pytest.mark.parametrize(
    ("share", "fires"), [(dataset_too_small.POOR, False), (2.5 * dataset_too_small.POOR, True)]
)
def test_how_poor_validation_is(share: float, fires: bool) -> None:
    rng = np.random.default_rng(0)
    made = run(train_loss=falling(rng, 60, 2.3, 0.005, 14), val_loss=falling(rng, 60, 2.3, 2.3 * share, 15))
    assert grave(dataset_too_small.check, made) is fires


@pytest.mark.parametrize(
    ("n", "train", "val", "points", "fires"),
    [
        (3000, 0.1, 0.5, 60, True), (3001, 0.1, 0.5, 60, False), (800, 0.13, 0.6, 60, True),
        (800, 0.24, 0.98, 60, False),
        (800, 0.02, 0.13, 60, True), (800, 0.02, 0.07, 60, False), (800, 0.15, 0.5, 60, False),
        (800, 0.1, 0.5, 7, False),
    ],
)  # fmt: skip
def test_of_few_known_samples_less_says_it(
    n: int, train: float, val: float, points: int, fires: bool
) -> None:
    """Below a sixth of its start in training, four times that and a tenth of the start in validation."""
    t = np.exp(-20 * np.linspace(0, 1, points))
    made = run({"n_train": n}, train_loss=train + (1 - train) * t, val_loss=val + (1 - val) * t)
    assert grave(dataset_too_small.check, made) is fires


@pytest.mark.parametrize(("size", "fires"), [(500, True), (50_000, False)])
def test_how_many_samples_are_few(size: int, fires: bool) -> None:
    rng = np.random.default_rng(0)
    made = run(
        {"n_train": size},
        train_loss=falling(rng, 60, 2.3, 0.005, 14),
        val_loss=falling(rng, 60, 2.3, 1.5, 15),
    )
    result = found(dataset_too_small.check, made)
    assert (result is not None) is fires
    assert result is None or "memorized" in result.summary


@pytest.mark.parametrize(
    ("size", "fires"), [(few_samples.FEW_SAMPLES, True), (few_samples.MANY_SAMPLES, False)]
)
def test_how_many_validation_samples_are_few(size: int, fires: bool) -> None:
    rng = np.random.default_rng(3)
    right = rng.binomial(size, 0.7, 40) / size
    made = run({"n_val": size}, train_loss=falling(rng, 40), val_loss=falling(rng, 40), val_accuracy=right)
    assert grave(validation_too_small.check, made) is fires


def test_jumps_on_thousands_of_validation_samples_are_not_for_want_of_them() -> None:
    val = 0.6 * np.random.default_rng(0).uniform(0.02, 2.0, 90)
    train = falling(np.random.default_rng(0), 90)
    assert grave(validation_too_small.check, run(train_loss=train, val_loss=val))
    assert not grave(validation_too_small.check, run({"n_val": 3000}, train_loss=train, val_loss=val))


# --- the split


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [3, 6, 20])
def test_accuracy_of_zero_beside_good_training_is_the_split(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    right = np.zeros(n)
    right[n // 2 + 1 :: 2] = rng.uniform(0, 0.07, len(right[n // 2 + 1 :: 2]))
    made = run(
        train_loss=np.geomspace(0.98, 0.27, n), val_loss=4.5 * np.exp(0.2 * rng.standard_normal(n)),
        train_accuracy=np.linspace(0.64, 0.91, n), val_accuracy=right,
    )  # fmt: skip
    result = found(train_val_mismatch.check, made)
    assert result is not None
    assert result.severity == "error"
    assert result.confidence > 0.9
    assert found(noisy_batches.check, made) is None


@pytest.mark.parametrize(("right", "fires"), [(0.9, True), (1.1, False)])
def test_how_far_below_a_guess(right: float, fires: bool) -> None:
    accuracy = np.full(8, right * held_out.GUESS / 10) + 1e-4 * np.arange(8)
    made = run(
        {"n_classes": 10},
        train_loss=np.geomspace(2.3, 0.3, 8),
        val_loss=np.full(8, 3.0),
        train_accuracy=np.linspace(0.3, 0.8, 8),
        val_accuracy=accuracy,
    )
    assert grave(train_val_mismatch.check, made) is fires


@pytest.mark.parametrize(("times", "fires"), [(0.95, False), (1.05, True)])
def test_how_far_validation_explodes(times: float, fires: bool) -> None:
    val = np.full(12, 2.3 * held_out.EXPLODES * times)
    assert grave(train_val_mismatch.check, run(train_loss=np.geomspace(2.3, 0.3, 12), val_loss=val)) is fires


@pytest.mark.parametrize(
    ("size", "fires"),
    [(train_val_mismatch.FEW_SAMPLES - 1, False), (train_val_mismatch.FEW_SAMPLES + 300, True)],
)
def test_how_many_samples_make_a_leak_credible(size: int, fires: bool) -> None:
    rng = np.random.default_rng(2)
    made = run(
        {"dropout": 0.0, "n_val": size},
        train_loss=falling(rng, 60, floor=0.5),
        val_loss=falling(rng, 60, floor=0.3),
    )
    assert grave(train_val_mismatch.check, made) is fires


# --- batches


def sorted_epochs(rng: np.random.Generator, points: int, second: int) -> Floats:
    """The same descent from 6 to 0.5 in every epoch, hardly lower the second time."""
    once = falling(rng, points, 6.0, 0.5, 4, 0.08)
    return np.asarray(
        np.concatenate((once, 0.95 * once[:second])) * np.exp(0.02 * rng.standard_normal(points + second))
    )


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("points", "second"), [(12, 10), (20, 20), (50, 30)])
def test_two_epochs_that_repeat_are_not_shuffled(seed: int, points: int, second: int) -> None:
    rng = np.random.default_rng(seed)
    y = sorted_epochs(rng, points, second)
    steps = 5 * np.arange(1, len(y) + 1)
    curve = Curve("loss", "loss", steps, y, np.full(len(y), np.nan), Role("none", "loss", "lower"), "step")
    result = found(uneven_batches.check, Run("r", "r", "g", (curve,), {"steps_per_epoch": 5 * points}))
    assert result is not None
    assert result.severity == "warning"
    assert result.onset == steps[points]


@pytest.mark.parametrize(("second", "fires"), [(repeats.OVERLAP - 1, False), (repeats.OVERLAP, True)])
def test_how_much_of_a_second_epoch(second: int, fires: bool) -> None:
    y = sorted_epochs(np.random.default_rng(0), 20, second)
    assert grave(uneven_batches.check, run({"steps_per_epoch": 20}, train_loss_step=y)) is fires


@pytest.mark.parametrize("seed", SEEDS)
def test_losses_measured_at_evaluations_are_no_batches(seed: int) -> None:
    rng = np.random.default_rng(seed)
    wave = 1 + 0.2 * np.sin(2 * np.pi * np.arange(230) / 5)
    made = run(
        train_loss_step=falling(rng, 230, 0.7, 0.02, 20) * wave, val_loss=falling(rng, 230, 0.7, 0.04, 20)
    )
    assert "per step" in reason(uneven_batches.check, made)


@pytest.mark.parametrize(("size", "fires"), [(0.4, False), (2.0, True)])
def test_how_much_a_rhythm_moves_the_loss(size: float, fires: bool) -> None:
    rng = np.random.default_rng(0)
    wave = 1 + size * repeats.MOVES * 2**0.5 * np.sin(2 * np.pi * np.arange(600) / 20)
    made = run({"epochs": 30}, train_loss_step=falling(rng, 600, 2.3, 1.0, 30, 0.01) * wave)
    assert found(uneven_batches.check, made) is not None
    assert grave(uneven_batches.check, made) is fires


@pytest.mark.parametrize("seed", SEEDS)
def test_validation_that_swings_is_noise_not_overfitting(seed: int) -> None:
    rng = np.random.default_rng(seed)
    val = np.tile([0.15, 1.8, 0.2, 2.5], 4) * np.exp(0.2 * rng.standard_normal(16))
    val = np.concatenate(([3.3, 1.5], val))
    made = run({"n_val": 3000}, train_loss=falling(rng, 18, 2.3, 0.3, 6), val_loss=val)
    result = found(noisy_batches.check, made)
    assert result is not None
    assert result.actions[0] == "lower-lr"
    assert not grave(overfitting.check, made)


@pytest.mark.parametrize(("share", "fires"), [(0.8, False), (1.3, True)])
def test_how_far_validation_swings(share: float, fires: bool) -> None:
    """An alternating curve: σ by second differences is 1.4826 · 4a / √6 of its amplitude a."""
    amplitude = share * noisy_batches.SWING * 6**0.5 / (4 * 1.4826)
    val = np.concatenate(([2.0, 1.5, 0.8, 0.95], 1.0 + amplitude * np.tile([1.0, -1.0], 8)))
    made = run({"n_val": 5000}, train_loss=np.geomspace(2, 0.9, 20), val_loss=val * 0.8 / 0.8)
    assert grave(noisy_batches.check, made) is fires


def heavy_tailed(rng: np.random.Generator, n: int, lasting: int) -> Floats:
    """A flat loss with a few batches at several times the level, each for `lasting` points."""
    y = falling(rng, n, 2.0, 0.5, 40, 0.15)
    for at in rng.choice(np.arange(n // 8, n - 10, 10), 6, replace=False):
        y[at : at + lasting] *= rng.uniform(4, 6)
    return y


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [400, 2600])
def test_single_hard_batches_are_information(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    hard, lasting = heavy_tailed(rng, n, 1), heavy_tailed(rng, n, 3)
    result = found(loss_spikes.check, run(train_loss_step=hard))
    assert result is not None
    assert result.severity == "info"
    assert found(dirty_data.check, run(train_loss_step=hard)) is None
    assert grave(loss_spikes.check, run(train_loss_step=lasting))


@pytest.mark.parametrize(("times", "fires"), [(0.85, False), (1.15, True)])
def test_how_high_a_spike_no_batch_explains(times: float, fires: bool) -> None:
    rng = np.random.default_rng(0)
    y = falling(rng, 600, 1.0, 0.5, 40, 0.03)
    y[[100, 200, 300, 400, 450, 500]] = 0.5 * (1 + spikes.EXTREME * times)
    assert grave(loss_spikes.check, run(train_loss_step=y)) is fires
    assert grave(dirty_data.check, run(train_loss_step=y)) is fires


# --- classes and labels


@pytest.mark.parametrize(("n", "k", "share"), [(4, 4, 0.45), (6, 3, 0.6), (30, 2, 0.9)])
def test_the_majority_and_nothing_else(n: int, k: int, share: float) -> None:
    loss = np.linspace(1.04, 1.0, n) * (
        -share * np.log(share) - (1 - share) * np.log((1 - share) / max(k - 1, 1))
    )
    made = run(
        {"n_classes": k},
        train_loss=loss,
        val_loss=loss,
        train_accuracy=np.full(n, share + 0.02),
        val_accuracy=np.full(n, share),
    )
    result = found(class_imbalance.check, made)
    assert result is not None
    assert result.evidence["majority"] == pytest.approx(share, rel=1e-3)


@pytest.mark.parametrize(
    ("points", "fires"), [(one_class.MIN_POINTS - 1, False), (one_class.MIN_POINTS, True)]
)
def test_how_many_points_of_one_accuracy(points: int, fires: bool) -> None:
    loss = np.linspace(0.36, 0.33, points)
    made = run({"n_classes": 2}, train_loss=loss, val_loss=loss, val_accuracy=np.full(points, 0.9))
    assert grave(class_imbalance.check, made) is fires


@pytest.mark.parametrize("seed", SEEDS)
def test_a_few_validation_samples_at_one_accuracy_are_no_majority(seed: int) -> None:
    """Ten samples, nine right from the first epoch on, while training still learns."""
    rng = np.random.default_rng(seed)
    made = run(
        {"n_classes": 4}, train_loss=falling(rng, 20, 0.9, 0.66), val_loss=falling(rng, 20, 0.5, 0.44),
        train_accuracy=1 - falling(rng, 20, 0.39, 0.26), val_accuracy=np.full(20, 0.9),
    )  # fmt: skip
    assert found(class_imbalance.check, made) is None


@pytest.mark.parametrize(
    ("size", "fires"), [(dirty_data.MANY_SAMPLES - 1, False), (dirty_data.MANY_SAMPLES, True)]
)
def test_how_many_samples_make_labels_suspect(size: int, fires: bool) -> None:
    train, val = np.linspace(1.62, 1.4, 12), np.linspace(1.62, 1.7, 12)
    made = run({"loss": "cross-entropy", "n_classes": 5, "n_train": size}, train_loss=train, val_loss=val)
    assert grave(dirty_data.check, made) is fires


# --- wasted training


def test_training_that_still_helps_validation_is_not_wasted() -> None:
    rng = np.random.default_rng(0)
    train = falling(rng, 100, 2.3, 0.4, 30, 0.004)
    assert (
        found(wasted_training.check, run(train_loss_step=train, val_loss=np.geomspace(2, 1.98, 10)))
        is not None
    )
    assert found(wasted_training.check, run(train_loss_step=train, val_loss=np.geomspace(2, 0.5, 10))) is None
