"""Where the thresholds of reading a log lie, from both sides: schedules, classes, scores, what is judged.

The numbers are stated here, not taken from the modules: a threshold that moves is to be moved here, too.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from curvedoctor import diagnose_curves
from curvedoctor.conditions.examples import run
from curvedoctor.features.case import Case, build
from curvedoctor.features.chance import agreed, guessing
from curvedoctor.features.extrapolate import expected_gain
from curvedoctor.features.rates import tuned
from curvedoctor.features.schedule import Schedule, recognize
from curvedoctor.features.schedule_end import planned_end
from curvedoctor.features.selects import selects
from curvedoctor.features.trees import library_of
from curvedoctor.intake import run_of
from curvedoctor.model import Curve, Floats, ParamValue, Role


def rate(values: Floats) -> Curve:
    n = len(values)
    role = Role("none", "lr", "none", "step")
    return Curve("lr", "lr", np.arange(n), np.asarray(values, np.float64), np.full(n, np.nan), role)


def logged(curves: dict[str, Floats], **params: ParamValue) -> Case:
    return build([run_of(curves, params, "run", "epoch")])[0]


# --- guesses


@pytest.mark.parametrize(("times", "k"), [(0.93, None), (0.95, 2.0), (1.05, 2.0), (1.07, None)])
def test_how_near_a_first_loss_is_to_a_guess(times: float, k: float | None) -> None:
    assert agreed(math.log(2) * times, 0.5) == k


@pytest.mark.parametrize(("right", "k"), [(0.155, 10.0), (0.165, None), (0.045, 10.0)])
def test_how_near_a_first_score_is_to_a_guess(right: float, k: float | None) -> None:
    assert agreed(math.log(10), right) == k


@pytest.mark.parametrize(("classes", "told"), [(1000, 1000.0), (1060, 1000.0), (2000, None)])
def test_most_classes_that_a_first_loss_tells(classes: int, told: float | None) -> None:
    assert agreed(math.log(classes), 1 / classes) == told


@pytest.mark.parametrize(
    ("right", "says"),
    [
        (0.1 * 1.10, "no better than guessing if there are 10 classes"),
        (0.1 * 1.15, "close to guessing if there are 9 classes (0.115)"),
        (0.1 * 0.90, "no better than guessing if there are 10 classes"),
        (0.1 * 0.85, "about as often right as by guessing"),
    ],
)
def test_how_closely_answers_are_those_of_a_guess(right: float, says: str) -> None:
    y = np.concatenate(([math.log(10)], np.full(19, 2.2)))
    score = np.concatenate(([0.1], np.full(19, 0.11)))
    made = logged({"train/loss": y, "val/loss": y, "val/accuracy": score})
    assert guessing(made, right) == says


@pytest.mark.parametrize(("near", "named"), [(10, True), (11, False), (20, True), (30, False), (100, True),
    (150, False), (200, True), (300, False), (1000, True)])  # fmt: skip
def test_numbers_of_classes_that_answers_alone_speak_of(near: int, named: bool) -> None:
    said = guessing(logged({"train/loss": np.geomspace(2, 1, 20)}), 1 / near)
    assert (f" if there are {near} classes" in said) is named


# --- rates


@pytest.mark.parametrize(("lr", "how"), [(0.9e-4, "whole"), (1.1e-4, None)])
def test_a_rate_of_fine_tuning(lr: float, how: str | None) -> None:
    y = np.geomspace(2, 1, 20)
    made = build([run({"model": "transformer", "optimizer": "adamw", "lr": lr}, train_loss=y)])[0]
    assert tuned(made) == how


def read(values: Floats) -> Schedule:
    made = recognize(rate(values))
    assert made is not None
    return made


@pytest.mark.parametrize(("first", "end"), [(0.9992, 0), (0.9988, 1)])
def test_a_rate_that_counts_as_its_peak(first: float, end: int) -> None:
    """The peak is where it comes within a thousandth of the highest value."""
    y = np.concatenate(([0.5, first, 1.0], np.linspace(0.9, 0.1, 20)))
    assert read(y).warmup_end * 22 == pytest.approx(1 + end)


@pytest.mark.parametrize(("wave", "kind"), [(0.035, "linear"), (0.055, "unknown")])
def test_how_well_a_shape_must_fit(wave: float, kind: str) -> None:
    """Root mean square 0.025 and 0.039 of the peak."""
    t = np.linspace(0, 1, 201)
    assert read(1 - 0.8 * t + wave * np.sin(6 * np.pi * t) * (t > 0)).kind in (kind, "constant")


@pytest.mark.parametrize(("n", "known"), [(4, False), (5, True)])
def test_values_that_show_where_a_rate_was_to_end(n: int, known: bool) -> None:
    """Four after the peak."""
    assert (planned_end(rate(1 - 0.1 * np.arange(n))) is not None) is known


@pytest.mark.parametrize(("fallen", "known"), [(0.009, False), (0.011, True)])
def test_how_far_a_rate_must_have_fallen_to_show_it(fallen: float, known: bool) -> None:
    assert (planned_end(rate(np.linspace(1, 1 - fallen, 20))) is not None) is known


@pytest.mark.parametrize(("off", "known"), [(0.0035, True), (0.0055, False)])
def test_how_exactly_a_rate_must_follow_a_formula(off: float, known: bool) -> None:
    y = np.linspace(1, 0.3, 40) + off * np.tile([0.0, 0.0, -1.0, 0.0], 10)
    y[-1] = 0.3
    assert (planned_end(rate(y)) is not None) is known


@pytest.mark.parametrize("power", [1.0, 2.0, 0.9])
@pytest.mark.parametrize("part", [0.5, 0.8])
def test_where_a_polynomial_was_to_end(power: float, part: float) -> None:
    n = 100
    end = planned_end(rate((1 - part * np.arange(n) / n) ** power))
    assert end is not None
    assert end.kind == ("linear" if power == 1 else "polynomial")
    assert end.at == pytest.approx(n / part, rel=0.01)
    if power == 1:  # at the nearest end that it allows it rests at a tenth
        assert end.done == pytest.approx(part / 0.9, rel=0.02)


# --- what is judged


@pytest.mark.parametrize(("n", "chosen"), [(7, False), (8, True)])
def test_points_of_a_score_that_selects(n: int, chosen: bool) -> None:
    made = logged({"train/loss": np.geomspace(2, 1, n), "val/mAP": np.linspace(0.1, 0.5, n)})
    assert (selects(made) is not None) is chosen


@pytest.mark.parametrize(("highest", "chosen"), [(0.018, False), (0.022, True)])
def test_a_score_that_has_begun_to_rise(highest: float, chosen: bool) -> None:
    made = logged({"train/loss": np.geomspace(2, 1, 20), "val/mAP": np.linspace(0.0, highest, 20)})
    assert (selects(made) is not None) is chosen


@pytest.mark.parametrize(("n", "primary"), [(5, "train/loss_step"), (6, "train/loss_epoch")])
def test_epochs_that_hide_what_their_steps_show(n: int, primary: str) -> None:
    made = build([run(train_loss=np.geomspace(2, 1, n), train_loss_step=np.geomspace(2, 1, 200))])[0]
    assert made.primary is not None
    assert (made.primary.stats.n == 200) is (primary == "train/loss_step")


@pytest.mark.parametrize(("most", "scale"), [(1.4, 1.0), (1.6, 100.0)])
def test_an_accuracy_in_percent(most: float, scale: float) -> None:
    score = np.linspace(0.1, most, 20)
    made = logged({"train/loss": np.geomspace(2, 1, 20), "val/accuracy": score})
    assert made.val_score is not None
    assert made.val_score.scale == scale


@pytest.mark.parametrize(("n", "held_out"), [(11, False), (12, True)])
def test_points_of_an_evaluation_of_an_agent(n: int, held_out: bool) -> None:
    said = diagnose_curves(
        {"rollout/ep_rew_mean": np.linspace(0, 100, 60), "eval/mean_reward": np.linspace(0, 90, n)},
        axis="step",
    )
    judged = build([said.run])[0].reward
    assert judged is not None
    assert (judged.curve.id == "eval/mean_reward") is held_out


def _boosted(n: int, worse: int) -> Curve:
    """A training loss that falls at each round but some."""
    y = -np.arange(n + 1, dtype=np.float64)
    y[2 : 2 + 2 * worse : 2] += 2.5
    role = Role("train", "loss", "lower", "epoch")
    return Curve("training l2x", "training rmse", np.arange(n + 1), y, np.full(n + 1, np.nan), role)


@pytest.mark.parametrize(("rounds", "worse", "grown"), [
    (9, 0, False), (10, 0, True), (200, 3, True), (200, 6, False),
])  # fmt: skip
def test_rounds_that_fit_better_each_time(rounds: int, worse: int, grown: bool) -> None:
    assert (library_of([_boosted(rounds, worse)]) == "lightgbm") is grown


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0])
def test_what_going_on_half_once_and_thrice_as_long_brings(exponent: float) -> None:
    """Of a power law."""
    grid = (((np.arange(64) + 0.5) / 64) ** -exponent)[None]
    end = grid[:, -3:].mean()
    for longer, gain in zip((1.5, 2.0, 4.0), expected_gain(grid), strict=True):
        assert gain[0] == pytest.approx(1 - longer**-exponent / end, abs=0.002)
