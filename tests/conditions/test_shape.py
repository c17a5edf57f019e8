"""What conditions ask of a curve, against what it is by definition."""

from __future__ import annotations

import math

import numpy as np
import pytest

from curvedoctor.conditions.examples import run
from curvedoctor.conditions.measures import shape, swing, turn, turns
from curvedoctor.conditions.measures.shape import MIN_POINTS
from curvedoctor.features.case import Case, build
from curvedoctor.features.resample import GRID
from curvedoctor.features.series import Series
from curvedoctor.model import Floats


def case(**curves: Floats) -> Case:
    return build([run(**curves)])[0]  # type: ignore[arg-type]


def series(y: Floats) -> Series:
    s = case(train_loss=np.asarray(y, float)).train
    assert s is not None
    return s


# --- whether a run can be judged


def test_why_a_run_can_not_be_judged() -> None:
    fine, short = np.geomspace(2, 1, 20), np.geomspace(2, 1, MIN_POINTS - 1)
    nan = np.concatenate((fine, [np.nan]))
    assert shape.why_unjudgeable(case(train_loss=fine)) is None
    assert (
        shape.why_unjudgeable(case(train_loss=short))
        == f"{MIN_POINTS - 1} points are too few; {MIN_POINTS} are needed"
    )
    assert shape.why_unjudgeable(case(train_loss=short), MIN_POINTS - 1) is None
    assert "no loss" in str(shape.why_unjudgeable(case(lr=fine)))
    assert "below zero" in str(shape.why_unjudgeable(case(train_loss=fine - 1.5)))
    assert "below zero" in str(shape.why_unjudgeable(case(train_loss=fine, val_loss=fine - 1.5)))
    assert "not finite" in str(shape.why_unjudgeable(case(train_loss=nan)))
    assert "not finite" in str(shape.why_unjudgeable(case(train_loss=nan, train_loss_step=nan)))
    assert "not finite" in str(shape.why_unjudgeable(case(val_loss=nan)))


def test_a_sound_curve_per_step_makes_up_for_an_epoch_that_is_not_finite() -> None:
    nan = np.concatenate((np.geomspace(2, 1, 20), [np.nan]))
    assert shape.why_unjudgeable(case(train_loss=nan, train_loss_step=np.geomspace(2, 1, 200))) is None


def test_range_tests_and_overfit_checks_are_no_trainings() -> None:
    lr = np.geomspace(1e-7, 10, 100)
    loss = np.concatenate((np.linspace(2.3, 0.5, 80), np.geomspace(0.5, 50, 20)))
    assert "range test" in str(shape.why_unjudgeable(case(train_loss=loss, lr=lr)))
    few = build([run({"n_train": 8}, train_loss=np.geomspace(2, 1e-3, 60))])[0]
    assert "overfit check on 8 samples" in str(shape.why_unjudgeable(few))


# --- levels and gains


@pytest.mark.parametrize(("since", "until"), [(0.0, 1.0), (0.25, 0.5), (0.75, 1.0), (0.999, 1.0), (0.5, 0.5)])
def test_a_mean_is_that_of_its_part(since: float, until: float) -> None:
    s = series(np.random.default_rng(0).random(GRID))
    a = min(int(since * GRID), GRID - 1)
    assert shape.mean(s, since, until) == pytest.approx(s.grid[a : max(a + 1, int(until * GRID))].mean())


def test_a_level_is_that_at_a_place() -> None:
    s = series(np.linspace(2, 1, GRID))
    assert [shape.level(s, at) for at in (0.0, 0.5, 1.0)] == pytest.approx([2, 1.5, 1], abs=0.02)


@pytest.mark.parametrize("share", [0.05, 0.25, 1.0])
def test_the_error_of_a_mean_shrinks_with_its_points(share: float) -> None:
    s = series(1 + 0.1 * np.random.default_rng(0).standard_normal(400))
    assert shape.error_of_mean(s, share) == pytest.approx(0.1 / math.sqrt(400 * share), rel=0.15)


def test_less_than_one_point_is_one() -> None:
    s = series(1 + 0.1 * np.tile([1.0, -1.0], 5))
    assert (
        shape.error_of_mean(s, 1e-3) == shape.error_of_mean(s, 0.1) == max(s.stats.noise, s.stats.noise_late)
    )


