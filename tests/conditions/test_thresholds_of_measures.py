"""Where the thresholds of what conditions measure lie, from both sides: curves that rest, turn, hold, step.

The numbers are stated here, not taken from the measures: a threshold that moves is to be moved here, too.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from conditions.test_thresholds import SIGMA, Threshold, alternating, t
from curvedoctor.conditions.base import all_conditions
from curvedoctor.conditions.examples import run
from curvedoctor.conditions.measures.descent import only_climbs
from curvedoctor.conditions.measures.rounds import left, to_come, too_small, unshrunk
from curvedoctor.conditions.measures.shape import still_best, two_levels
from curvedoctor.conditions.measures.staircase import staircase
from curvedoctor.conditions.measures.still import (
    coarse,
    constant_answer,
    gone_from,
    misfit,
    rests_from,
    too_coarse,
)
from curvedoctor.conditions.measures.sways import swayed_by_few
from curvedoctor.conditions.measures.swing import above_best, at_rest
from curvedoctor.conditions.measures.travelled import travelled
from curvedoctor.conditions.measures.turn import holds, serves, turn
from curvedoctor.features.case import Case, build
from curvedoctor.features.series import Series
from curvedoctor.intake import run_of
from curvedoctor.model import Finding, Floats, ParamValue, Run


def case(params: dict[str, ParamValue] | None = None, **curves: Floats) -> Case:
    return build([run(params or {}, **curves)])[0]


def train(y: Floats, params: dict[str, ParamValue] | None = None) -> Series:
    s = case(params, train_loss=y).train
    assert s is not None
    return s


# --- what rests


@pytest.mark.parametrize(("flicker", "since"), [(1.9e-5, 10), (2.1e-5, 29)])
def test_what_arithmetic_alone_makes_of_the_same_number(flicker: float, since: int) -> None:
    y = math.pi * (1 + flicker * (np.arange(30) % 2))
    y[:10] += 0.1
    assert rests_from(y) == since


@pytest.mark.parametrize(("level", "since"), [(2.047, 10), (1.953, 29)])
def test_digits_of_which_the_last_may_flicker(level: float, since: int) -> None:
    y = np.round(level + 0.001 * (np.arange(30) % 2), 3)
    y[:10] += 0.1
    assert rests_from(y) == since
    assert coarse(y) is (since == 29)


@pytest.mark.parametrize(("level", "few"), [(0.453, True), (0.547, False)])
def test_digits_that_the_curves_beside_it_tell(level: float, few: bool) -> None:
    assert too_coarse(np.full(20, level), [np.round(np.linspace(0.2, 0.4, 20), 2)]) is few


@pytest.mark.parametrize(("off", "answer"), [(0.0009, True), (0.0011, False)])
def test_how_near_a_constant_loss_is_that_of_a_constant_answer(off: float, answer: bool) -> None:
    y = np.full(20, math.log(10))
    made = case({"loss": "cross-entropy", "n_classes": 10}, train_loss=y)
    assert made.train is not None
    assert (constant_answer(made, made.train, math.log(10) * (1 + off)) is not None) is answer


@pytest.mark.parametrize(("right", "answer"), [(0.19, True), (0.21, False)])
def test_answers_that_are_better_than_a_guess(right: float, answer: bool) -> None:
    known: dict[str, ParamValue] = {"loss": "cross-entropy", "n_classes": 10}
    level = np.minimum(0.02 + t(20) * 2 * right, right)
    made = case(known, train_loss=np.full(20, math.log(10)), val_accuracy=level)
    assert made.train is not None
    assert (constant_answer(made, made.train, math.log(10)) is not None) is answer


KNOWN = (
    *range(2, 21), 26, 27, 30, 32, 37, 40, 50, 60, 62, 64, 65, 70, 80, 90, 100, 101, 128, 200, 256, 365, 500,
    512, 1000, 1024, 2048, 4096, 8192, 10_000, 16_384, 28_996, 30_522, 32_000, 32_768, 50_257, 65_536,
    100_277, 128_256, 131_072, 151_936, 250_002,
)  # fmt: skip
OTHERS = (21, 23, 25, 29, 34, 45, 55, 75, 85, 95, 110, 150, 300, 420, 700, 1500, 3000, 6000, 13_000, 22_000,
    40_000, 80_000, 180_000, 400_000)  # fmt: skip


@pytest.mark.parametrize("k", [*KNOWN, *OTHERS])
def test_numbers_of_classes_and_tokens_in_use(k: int) -> None:
    s = train(np.full(20, math.log(k)))
    assert (constant_answer(case(train_loss=s.y), s, math.log(k)) is not None) is (k in KNOWN)


@pytest.mark.parametrize("margin", [0.1, 0.2, 0.25, 0.3, 0.5, 1.0, 2.0, 0.15, 0.4, 0.8, 1.5, 3.0])
def test_margins_in_use(margin: float) -> None:
    made = build([run_of({"train/triplet_loss": np.full(20, margin)}, {}, "run", "epoch")])[0]
    (s,) = made.series.values()
    assert (constant_answer(made, s, margin) is not None) is (margin in (0.1, 0.2, 0.25, 0.3, 0.5, 1.0, 2.0))


@pytest.mark.parametrize(("lowest", "far"), [(3.9, False), (4.1, True)])
def test_targets_that_a_bounded_output_does_not_reach(lowest: float, far: bool) -> None:
    known: dict[str, ParamValue] = {"loss": "mse", "last_activation": "tanh"}
    made = case(known, train_loss=np.linspace(9.0, lowest, 20))
    assert made.train is not None
    assert (misfit(made, made.train) is not None) is far


@pytest.mark.parametrize(
    ("nothing", "before", "gone"),
    [(0.9e-6, 0.5, True), (1.1e-6, 0.5, False), (0.0, 1.1e-3, True), (0.0, 0.9e-3, False)],
)
def test_a_loss_that_is_nothing_at_once(nothing: float, before: float, gone: bool) -> None:
    y = np.concatenate((np.linspace(1.0, 0.5, 10), [before, before], np.full(18, nothing)))
    made = case(train_loss=y, val_accuracy=np.where(np.arange(30) < 12, 0.3, 0.0))
    assert made.train is not None
    assert (gone_from(made, made.train) is not None) is gone


# --- what turns, holds, swings


@pytest.mark.parametrize(
    ("n", "best", "turned"), [(101, 89, True), (101, 92, False), (5, 2, True), (5, 3, False)]
)
def test_a_best_point_that_is_no_end(n: int, best: int, turned: bool) -> None:
    y = 1.0 + 0.02 * np.abs(np.arange(n) - best)
    assert (turn(train(y)) is not None) is turned


@pytest.mark.parametrize(("end", "good"), [(0.328, True), (0.332, False)])
def test_what_a_score_may_lose(end: float, good: bool) -> None:
    """A tenth of its wrong answers."""
    made = case(
        train_loss=np.geomspace(2, 1, 40),
        val_accuracy=1 - np.interp(t(40), (0, 0.5, 0.6, 1), (0.6, 0.3, end, end)),
    )
    assert made.val_score is not None
    assert holds(made.val_score, 0.3) is good


@pytest.mark.parametrize(("wrong", "few"), [(0.048, True), (0.052, False)])
def test_wrong_answers_that_serve_most_tasks(wrong: float, few: bool) -> None:
    made = case(train_loss=np.geomspace(2, 1, 40), val_accuracy=1 - np.maximum(0.6 - t(40), wrong))
    assert serves(made) is few


@pytest.mark.parametrize(("left_", "rests"), [(0.09, True), (0.11, False)])
def test_a_rate_that_has_come_to_its_end(left_: float, rests: bool) -> None:
    assert at_rest(case(train_loss=np.geomspace(2, 1, 40), lr=np.linspace(1, left_, 40))) is rests


@pytest.mark.parametrize(("end", "says"), [(0.0195, False), (0.0205, True)])
def test_a_level_that_is_finished(end: float, says: bool) -> None:
    y = np.concatenate((np.full(10, 1.0), np.geomspace(1.0, end / 2, 20), np.full(30, end)))
    assert (above_best(train(y)) > 0) is says


@pytest.mark.parametrize(("downs", "climbs"), [(9, True), (11, False)])
def test_steps_that_all_lead_upwards(downs: int, climbs: bool) -> None:
    steps = np.ones(100)
    steps[1 : 1 + 3 * downs : 3] = -0.5
    assert only_climbs(train(np.concatenate(([1.0], 1.0 + np.cumsum(steps))))) is climbs


@pytest.mark.parametrize(
    ("n", "gains", "best"), [(40, 0.045, False), (40, 0.055, True), (5, 0.4, False), (6, 0.4, True)]
)
def test_a_score_that_is_still_at_its_best(n: int, gains: float, best: bool) -> None:
    made = case(train_loss=np.geomspace(2, 1, n), val_accuracy=0.5 + gains * np.minimum(2 * t(n), 1))
    assert still_best(made.val_score) is best


# --- two levels


@pytest.mark.parametrize(
    ("apart", "jitter", "mixed", "two"),
    [
        (0.095, 0.0, 0, False), (0.105, 0.0, 0, True),  # a tenth of the level
        (0.29, 0.1, 0, False), (0.31, 0.1, 0, True),  # three times what each moves by
        (0.5, 0.0, 12, False), (0.5, 0.0, 8, True),  # points at which it is the other way round
    ],
)  # fmt: skip
def test_two_series_of_which_one_is_above(apart: float, jitter: float, mixed: int, two: bool) -> None:
    first = 1.0 + jitter / 2 * alternating(100)
    second = first + apart
    second[:mixed] = first[:mixed] - apart
    assert (two_levels(first, second) is not None) is two


# --- scores on few samples


@pytest.mark.parametrize(
    ("sway", "calm", "jumps", "sure"),
    [
        (0.06, 0.0, 0.1, 0.8), (0.0425, 0.0, 0.1, 0.4), (0.03, 0.0, 0.1, 0.0),
        (0.06, 0.055, 0.1, 0.4), (0.06, 0.08, 0.1, 0.0), (0.06, 0.0, 0.03, 0.4), (0.06, 0.0, 0.015, 0.0),
    ],
)  # fmt: skip
def test_a_selecting_score_that_few_samples_make_jump(
    sway: float, calm: float, jumps: float, sure: float
) -> None:
    """Its σ, and those of both losses as shares of their levels."""
    noise = alternating(60) / SIGMA
    named = {
        "train/loss": 1 + calm * noise, "val/loss": 1 + jumps * noise, "val/mAP": 0.5 + sway * noise
    }  # fmt: skip
    made = build([run_of(named, {}, "run", "epoch")])[0]
    assert swayed_by_few(made) == pytest.approx(sure, abs=0.03)


# --- epochs learnt by heart


def _stairs(step: float, points: int = 40, epochs: int = 3, within: float = 0.0, noise: float = 0.0) -> bool:
    """Each epoch begins lower by a share than the one before ended; within it falls by a part of that."""
    y, level = np.empty((epochs, points)), 1.0
    for k in range(epochs):
        y[k] = level * (1 - within * step * t(points))
        level = y[k, -1] * (1 - step)
    made = case({"epochs": epochs}, train_loss_step=y.ravel() + noise / SIGMA * alternating(y.size))
    return staircase(made) is not None


def test_steps_at_the_ends_of_epochs() -> None:
    assert not _stairs(0.115)
    assert _stairs(0.125)
    assert _stairs(0.3, points=8)
    assert not _stairs(0.3, points=7)
    assert _stairs(0.3, epochs=20)
    assert not _stairs(0.3, epochs=21)
    assert _stairs(0.2, within=0.9)
    assert not _stairs(0.2, within=1.2)
    assert _stairs(0.2, noise=0.085)
    assert not _stairs(0.2, noise=0.13)


# --- the way that a rate lets weights go


@pytest.mark.parametrize(
    ("end", "n", "known"), [(0.19, 60, True), (0.21, 60, False), (0.1, 5, False), (0.1, 6, True)]
)
def test_a_rate_that_has_decayed(end: float, n: int, known: bool) -> None:
    lr = np.linspace(1.0, end, n)
    made = case(train_loss=3 + np.exp(-np.cumsum(lr) / lr.sum()), lr=lr)
    assert made.train is not None
    assert (travelled(made, made.train) is not None) is known


# --- rounds of boosted trees


def boosted(rate: float, y: Floats, **more: Floats) -> Case:
    known: dict[str, ParamValue] = {"model": "tree", "library": "lightgbm", "lr": rate}
    return case(known, train_loss=y, **more)


@pytest.mark.parametrize(("best", "more"), [(197, True), (186, False)])
def test_rounds_that_are_best_at_their_end(best: int, more: bool) -> None:
    """Within a twentieth; by two fifths of what shrinkage leaves."""
    n, rate = 200, 0.005
    val = (1 - rate) ** np.arange(n) + 0.0
    val[best + 1 :] = val[best] * 1.0001
    made = boosted(rate, val, val_loss=val)
    assert made.val is not None
    rest = to_come(made, made.val)
    assert (rest > 0) is more
    assert left(made, made.val) == pytest.approx((1 - rate) ** n)
    if more:
        assert rest == pytest.approx(0.4, abs=0.02)


@pytest.mark.parametrize(("rate", "sure"), [(0.5, 0.0), (0.675, 0.5), (0.85, 1.0)])
def test_rates_that_hardly_shrink_trees(rate: float, sure: float) -> None:
    fast = 0.5 + 0.5 * np.exp(-np.arange(100.0))
    made = boosted(rate, 0.2 * fast, val_loss=fast)
    assert made.val is not None
    assert unshrunk(made, made.val) == pytest.approx(sure, abs=0.02)


@pytest.mark.parametrize(("times", "sure"), [(1.2, 0.0), (1.65, 0.5), (2.1, 1.0)])
def test_how_far_above_training_they_end(times: float, sure: float) -> None:
    fast = 0.5 + 0.5 * np.exp(-np.arange(100.0))
    made = boosted(0.9, fast / times, val_loss=fast)
    assert made.val is not None
    assert unshrunk(made, made.val) == pytest.approx(sure, abs=0.03)


@pytest.mark.parametrize(
    ("place", "above", "sure"),
    [(0.25, 2.0, 1.0), (0.4, 2.0, 0.5), (0.52, 2.0, 0.0), (0.6, 1.04, 1.0), (0.6, 1.06, 0.0)],
)
def test_how_early_unshrunk_trees_settle(place: float, above: float, sure: float) -> None:
    """Above its end by more than a twentieth until a place."""
    val = np.where(t(200) <= place, 0.5 * above, 0.5)
    made = boosted(0.9, 0.4 * val, val_loss=val)
    assert made.val is not None
    assert unshrunk(made, made.val) == pytest.approx(sure, abs=0.03)


@pytest.mark.parametrize(("n", "low"), [(112, True), (119, False)])
def test_what_rounds_must_leave_for_a_rate_to_be_low(n: int, low: bool) -> None:
    """Three hundredths of what trees can explain, where the best round lies before the end."""
    y = 0.97 ** np.arange(n)
    y[90] = 0.5 * y[-1]
    made = boosted(0.03, y, val_loss=y)
    assert made.val is not None
    assert (too_small(made, made.val)[0] > 0) is low


def _shrunk(rate: float = 0.02, floor: float = 0.0, n: int = 60) -> Run:
    """Each round corrects the rate's share of what is left above a floor."""
    y = floor + (1 - rate) ** np.arange(n)
    known: dict[str, ParamValue] = {"model": "tree", "library": "lightgbm", "lr": rate}
    return run(known, train_loss=y, val_loss=y)


