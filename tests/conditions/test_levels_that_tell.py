"""Levels against what answers, guesses and custom warrant; weights at rest; runs of two points:
pairs a hair apart, and seeds."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from conditions.test_thresholds import Threshold, alternating, t
from curvedoctor.conditions.base import all_conditions
from curvedoctor.conditions.examples import falling, run
from curvedoctor.conditions.measures.proportions import warranted
from curvedoctor.features.case import build
from curvedoctor.model import Finding, Floats, ParamValue, Run

SEEDS = range(8)
TEN: dict[str, ParamValue] = {"loss": "cross-entropy", "n_classes": 10}


def said(condition: str, made: Run) -> Finding | None:
    result = all_conditions()[condition].check(build([made])[0])
    return result if isinstance(result, Finding) and result.severity != "info" else None


def settles(start: float, end: float, n: int = 60) -> Floats:
    """An exponential descent that has ended long before the run does."""
    return np.asarray(end + (start - end) * np.exp(-25 * t(n)))


def _two_epochs(last: float, train: float = 0.7, thrown: float = 1.2) -> Run:
    return run(train_loss=[thrown, thrown * train], val_loss=[1.0, last])


def _first_epoch_moved(share: float) -> Run:
    train = 0.5831 * (1 + 1e-4 * alternating(12))
    train[0] = 0.5831 * (1 + share)
    return run(train_loss=train, val_loss=np.full(12, 0.7493))


def _first_epoch(times: float) -> Run:
    return run(train_loss=np.concatenate(([times], settles(1.0, 0.3, 20))), val_loss=settles(1.0, 0.35, 21))


def _far_above(decades: float, rise: float = 0.6, start: float = 2.3) -> Run:
    y = np.concatenate(
        (np.geomspace(start, 0.5, 12), np.linspace(0.5, 0.5 * (1 + rise), 12), np.full(12, 0.5 * (1 + rise)))
    )
    return run(
        {"optimizer": "adam", "lr": 1e-3 * 10**decades}, train_loss=np.geomspace(start, 0.1, 36), val_loss=y
    )


def _guessing(decades: float, level: float = 1.02) -> Run:
    """From three times as much, down to a guess's loss; training ends below it."""
    val = math.log(10) * (level + 2 * np.exp(-30 * t(40)))
    known: dict[str, ParamValue] = {"optimizer": "adam", "lr": 1e-3 * 10**decades, **TEN}
    return run(known, train_loss=0.5 * val, val_loss=val)


def _crawls(left: float) -> Run:
    y = math.log(10) * (1 - (1 - left) * t(400) + 0.004 * alternating(400))
    y[-1] = y.min()
    return run(TEN, train_loss=y, val_loss=y)


def _noisy_fall(decades: float) -> Run:
    """Alternates by a fifth of its level while it falls by a third."""
    y = 2.3 * (1 - 0.35 * t(300)) * (1 + 0.1 * alternating(300))
    return run({"optimizer": "adam", "lr": 1e-3 * 10**-decades}, train_loss_step=y)


def _step_due(times: float) -> Run:
    """A step schedule that is never stepped, so many times the distance between its steps long;
    it ends above its best."""
    val = np.concatenate((np.geomspace(2.3, 0.5, 20), np.linspace(0.5, 0.7, 41)))
    known: dict[str, ParamValue] = {"schedule": "step", "step_size": 60 / times, "lr": 0.1}
    return run(known, train_loss=np.geomspace(2.3, 0.2, 61), val_loss=val, lr=np.full(61, 0.1))


def _held(level: float, right: float = 0.93, apart: float = 1.0, falls: float = 0.0) -> Run:
    val = settles(2.3, level) * (1 + falls * (1 - t(60)))
    return run(TEN, train_loss=val / apart, val_loss=val, val_accuracy=1 - settles(0.9, 1 - right))


def _starts(
    first: float, wrong: float = 0.5, end: float = 0.3, last: float = 0.05, **known: ParamValue
) -> Run:
    y = settles(first, end)
    return run(known, train_loss=y, val_loss=y, val_accuracy=1 - settles(wrong, last))