def test_ratios_are_safe() -> None:
    assert shape.relative(3, -2) == 1.5
    assert (shape.relative(1, 0), shape.relative(-1, 0)) == (1e9, -1e9)
    assert shape.fall(series(np.linspace(2, 1, 400))) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(("drift", "flat"), [(0.02, True), (0.04, False), (-0.02, True), (-0.04, False)])
def test_how_flat_is_flat(drift: float, flat: bool) -> None:
    """The means of the last two quarters differ by that share of the last one."""
    y = np.concatenate((np.linspace(3, 2, 200), np.full(100, 1 + drift), np.full(100, 1.0)))
    assert shape.flat(series(y), 0.5) is flat


def test_noise_is_no_drift() -> None:
    y = np.concatenate((np.full(20, 1.08), np.full(20, 1.0))) * (1 + 0.3 * np.tile([1.0, -1.0], 20))
    assert shape.flat(series(y), 0.0)


# --- trends


@pytest.mark.parametrize("n", [8, 20, 50])
def test_rising_is_mann_kendalls_z(n: int) -> None:
    y = np.random.default_rng(n).random(n) + np.linspace(0, 0.5, n)
    late = y[int(0.25 * n) + 1 :]
    m = len(late)
    total = sum(np.sign(late[j] - late[i]) for i in range(m) for j in range(i + 1, m))
    z = total / math.sqrt(m * (m - 1) * (2 * m + 5) / 18)
    assert shape.rising(series(y), 0.25) == pytest.approx(z if m >= 6 else 0.0)


@pytest.mark.parametrize(("points", "told"), [(5, False), (6, True)])
def test_few_points_have_no_trend(points: int, told: bool) -> None:
    y = np.arange(1.0, points + 2)
    assert (shape.rising(series(y), 0.0) > 0) is told


@pytest.mark.parametrize(("worse", "best"), [(0.0, True), (0.015, True), (0.08, False)])
def test_a_score_that_holds_its_best(worse: float, best: bool) -> None:
    error = np.concatenate((np.linspace(0.8, 0.3, 30), np.full(10, 0.3 * (1 + worse))))
    s = case(train_loss=np.geomspace(2, 1, 40), val_accuracy=1 - error).val_score
    assert shape.still_best(s) is best


def test_a_score_that_never_improved_is_not_at_its_best() -> None:
    flat = case(train_loss=np.geomspace(2, 1, 40), val_accuracy=np.full(40, 0.5)).val_score
    short = case(train_loss=np.geomspace(2, 1, 4), val_accuracy=np.linspace(0.1, 0.9, 4)).val_score
    assert not shape.still_best(flat)
    assert not shape.still_best(short)
    assert not shape.still_best(None)


def test_two_levels_are_apart_and_smooth() -> None:
    a = np.linspace(1.0, 0.9, 30)
    assert shape.two_levels(a, a + 0.5) == pytest.approx(0.5)
    assert shape.two_levels(a, a - 0.5) == pytest.approx(0.5)
    assert shape.two_levels(a, a + 0.09) is None  # less than a tenth of the level
    assert shape.two_levels(a, a + 0.5 + 0.4 * np.tile([1.0, -1.0], 15)) is None  # rough
    assert shape.two_levels(a, np.append(a[1:], 0.89)) is None  # it only goes on falling
    assert shape.two_levels(a, a) is None
    assert shape.two_levels(a, np.append(a[:-1] + 0.5, np.nan)) is None
    assert (shape.jitter(np.array([1.0, 3.0, 2.0, 6.0])), shape.jitter(np.ones(1))) == (2.0, 0.0)


# --- swings


@pytest.mark.parametrize(("end", "above"), [(0.6, 0.2), (0.5, 0.0)])
def test_how_far_the_end_lies_above_the_best(end: float, above: float) -> None:
    y = np.concatenate((np.linspace(2, 0.5, 30), np.full(70, end)))
    assert swing.above_best(series(y)) == pytest.approx(above, abs=1e-6)


