"""Where the thresholds of climbs, losses that are lost, plateaus and schedules that were cut lie: families of
runs with one number, bisected until what is said of them flips (as in `test_thresholds`)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from conditions.test_thresholds import SIGMA, Threshold, alternating, t
from conditions.test_thresholds_of_progress import rough
from curvedoctor.conditions.base import all_conditions
from curvedoctor.conditions.examples import run
from curvedoctor.features.case import build
from curvedoctor.model import Finding, ParamValue, Run

N = 80
TEN: dict[str, ParamValue] = {"loss": "cross-entropy", "n_classes": 10}
LN10 = math.log(10)


# --- climbs


def _jump(at_once: float = 1.0, level: float = 1.4, noise: float = 0.002, place: float = 0.5) -> Run:
    """From one to a level, a share of it within a step and the rest before that, for good."""
    at = round(place * N)
    y = np.full(N, 1.0)
    y[at - 20 : at] += (1 - at_once) * (level - 1) * t(20)
    y[at:] = level
    return run(train_loss=y * (1 + noise / SIGMA * alternating(N)))


def _after(points: float) -> Run:
    """A jump for good so many points before the end."""
    y = np.full(N, 1.0) * rough(N, 0.01)
    y[N - round(points) :] = 1.4
    return run(train_loss=y)


def _small_beside_first(level: float) -> Run:
    """A loss that fell from one to a level, and then doubles within a step."""
    y = np.concatenate(([1.0], np.full(N - 41, 0.5 * level), np.full(40, level)))
    return run(train_loss=y * rough(N, 0.002))


def _endless(points: float) -> Run:
    return run(train_loss=np.geomspace(1.0, 3.0, round(points)))


CLIMBS = (
    Threshold("divergence", "share of a climb that comes within a step", _jump, 0.2, 1.0, 0.539,
        word="jumps"),
    Threshold("divergence", "noise in which a jump is seen", lambda p: _jump(noise=p), 0.01, 0.4, 0.0924),
    Threshold("divergence", "points after a jump", _after, 1, 8, 2.5, 0.05),
    Threshold("divergence", "level that matters beside the first one", _small_beside_first, 0.01, 0.2, 0.05),
    Threshold("divergence", "points that rise without end", _endless, 2, 5, 2.5, 0.05),
)  # fmt: skip


# --- losses that are not finite


HIGH: dict[str, ParamValue] = {"optimizer": "adam", "lr": 1.0}


def _never_finite(first_step: float = 0, params: dict[str, ParamValue] | None = None) -> Run:
    made = run(HIGH if params is None else params, train_loss_step=np.full(20, np.nan))
    made.curves[0].steps[:] += round(first_step)
    return made


def _by_epoch(lr: float) -> Run:
    return run({"lr": lr}, train_loss=np.full(20, np.nan))


def _first_epoch(times: float) -> Run:
    """Lost within the first epoch, having climbed to so many times its lowest."""
    y = np.concatenate((np.full(30, 1.0), np.geomspace(1.0, times, 10), np.full(20, np.nan)))
    return run({"lr": 1e-4}, train_loss_step=y, train_loss=np.full(3, np.nan))


def _grad_points(points: float) -> Run:
    n = round(points)
    y, g = np.full(n + 20, np.nan), np.full(n + 20, np.nan)
    y[:n], g[:n] = 1.0, 1.0
    g[n - 1] = 100.0
    return run(train_loss=y, grad_norm=g)


def _high(times: float, optimizer: str, typical: float, loss: str = "") -> Run:
    known: dict[str, ParamValue] = {"optimizer": optimizer, "lr": times * typical}
    return _never_finite(10, known | ({"loss": loss} if loss else {}))


LOST = (
    Threshold("non-finite", "first step that no update can have lost", _never_finite, 0, 10, 3.5, 0.05,
        word="lower-lr"),
    Threshold("non-finite", "rate that is high, decades below one",
        lambda p: _never_finite(10, {"lr": 10**-p}), 0.5, 4.0, 2.0, word="lower-lr"),
    Threshold("non-finite", "rate that is high where epochs are logged", _by_epoch, 0.05, 1.0, 0.3,
        word="lower-lr"),
    Threshold("non-finite", "rate above custom, Adam", lambda p: _high(p, "adam", 1e-3), 3, 90, 30,
        word="lower-lr"),
    Threshold("non-finite", "rate above custom, SGD", lambda p: _high(p, "sgd", 0.1), 0.2, 9.0, 2.0,
        word="lower-lr"),
    Threshold("non-finite", "rate above custom, SGD on a squared error",
        lambda p: _high(p, "sgd", 0.1, "mse"), 0.05, 9.0, 0.3, word="lower-lr"),
    Threshold("non-finite", "how far it had blown up", _first_epoch, 1.1, 9.0, 3.0, word="clean-data"),
    Threshold("non-finite", "points of a gradient norm", _grad_points, 2, 9, 3.5, 0.05, word="had risen"),
)  # fmt: skip


# --- answers that are the same for ever


def _rests(moved: float = 0.5, level: float = 1.0) -> Run:
    """A loss that moves above its later level by a share, and comes to rest at it."""
    y = np.concatenate((level * (1 - moved * np.sin(np.pi * t(30)[:29])), np.full(40, level)))
    y[0] = level
    return run(train_loss=y)


def _score_rests(drop: float) -> Run:
    """Right answers that drop by so many points, and stay."""
    right = np.concatenate((0.3 + 0.4 * t(30), np.full(40, 0.7 - drop)))
    return run({"n_classes": 4}, val_accuracy=right)


def _floor(level: float) -> Run:
    """A loss that jumps from a level to 1.2, falls to a third of that level, and rests at it."""
    y = np.concatenate(([level, 1.2], np.geomspace(1.0, level / 3, 28), np.full(40, level)))
    return run(train_loss=y)


def _slow_rest(decades: float) -> Run:
    y = np.concatenate((2.0 - 0.8 * np.sin(np.pi * t(30)[:29]), np.full(40, 2.0)))
    return run({"optimizer": "adam", "lr": 1e-3 * 10**-decades}, train_loss=y)


REST = (
    Threshold("collapsed", "what has moved", _rests, 0.0, 0.05, 0.01),
    Threshold("collapsed", "right answers that are lost", _score_rests, 0.02, 0.6, 0.2),
    Threshold("collapsed", "decades below custom that leave no plateau", _slow_rest, 0.5, 3.0, 1.5,
        word="raise-lr"),
    Threshold("collapsed", "share of its highest that is a floor", _floor, 0.005, 0.1, 0.024),
)  # fmt: skip


# --- spikes


def _spikes(times: float, height: float = 2.5, per_epoch: bool = True) -> Run:
    """So many single points, so many times the level above it."""
    n = 400
    y = rough(n, 0.01)
    y[:40] = np.linspace(2.0, 1.0, 40)
    y[60 + 60 * np.arange(round(times))] += height
    return run(train_loss=y) if per_epoch else run(train_loss_step=y)


SPIKES = (
    Threshold("loss-spikes", "spikes that are many", _spikes, 1, 5, 2.5, 0.05),
    Threshold("loss-spikes", "height of which two are many", lambda p: _spikes(2, p), 1.0, 9.0, 3.0),
    Threshold("loss-spikes", "height that no batch explains", lambda p: _spikes(4, p, False), 3.0, 20.0, 9.0),
)  # fmt: skip


# --- plateaus at the start


def _plateau(until: float = 0.4, level: float = LN10, noise: float = 0.005, floor: float = 0.1) -> Run:
    """A loss that stays until a place and then falls to a share of that."""
    y = level * (floor + (1 - floor) / (1 + np.exp((t(N) - until - 0.06) / 0.015)))
    return run(TEN, train_loss=y * (1 + noise / SIGMA * alternating(N)), val_loss=1.02 * y)


def _answers_first(wrong: float) -> Run:
    """The plateau of a loss of unknown kind and classes, on which a share of answers is wrong."""
    falls = 1 / (1 + np.exp((t(N) - 0.46) / 0.015))
    y = (0.2 + 1.8 * falls) * rough(N, 0.002)
    return run(train_loss=y, val_loss=1.02 * y, train_accuracy=0.99 + (0.01 - wrong) * falls)


def _warm(place: float) -> Run:
    """A rate that comes to its half at a place, under a plateau of two fifths."""
    y = LN10 * (0.1 + 0.9 / (1 + np.exp((t(N) - 0.46) / 0.015)))
    lr = 0.1 * np.clip(0.5 * t(N) / max(place, 1e-9), 0, 1)
    return run(TEN, train_loss=y * rough(N, 0.005), val_loss=1.02 * y, lr=lr)


PLATEAUS = (
    Threshold("bad-initialization", "length of a plateau", _plateau, 0.02, 0.5, 0.163),
    Threshold("bad-initialization", "latest end of one", _plateau, 0.5, 0.9, 0.75),
    Threshold("bad-initialization", "its level over an untrained model's",
        lambda p: _plateau(level=p * LN10), 0.5, 3.0, 1.3),
    Threshold("bad-initialization", "its noise over the later fall", lambda p: _plateau(noise=p), 0.005, 0.4,
        0.09),
    Threshold("bad-initialization", "wrong answers on it that its loss is worth", _answers_first, 0.02, 0.7,
        0.22),
    Threshold("bad-initialization", "place at which a warm-up is half done", _warm, 0.02, 0.4, 0.2),
)  # fmt: skip


# --- schedules that were cut


def _cut(done: float, fell: float = 0.7) -> Run:
    """A line to zero of which so much is done; a loss that falls by a share."""
    lr = 0.1 * (1 - done * t(N) * N / (N + 1))
    y = 2.3 * (1 - fell * t(N) ** 0.5) * rough(N, 0.001)
    return run({"optimizer": "sgd"}, train_loss=y, val_loss=y, lr=lr)


def _risen(half: float = 0.5, late: float = 0.75, n: int = N) -> Run:
    """A rate that rises to the end by way of a share at its half and one at three quarters."""
    lr = 0.1 * np.interp(t(n), (0, 0.5, 0.75, 1), (0.02, half, max(half, late), 1))
    y = 2.3 * (1 - 0.5 * t(n) ** 0.5) * rough(n, 0.001)
    return run({"optimizer": "sgd"}, train_loss=y, val_loss=y, lr=lr)


def _left(done: float) -> Run:
    """A schedule that is configured, and a log that ends at a share of its epochs."""
    y = 2.3 * (1 - 0.5 * t(N) ** 0.5) * rough(N, 0.001)
    return run({"schedule": "cosine", "epochs": round(N / done)}, train_loss=y, val_loss=y)


CUT = (
    Threshold("undertrained", "share of its schedule that is done", _cut, 0.3, 0.99, 0.667,
        word="schedule of"),
    Threshold("undertrained", "how far a loss had fallen", lambda p: _cut(0.5, fell=p), 0.0, 0.2, 0.0348,
        word="schedule of"),
    Threshold("undertrained", "lowest half of a rate that rises", _risen, 0.1, 0.5, 0.288, word="only begun"),
    Threshold("undertrained", "highest half of a rate that rises", lambda p: _risen(p, 0.9), 0.5, 0.9, 0.8,
        word="only begun"),
    Threshold("undertrained", "lowest three quarters of it", lambda p: _risen(0.35, p), 0.35, 0.9, 0.584,
        word="only begun"),
    Threshold("undertrained", "highest three quarters of it", lambda p: _risen(0.5, p), 0.75, 0.999, 0.97,
        0.01, word="only begun"),
    Threshold("undertrained", "share of the epochs of a configured schedule", _left, 0.3, 0.9, 0.65,
        word="as configured"),
)  # fmt: skip


@pytest.mark.parametrize(
    "it", (*CLIMBS, *LOST, *REST, *SPIKES, *PLATEAUS, *CUT), ids=lambda it: f"{it.condition}-{it.what}"
)
def test_what_is_said_flips_where_its_threshold_lies(it: Threshold) -> None:
    it.check()


@pytest.mark.parametrize(("decades", "then"), [(1.4, "add-warmup"), (1.6, "fix-init")])
def test_a_rate_so_far_above_custom_needs_no_warm_up(decades: float, then: str) -> None:
    found = all_conditions()["collapsed"].check(build([_slow_rest(-decades)])[0])
    assert isinstance(found, Finding)
    assert found.actions[:2] == ("lower-lr", then)
