"""The benchmark's own bar, on made-up grids: python tests/benchmarks/compare.py has the real ones."""

from __future__ import annotations

import math

import pytest

from benchmarks.compare import judge, share_right, synthetic, truth_of


def test_the_best_lr_is_placed_right_or_nothing_is_said() -> None:
    score = judge(synthetic(8, seed=5))
    asked = sum(score.asked.values())
    assert asked > 100
    assert all(score.asked[where] for where in ("below", "within", "above"))
    assert len(score.sure) >= 0.9 * asked, "silence must not be the way out"
    assert share_right(score) >= 0.88
    assert share_right(score, 0.9) >= 0.95
    assert score.named == score.regions == 8


@pytest.mark.parametrize(
    ("chosen", "truth"),
    [
        ((0.01, 0.03, 0.1, 0.3), "within"),
        ((0.001, 0.003), "above"),
        ((1.0, 3.0), "below"),
        ((0.01, 0.03), None),
    ],
)
def test_the_truth_of_a_window(chosen: tuple[float, ...], truth: str | None) -> None:
    best = {
        lr: math.exp(abs(math.log10(lr / 0.05)) ** 2) for lr in (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
    }
    assert truth_of(chosen, best) == truth