def _no_better(level: float) -> Run:
    y = math.log(10) * (level + 0.4 * np.exp(-25 * t(40)))
    return run(TEN, train_loss=y, val_loss=y * 1.02)


def _deep_sigmoid(left: float) -> Run:
    return run({"activation": "sigmoid", "depth": 4}, train_loss=np.where(np.arange(60) < 4, 1.0, left))


def _plateau(level: float, wrong: float) -> Run:
    drop = 1 / (1 + np.exp((t(80) - 0.4) / 0.02))
    return run(train_loss=0.3 + (level - 0.3) * drop, val_accuracy=1 - (0.1 + (wrong - 0.1) * drop))


THRESHOLDS = (
    Threshold("undertrained", "the second of two points is lower by", lambda p: _two_epochs(1 - p), 0.02, 0.4,
        0.1),
    Threshold("undertrained", "and training by", lambda p: _two_epochs(0.7, 1 - p), 0.01, 0.4, 0.05),
    Threshold("undertrained", "from so many times validation", lambda p: _two_epochs(0.7, 0.7, p), 1.1, 9.0,
        3.0),
    Threshold("lr-decayed-too-early", "the first epoch moved training by", _first_epoch_moved, 0.0005, 0.05,
        0.0031),
    Threshold("lr-too-high", "first epoch over validation, at any rate", _first_epoch, 20, 200, 87.8),
    Threshold("lr-too-high", "decades above custom where it ends above its best", _far_above, 1.0, 1.8,
        1.478),
    Threshold("lr-too-high", "and by how much", lambda p: _far_above(1.7, p), 0.05, 0.6, 0.289),
    Threshold("lr-too-high", "decades above custom at a guess's loss", _guessing, 1.0, 2.2, 1.847),
    Threshold("lr-too-high", "and how near", lambda p: _guessing(2.05, p), 0.7, 1.1, 0.889),
    Threshold("lr-too-low", "share of a guess's loss that is left", _crawls, 0.6, 0.98, 0.8),
    Threshold("lr-too-low", "decades below custom of a noisy fall", _noisy_fall, 0.5, 3.0, 1.517),
    Threshold("schedule-fault", "length over the distance of steps", _step_due, 0.5, 4.0, 1.5),
    Threshold("wrong-loss", "ten classes, 93 % right", _held, 0.3, 1.2, 1.1 * warranted(0.1, 10)),
    Threshold("wrong-loss", "validation over training", lambda p: _held(0.8, 0.93, p), 1.0, 2.0, 1.2),
    Threshold("wrong-loss", "98 % right", lambda p: _held(p, 0.98), 0.1, 0.9, 1.1 * warranted(0.05, 10)),
    Threshold("initial-loss-off", "first loss", _starts, 4.0, 20.0, 8.0),
    Threshold("initial-loss-off", "first loss where 70 % are wrong", lambda p: _starts(p, 0.7), 4.0, 20.0,
        4 * warranted(0.7, 10)),
    Threshold("initial-loss-off", "first loss where 90 % are wrong, as of words", lambda p: _starts(p, 0.9,
        last=0.5), 8.0, 90.0, 4 * warranted(0.9, 1e5)),
    Threshold("initial-loss-off", "and where few are later", lambda p: _starts(p, 0.9), 8.0, 90.0,
        4 * warranted(0.9, 20)),
    Threshold("initial-loss-off", "end over what 95 % right cost", lambda p: _starts(20.0, 0.5, p), 0.2, 2.0,
        3 * warranted(0.05, 10), 0.05),
    Threshold("not-learning", "best over a guess's loss", _no_better, 0.8, 1.2, 0.985),
    Threshold("vanishing-gradient", "share of its start that four sigmoid layers keep", _deep_sigmoid, 0.3,
        0.8, 0.516),
    Threshold("bad-initialization", "plateau where 60 % are right", lambda p: _plateau(p, 0.4), 1.0, 6.0,
        1.3 * warranted(0.4, 100)),
)  # fmt: skip


