"""The fast statistics against their slow oracles, and what they must never do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from curvedoctor.features import blocks, extrapolate, resample, statistics
from curvedoctor.features.series import prepare
from curvedoctor.model import Curve, Role
from features import naive

FLOATS = st.floats(-1e6, 1e6, width=32)
LOSS = Role("train", "loss", "lower", "epoch")


def curve(values: np.ndarray, steps: np.ndarray | None = None, role: Role = LOSS) -> Curve:
    steps = np.arange(len(values)) if steps is None else steps
    return Curve("a", "a", steps.astype(np.int64), values.astype(float), np.full(len(values), np.nan), role)


def one(values: np.ndarray, role: Role = LOSS):
    c = curve(np.asarray(values, float), role=role)
    series = prepare([c], [(0.0, float(len(values) - 1))])[0]
    assert series is not None
    return series


@given(arrays(float, st.tuples(st.integers(1, 5), st.integers(3, 60)), elements=FLOATS))
def test_noise_is_that_of_the_oracle(block: np.ndarray) -> None:
    fast = statistics.noise_sigma(resample.second_differences(block))
    assert fast == pytest.approx([naive.noise_sigma(row) for row in block.tolist()], rel=1e-9, abs=1e-6)


@given(arrays(float, (3, 16), elements=FLOATS))
def test_theil_sen_is_that_of_the_oracle(block: np.ndarray) -> None:
    slow = [naive.theil_sen(row, 4) for row in block.tolist()]
    assert statistics.theil_sen(block) == pytest.approx(slow, rel=1e-9, abs=1e-6)


@given(arrays(float, (2, resample.GRID), elements=FLOATS))
def test_smoothing_is_that_of_the_oracle(block: np.ndarray) -> None:
    for fast, row in zip(statistics.smooth(block), block.tolist(), strict=True):
        assert fast == pytest.approx(naive.moving_average(row), rel=1e-6, abs=1e-3)
    for fast, row in zip(statistics._local_median(block), block.tolist(), strict=True):
        assert fast == pytest.approx(naive.moving_median(row))


@settings(max_examples=30)
@given(st.integers(resample.GRID, 300), st.integers(0, 2**32 - 1))
def test_grid_is_the_mean_over_equal_parts(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.sort(rng.random(n) * 9) + np.arange(n)
    y = rng.normal(size=n)
    assert resample.on_grid(x, y[None])[0] == pytest.approx(
        naive.area_means(x.tolist(), y.tolist(), resample.GRID), abs=1e-9
    )


def test_the_grid_forgets_an_overshoot_of_many_decades() -> None:
    y = np.ones((1, 1000))
    y[0, 500:510] = 1e80
    grid = resample.on_grid(np.linspace(0, 1, 1000), y)[0]
    assert np.allclose(grid[33:], 1.0)
    assert np.allclose(grid[:31], 1.0)


def test_noise_estimates_sigma_and_is_blind_to_trend() -> None:
    rng = np.random.default_rng(0)
    t = np.linspace(0, 1, 400)
    estimates = [one(5 * np.exp(-3 * t) + 0.1 * rng.standard_normal(400)).stats.noise for _ in range(50)]
    assert np.mean(estimates) == pytest.approx(0.1, rel=0.05)


def test_smoothness_tells_noise_from_trend() -> None:
    rng = np.random.default_rng(0)
    assert one(rng.standard_normal(2000)).stats.smoothness == pytest.approx(-0.5, abs=0.06)
    assert one(np.exp(-np.linspace(0, 5, 200))).stats.smoothness > 0.9


@pytest.mark.parametrize("exponent", [0.2, 0.5, 1.0, 2.0])
def test_extrapolation_continues_a_power_law(exponent: float) -> None:
    t = (np.arange(resample.GRID) + 0.5) / resample.GRID
    grid = (0.3 + 0.5 * t**-exponent)[None]
    level, rms = extrapolate.extrapolate(grid)
    expected = [0.3 + 0.5 * h**-exponent for h in extrapolate.HORIZONS]
    assert level[0] == pytest.approx(expected, rel=1e-6)
    assert rms[0] < 1e-9


def test_a_rising_curve_promises_no_gain() -> None:
    grid = np.linspace(1, 2, resample.GRID)[None]
    assert max(float(g[0]) for g in extrapolate.expected_gain(grid)) <= 0.01


@settings(max_examples=60)
@given(st.integers(3, 300), st.integers(0, 2**32 - 1), st.sampled_from([1e-3, 1e3]))
def test_ratios_do_not_depend_on_units(n: int, seed: int, unit: float) -> None:
    rng = np.random.default_rng(seed)
    y = np.exp(-np.linspace(0, 3, n)) + 0.2 + 0.05 * rng.random(n)
    a, b = one(y).stats, one(y * unit).stats
    for name in statistics.NAMES:
        levels = (
            "first last top low start end best at10 at25 at50 at75 noise noise_late noise_early "
            "slope_late slope_half"
        )
        scale = unit if name in levels.split() else 1.0
        assert getattr(b, name) == pytest.approx(getattr(a, name) * scale, rel=1e-6, abs=1e-9 * scale), name


def hostile() -> list[np.ndarray]:
    return [
        np.array([1.0]),
        np.array([1.0, 1.0]),
        np.full(100, 3.0),
        np.full(50, 1e300),
        np.array([1e300, -1e300] * 20),
        np.array([np.nan, 1.0, np.inf, 2.0, -np.inf, 1.0]),
        np.array([5e-324] * 10),
        np.zeros(70),
        np.linspace(1, 0, 5000),
    ]


@pytest.mark.parametrize("values", hostile(), ids=lambda v: f"{len(v)}x{v[0]:.0e}")
def test_hostile_curves_give_finite_statistics(values: np.ndarray) -> None:
    stats = one(values).stats
    assert all(np.isfinite(getattr(stats, name)) for name in statistics.NAMES)


def test_a_curve_without_a_finite_point_has_no_series() -> None:
    assert prepare([curve(np.full(5, np.nan))], [(0.0, 4.0)]) == [None]


def test_blocks_give_what_single_curves_give() -> None:
    rng = np.random.default_rng(3)
    curves = [
        curve(np.exp(-np.linspace(0, 3, n)) + 0.1 * rng.random(n)) for n in (1, 5, 5, 64, 200, 200, 3000)
    ]
    ranges = [(0.0, float(len(c) - 1)) for c in curves]
    for together, alone in zip(
        prepare(curves, ranges),
        (prepare([c], [r])[0] for c, r in zip(curves, ranges, strict=True)),
        strict=True,
    ):
        assert together is not None
        assert alone is not None
        for name in statistics.NAMES:
            assert getattr(together.stats, name) == pytest.approx(
                getattr(alone.stats, name), rel=1e-9, abs=1e-12
            )


def test_scores_are_turned_round_and_percent_is_noticed() -> None:
    role = Role("val", "accuracy", "higher", "epoch")
    for scale in (1.0, 100.0):
        series = one(scale * np.linspace(0.1, 0.9, 30), role)
        assert series.stats.end == pytest.approx(0.1, abs=0.06)
        assert series.logged(0.1) == pytest.approx(0.9 * scale)


@settings(max_examples=60)
@given(st.integers(1, 200), st.integers(1, 4), st.integers(0, 2**32 - 1), st.booleans())
def test_a_block_on_the_grid_is_its_rows_on_the_grid_and_numpys_interpolation(
    n: int, k: int, seed: int, repeated: bool
) -> None:
    rng = np.random.default_rng(seed)
    x = np.sort(rng.integers(0, n, n) / n if repeated else rng.random(n))
    block = rng.normal(size=(k, n))
    together = resample.on_grid(x, block)
    assert np.array_equal(together, np.vstack([resample.on_grid(x, row[None]) for row in block]))
    at = np.concatenate((x, rng.uniform(-0.1, 1.1, 20)))
    if n > 1:
        for found, row in zip(resample._interpolated(at, x, block), block, strict=True):
            assert found == pytest.approx(np.interp(at, x, row), rel=1e-12, abs=1e-12)


@given(arrays(float, st.tuples(st.integers(1, 3), st.integers(3, 40)), elements=FLOATS))
def test_medians_are_numpys(block: np.ndarray) -> None:
    assert np.array_equal(blocks.medians(block), np.median(block, axis=1))
    windows = np.lib.stride_tricks.sliding_window_view(block[0], 3)
    assert np.array_equal(blocks.of_three(block[0]), np.median(windows, axis=1))


def test_curves_that_share_their_steps_are_prepared_as_they_are_alone() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(6, 90)) + np.linspace(3, 0, 90)
    values[2, 40], values[3, -1], values[4] = np.nan, np.inf, np.nan
    score = Role("val", "accuracy", "higher", "epoch")
    curves = [curve(row, role=score if i == 5 else LOSS) for i, row in enumerate(values)]
    curves.append(curve(values[0], steps=np.arange(90) * 3))
    ranges = [(0.0, 89.0)] * 6 + [(0.0, 300.0)]
    together = prepare(curves, ranges)
    assert together[4] is None
    for mine, known, bounds in zip(curves, together, ranges, strict=True):
        (alone,) = prepare([mine], [bounds])
        assert (alone is None) == (known is None)
        if alone is not None and known is not None:
            assert np.array_equal(alone.x, known.x)
            assert np.array_equal(alone.y, known.y)
            assert alone.grid == pytest.approx(known.grid)
            assert known.stats.n == alone.stats.n
            assert known.stats.noise == pytest.approx(alone.stats.noise)
            assert known.stats.bad_at == alone.stats.bad_at
