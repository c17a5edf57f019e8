"""Each kind of learning-rate schedule is recognized, with and without warm-up, at several lengths."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from curvedoctor.conditions.examples import falling, run
from curvedoctor.features.case import build
from curvedoctor.model import Floats
from curvedoctor.readings import read_all

Shape = Callable[[Floats], Floats]
#: multiplier of the peak at progress t after the warm-up
SHAPES: dict[str, Shape] = {
    "constant": np.ones_like,
    "step": lambda t: 0.1 ** np.floor(t * 3.0001),
    "cosine": lambda t: 0.5 * (1 + np.cos(np.pi * t)),
    "linear": lambda t: 1 - t,
    "polynomial": lambda t: (1 - t) ** 2,
    "exponential": lambda t: np.exp(-4 * t),
    "inverse-sqrt": lambda t: 1 / np.sqrt(1 + 24 * t),
    "plateau": lambda t: 0.3 ** np.searchsorted(np.array([0.2, 0.37, 0.75, 0.84]), t),
}


def schedule(kind: str, n: int, warm: float) -> Floats:
    k = round(warm * n)
    t = np.linspace(0, 1, n - k)
    return 0.02 * np.concatenate(((np.arange(k) + 1) / (k + 1), SHAPES[kind](t)))


def read(lr: Floats) -> dict[str, object]:
    case = build([run(train_loss=falling(np.random.default_rng(0), len(lr)), lr=lr)])[0]
    return dict(read_all(case)["schedule"])


@pytest.mark.parametrize("n", [20, 60, 300, 3000])
@pytest.mark.parametrize("warm", [0.0, 0.1])
@pytest.mark.parametrize("kind", SHAPES)
def test_kind(kind: str, warm: float, n: int) -> None:
    found = read(schedule(kind, n, warm))
    assert found["kind"] == kind
    assert found["warmup"] is (warm > 0)
    assert found["from"] == "lr curve"
    assert abs(float(str(found["peak"])) - 0.02) < 1e-3


@pytest.mark.parametrize("n", [40, 300, 3000])
@pytest.mark.parametrize("up", [0.2, 0.3, 0.45])
@pytest.mark.parametrize("down", ["cosine", "linear"])
def test_one_cycle(n: int, up: float, down: str) -> None:
    k = round(up * n)
    rise = 0.04 + 0.96 * 0.5 * (1 - np.cos(np.pi * np.linspace(0, 1, k)))
    lr = 0.1 * np.concatenate((rise, SHAPES[down](np.linspace(0, 1, n - k))))
    assert read(lr)["kind"] == "one-cycle"


@pytest.mark.parametrize("at", [0.25, 0.5, 0.8])
def test_where_it_decays(at: float) -> None:
    lr = np.where(np.linspace(0, 1, 200) < at, 0.1, 0.01)
    found = read(lr)
    assert found["kind"] == "step"
    assert found["falls"] == 1
    assert abs(float(str(found["decay_start"])) - at) < 0.02


@pytest.mark.parametrize("factor", [1e-6, 1.0, 1e3])
def test_units_of_the_rate_do_not_matter(factor: float) -> None:
    for kind in SHAPES:
        assert read(factor * schedule(kind, 100, 0.05))["kind"] == kind


def test_from_the_parameters_alone() -> None:
    case = build(
        [run({"schedule": "cosine", "warmup_steps": 100}, train_loss=falling(np.random.default_rng(0)))]
    )[0]
    assert read_all(case)["schedule"] == {"kind": "cosine", "warmup": True, "from": "params"}


def test_nothing_is_said_without_either() -> None:
    assert "schedule" not in read_all(build([run(train_loss=falling(np.random.default_rng(0)))])[0])


def test_a_noisy_controller_is_no_known_kind() -> None:
    rng = np.random.default_rng(1)
    lr = 1e-3 * 1.5 ** np.clip(np.cumsum(rng.choice([-1, 0, 1], 400)), -8, 4)
    assert read(lr)["kind"] == "unknown"
