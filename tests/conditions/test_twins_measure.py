"""Kinds of log on which measurements, logs, schedules and dead runs were told wrongly;
over seeds and sizes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest

from curvedoctor.conditions.base import all_conditions
from curvedoctor.conditions.examples import cosine_lr, falling, run
from curvedoctor.features.case import build
from curvedoctor.model import (
    Axis,
    Better,
    Curve,
    Finding,
    Floats,
    Granularity,
    Ints,
    ParamValue,
    Quantity,
    Role,
    Run,
    Split,
)

SEEDS = range(8)
#: what must not be said of a sound log
BOOKKEEPING = ("log-fault", "schedule-fault", "metric-bug")
DEAD = ("collapsed", "not-learning")


def found(made: Run, *conditions: str) -> dict[str, Finding]:
    """What the conditions (all, if none is named) say of a run."""
    case, known = build([made])[0], all_conditions()
    said = {c: known[c].check(case) for c in conditions or known}
    return {c: f for c, f in said.items() if isinstance(f, Finding)}


def sick(made: Run, *conditions: str) -> set[str]:
    return {c for c, f in found(made, *conditions).items() if f.severity != "info"}


def curve(
    tag: str,
    values: Floats,
    split: Split = "train",
    quantity: Quantity = "loss",
    better: Better = "lower",
    steps: Ints | None = None,
    granularity: Granularity = "step",
) -> Curve:
    axis: Axis = "epoch" if granularity == "epoch" else "step"
    at = np.arange(len(values), dtype=np.int64) if steps is None else np.asarray(steps, dtype=np.int64)
    return Curve(
        tag,
        tag,
        at,
        np.asarray(values, dtype=np.float64),
        np.full(len(values), np.nan),
        Role(split, quantity, better, granularity),
        axis,
    )


def made_of(curves: list[Curve], params: Mapping[str, ParamValue] | None = None) -> Run:
    return Run("twin", "twin", "twin", tuple(curves), dict(params or {}))


def first_action(finding: Finding) -> str:
    return (finding.actions or all_conditions()[finding.condition].actions)[0]


# --- answers the same for ever


@pytest.mark.parametrize("classes", [2, 3, 10, 100])
@pytest.mark.parametrize("moved", [3, 7, 20])
def test_dead_after_a_few_steps_is_collapsed_from_the_logged_step(classes: int, moved: int) -> None:
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        wild = math.log(classes) * rng.uniform(0.9, 3, moved)
        y = np.concatenate((wild, np.full(max(4, 2 * moved), math.log(classes))))
        steps = 50 * np.arange(len(y)) + 49
        score = curve(
            "train/accuracy",
            1 / classes + 0.05 * rng.standard_normal(len(y)),
            "train",
            "accuracy",
            "higher",
            steps,
        )
        said = found(made_of([curve("train/loss", y, steps=steps), score]), *DEAD, *BOOKKEEPING)
        assert set(said) == {"collapsed"}
        assert said["collapsed"].onset == steps[moved]
        assert said["collapsed"].confidence > 0.9
        assert f"step {steps[moved]} on" in said["collapsed"].summary
        assert first_action(said["collapsed"]) == "lower-lr"


@pytest.mark.parametrize("n", [4, 7, 30])
def test_only_the_first_value_differs_by_a_hair(n: int) -> None:
    y = np.full(n, 2.71828183)
    y[0] *= 1.0004
    said = found(run(train_loss=y, val_loss=y), *DEAD, *BOOKKEEPING)
    assert set(said) == {"collapsed"}
    assert said["collapsed"].onset == 1


def test_constant_from_the_first_point_was_never_learning() -> None:
    for n in (3, 5, 20):
        for level in (math.log(2), 0.7534, 1.2604, 16771.4415):
            for params in ({}, {"loss": "mse"}):
                said = found(run(params, train_loss=np.full(n, level)), *DEAD, *BOOKKEEPING)
                assert set(said) == {"not-learning"}
                assert said["not-learning"].confidence > 0.9


def test_a_short_log_at_chance_is_certain_and_one_that_moves_is_none() -> None:
    for n in (3, 5, 7):
        for k in (2, 10):
            flicker = math.log(k) + 2e-4 * np.arange(n)[::-1] % 5e-4
            assert found(run(train_loss=flicker), *DEAD)["not-learning"].confidence > 0.9
            assert not found(run(train_loss=np.linspace(1.01, 0.97, n) * math.log(k)), *DEAD)


def test_constant_but_for_one_bit_is_as_certain() -> None:
    y = np.full(20, 0.69361728)
    y[3::7] += 6e-8
    assert found(run(train_loss=y), *DEAD)["not-learning"].confidence > 0.9


def test_at_chance_with_a_rate_far_below_custom() -> None:
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        params: dict[str, ParamValue] = {"lr": 5e-6, "optimizer": "sgd"}
        said = found(
            run(params, train_loss=1.3945 + 0.0015 * rng.standard_normal(12), val_loss=np.full(12, 1.3914),
                val_accuracy=np.full(12, 0.241)),
            *DEAD,
        )  # fmt: skip
        assert said["not-learning"].confidence > 0.9
        assert first_action(said["not-learning"]) in ("change-optimizer", "raise-lr")


@pytest.mark.parametrize(
    ("params", "level", "first"),
    [
        ({"last_activation": "softmax", "n_outputs": 1, "loss": "bce"}, 0.7534, "fix-activation"),
        ({"last_activation": "tanh", "loss": "mse"}, 16771.4, "fix-activation"),
        ({"optimizer": "adam", "lr": 1.0}, 2.6881171418161356e43, "lower-lr"),
        ({"optimizer": "sgd", "lr": 1e-6}, 2.302585, "raise-lr"),
        ({}, 2.302585, "overfit-one-batch"),
    ],
)
def test_the_configuration_says_what_to_try_first(
    params: dict[str, ParamValue], level: float, first: str
) -> None:
    for n in (5, 12):
        assert (
            first_action(found(run(params, train_loss=np.full(n, level)), "not-learning")["not-learning"])
            == first
        )


def test_a_tanh_output_fits_targets_within_its_reach() -> None:
    params: dict[str, ParamValue] = {"last_activation": "tanh", "loss": "mse"}
    assert (
        first_action(found(run(params, train_loss=np.full(9, 0.8123)), "not-learning")["not-learning"])
        == "overfit-one-batch"
    )


@pytest.mark.parametrize("margin", [0.2, 0.5, 1.0])
def test_a_margin_for_ever_is_collapsed(margin: float) -> None:
    y = np.concatenate((margin * np.geomspace(5, 1.02, 12), np.full(30, margin)))
    assert set(found(made_of([curve("train/triplet_loss", y)]), *DEAD, *BOOKKEEPING)) == {"collapsed"}


def test_rest_that_others_explain_is_no_collapse() -> None:
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        best = falling(rng, 60, 2.3, 0.4, 8, 0.0)
        best[40:] = best[40]
        gone = np.where(np.arange(60) < 3, 0.1, 0.0)
        for quiet in (
            run(train_loss=best, val_loss=1.1 * best),  # full batch, at its best
            run(train_loss=np.where(np.arange(60) < 3, 2.4, 2.37), lr=gone),  # the rate is gone
            run(train_loss=np.round(falling(rng, 60, 0.05, 0.04, 8, 0.01), 2)),  # two digits
        ):
            assert not found(quiet, "collapsed", "log-fault")


# --- impossible values, precision


@pytest.mark.parametrize("n", [4, 10, 60])
def test_a_loss_below_zero_is_impossible_only_where_its_kind_is_known(n: int) -> None:
    y = np.linspace(0.7, -3, n)
    for word in ("bce", "cross-entropy", "mse", "hinge"):
        said = found(run({"loss": word}, train_loss=y), "impossible-value", "wrong-loss")
        assert set(said) == {"impossible-value"}
        assert said["impossible-value"].onset == int(np.argmax(y < -1e-4))
    assert found(made_of([curve("train/bce_loss", y)]), "impossible-value")
    for word in ("elbo", "gaussian-nll", "dice"):
        assert not found(run({"loss": word}, train_loss=y), "impossible-value")
    assert not found(run(train_loss=y), "impossible-value")
    assert found(run(train_loss=y, train_accuracy=np.full(n, 0.31)), "impossible-value"), (
        "classes are predicted"
    )


def test_a_share_above_one_makes_a_negative_loss_of_unknown_kind_impossible() -> None:
    for n in (6, 9, 30):
        loss, score = np.linspace(23, -212, n), np.linspace(0.83, 7.1, n)
        said = found(run(train_loss=loss, val_iou=score), "impossible-value")["impossible-value"]
        assert first_action(said) == "clean-data"
        assert "fix-targets" in said.actions
        assert not found(run(train_loss=np.abs(loss), val_iou=score), "impossible-value"), (
            "it may be in percent"
        )


def test_nothing_reaches_a_loss_of_zero() -> None:
    for n in (3, 10, 200):
        said = found(run(train_loss=np.zeros(n), train_accuracy=np.ones(n)), "impossible-value")
        assert said["impossible-value"].confidence > 0.9
    assert not found(made_of([curve("train/hinge_loss", np.zeros(10))]), "impossible-value")
    assert not found(run(train_loss=np.zeros(2)), "impossible-value"), "two are too few"
    nan = np.full(2, np.nan)
    assert set(found(run(train_loss=np.zeros(9), val_loss=nan), "impossible-value", "precision-fault")) == {
        "precision-fault"
    }


@pytest.mark.parametrize("before", [4, 15, 60])
def test_zero_beside_skipped_steps_is_the_arithmetic(before: int) -> None:
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        y = np.concatenate((rng.uniform(200, 2500, before), [6e7], np.zeros(6)))
        lr = np.concatenate((np.zeros(before), np.linspace(3e-6, 1e-4, 7)))
        made = run({"precision": "fp16"}, train_loss_step=y, lr=lr)
        said = found(made, "precision-fault", "impossible-value", *BOOKKEEPING)
        assert set(said) == {"precision-fault"}
        assert said["precision-fault"].onset == before + 1
        assert first_action(said["precision-fault"]) in ("clip-gradients", "lower-lr")


def test_zero_that_was_reached_step_by_step_is_memory() -> None:
    y = np.concatenate((np.geomspace(2.3, 1e-6, 40), np.zeros(10)))
    assert not found(
        run({"precision": "fp16"}, train_loss=y), "precision-fault", "impossible-value", "log-fault"
    )


def test_a_loss_scale_that_still_falls() -> None:
    falls = 2.0 ** np.concatenate((np.full(5, 16), np.arange(16, -2, -1)))
    settles = 2.0 ** np.concatenate((np.arange(16, 9, -1), np.full(15, 10)))
    for values, expected in ((falls, {"precision-fault"}), (settles, set())):
        made = made_of(
            [
                curve("train/loss", falling(np.random.default_rng(0), 23)),
                curve("train/loss_scale", values, "train", "other", "none"),
            ]
        )
        assert set(found(made, "precision-fault")) == expected


# --- the log


def test_what_is_no_fault_of_the_log() -> None:
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        y = falling(rng, 120, 2.3, 0.4, 6, 0.05)
        per_epoch = np.repeat(np.arange(20), 6)
        running = y.copy().reshape(20, 6)
        running[:, 0] *= 1.1  # a mean that restarts with each epoch
        twice = curve(
            "train/loss",
            np.repeat(falling(rng, 60, 2.3, 0.4, 6, 0.01), 2) * np.tile([1.0, 0.98], 60),
            steps=np.repeat(np.arange(60), 2),
        )
        overlap = np.concatenate([np.arange(40) + 30 * i for i in range(3)])
        restart = np.concatenate([np.arange(60), np.arange(60)])
        sound = [
            curve("train/loss", y, steps=per_epoch),
            curve("train/loss", running.ravel()),
            twice,
            curve("train/loss", y, steps=overlap),  # minibatch steps, fewer than thought per epoch
            curve("train/loss", y, steps=restart),  # a counter that starts anew
            curve("train/entropy_loss", np.concatenate((y[:40], np.full(80, -5.0))), better="none"),
        ]
        for each in sound:
            assert not found(made_of([each]), "log-fault"), each


@pytest.mark.parametrize("back", [3, 30])
def test_a_restart_into_the_middle_overlaps(back: int) -> None:
    for seed in SEEDS:
        y = falling(np.random.default_rng(seed), 90)
        steps = np.concatenate((np.arange(50), np.arange(50 - back, 90 - back)))
        said = found(made_of([curve("train/loss", y, steps=steps)]), "log-fault")["log-fault"]
        assert said.onset == 50 - back
        assert said.confidence > 0.9
    few = np.concatenate((np.arange(50), np.arange(48, 88)))
    assert not found(made_of([curve("train/loss", y, steps=few)]), "log-fault"), "two points are too few"


def test_two_quantities_under_one_tag_come_back_with_every_step() -> None:
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        a, b = falling(rng, 60, 2.3, 0.5, 6, 0.01), falling(rng, 60, 2.3, 0.7, 6, 0.01)
        pairs = curve("train/loss", np.column_stack((a, b)).ravel(), steps=np.repeat(np.arange(60), 2))
        assert found(made_of([pairs]), "log-fault")["log-fault"].severity == "error"


def test_a_stuck_loss_needs_proof_that_the_training_went_on() -> None:
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        y = falling(rng, 80)
        y[45:] = y[45]
        moving, resting = falling(rng, 80, 2.3, 0.3, 2), np.where(np.arange(80) < 45, falling(rng, 80), 0.5)
        assert "log-fault" in found(run(train_loss=y, val_loss=moving))
        assert "log-fault" not in found(run(train_loss=y, val_loss=resting))


# --- the schedule


def test_schedules_that_are_sound() -> None:
    n = 200
    rng = np.random.default_rng(0)
    loss = falling(rng, n)
    late = np.concatenate((np.linspace(0.1, 0.001, 3), np.full(n - 3, 1e-4)))
    groups = [
        curve(f"x/lr{i}", late if i == 2 else np.linspace(0, 1e-3, n), "none", "lr", "none") for i in range(3)
    ]
    kl = 1e-3 * 1.5 ** np.clip(np.cumsum(rng.choice([-1, 0, 1], n)), -14, 2)
    reward = curve("rollout/ep_rew_mean", np.linspace(0, 100, n), "none", "reward", "higher")
    cases = [
        made_of([curve("train/loss", loss), *groups]),  # biases are warmed down
        made_of([curve("train/loss", loss), curve("lr", kl, "none", "lr", "none"), reward]),
        run({"schedule": "linear"}, train_loss=loss, lr=np.linspace(1e-3, 6e-4, n)),  # interrupted
        run({"schedule": "step"}, train_loss=loss, lr=np.full(n, 0.01)),  # its first step lies beyond the run
        run(train_loss=loss, lr=np.linspace(1e-6, 1e-3, n)),  # ended within its warm-up
        run(train_loss=loss, lr=np.concatenate((np.zeros(60), np.linspace(1e-5, 1e-4, n - 60)))),
        run(train_loss=loss, lr=np.round(cosine_lr(n, 5e-4), 4)),  # rounded to zero
        run(train_loss=loss, lr=np.concatenate([cosine_lr(50) for _ in range(4)])),
    ]
    assert [sick(each, "schedule-fault") for each in cases] == [set()] * len(cases)


@pytest.mark.parametrize("n", [20, 60, 400])
def test_a_rate_of_zero_is_told_from_its_logged_step(n: int) -> None:
    for share, expected in ((0.25, True), (0.15, False)):
        lr = np.full(n, 0.1)
        lr[round(n * (1 - share)) :] = 0.0
        said = found(run(train_loss=falling(np.random.default_rng(0), n), lr=lr), "schedule-fault")
        assert ("schedule-fault" in said) == expected
        if expected:
            assert said["schedule-fault"].onset == round(n * (1 - share))


def test_a_rate_that_only_rises_needs_harm() -> None:
    n = 40
    lr = np.linspace(0.01, 0.1, n)
    for end, expected in ((1.03, set()), (1.15, {"schedule-fault"})):
        y = np.concatenate(
            (falling(np.random.default_rng(1), 30, 2.3, 0.5, 8, 0.0), np.linspace(0.5, 0.5 * end, 10))
        )
        assert sick(run(train_loss=y, lr=lr), "schedule-fault") == expected


# --- the metric


@pytest.mark.parametrize("n", [4, 6, 40])
def test_at_chance_while_the_loss_falls(n: int) -> None:
    for classes in (2, 10):
        for seed in SEEDS:
            rng = np.random.default_rng(seed)
            loss = math.log(classes) * np.linspace(0.65, 0.25, n)
            score = 1 / classes + 0.004 * rng.standard_normal(n)
            params: dict[str, ParamValue] = {"loss": "cross-entropy", "n_classes": classes}
            said = found(run(params, train_loss=loss, train_accuracy=score), "metric-bug")["metric-bug"]
            assert said.confidence > 0.9
            assert first_action(said) == "fix-metric"


def test_also_where_the_loss_is_called_perplexity() -> None:
    score = np.full(20, 0.0)
    assert "metric-bug" in found(run(val_ppl=np.geomspace(900, 12, 20), val_accuracy=score), "metric-bug")


def test_accuracy_of_a_regression_says_nothing() -> None:
    loss = falling(np.random.default_rng(0), 30, 1.0, 0.1)
    assert "metric-bug" in found(
        run({"loss": "mse"}, train_loss=loss, train_accuracy=np.full(30, 0.003)), "metric-bug"
    )
    classes: dict[str, ParamValue] = {"loss": "mse", "n_classes": 10}
    assert not found(run(classes, train_loss=loss, train_accuracy=np.linspace(0.1, 0.9, 30)), "metric-bug")


def test_sound_metrics() -> None:
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        loss = falling(rng, 40, 0.69, 0.33, 8, 0.01)
        for sound in (
            run(
                {"loss": "bce"}, train_loss=loss, val_loss=loss, val_accuracy=np.full(40, 0.9)
            ),  # the majority
            run(
                train_loss=falling(rng, 40, 2.3, 0.02, 8),
                val_accuracy=0.754 + 0.002 * rng.standard_normal(40),
            ),  # another split
            run(train_loss=falling(rng, 40, 0.4, 0.1, 8), train_accuracy=np.full(40, 0.97)),
            made_of(
                [
                    curve("val/loss", falling(rng, 6, 5, 2), "val"),
                    curve("val/map50", np.zeros(6), "val", "accuracy", "higher"),
                ]
            ),
        ):
            assert not found(sound, "metric-bug")


# --- onsets


@pytest.mark.parametrize("n", [120, 459, 2000])
def test_a_jump_is_told_at_its_step(n: int) -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        steps, at = 50 * np.arange(n) + 49, round(0.85 * n)
        y = np.interp(
            np.arange(n), [0, n // 10, n // 2, at], [1.6, 1.43, 1.56, 1.58]
        ) + 0.07 * rng.standard_normal(n)
        y[at:] = 2.25 + 0.09 * rng.standard_normal(n - at)
        y[at] = 2.73
        said = found(made_of([curve("train_loss_step", y, steps=steps)]), "divergence")["divergence"]
        assert said.onset == steps[at]
        assert said.confidence > 0.9
        assert said.evidence["best"] == pytest.approx(float(y.min()), rel=1e-3)


def test_a_jump_that_returns_or_does_not_matter_is_none() -> None:
    rng = np.random.default_rng(0)
    y = 1.5 + 0.05 * rng.standard_normal(200)
    y[150:170] += 1.0
    tiny = falling(rng, 200, 2.3, 0.001, 12, 0.02)
    tiny[150:] = 0.01
    assert not found(made_of([curve("train/loss", y)]), "divergence")
    assert not found(made_of([curve("train/loss", tiny)]), "divergence")


def test_rising_without_end_is_told_at_three_points() -> None:
    assert "divergence" in found(run(train_loss=[1763.9, 5.8e6, 1.9e10]), "divergence")
    assert not found(run(train_loss=[1.0, 1.4, 1.9]), "divergence")
    assert not found(run(train_loss=[1.0, 2.4, 2.2]), "divergence")


@pytest.mark.parametrize("epochs", [2, 5])
def test_few_epochs_do_not_hide_the_steps(epochs: int) -> None:
    rng = np.random.default_rng(0)
    x = np.linspace(0, 1, 400)
    y = np.where(x < 0.5, 0.5 + 1.5 * np.exp(-12 * x), 0.5 * np.exp(6 * (x - 0.5))) * np.exp(
        0.05 * rng.standard_normal(400)
    )
    at = np.linspace(20_000 // epochs, 20_000, epochs).astype(np.int64)
    made = made_of([
        curve("train_loss_step", y, steps=50 * np.arange(400) + 49),
        curve("train_loss_epoch", np.linspace(0.6, 3.4, epochs), steps=at, granularity="epoch"),
    ])  # fmt: skip
    assert found(made, "divergence")["divergence"].curves[0] == "train_loss_step"


@pytest.mark.parametrize(("lr", "first"), [(0.02, "lower-lr"), (1e-4, "clean-data")])
def test_nan_is_told_from_the_finest_curve(lr: float, first: str) -> None:
    nan = np.full(5, np.nan)
    made = made_of([
        curve("train_loss_epoch", nan, steps=3375 * np.arange(1, 6) - 1, granularity="epoch"),
        curve("train_loss_step", np.full(400, np.nan), steps=50 * np.arange(400) + 49),
    ], {"lr": lr})  # fmt: skip
    said = found(made, "non-finite")["non-finite"]
    assert said.onset == 49
    assert "step 49" in said.summary
    assert first_action(said) == first


def test_nan_in_the_first_step_is_the_data_at_any_rate() -> None:
    made = made_of([curve("train/loss", np.full(50, np.nan))], {"lr": 0.5, "optimizer": "adam"})
    assert first_action(found(made, "non-finite")["non-finite"]) == "clean-data"


# --- a hair apart, on either side of each threshold


def _pair(make: Callable[[float], Run], below: float, above: float, condition: str) -> None:
    assert not sick(make(below), condition)
    assert condition in sick(make(above), condition)


def test_boundaries() -> None:
    rng = np.random.default_rng(0)
    ln10 = math.log(10)

    def dead(tail: float) -> Run:
        return run(train_loss=np.concatenate((rng.uniform(2.0, 2.2, 6), np.full(int(tail), ln10))))

    def near(level: float) -> Run:
        y = np.concatenate((2.3 * np.array([2.0, 1.7, 1.4, 1.2]), np.full(20, ln10 * level)))
        return run(train_loss=y)

    def huge(first: float) -> Run:
        y = falling(np.random.default_rng(1), 200, 1.0, 0.4, 10, 0.01)
        y[0] = first * ln10
        return run({"loss": "cross-entropy", "n_classes": 10}, train_loss_step=y)

    def majority(right: float) -> Run:
        loss = np.linspace(0.65, 0.12, 20)
        return run({"loss": "bce"}, train_loss=loss, train_accuracy=np.full(20, right))

    def norm(share: float) -> Run:
        y = falling(np.random.default_rng(2), 80, 2.3, 1.5, 10)
        return run(train_loss=y, grad_norm=np.geomspace(1, share, 80))

    def plateau(share: float) -> Run:
        t = np.linspace(0, 1, 200)
        y = 0.2 + 2.1 / (1 + np.exp((t - share) / 0.01))
        return run(train_loss=y, val_loss=y)

    def growth(times: float) -> Run:
        norm = np.concatenate((np.ones(20), np.geomspace(1, times, 60)))
        return run(train_loss=2.0 + 0.02 * np.random.default_rng(3).standard_normal(80), grad_norm=norm)

    def handful(left: float) -> Run:
        y = np.concatenate((np.geomspace(2.3, 2.3 * left, 50), np.full(30, 2.3 * left)))
        return run({"n_train": 8, "loss": "cross-entropy", "n_classes": 10}, train_loss=y)

    def double_softmax(right: float) -> Run:
        y, share = falling(np.random.default_rng(4), 60, 2.3, 1.48, 12, 0.001), np.full(60, right)
        share[:3] = 0.2, 0.4, 0.6
        return run({"loss": "cross-entropy", "n_classes": 10}, train_loss=y, train_accuracy=share)

    def labels(best: float) -> Run:
        val = math.log(5) * np.linspace(best, 1.06, 30)
        return run(
            {"loss": "cross-entropy", "n_classes": 5}, train_loss=falling(rng, 30, 1.61, 1.2, 4), val_loss=val
        )

    _pair(plateau, 0.1, 0.3, "bad-initialization")
    _pair(lambda x: plateau(-x), -0.9, -0.5, "bad-initialization")
    _pair(growth, 20, 300, "exploding-gradient")
    _pair(handful, 0.02, 0.06, "overfit-check-failed")
    _pair(double_softmax, 0.55, 0.97, "wrong-loss")
    _pair(labels, 0.97, 0.995, "not-learning")
    _pair(dead, 2, 3, "collapsed")
    _pair(near, 0.998, 0.9995, "collapsed")
    _pair(huge, 1.6, 2.4, "initial-loss-off")
    _pair(lambda wrong: majority(1 - wrong), 0.19, 0.21, "metric-bug")
    _pair(lambda p: norm(10**-p), 2.0, 3.2, "vanishing-gradient")


def test_zero_gradients_are_not_vanishing() -> None:
    made = run(train_loss=2.3 + 0.01 * np.random.default_rng(0).standard_normal(60), grad_norm=np.zeros(60))
    assert not found(made, "vanishing-gradient")


def test_a_first_epoch_at_a_rate_far_too_high_is_not_the_inputs() -> None:
    y = np.concatenate(([20.0], falling(np.random.default_rng(0), 20, 2.0, 0.4)))
    for lr, expected in ((1.0, set()), (1e-3, {"initial-loss-off"})):
        params: dict[str, ParamValue] = {
            "loss": "cross-entropy",
            "n_classes": 10,
            "optimizer": "adam",
            "lr": lr,
        }
        assert sick(run(params, train_loss=y), "initial-loss-off") == expected


def test_order_of_curves_does_not_matter() -> None:
    for condition in (
        "collapsed",
        "impossible-value",
        "precision-fault",
        *BOOKKEEPING,
        "divergence",
        "non-finite",
    ):
        for example in all_conditions()[condition].sick:
            made = example(np.random.default_rng(3))
            turned = replace(made, curves=made.curves[::-1])
            one, other = found(made, condition)[condition], found(turned, condition)[condition]
            assert (one.summary, one.onset, one.confidence) == (other.summary, other.onset, other.confidence)