def _best_before(above: float) -> Run:
    """A loss that still falls, and ends above the lowest of its points by a share."""
    y = (1 + 6 * t(400)) ** -1.2
    y[350] = y[-3:].mean() / (1 + above)
    return run(train_loss=y)


ROUNDS = (
    Threshold("undertrained", "how far above its lowest point it ends", _best_before, 0.0, 0.2, 0.0164),
    Threshold("lr-too-low", "rate of trees that is low", _shrunk, 0.01, 0.08, 0.04),
    Threshold("lr-too-low", "floor under trees that grow slowly", lambda p: _shrunk(floor=p), 0.0, 20.0, 2.1),
    Threshold("undertrained", "floor under trees that still get better", lambda p: _shrunk(0.05, p, 40), 0.0,
        20.0, 0.821),
)  # fmt: skip


@pytest.mark.parametrize("it", ROUNDS, ids=lambda it: f"{it.condition}-{it.what}")
def test_what_is_said_of_rounds_flips_where_its_threshold_lies(it: Threshold) -> None:
    it.check()


# --- two epochs


@pytest.mark.parametrize(
    ("falls", "train_before", "found"),
    [(0.095, 2.0, False), (0.105, 2.0, True), (0.3, 5.6, True), (0.3, 6.4, False)],
)
def test_two_epochs_that_both_still_fall(falls: float, train_before: float, found: bool) -> None:
    """Validation by a tenth, from 2; training from three times that is thrown about."""
    made = case(train_loss=np.array([train_before, 1.2]), val_loss=np.array([2.0, 2.0 * (1 - falls)]))
    assert isinstance(all_conditions()["undertrained"].check(made), Finding) is found
