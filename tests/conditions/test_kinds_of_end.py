"""Kinds of end that small trainings of strangers showed judged wrongly: lost for good, and only begun."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from conditions.test_kinds_of_fault import down, first, judged, seen

Y = npt.NDArray[np.float64]

# --- lost for good, though the batches differ


def lost(n: int, k: int, at: float, noise: float, seed: int, overshoot: float = 0.0) -> Y:
    """Learns, and jumps to where a constant answer is, of every batch another one."""
    rng, point = np.random.default_rng(seed), int(at * n)
    y = down(n, np.log(k), 0.25 * np.log(k), 5 / max(at, 0.2), noise, seed)
    after = np.arange(n - point)
    y[point:] = np.log(k) * (1.02 + noise * rng.standard_normal(n - point) + overshoot * (after < 2))
    return y


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("overshoot", [0.0, 4.0, 1e17])
@pytest.mark.parametrize("at", [0.3, 0.6, 0.85])
@pytest.mark.parametrize("n", [30, 60, 400])
@pytest.mark.parametrize("k", [2, 10])
def test_what_jumps_to_a_constant_answer_and_stays_is_no_spike(
    k: int, n: int, at: float, overshoot: float, seed: int
) -> None:
    y = lost(n, k, at, 0.01, seed, overshoot)
    for said in (
        judged({"optimizer": "adam", "lr": 0.01}, train_loss=y, val_loss=1.01 * y),
        judged(train_loss=y),
        judged(val_loss=y),
    ):
        assert seen(said).keys() & {"divergence", "collapsed"}
        assert "loss-spikes" not in seen(said)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("k", [2, 4, 10])
@pytest.mark.parametrize("noise", [0.03, 0.1])
def test_nor_is_it_one_of_steps(k: int, noise: float, seed: int) -> None:
    said = judged(train__loss=(np.arange(0, 5000, 10), lost(500, k, 0.5, noise, seed)))
    assert "divergence" in seen(said)
    assert "loss-spikes" not in seen(said)


@pytest.mark.parametrize("k", [2, 4, 10])
def test_it_may_happen_in_the_second_epoch(k: int) -> None:
    for n in (12, 40):
        y = np.log(k) * (1.03 + 0.005 * np.random.default_rng(k).standard_normal(n))
        y[:2] = np.log(k) * np.array([0.95, 0.6])
        assert "divergence" in seen(judged(train_loss=y, val_loss=1.01 * y))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n", [40, 400])
def test_a_jump_that_costs_a_part_is_still_told_of(n: int, seed: int) -> None:
    y = down(n, 2.3, 0.3, 8, 0.01, seed)
    y[n // 2 :] += 0.25
    assert "loss-spikes" in seen(judged(train_loss=y)) or "divergence" in seen(judged(train_loss=y))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n", [24, 60, 400])
def test_what_comes_back_is_not_lost(n: int, seed: int) -> None:
    """A spike, a stage of a course that falls again, an overfitted validation that creeps up."""
    y = down(n, 2.3, 0.3, 8, 0.01, seed)
    spike = y.copy()
    spike[n // 2 : n // 2 + 2] *= 6
    stages = np.concatenate((y, down(n, 2.3, 0.4, 8, 0.01, seed + 1)))
    creeps = y + 2.0 * np.clip(np.linspace(-0.3, 1, n), 0, None)
    for curves in ({"train_loss": spike}, {"train_loss": stages}, {"train_loss": y, "val_loss": creeps}):
        assert "divergence" not in seen(judged(**curves))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("n", [12, 40, 300])
def test_nor_is_a_loss_that_never_learnt(n: int, seed: int) -> None:
    y = np.log(10) * np.exp(0.05 * np.random.default_rng(seed).standard_normal(n))
    assert "divergence" not in seen(
        judged({"n_classes": 10, "loss": "cross-entropy"}, train_loss=y, val_loss=y)
    )


# --- only begun


@pytest.mark.parametrize("scale", [1.0, 300.0])
@pytest.mark.parametrize("growth", [1.25, 1.6, 2.5])
@pytest.mark.parametrize("n", [5, 6, 8, 10])
def test_a_fall_that_gets_ever_faster_has_only_begun(n: int, growth: float, scale: float) -> None:
    falls = growth ** np.arange(n - 1)
    y = scale * 2.3 * (1 - 0.4 * np.concatenate(([0.0], np.cumsum(falls / falls.sum()))))
    for params in ({}, {"optimizer": "adam", "lr": 1e-4}, {"optimizer": "sgd", "lr": 0.01}):
        for said in (judged(params, train_loss=y, val_loss=1.02 * y), judged(params, train_loss=y)):
            assert said.verdict == "sick"
            assert seen(said).keys() & {"undertrained", "lr-too-low"}
            assert first(said) in ("train-longer", "raise-lr")


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("n", [5, 6, 8, 12])
def test_noise_and_what_levels_off_fall_no_faster(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    flat = 2.3 * np.exp(0.01 * rng.standard_normal(n))
    for y in (flat, down(n, 2.3, 0.4, 6, 0.005, seed)):
        assert not any("ever faster" in f.summary for f in seen(judged(train_loss=y, val_loss=y)).values())


@pytest.mark.parametrize("n", [5, 8])
def test_a_fall_that_validation_does_not_share_is_none(n: int) -> None:
    y = 2.3 * (1 - 0.4 * np.linspace(0, 1, n) ** 2)
    val = 2.4 + 0.1 * np.linspace(0, 1, n)
    assert "undertrained" not in seen(judged(train_loss=y, val_loss=val))
