"""Since when a curve swings, whether a score is better beyond its noise, what is no forecast of a reward."""

from __future__ import annotations

import numpy as np
import pytest

from curvedoctor import diagnose_curves
from curvedoctor.conditions.examples import agent
from curvedoctor.conditions.learning_rate.lr_too_high import CONDITION as LR_TOO_HIGH
from curvedoctor.conditions.measures.swing import swings_from
from curvedoctor.conditions.progress.undertrained import CONDITION as UNDERTRAINED
from curvedoctor.features.case import build
from curvedoctor.intake import run_of
from curvedoctor.model import Finding, Floats


def swinging(n: int, seed: int, size: float = 0.35) -> Floats:
    return np.asarray(0.95 * np.exp(size * np.random.default_rng(seed).standard_normal(n)))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n", [20, 60, 300])
@pytest.mark.parametrize("lucky", [0.35, 0.6])
def test_a_lucky_point_is_no_onset(seed: int, n: int, lucky: float) -> None:
    """Thrown about from the start, with one point that happens to be low."""
    train, val = swinging(n, seed) + np.exp(-np.arange(n)), swinging(n, seed + 50)
    at = int(lucky * n)
    train[at], val[at] = 0.28, 0.3
    case = build(
        [run_of({"loss": train, "val_loss": val}, {"optimizer": "adam", "lr": 0.05}, "run", "epoch")]
    )[0]
    found = LR_TOO_HIGH.judge(case)
    assert isinstance(found, Finding)
    assert found.onset is not None
    assert found.onset <= max(3, 0.06 * n)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n", [40, 200])
@pytest.mark.parametrize("share", [0.3, 0.5])
def test_a_level_that_is_left_for_good_is_one(seed: int, n: int, share: float) -> None:
    y = swinging(n, seed, 0.1)
    at = int(share * n)
    y[:at] = 0.3 * swinging(at, seed + 9, 0.03) + np.exp(-np.arange(at) / 2)
    series = build([run_of({"val_loss": y}, {}, "run", "epoch")])[0].val
    assert series is not None
    assert abs(swings_from(series) - at) <= max(3, 0.03 * n)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("n", [10, 30, 80])
@pytest.mark.parametrize(("gain", "better"), [(0.0, False), (0.001, False), (0.06, True)])
@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_a_score_is_better_beyond_its_noise(
    seed: int, n: int, gain: float, better: bool, scale: float
) -> None:
    rng, x = np.random.default_rng(seed), np.arange(n) / n
    val = 0.4 + np.exp(-25 * x) + 0.6 * np.clip(x - 0.2, 0, None)
    score = 0.85 - 0.4 * np.exp(-25 * x) + gain * np.clip(x - 0.2, 0, 0.4) / 0.4
    said = diagnose_curves(
        {
            "loss": 0.02 + 1.4 * np.exp(-10 * x),
            "val_loss": val * np.exp(0.01 * rng.standard_normal(n)),
            "val_accuracy": scale * (score + 0.003 * rng.standard_normal(n)),
        },
        axis="epoch",
    )
    text = next(f.summary for f in said.findings if f.condition == "overfitting")
    assert ("its score is better at the end" in text) is better


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("units", [0.01, 1.0, 1000.0])
def test_a_reward_that_hardly_slows_is_no_forecast(seed: int, units: float) -> None:
    noise = 4 * np.random.default_rng(seed).standard_normal(200)
    straight, slows = 1.2 * np.arange(200) + noise, 260 * (1 - np.exp(-np.arange(200) / 90)) + noise
    for y, forecast in ((straight, False), (slows, True)):
        found = UNDERTRAINED.judge(build([agent(units * (10 + y))])[0])
        assert isinstance(found, Finding)
        assert ("expected to bring" in found.summary) is forecast
        assert (found.evidence["gain_most"] is not None) is forecast
        shares = [float(v) for v in (found.evidence["gain_most"],) if isinstance(v, float)]
        assert all(share <= 0.5 for share in shares)
