"""Curves that fool a naive detector: each is judged whole, by the rules alone, and must come out right."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest

from curvedoctor.conditions.base import all_conditions
from curvedoctor.conditions.examples import cosine_lr, falling, run
from curvedoctor.engine import diagnose_runs
from curvedoctor.model import Better, Curve, Diagnosis, Floats, Quantity, Role, Run, Split

SEEDS = 12
Make = Callable[[np.random.Generator], Run]


def diagnosed(make: Make) -> list[Diagnosis]:
    return diagnose_runs([replace(make(np.random.default_rng(s)), group=str(s)) for s in range(SEEDS)])


def curve(
    tag: str, values: Floats, split: Split, quantity: Quantity, better: Better, axis: str = "epoch"
) -> Curve:
    n = len(values)
    role = Role(split, quantity, better, "epoch" if axis == "epoch" else "step")
    return Curve(
        tag,
        tag,
        np.arange(n, dtype=np.int64),
        np.asarray(values, dtype=np.float64),
        np.full(n, np.nan),
        role,
        "step",
    )


def plain(curves: list[Curve], params: Mapping[str, float | str] | None = None) -> Run:
    return Run("trap", "trap", "trap", tuple(curves), dict(params or {}))


def sick_with(diagnosis: Diagnosis) -> list[str]:
    return [f.condition for f in diagnosis.findings if f.severity != "info"]


def noise(rng: np.random.Generator, n: int, size: float) -> Floats:
    return np.asarray(np.exp(size * rng.standard_normal(n)))


# --- losses without a direction, or below zero


def gan(rng: np.random.Generator) -> Run:
    """Two adversaries: their losses wander, swing and grow."""
    walk = np.cumsum(0.2 * rng.standard_normal((2, 400)), axis=1)
    return plain([
        curve("loss/generator", np.exp(walk[0]) * np.linspace(1, 5, 400), "none", "loss", "none", "step"),
        curve("loss/discriminator", 0.7 + walk[1], "none", "loss", "none", "step"),
    ])  # fmt: skip


def reinforcement(rng: np.random.Generator) -> Run:
    """The policy loss is around zero, the value loss grows with the rewards, entropy falls."""
    t = 1 - np.exp(-5 * np.linspace(0, 1, 300))
    return plain([
        curve("train/policy_loss", 0.01 * rng.standard_normal(300), "train", "loss", "none"),
        curve("train/value_loss", 10 * t * noise(rng, 300, 0.3), "train", "loss", "none"),
        curve("rollout/ep_rew_mean", 200 * t + 10 * rng.standard_normal(300), "none", "reward", "higher"),
    ])  # fmt: skip


def collapsed_reinforcement(rng: np.random.Generator) -> Run:
    """The value loss goes to zero because nothing happens any more: it looks perfect,
    and is not judged as a loss."""
    t = np.linspace(0, 1, 300)
    return plain([
        curve("train/value_loss", np.exp(-9 * t) * noise(rng, 300, 0.2), "train", "loss", "none"),
        curve("rollout/ep_rew_mean", 100 * np.exp(-5 * t) + rng.standard_normal(300), "none", "reward",
            "higher"),
    ])  # fmt: skip


def likelihood(rng: np.random.Generator) -> Run:
    """A negative log-likelihood of densities falls below zero, and slows down there;
    validation turns a little."""
    y = 2.0 - 9 * (1 - np.exp(-4 * np.linspace(0, 1, 80))) + 0.1 * rng.standard_normal(80)
    return run({"loss": "gaussian-nll"}, train_loss=y, val_loss=y + 0.5 + np.linspace(0, 2, 80))


@pytest.mark.parametrize("make", [gan, reinforcement, likelihood])
def test_losses_without_direction_are_not_called_sick(make: Make) -> None:
    for diagnosis in diagnosed(make):
        assert sick_with(diagnosis) == []
        assert diagnosis.verdict in ("undetermined", "healthy")
        reasons = {u.condition for u in diagnosis.unjudged}
        assert {"overfitting", "divergence"} <= reasons


def test_a_perfect_value_loss_makes_no_agent_healthy() -> None:
    """Its reward only falls: that is seen, and nothing is said of the loss."""
    for diagnosis in diagnosed(collapsed_reinforcement):
        assert sick_with(diagnosis) == ["reward-flat"]
        assert {"overfitting", "divergence"} <= {u.condition for u in diagnosis.unjudged}


# --- sound runs that look odd


def dropout_unlogged(rng: np.random.Generator) -> Run:
    """Training above validation for good, and nothing says why."""
    return run(train_loss=falling(rng, 80, 2.3, 0.7, 10), val_loss=falling(rng, 80, 2.2, 0.45, 10),
               train_accuracy=1 - falling(rng, 80, 0.9, 0.2),
               val_accuracy=1 - falling(rng, 80, 0.9, 0.1))  # fmt: skip


def cosine_end(rng: np.random.Generator) -> Run:
    """Flat at the end because the rate is zero there."""
    lr = cosine_lr(100)
    return run(
        {"schedule": "cosine"},
        train_loss=(0.3 + 2.0 * (lr / 0.1) ** 2 * np.exp(-3 * np.linspace(0, 1, 100)))
        * noise(rng, 100, 0.01),
        lr=lr,
    )


def warm_up(rng: np.random.Generator) -> Run:
    """Slow at first because the rate is small there."""
    t = np.linspace(0, 1, 400)
    y = 0.3 + 2.0 * np.exp(-12 * np.clip(t - 0.05, 0, None)) + 0.2 * np.exp(-30 * t)
    return run(train_loss_step=y * noise(rng, 400, 0.1), lr=np.minimum(t / 0.08, 1) * cosine_lr(400))


def curriculum(rng: np.random.Generator) -> Run:
    """Made harder step by step: the loss is raised on purpose."""
    stages = [
        falling(rng, 50, top, low, 7, 0.03) for top, low in ((1.2, 0.1), (0.9, 0.15), (1.0, 0.2), (1.1, 0.22))
    ]
    return run(train_loss=np.concatenate(stages), val_accuracy=1 - falling(rng, 200, 0.9, 0.1, 8, 0.02))


def restarts(rng: np.random.Generator) -> Run:
    """Warm restarts of a cosine: the loss rises after each and comes down lower."""
    lr = np.concatenate([cosine_lr(n) for n in (20, 40, 80)])
    y = 0.25 + 1.5 * np.exp(-5 * np.linspace(0, 1, 140)) + 2.0 * lr
    return run(train_loss=y * noise(rng, 140, 0.02), val_loss=1.05 * y * noise(rng, 140, 0.03), lr=lr)


def batch_noise(rng: np.random.Generator) -> Run:
    return run(
        {"batch_size": 32, "lr": 1e-3, "optimizer": "adam"},
        train_loss_step=falling(rng, 1500, 2.3, 0.5, 12, 0.3),
        val_loss=falling(rng, 40, 2.2, 0.52),
    )


def percent(rng: np.random.Generator) -> Run:
    score = 100 * (1 - falling(rng, 60, 0.85, 0.06, 12))
    return run(
        {"n_val": 10_000}, train_loss=falling(rng), val_loss=falling(rng, floor=0.33), val_accuracy=score
    )


def logged_once(rng: np.random.Generator) -> Run:
    """A summary at the end beside the curves."""
    made = run(train_loss=falling(rng), val_loss=falling(rng, floor=0.33))
    return replace(
        made,
        curves=(
            *made.curves,
            curve("test/loss", np.array([0.9]), "test", "loss", "lower"),
            curve("test/accuracy", np.array([0.1]), "test", "accuracy", "higher"),
        ),
    )


def not_proportions(rng: np.random.Generator) -> Run:
    """R² and mAP fluctuate, and have no binomial noise."""
    r2 = 1 - falling(rng, 60, 0.9, 0.3, 10) + 0.03 * rng.standard_normal(60)
    made = run({"n_val": 50}, train_loss=falling(rng), val_loss=falling(rng, floor=0.33))
    return replace(
        made,
        curves=(
            *made.curves,
            curve("val/r2", r2, "val", "accuracy", "higher"),
            curve("metrics/mAP50", np.clip(r2, 0, 1), "val", "accuracy", "higher"),
        ),
    )


def false_plateau(rng: np.random.Generator) -> Run:
    """Flat for five epochs, then a drop to a twentieth."""
    y = np.concatenate(
        (np.linspace(2.5, 1.0, 8), np.full(5, 1.0), np.geomspace(1.0, 0.05, 4), np.full(14, 0.05))
    )
    return run(train_loss=y * noise(rng, len(y), 0.02), val_loss=y * 1.1 * noise(rng, len(y), 0.03))


def one_bad_epoch(rng: np.random.Generator) -> Run:
    y, v = falling(rng, 80), falling(rng, 80, floor=0.33)
    y[30] = np.nan
    v[30] = np.nan
    return run(train_loss=y, val_loss=v)


def adaptive_rate(rng: np.random.Generator) -> Run:
    """A rate steered by the KL divergence changes at every iteration: no drops, no fault."""
    lr = 1e-3 * 1.5 ** np.clip(np.cumsum(rng.choice([-1, 0, 1], 300)), -6, 5)
    return run(train_loss=falling(rng, 300, 2.3, 0.3, 14, 0.05), lr=lr)


def step_drop_without_lr(rng: np.random.Generator) -> Run:
    """The loss drops where the rate was cut, and no rate is logged."""
    t = np.linspace(0, 1, 120)
    y = np.where(t < 0.5, 0.9 + 1.4 * np.exp(-14 * t), 0.35 + 0.1 * np.exp(-30 * (t - 0.5)))
    return run(train_loss=y * noise(rng, 120, 0.02), val_loss=1.1 * y * noise(rng, 120, 0.03))


def lagging_epoch_mean(rng: np.random.Generator) -> Run:
    """The training loss is a mean over the epoch and looks worse than validation early on."""
    whole = falling(rng, 40, 2.3, 0.2, 9, 0.0)
    mean = np.concatenate(([2.4], (whole[:-1] * 2 + whole[1:]) / 3))
    return run(
        {"dropout": 0.0}, train_loss=mean * noise(rng, 40, 0.01), val_loss=1.02 * whole * noise(rng, 40, 0.01)
    )


def harmless_nan_metric(rng: np.random.Generator) -> Run:
    """The score of a class that does not occur."""
    made = run(train_loss=falling(rng), val_loss=falling(rng, floor=0.33))
    return replace(
        made,
        curves=(*made.curves, curve("val/iou_class_7", np.full(60, np.nan), "val", "accuracy", "higher")),
    )


ODD = [
    dropout_unlogged, cosine_end, warm_up, curriculum, restarts, batch_noise, percent, logged_once,
    not_proportions,
    false_plateau, one_bad_epoch, adaptive_rate, step_drop_without_lr, lagging_epoch_mean,
    harmless_nan_metric,
]  # fmt: skip


@pytest.mark.parametrize("make", ODD)
def test_sound_runs_are_left_alone(make: Make) -> None:
    for diagnosis in diagnosed(make):
        assert sick_with(diagnosis) == [], [f.summary for f in diagnosis.findings]
        assert diagnosis.verdict == "healthy"


# --- sick runs that look like something else


def one_term_doubles(rng: np.random.Generator) -> Run:
    """A detector: one validation term doubles while mAP still improves."""
    n = 100
    t = np.linspace(0, 1, n)
    objectness = falling(rng, n, 0.05, 0.01, 14) + 0.012 * np.clip(t - 0.2, 0, None)
    score = 0.3 + 0.3 * t + 0.01 * rng.standard_normal(n)
    return plain([
        curve("train/obj_loss", falling(rng, n, 0.06, 0.008, 6), "train", "loss", "lower"),
        curve("val/obj_loss", objectness, "val", "loss", "lower"),
        curve("metrics/mAP50", score, "val", "accuracy", "higher"),
    ])  # fmt: skip


def test_a_rising_term_is_information_and_no_reason_to_stop() -> None:
    """The score that the checkpoint is chosen by decides."""
    for diagnosis in diagnosed(one_term_doubles):
        assert "overfitting" in [f.condition for f in diagnosis.findings if f.severity == "info"]
        assert diagnosis.prescriptions[0].action != "stop-early"


def frozen_at_ln2(rng: np.random.Generator) -> Run:
    """Constant to 3e-8: not converged, the weights are not updated."""
    y = math.log(2) + 1.5e-8 * rng.choice([-1, 0, 1], 60)
    return run({"lr": 1e-3}, train_loss=y, val_loss=y, val_accuracy=np.full(60, 0.5))


def test_constant_at_chance_is_not_converged() -> None:
    for diagnosis in diagnosed(frozen_at_ln2):
        assert diagnosis.findings[0].condition == "not-learning"
        assert diagnosis.prescriptions[0].action == "overfit-one-batch"
        assert not {"wasted-training", "underfitting"} & {f.condition for f in diagnosis.findings}


def tiny_validation(rng: np.random.Generator) -> Run:
    """Validation jumps by its whole level for 90 epochs, training is fine."""
    val = 0.8 * rng.uniform(0.05, 2.2, 90) * (1 + np.exp(-12 * np.linspace(0, 1, 90)))
    return run(train_loss=falling(rng, 90, 2.3, 0.2, 10, 0.01), val_loss=val)


def test_jumping_validation_is_too_small_not_overfitting() -> None:
    first = [sick_with(d)[:1] for d in diagnosed(tiny_validation)]
    assert first.count(["validation-too-small"]) >= SEEDS - 1
    for diagnosis in diagnosed(tiny_validation):
        assert not {"lr-too-high", "divergence", "overfitting"} & set(sick_with(diagnosis))


def argmax_of_one_output(rng: np.random.Generator) -> Run:
    """Binary images, one sigmoid output, accuracy by argmax on the current batch: it hovers,
    the loss falls."""
    accuracy = rng.binomial(20, 0.5, 1500) / 20
    loss = falling(rng, 1500, 0.69, 0.15, 5, 0.15)
    params = {
        "loss": "bce",
        "optimizer": "rmsprop",
        "lr": 0.001,
        "epochs": 15,
        "n_train": 2000,
        "n_val": 1000,
        "batch_size": 20,
    }
    steps = [
        curve("train/loss", loss, "train", "loss", "lower", "step"),
        curve("train/accuracy", accuracy, "train", "accuracy", "higher", "step"),
    ]
    return plain(steps, params)


def test_the_metric_is_at_fault_first() -> None:
    for diagnosis in diagnosed(argmax_of_one_output):
        assert diagnosis.findings[0].condition == "metric-bug"
        assert diagnosis.prescriptions[0].action == "fix-metric"


def test_a_range_test_is_read_not_judged() -> None:
    rates = np.geomspace(1e-6, 10, 200)
    loss = (
        2.3 - 1.5 / (1 + np.exp(-3 * (np.log10(rates) + 2.5))) + np.where(rates > 0.5, (rates / 0.5) ** 2, 0)
    )
    made = run(train_loss_step=loss, lr=rates)
    diagnosis = diagnose_runs([made])[0]
    assert sick_with(diagnosis) == []
    assert 1e-4 < float(str(diagnosis.readings["lr-range-test"]["suggested"])) < 0.3


def test_nothing_to_judge_is_undetermined() -> None:
    diagnosis = diagnose_runs([plain([])])[0]
    assert diagnosis.verdict == "undetermined"
    assert not diagnosis.findings
    assert {u.condition for u in diagnosis.unjudged} == set(all_conditions())
