"""Spikes that last and recover: small against the level, high against the noise."""

from __future__ import annotations

import numpy as np
import pytest

from curvedoctor.conditions.examples import falling, run
from curvedoctor.conditions.stability.loss_spikes import CONDITION
from curvedoctor.features.case import build
from curvedoctor.intake import run_of
from curvedoctor.model import Finding, Floats


def language(n: int, noise: float, seed: int) -> Floats:
    x = np.arange(n) / n
    y = 2.6 + 7.5 * np.exp(-40 * x) + np.exp(-5 * x)
    return np.asarray(y * np.exp(noise * np.random.default_rng(seed).standard_normal(n)))


def said(y: Floats, every: int = 10, lr: Floats | None = None) -> Finding | None:
    steps = every * np.arange(len(y))
    curves = {"train/loss": (steps, y)} | ({} if lr is None else {"lr": (steps, lr)})
    found = CONDITION.judge(build([run_of(curves, {}, "run", None)])[0])
    return found if isinstance(found, Finding) else None


def _anew(n: int, noise: float, seed: int, jumps: int = 1, height: float = 1.0) -> Floats:
    """Learnt from 2.3 to 0.4, then from the height again, as often as it jumps."""
    rng = np.random.default_rng(seed)
    parts = np.array_split(np.zeros(n), jumps + 1)
    tops = [1.9] + [1.9 * height] * jumps
    falls = [0.4 + top * np.exp(-6 * np.linspace(0, 1, len(p))) for p, top in zip(parts, tops, strict=True)]
    return np.asarray(np.concatenate(falls) * np.exp(noise * rng.standard_normal(n)))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n", [60, 300, 3000])
@pytest.mark.parametrize("noise", [0.01, 0.05])
@pytest.mark.parametrize(
    ("jumps", "height", "says"), [(1, 1.0, True), (1, 0.9, True), (1, 0.4, False), (2, 1.0, False)]
)
def test_a_run_that_goes_on_without_its_weights(
    seed: int, n: int, noise: float, jumps: int, height: float, says: bool
) -> None:
    """One jump back to where it began; a lower one, or several (stages of a course), are none."""
    y = _anew(n, noise, seed, jumps, height)
    found = CONDITION.check(build([run(train_loss_step=y) if n > 60 else run(train_loss=y)])[0])
    said = isinstance(found, Finding) and "where it began" in found.summary
    assert said is says
    if said:
        assert isinstance(found, Finding)
        assert found.severity == "warning"
        assert found.onset == n // 2


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n", [300, 1000, 20_000])
@pytest.mark.parametrize("noise", [0.003, 0.01])
@pytest.mark.parametrize("height", [0.5, 1.2, 3.0])
@pytest.mark.parametrize("part", [0.02, 0.04])
def test_a_spike_that_recovers_is_said_with_its_step(
    seed: int, n: int, noise: float, height: float, part: float
) -> None:
    rng = np.random.default_rng(seed + 100)
    y, at, lasts = language(n, noise, seed), int(rng.integers(n // 3, 4 * n // 5)), max(5, int(part * n))
    y[at : at + lasts] += height * np.exp(-np.arange(lasts) / (0.3 * lasts))
    found = said(y)
    assert found is not None
    assert found.severity == "info"
    assert found.onset is not None
    assert abs(found.onset - 10 * at) <= 10 * max(1, n // 500)
    assert found.evidence["height"] == pytest.approx(height / 2.7, rel=0.4)


@pytest.mark.parametrize("units", [1e-3, 1.0, 1e4])
def test_several_are_counted_in_whatever_units(units: float) -> None:
    y = language(1000, 0.005, 1)
    for at in (300, 500, 800):
        y[at : at + 20] += np.exp(-np.arange(20) / 6)
    found = said(units * y, every=7)
    assert found is not None
    assert found.evidence["spikes"] == 3
    assert "3 times from step 2100 on" in found.summary
    assert "is back after" in found.summary


@pytest.mark.parametrize("seed", range(5))
def test_what_is_no_spike(seed: int) -> None:
    rng = np.random.default_rng(seed)
    batches = language(1000, 0.0, seed) * np.exp(0.1 * rng.standard_t(3, 1000))
    assert said(batches) is None or "is back after" not in str(said(batches))
    assert said(language(1000, 0.01, seed)) is None
    stays = language(1000, 0.005, seed)
    stays[600:] += 1.0
    lasting = said(stays)
    assert lasting is not None
    assert "not recovered" in lasting.summary
    stages = np.concatenate([falling(rng, 100, top, 0.2, 6, 0.03) for top in (1.5, 1.4, 1.5)])
    assert said(stages) is None


def test_warm_restarts_raise_the_loss_on_purpose() -> None:
    lr = np.concatenate([0.05 * (1 + np.cos(np.pi * np.linspace(0, 1, 100))) for _ in range(8)])
    y = language(800, 0.003, 0) + 8 * np.roll(lr, 1) ** 2
    assert said(y, lr=lr) is None