@pytest.mark.parametrize("it", THRESHOLDS, ids=lambda it: f"{it.condition}-{it.what}")
def test_a_finding_flips_where_its_threshold_lies(it: Threshold) -> None:
    it.check()


def test_what_answers_warrant() -> None:
    """Fano: a guess among k costs ln k, right answers nothing, and never more than a guess."""
    assert warranted(0.0, 10) < 1e-9
    assert warranted(0.9, 10) == pytest.approx(math.log(10))
    assert warranted(1.0, 10) == pytest.approx(math.log(10))
    assert warranted(0.5, 2) == pytest.approx(math.log(2))


@pytest.mark.parametrize(("decimals", "fires"), [(1, False), (2, False), (3, True), (5, True)])
def test_weights_at_rest_need_digits(decimals: int, fires: bool) -> None:
    """0.75 to two decimals again and again is no proof; with training beside it to three, it is."""
    train = np.round(np.concatenate(([0.9], np.full(11, 0.5831) + 0.001 * (alternating(11) > 0))), decimals)
    made = run(train_loss=train, val_loss=np.full(12, round(0.7493, min(decimals, 2))))
    assert (said("lr-decayed-too-early", made) is not None) is fires


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("flicker", [0.0, 0.002])
def test_weights_that_rest_after_the_first_epoch(seed: int, flicker: float) -> None:
    """Stepped per batch, the rate is gone after an epoch: training's batches differ,
    validation is the same for ever."""
    rng = np.random.default_rng(seed)
    level = float(rng.uniform(0.6, 2.0))
    train = level * (1 + flicker * rng.uniform(-1, 1, 16))
    train[0] *= float(rng.uniform(1.05, 1.4))
    made = run(train_loss=np.round(train, 4), val_loss=np.full(16, round(1.02 * level, 4)))
    found = said("lr-decayed-too-early", made) or said("not-learning", made)
    assert found is not None
    assert "weights no longer move" in found.summary or "constant to float noise" in found.summary


@pytest.mark.parametrize("seed", SEEDS)
def test_a_sum_over_the_batch_is_as_far_off_at_the_end(seed: int) -> None:
    rng = np.random.default_rng(seed)
    times, wrong = float(rng.uniform(8, 256)), settles(0.6, float(rng.uniform(0.02, 0.2)), 40)
    loss = times * np.array([warranted(float(w), 10) for w in wrong]) * np.exp(0.02 * rng.standard_normal(40))
    assert said("initial-loss-off", run(train_loss=loss, val_loss=loss, val_accuracy=1 - wrong)) is None


@pytest.mark.parametrize(("decades", "fires"), [(1.1, True), (1.3, False)])
def test_a_rate_far_above_custom_explains_the_first_epoch(decades: float, fires: bool) -> None:
    known: dict[str, ParamValue] = {"optimizer": "adam", "lr": 1e-3 * 10**decades}
    train, val = np.concatenate(([60.0], settles(1.0, 0.3, 39))), settles(1.2, 0.35, 40)
    made = run(known, train_loss=train, val_loss=val, val_accuracy=1 - settles(0.5, 0.05, 40))
    assert said("lr-too-high", made) is not None
    assert (said("initial-loss-off", made) is not None) is fires


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("k", [10, 100, 1000])
def test_answers_as_sure_as_they_are_right_are_not_held_back(seed: int, k: int) -> None:
    """What a calibrated network logs, classes configured or not."""
    rng = np.random.default_rng(seed)
    wrong = settles(1 - 2 / k, float(rng.uniform(0.02, 0.5)), 60)
    loss = np.array([warranted(float(w), k) for w in wrong]) * np.exp(0.005 * rng.standard_normal(60))
    loss[0] = math.log(k)
    for known in ({}, {"loss": "cross-entropy", "n_classes": k}):
        made = run(known, train_loss=0.97 * loss, val_loss=loss, val_accuracy=1 - wrong)
        assert said("wrong-loss", made) is None
        assert said("lr-too-low", made) is None


