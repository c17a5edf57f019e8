"""Kinds of fault that a stranger's own logs showed: each with variations,
and with the sound run beside it that must stay so."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pytest

from curvedoctor import diagnose_curves
from curvedoctor.features.extrapolate import gain_interval
from curvedoctor.features.resample import GRID
from curvedoctor.model import Diagnosis, Finding, ParamValue
from curvedoctor.reports.phrases import order

Y = npt.NDArray[np.float64]


def judged(params: Mapping[str, ParamValue] | None = None, **curves: Y) -> Diagnosis:
    return diagnose_curves(
        {name.replace("__", "/"): y for name, y in curves.items()}, params=dict(params or {})
    )


def seen(diagnosis: Diagnosis) -> dict[str, Finding]:
    return {f.condition: f for f in diagnosis.findings if f.severity != "info"}


def down(n: int, start: float, end: float, rate: float = 5.0, noise: float = 0.01, seed: int = 0) -> Y:
    """A descent from start to end, with noise in proportion."""
    rng = np.random.default_rng(seed)
    y = end + (start - end) * np.exp(-rate * np.linspace(0, 1, n))
    return np.asarray(y * np.exp(noise * rng.standard_normal(n)))


def level(value: float, n: int = 40, noise: float = 0.0005, seed: int = 0) -> Y:
    return np.asarray(value * (1 + noise * np.random.default_rng(seed).standard_normal(n)))


# --- scores and rewards


@pytest.mark.parametrize("name", ["val_f1", "val_dice", "metrics__mAP50", "val_iou", "val_recall"])
@pytest.mark.parametrize("end", [1.3, 0.9, 0.2])
def test_a_score_of_nothing_is_never_fine(name: str, end: float) -> None:
    said = judged(
        train_loss=down(40, 2.0, end), val_loss=down(40, 2.0, 1.1 * end, seed=1), **{name: np.zeros(40)}
    )
    assert said.state not in ("fine", "could improve")
    assert "metric-bug" in seen(said)


@pytest.mark.parametrize("end", [1.8, 1.3])
def test_nor_where_only_training_has_a_loss(end: float) -> None:
    said = judged(train_loss=down(40, 2.0, end), val_f1=np.zeros(40))
    assert said.state not in ("fine", "could improve")


def reward(n: int, since: float, lost: float, seed: int) -> Y:
    x = np.linspace(0, 1, n)
    fall = np.maximum(x - since, 0) / (1 - since)
    return np.asarray(
        200 * np.minimum(x / since, 1)
        - 200 * lost * fall
        + 5 * np.random.default_rng(seed).standard_normal(n)
    )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("since", [0.5, 0.6, 0.7])
@pytest.mark.parametrize("n", [60, 200, 1000])
def test_a_reward_that_falls_to_the_end_is_lost(n: int, since: float, seed: int) -> None:
    assert set(seen(judged(rollout__ep_rew_mean=reward(n, since, 0.45, seed)))) == {"reward-collapse"}
    assert not seen(judged(rollout__ep_rew_mean=reward(n, since, 0.2, seed)))


# --- chance


@pytest.mark.parametrize(
    "k", [2, 3, 7, 10, 13, 20, 37, 65, 100, 256, 1000, 8192, 30_522, 32_000, 50_257, 151_936]
)
@pytest.mark.parametrize("noise", [0.0, 0.0005])
def test_the_loss_of_a_guess_is_known_for_any_usual_number(k: int, noise: float) -> None:
    said = judged(train_loss=level(math.log(k), noise=noise))
    assert seen(said)["not-learning"].severity == "error"


@pytest.mark.parametrize("value", [0.21, 0.75, 1.25, 2.5, 4.0])
def test_a_loss_that_rests_elsewhere_is_not_that_of_a_guess(value: float) -> None:
    assert "not-learning" not in seen(judged(train_loss=level(value, noise=0.001)))


@pytest.mark.parametrize("k", [2, 3, 4, 5, 10])
def test_validation_at_chance_beside_perfect_training_is_no_overfitting_first(k: int) -> None:
    """Neither the classes nor the loss are logged, and the first loss does not tell them."""
    rng = np.random.default_rng(k)
    said = judged(
        train_loss=down(40, 3.3, 0.01, 6), val_loss=3.4 + 0.5 * np.linspace(0, 1, 40),
        train_accuracy=1 - down(40, 1 - 1 / k, 0.002, 6), val_accuracy=1 / k + 0.01 * rng.standard_normal(40),
    )  # fmt: skip
    assert said.findings[0].condition == "train-val-mismatch"
    assert said.prescriptions[0].action == "check-split"


@pytest.mark.parametrize("k", [2, 3, 5, 10])
@pytest.mark.parametrize("rise", [0.0, 0.4])
def test_the_same_of_losses_alone(k: int, rise: float) -> None:
    guess = math.log(k)
    climbs = guess * (1.01 + rise * np.linspace(0, 1, 40))
    said = judged(train_loss=down(40, guess, 0.01, 6), val_loss=climbs)
    assert "not-learning" in seen(said)
    assert said.prescriptions[0].action in ("clean-data", "check-split")
    learns = judged(
        train_loss=down(40, guess, 0.01, 6), val_loss=np.r_[down(10, guess, 0.6 * guess), 0.6 * climbs[10:]]
    )
    assert "not-learning" not in seen(learns)


@pytest.mark.parametrize("k", [2, 3, 5, 10])
def test_a_run_that_ends_as_a_guess_does(k: int) -> None:
    """Its first steps threw it out, so that no first loss tells of the classes:
    at the end loss and answers agree on them."""
    rng = np.random.default_rng(k)
    loss = np.r_[8.0, 3.0, level(1.005 * math.log(k), 28, 0.003)]
    said = judged(train_loss=loss, val_loss=loss, val_accuracy=1 / k + 0.015 * rng.standard_normal(30))
    assert "not-learning" in seen(said)
    better = judged(
        train_loss=loss, val_loss=loss, val_accuracy=1 / k + 0.2 + 0.015 * rng.standard_normal(30)
    )
    assert "not-learning" not in seen(better)


# --- where it stands still


@pytest.mark.parametrize("left", [0.2, 0.45, 0.8])
@pytest.mark.parametrize("n", [40, 100, 400])
def test_all_was_won_in_the_first_steps(left: float, n: int) -> None:
    y = np.r_[400.0, level(400 * left, n - 1)]
    assert "collapsed" in seen(judged({"lr": 0.1}, train_loss=y, val_loss=1.01 * y))
    still = np.r_[400.0, 400 * left * np.exp(-0.3 * np.linspace(0, 1, n - 1))]
    assert "collapsed" not in seen(judged({"lr": 0.1}, train_loss=still, val_loss=1.01 * still))
    floor = np.r_[400.0, level(20.0, n - 1)]
    assert "collapsed" not in seen(judged({"lr": 0.1}, train_loss=floor, val_loss=1.01 * floor))


@pytest.mark.parametrize(
    ("optimizer", "lr", "first"),
    [
        ("sgd", 0.1, "lower-lr"),
        ("sgd", 1e-3, "raise-lr"),
        ("adam", 1e-3, "lower-lr"),
        ("adam", 1e-5, "raise-lr"),
    ],
)
@pytest.mark.parametrize("left", [0.2, 0.45, 0.8])
def test_what_rests_at_a_rate_far_below_custom_is_not_told_to_lower_it(
    optimizer: str, lr: float, first: str, left: float
) -> None:
    """An autoencoder that answers the mean, found by the first steps and never left (DeepOBS' mnist_vae)."""
    y = np.r_[181.0, level(181 * left, 50)]
    known: dict[str, ParamValue] = {"lr": lr, "optimizer": optimizer}
    said = judged(known, train_loss=y, val_loss=1.01 * y)
    assert seen(said)["collapsed"].actions[0] == first
    other = {"lower-lr": "raise-lr", "raise-lr": "lower-lr"}[first]
    assert other not in {p.action for p in said.prescriptions[:2]}


@pytest.mark.parametrize(
    "params", [{"lr": 1.0, "optimizer": "adam"}, {"lr": 0.1, "lr_scheduler": "constant"}]
)
def test_a_rate_that_stays_has_not_decayed(params: Mapping[str, ParamValue]) -> None:
    y = np.r_[down(10, 2.3, 1.5), level(1.5, 30, 0.1)]
    frozen = judged(params, train_loss=y, val_loss=np.r_[2.3, np.full(39, 1.7)])
    assert "lr-decayed-too-early" not in {f.condition for f in frozen.findings}


@pytest.mark.parametrize("scale", [1e7, 5e10, 1e13])
@pytest.mark.parametrize("left", [0.7, 1.0])
def test_targets_without_a_scale(scale: float, left: float) -> None:
    y = scale * down(60, 1.0, left, 2)
    said = judged({"loss": "mse", "lr": 1e-3, "optimizer": "adam"}, train_loss=y, val_loss=1.05 * y)
    assert seen(said)["inputs-unscaled"].actions[0] == "fix-targets"
    arrives = scale * down(60, 1.0, 0.02, 9)
    assert "inputs-unscaled" not in seen(judged({"loss": "mse"}, train_loss=arrives, val_loss=1.05 * arrives))


@pytest.mark.parametrize("lost", [[50], [50, 120], [3, 50, 120]])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_single_points_that_are_not_finite_are_mentioned(lost: list[int], value: float) -> None:
    y = down(200, 2.3, 0.3)
    y[lost] = value
    (found,) = [
        f
        for f in judged(train_loss=y, val_loss=down(200, 2.3, 0.3, seed=1)).findings
        if f.condition == "non-finite"
    ]
    assert (found.severity, found.onset, found.evidence["points_lost"]) == ("info", lost[0], len(lost))


# --- what is said of a descent


@pytest.mark.parametrize("factor", [0.7, 0.8, 0.9, 0.95])
def test_a_decay_by_the_same_factor_does_not_fluctuate(factor: float) -> None:
    for n in (6, 8, 12):
        y = 0.6 * factor ** np.arange(float(n))
        val = 0.52 + 0.09 * np.minimum(np.arange(n) % 4, 2) * (np.arange(n) > 1)
        for said in (judged(train_loss=y, val_loss=val), judged(train_loss=y)):
            assert not any("fluctuates" in f.summary for f in said.findings)


@pytest.mark.parametrize("factor", [0.5, 0.7, 0.9])
def test_nothing_is_lowered_by_all_of_it(factor: float) -> None:
    said = judged({"epochs": 20}, train_loss=2.3 * factor ** np.arange(20.0))
    texts = [*(f.summary for f in said.findings), *(p.text for p in said.prescriptions)]
    assert not any("100 %" in text for text in texts)


def test_an_experiment_repairs_nothing() -> None:
    said = judged({"loss": "cross-entropy", "n_classes": 10}, train_loss=level(math.log(10), 60, 0.004))
    assert said.prescriptions[0].action == "overfit-one-batch"
    assert order(said)[0] == "tells what is wrong"


@pytest.mark.parametrize("model", [{}, {"optimizer": "adam"}, {"optimizer": "adamw", "model": "bert-base"}])
@pytest.mark.parametrize("lr", [1e-4, 2e-4, 1e-3])
def test_a_rate_within_custom_is_not_raised_for_what_does_not_learn(
    model: Mapping[str, str], lr: float
) -> None:
    curves = {"train_loss": level(math.log(2), 40, 0.002), "val_loss": level(math.log(2), 40, 0.002, 1)}
    said = judged({**model, "lr": lr}, **curves)
    assert "not-learning" in seen(said)
    assert not any(p.action == "raise-lr" and p.treats for p in said.prescriptions)
    assert "raise-lr" in {p.action for p in judged({**model, "lr": lr / 1e4}, **curves).prescriptions}


@pytest.mark.parametrize(
    ("lr", "optimizer"), [(1e-4, "sgd"), (1e-6, "adam"), (3e-6, "adamw"), (1e-5, "rmsprop")]
)
def test_a_rate_that_is_too_low_is_raised_before_anything_else_is_changed(lr: float, optimizer: str) -> None:
    y = 2.3 * 0.985 ** np.arange(60.0)
    said = judged({"lr": lr, "optimizer": optimizer, "model": "mlp"}, train_loss=y, val_loss=1.02 * y)
    assert seen(said)["lr-too-low"].confidence > 0.9
    tried = [p.action for p in said.prescriptions]
    assert "change-optimizer" not in tried[: tried.index("raise-lr")]


# --- learning rates


def flow(way: float, n: int, noise: float, seed: int) -> tuple[Y, Y]:
    """Gradient flow under a cosine: the loss is a function of the sum of the rates alone."""
    lr = 0.5 * (1 + np.cos(np.pi * np.linspace(0, 1, n)))
    y = 0.05 + 2.2 * np.exp(-way * np.cumsum(lr) / lr.sum())
    return np.asarray(y * np.exp(noise * np.random.default_rng(seed).standard_normal(n))), lr * 0.01


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n", [20, 60, 300])
def test_a_schedule_that_ends_a_run_on_its_way(n: int, seed: int) -> None:
    y, lr = flow(0.8, n, 0.0005, seed)
    said = judged(train_loss=y, val_loss=1.05 * y, lr=lr)
    assert "undertrained" in seen(said)
    assert "learning rate" in seen(said)["undertrained"].summary
    arrived, lr = flow(9.0, n, 0.0005, seed)
    assert "undertrained" not in seen(judged(train_loss=arrived, val_loss=1.05 * arrived, lr=lr))
    noisy, lr = flow(0.8, n, 0.05, seed)
    assert "undertrained" not in seen(judged(train_loss=noisy, val_loss=1.05 * noisy, lr=lr))


@pytest.mark.parametrize("factor", [1e-3, 1e-6, 1e-9, 1e-13])
def test_a_rate_that_vanishes_within_an_epoch_is_not_rounded(factor: float) -> None:
    y = np.r_[2.24, level(2.2, 15)]
    said = judged(train_loss=y, val_loss=np.full(16, 2.218), lr=0.018 * factor ** np.arange(16.0))
    assert "schedule-fault" in seen(said)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("share", "told"), [(0.012, False), (0.035, True)])
