"""A learning-rate range test is recognized, and its suggestions bracket the known best rate."""

from __future__ import annotations

import math

import numpy as np
import pytest

from curvedoctor.conditions.examples import cosine_lr, falling, run
from curvedoctor.features.case import build
from curvedoctor.model import Floats, Run
from curvedoctor.readings import read_all


def descent_on_a_quadratic(rates: Floats, curvatures: Floats, rng: np.random.Generator) -> Floats:
    """Losses of gradient descent on Σ ½·h·w² with a rate that grows at each step, noise added;
    unstable from 2 / max h."""
    w = np.ones(len(curvatures))
    losses = []
    for rate in rates:
        losses.append(float(0.5 * curvatures @ (w * w)) + 0.05)
        w = np.clip(w * (1 - rate * curvatures), -1e3, 1e3)
    return np.array(losses) * np.exp(0.02 * rng.standard_normal(len(rates)))


def probe(rng: np.random.Generator, n: int, most: float) -> Run:
    rates = np.geomspace(1e-6, 100, n)
    curvatures = np.array([most, most / 3, most / 10, most / 10])
    return run(train_loss_step=descent_on_a_quadratic(rates, curvatures, rng), lr=rates)


@pytest.mark.parametrize("most", [0.1, 1.0, 10.0, 100.0])
@pytest.mark.parametrize("n", [60, 200, 1000])
def test_suggestions_bracket_the_optimum(n: int, most: float) -> None:
    """Best fixed rate of descent on a quadratic: 2 / (h_max + h_min).

    With a rate that grows by a factor g per step the sum of all rates so far is rate / ln g: the
    steepest direction is half done where h times that sum is ln 2, however small the rate then is.
    """
    best = 2 / (most + most / 10)
    growth = math.log(1e8) / n
    half_done = math.log(2) * min(growth, 1.0) / most
    for seed in range(8):
        found = read_all(build([probe(np.random.default_rng(seed), n, most)])[0])["lr-range-test"]
        rates = {
            k: float(str(found[k])) for k in ("start_of_descent", "steepest", "valley", "minimum_over_10")
        }
        assert rates["start_of_descent"] <= rates["steepest"] * 1.01
        assert half_done / 30 < rates["start_of_descent"] < best
        assert half_done / 6 < rates["steepest"] < 2 * best
        assert half_done / 6 < rates["valley"] < 2 * best
        assert best / 100 < rates["minimum_over_10"] < 2 * best
        assert found["suggested"] == found["valley"]


def test_a_loss_that_never_falls_suggests_nothing() -> None:
    rates = np.geomspace(1e-6, 10, 100)
    found = read_all(build([run(train_loss_step=np.linspace(1, 9, 100), lr=rates)])[0])["lr-range-test"]
    assert found["suggested"] is None
    assert found["reason"]


def test_a_rate_that_stays_for_several_points() -> None:
    rates = np.repeat(np.geomspace(1e-6, 10, 50), 4)
    loss = (
        2.3 - 1.5 / (1 + np.exp(-3 * (np.log10(rates) + 2.5))) + np.where(rates > 0.5, (rates / 0.5) ** 2, 0)
    )
    found = read_all(build([run(train_loss_step=loss, lr=rates)])[0])["lr-range-test"]
    assert 1e-4 < float(str(found["suggested"])) < 0.5


@pytest.mark.parametrize(
    "lr",
    [
        cosine_lr(100),
        np.full(100, 0.1),
        np.concatenate((np.geomspace(1e-6, 0.1, 20), np.full(80, 0.1))),
        np.concatenate((np.geomspace(1e-7, 0.1, 60), np.full(40, 0.1))),
        np.concatenate((np.linspace(1e-5, 0.1, 30), cosine_lr(70))),
        np.linspace(0.01, 0.1, 100),
        np.geomspace(1e-3, 1e-1, 5),
    ],
    ids=["cosine", "constant", "warm-up", "long warm-up", "warm-up and cosine", "one decade", "five points"],
)
def test_other_schedules_are_none(lr: Floats) -> None:
    assert "lr-range-test" not in read_all(
        build([run(train_loss=falling(np.random.default_rng(0), len(lr)), lr=lr)])[0]
    )