@pytest.mark.parametrize("seed", SEEDS)
def test_smoothed_labels_cost_more_on_purpose(seed: int) -> None:
    rng = np.random.default_rng(seed)
    made = _held(float(rng.uniform(0.6, 0.9)))
    smoothed = run(
        {**TEN, "label_smoothing": 0.1}, **{c.tag.replace("/", "_"): c.values for c in made.curves}
    )
    assert said("wrong-loss", made) is not None
    assert said("wrong-loss", smoothed) is None


@pytest.mark.parametrize(
    ("params", "fires"),
    [({}, True), ({"lr": 1e-4, "optimizer": "adam"}, True), ({"lr": 0.1, "optimizer": "adam"}, False)],
)
@pytest.mark.parametrize("seed", SEEDS)
def test_outputs_that_still_grow_ask_for_longer_steps(
    seed: int, params: dict[str, ParamValue], fires: bool
) -> None:
    """93 % right at 0.8 and falling: the rate, unless it is far above custom already."""
    val = (0.8 + 0.5 * (1 - t(60))) * np.exp(0.001 * np.random.default_rng(seed).standard_normal(60))
    val[-1] = val.min()
    made = run({**TEN, **params}, train_loss=val, val_loss=val, val_accuracy=1 - settles(0.9, 0.07))
    assert (said("lr-too-low", made) is not None) is fires


@pytest.mark.parametrize("seed", SEEDS)
def test_two_epochs_of_steps_must_fall_beyond_their_noise(seed: int) -> None:
    rng = np.random.default_rng(seed)
    noise = np.exp(0.3 * rng.standard_normal(60))
    flat = run(train_loss_step=1.0 * noise, val_loss=[1.0, 0.8])
    falls = run(train_loss_step=falling(rng, 60, 2.0, 0.7, 2, 0.05), val_loss=[1.3, 0.9])
    assert said("undertrained", flat) is None
    assert said("undertrained", falls) is not None


@pytest.mark.parametrize(("epochs", "fires"), [(None, False), (20, False), (60, True)])
def test_a_step_schedule_that_may_count_steps_or_epochs(epochs: int | None, fires: bool) -> None:
    """Of a rate logged per step, thirty may be epochs:
    only a run of many more of them must have stepped it."""
    made = _step_due(2.0)
    params = {**made.params, **({} if epochs is None else {"epochs": epochs})}
    curves = [replace(c, axis="step") if c.tag == "lr" else c for c in made.curves]
    assert (said("schedule-fault", Run("r", "r", "g", tuple(curves), params)) is not None) is fires


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("gain", "better"), [(0.0, False), (0.2, True)])
def test_a_noisy_score_is_not_better_at_the_end_by_chance(seed: int, gain: float, better: bool) -> None:
    """The loss turns at epoch 10; the score there is one noisy point,
    and is as good on average at the end."""
    rng = np.random.default_rng(seed)
    val = np.concatenate((np.geomspace(2.0, 0.5, 11), np.linspace(0.5, 0.9, 31)[1:]))
    accuracy = np.concatenate((np.linspace(0.3, 0.7, 11), np.linspace(0.7, 0.7 + gain, 31)[1:]))
    made = run(
        train_loss=np.geomspace(2, 0.05, 41),
        val_loss=val,
        val_accuracy=accuracy + 0.02 * rng.standard_normal(41),
    )
    found = all_conditions()["overfitting"].check(build([made])[0])
    assert isinstance(found, Finding)
    assert ("better at the end" in found.summary) is better


def test_nothing_learnt_can_be_overfitted() -> None:
    """Validation rises, but neither curve was ever better than a guess."""
    t40 = t(40)
    train, val = math.log(10) * (1.02 + 3 * np.exp(-20 * t40)), math.log(10) * (1.1 + 0.5 * t40)
    assert said("overfitting", run(TEN, train_loss=train, val_loss=val)) is None
    assert said("not-learning", run(TEN, train_loss=train, val_loss=val)) is not None