def test_a_training_loss_next_to_nothing_may_double(share: float, told: bool, seed: int) -> None:
    """Validation ends half above its best; training climbs by a share of where it began,
    which is most of what was left."""
    start, low = 2.0, 0.03 * 2.0
    train = np.r_[down(20, start, low, 12, 0.003, seed), level(low + share * start, 20, 0.003, seed)]
    val = np.r_[down(20, start, 0.6, 12, 0.003, seed), level(0.95, 20, 0.003, seed)]
    said = judged(train_loss=train, val_loss=val)
    assert ("lr-too-high" in seen(said)) == told


@pytest.mark.parametrize("points", [10, 40, 200])
def test_what_is_to_come_does_not_jump(points: int) -> None:
    """A change by a two-thousandth moves the expected gain by no more than a tenth of the level."""
    t = (np.arange(GRID) + 0.5) / GRID
    for base in (
        0.3 + 2 * np.exp(-2 * t),
        1 + 0.5 * t**-0.5,
        0.2 + 1.5 * np.exp(-5 * t),
        2 - 1.5 * t**0.7,
        2 - t,
    ):
        for seed in range(5):
            noise = np.random.default_rng(seed).standard_normal(GRID)
            least = [
                gain_interval(base * (1 + s * noise), points)[0] / base[-1] for s in np.linspace(0, 0.02, 41)
            ]
            assert np.abs(np.diff(least)).max() < 0.1


