"""Paired effects: size, interval, certainty, and runs that broke."""

from __future__ import annotations

import math

import numpy as np
import pytest

from compare.grids import World, grid, run, undiagnosed
from curvedoctor.compare import wording
from curvedoctor.compare.analyze import compare
from curvedoctor.compare.effects import HUGE, effect
from curvedoctor.compare.types import Effect, Factor
from curvedoctor.model import Run


def factor(runs: list[Run], name: str) -> Factor:
    (group,) = compare(undiagnosed(runs)).groups
    return next(f for f in group.factors if f.name == name)


def against(runs: list[Run], name: str, value: object) -> Effect:
    return next(e for e in factor(runs, name).effects if e.value == value)


def plain(lr: float, seed: int, end: float, **more: float) -> Run:
    t = np.linspace(0, 1, 20)
    name = f"lr{lr}-{seed}-{more}"
    return run(
        name, {"lr": lr, "seed": seed, **more}, val_loss=end + np.exp(-6 * t), train_loss=end + np.exp(-6 * t)
    )


@pytest.mark.parametrize("n", [2, 4, 8, 20])
def test_interval_covers_the_truth(n: int) -> None:
    """95 % intervals of a true ratio of 1.3 hold it at least nine times in ten,
    whatever the number of pairs."""
    rng = np.random.default_rng(n)
    truth, held = math.log(1.3), 0
    for _ in range(200):
        found = effect(1, 2, truth + 0.05 * rng.standard_normal(n), noise=0.05 / math.sqrt(2))
        assert found is not None
        held += found.low <= 1.3 <= found.high
    assert held >= 180


@pytest.mark.parametrize("n", [1, 3, 6, 12])
def test_no_effect_is_rarely_called_clear(n: int) -> None:
    rng = np.random.default_rng(n)
    clear = 0
    for _ in range(200):
        found = effect(1, 2, 0.15 * rng.standard_normal(n), noise=0.15 / math.sqrt(2))
        assert found is not None
        clear += found.sure == "clear"
    assert clear <= 20


def test_a_large_effect_is_clear_and_has_its_size() -> None:
    found = effect(1, 2, np.array([0.69, 0.70, 0.71, 0.68, 0.70, 0.69]), noise=None)
    assert found is not None
    assert found.sure == "clear"
    assert found.ratio == pytest.approx(2.0, rel=0.03)
    assert found.wins == found.pairs == 6


def test_equal_values_make_no_difference() -> None:
    found = effect(1, 2, np.array([0.001, -0.002, 0.0, 0.001, -0.001, 0.002, 0.0]), noise=None)
    assert found is not None
    assert found.sure == "no difference"


def test_pairs_share_the_seed_and_all_else() -> None:
    """Seeds differ by a factor ten, the lr by 20 %: only pairs can see it."""
    runs = [
        plain(lr, seed, 10.0**seed * cost) for lr, cost in ((0.1, 1.2), (0.01, 1.0)) for seed in range(-2, 5)
    ]
    found = against(runs, "lr", 0.1)
    assert found.pairs == 7
    assert found.sure == "clear"
    assert 1.1 < found.ratio < 1.25


def test_broken_runs_count_as_worst() -> None:
    runs = grid(World(breaks=5.0), [0.01, 0.03, 3.0], seeds=(0, 1, 2))
    lost = next(lv for lv in factor(runs, "lr").levels if lv.value == 3.0)
    assert lost.bad == lost.runs == 3
    assert math.isinf(against(runs, "lr", 3.0).ratio)
    assert against(runs, "lr", 3.0).sure == "clear"


def test_runs_without_a_single_finite_loss_are_not_dropped() -> None:
    runs = [
        plain(0.1, 0, 0.2),
        plain(0.3, 0, 0.4),
        run("nan", {"lr": 1.0, "seed": 0}, val_loss=np.full(9, np.nan)),
    ]
    (group,) = compare(undiagnosed(runs)).groups
    assert [o.bad for o in group.outcomes if o.run == "nan"] == ["not finite"]
    assert len(group.outcomes) == 3


def test_one_broken_pair_in_many_spoils_no_interval() -> None:
    d = np.array([0.2, 0.21, 0.19, 0.2, 0.22, 0.18, 0.2, HUGE])
    found = effect(1, 2, d, noise=None)
    assert found is not None
    assert found.ratio < 1.3
    assert found.sure == "clear"


def test_other_hyperparameters_are_compared_at_their_best_lr() -> None:
    """Batch 128 is as good as 32, but at an lr four times higher: at equal lr it looks worse."""
    runs = grid(World(power=1.0, batch_cost=0.0, noise=0.0), [0.01, 0.03, 0.12, 0.5], (32, 128), epochs=20)
    found = factor(runs, "batch_size")
    assert found.how == "each at its own best lr"
    assert all(e.ratio == pytest.approx(1.0, abs=0.06) for e in found.effects)


def test_a_validation_loss_that_is_lost_in_most_runs_still_decides() -> None:
    """Training stays finite for an epoch where validation never is: those runs are lost,
    the others are not left out."""
    t = np.linspace(0, 1, 20)
    good = run("good", {"lr": 0.1}, val_loss=0.3 + np.exp(-6 * t), train_loss=0.3 + np.exp(-6 * t))
    bad = [
        run(f"bad{lr}", {"lr": lr}, val_loss=np.full(20, np.nan), train_loss=np.r_[9.0, np.full(19, np.nan)])
        for lr in (1.0, 3.0)
    ]
    (group,) = compare(undiagnosed([good, *bad])).groups
    assert group.metric == "val loss"
    assert {o.run: o.bad for o in group.outcomes} == {
        "good": None,
        "bad1.0": "not finite",
        "bad3.0": "not finite",
    }


def made(low: float, ratio: float, high: float, sure: str) -> Effect:
    return Effect(1.0, 0.1, ratio, low, high, 2, 1, 0.4, sure, "moderated t")  # type: ignore[arg-type]


def test_intervals_that_say_nothing_are_not_printed() -> None:
    loose = made(1e-9, 0.0004, 3458.34, "not clear")
    assert (wording.ratio(loose), wording.interval(loose)) == ("–", "")
    tight = made(0.9, 1.1, 1.3, "not clear")
    assert (wording.ratio(tight), wording.interval(tight)) == ("×1.10", "0.90–1.30")
    steep = made(0.001, 0.004, 0.02, "clear")
    assert (wording.ratio(steep), wording.interval(steep)) == ("×0.004", "0.001–0.02")


@pytest.mark.parametrize("seed", range(5))
def test_two_pairs_that_disagree_wildly_make_nothing_likely(seed: int) -> None:
    d = np.array([-20.0, 1.0]) + np.random.default_rng(seed).normal(0, 0.1, 2)
    found = effect(0.3, 0.1, d, None)
    assert found is not None and found.sure == "not clear"