def test_below_a_fiftieth_of_the_start_nothing_counts() -> None:
    for level, counts in ((0.019, False), (0.021, True)):
        y = np.concatenate(([1.0], np.full(40, level), [level / 2], np.full(40, level)))
        assert (swing.above_best(series(y)) > 0) is counts
    assert swing.above_best(series(np.linspace(1, -1, 30))) == 0.0


@pytest.mark.parametrize("n", [GRID, 64 * GRID])
def test_roughness_is_that_of_points_or_of_means(n: int) -> None:
    """Means of 64 points fluctuate an eighth as much."""
    y = 2 + 0.2 * np.random.default_rng(1).standard_normal(n)
    assert swing.roughness(series(y)) == pytest.approx(0.1 if n == GRID else 0.1 / 8, rel=0.4)


@pytest.mark.parametrize(
    ("low", "end", "holds"),
    [(0.2, 0.219, True), (0.2, 0.223, False), (0.01, 0.014, True), (0.01, 0.016, False)],
)
def test_answers_that_stay_as_good(low: float, end: float, holds: bool) -> None:
    error = np.concatenate((np.linspace(0.6, low, 40), np.full(40, end)))
    assert swing.score_holds(case(train_loss=error, val_accuracy=1 - error).val_score) is holds
    assert not swing.score_holds(None)


# --- turns


def test_a_turn_is_at_the_best_logged_point() -> None:
    y = np.array([2.0, 1.5, 1.0, 1.2, 1.3, 1.5, 1.6])
    found = turn.turn(series(y))
    assert found is not None
    assert (found.index, found.best, found.end, found.clear) == (2, 1.0, 1.6, True)
    assert found.rise == pytest.approx(0.6)


def test_of_many_points_the_end_is_the_median_of_the_last_tenth() -> None:
    y = np.concatenate((np.linspace(2, 1, 20), np.linspace(1.01, 1.5, 20)))
    y[-2] = 9.0
    found = turn.turn(series(y))
    assert found is not None
    assert found.end == pytest.approx(np.median(y[-4:]))


@pytest.mark.parametrize(
    ("y", "clear"),
    [
        ((1.0, 1.3, 1.6), True),
        ((1.0, 1.3, 1.1), False),
        ((1.0, 0.9, 1.0, 1.1), True),
        ((1.0, 1.5, 1.2, 1.0001), False),
    ],
)
def test_few_points_that_rise(y: tuple[float, ...], clear: bool) -> None:
    found = turn.turn(series(np.array(y)))
    assert found is not None
    assert found.clear is clear


@pytest.mark.parametrize(("rates", "count"), [
    ([1, 0.5, 0.1, 0.01], 0), ([0, 0.5, 1, 0.5, 0], 0), ([1, 0.5, 0.9], 1), ([1, 0.8, 1, 0.8, 1], 0),
    ([1, 0.1, 1, 0.1, 1, 0.1], 2), ([1, 0.6, 0.95, 0.6, 0.95], 2), ([1, 0.68, 1.0], 0),
])  # fmt: skip
def test_how_often_a_rate_turns_upwards(rates: list[float], count: int) -> None:
    assert turns.reversals(np.array(rates, float), 1.0) == count


def test_warm_restarts_are_deliberate_and_a_slow_climb_is_not() -> None:
    fall = np.linspace(1.0, 0.01, 20)
    assert turns.deliberate(np.tile(fall, 3), 1.0)
    assert turns.deliberate(np.concatenate((np.linspace(0, 1, 5), fall, fall[5:])), 1.0)
    assert not turns.deliberate(np.concatenate((fall, np.linspace(0.01, 1.0, 20))), 1.0)
    assert not turns.deliberate(np.concatenate((fall, np.full(5, 0.3), fall)), 1.0)


@pytest.mark.parametrize(("rates", "share"), [
    ([1, 0.5, 0.25, 0.1], 0.0), ([2, 1.0, 0.4, 0.7, 1.0, 1.3, 1.6, 1.9], 0.75), ([0, 1, 2, 1], 0.0),
    ([1, 0.2, 1.0, 0.8, 0.5], 0.0),
])  # fmt: skip
def test_how_far_a_rate_rises_step_by_step(rates: list[float], share: float) -> None:
    assert turns.rise(np.array(rates, float)) == pytest.approx(share, abs=0.01)