# --- a loss in bfloat16 is the same number again and again where it comes to rest


def in_bfloat16(y: Y) -> Y:
    """As it is logged by a training in bfloat16: eight bits of each number."""
    scale = 2.0 ** (np.floor(np.log2(y)) - 7)
    return np.asarray(np.round(y / scale) * scale)


@pytest.mark.parametrize("epochs", [16, 25, 40])
@pytest.mark.parametrize("floor", [0.21, 0.32, 0.9])
@pytest.mark.parametrize("tau", [1.0, 2.5])
def test_what_comes_to_rest_in_bfloat16_is_no_fault_of_the_log(epochs: int, floor: float, tau: float) -> None:
    y = floor * (1 + 1.1 * np.exp(-np.arange(epochs) / tau))
    lr = 0.02 / (1 + 0.2 * np.arange(epochs))
    said = judged(
        {"optimizer": "sgd"}, train__loss=in_bfloat16(y), val__loss=in_bfloat16(1.02 * y), train__lr=lr
    )
    assert "log-fault" not in seen(said)


@pytest.mark.parametrize("epochs", [25, 40])
@pytest.mark.parametrize("noise", [0.01, 0.05])
def test_a_value_that_is_no_longer_updated_is(epochs: int, noise: float) -> None:
    y = down(epochs, 2.0, 0.5, 6.0, noise)
    y[-epochs // 3 :] = y[-epochs // 3]
    lr = 0.02 / (1 + 0.2 * np.arange(epochs))
    said = judged(
        {"optimizer": "sgd"}, train__loss=y, val__loss=down(epochs, 2.0, 0.55, seed=3), train__lr=lr
    )
    assert "log-fault" in seen(said)
