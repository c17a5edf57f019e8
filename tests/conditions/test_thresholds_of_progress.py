"""Where the thresholds of rates, schedules, gradients, floors and collapses lie: families of runs with one
number, bisected until what is said of them flips (as in `test_thresholds`)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from conditions.test_thresholds import SIGMA, Threshold, alternating, t
from conditions.test_thresholds_further import settles
from curvedoctor.conditions.examples import run
from curvedoctor.model import Floats, ParamValue, Run

N = 60
TEN: dict[str, ParamValue] = {"loss": "cross-entropy", "n_classes": 10}
LN10 = math.log(10)


def rough(n: int = N, noise: float = 0.002) -> Floats:
    return 1 + noise / SIGMA * alternating(n) * (1 + 0.1 * t(n))


# --- rates and schedules


def _crawls(points: float) -> Run:
    y = LN10 * (1 - 0.1 * t(round(points)))
    return run(TEN, train_loss=y, val_loss=y)


def _hardly(moved: float, rate: float = 1e-8) -> Run:
    """A loss that falls evenly by a share of its start, at a rate that no optimizer's custom is known for."""
    y = 2.3 * (1 - moved * t(N)) * rough(N, 1e-5)
    return run({"lr": rate}, train_loss=y, val_loss=1.01 * y)


def _frozen(place: float, still: int = 20) -> Run:
    """Validation is the very same number from a place on; no rate is logged."""
    at = max(1, round(place * still / (1 - place)))
    val = np.concatenate((2.3 - 0.3 * t(at + 1)[:at], np.full(still, 1.9)))
    return run(
        train_loss=np.concatenate((2.4 - 0.3 * t(at + 1)[:at], 2.0 * rough(still, 0.02))), val_loss=val
    )


def _dead(share: float) -> Run:
    """The rate drops to a share of its peak at a third; the loss then stays."""
    y = np.where(t(N) < 0.33, 2.3 - 3 * t(N), 1.3) * rough()
    return run(train_loss=y, val_loss=y, lr=np.where(t(N) < 0.33, 0.1, 0.1 * share))


def _zero(share: float) -> Run:
    """A rate that is zero over a last share of the run."""
    lr = np.where(t(100) > 1 - share, 0.0, 0.1 * (1 - 0.5 * t(100)))
    return run(train_loss=settles(2.3, 0.3, 100), lr=lr)


def _hundredth(place: float, to: float = 0.001) -> Run:
    lr = 0.1 * np.interp(t(100), (0, place, 1), (1, to, to / 2))
    return run(train_loss=settles(2.3, 0.3, 100), lr=lr)


def _never_stepped(harm: float) -> Run:
    """A cosine is configured, the rate stays, and validation ends above its best by a share."""
    val = np.concatenate((np.geomspace(2.3, 0.5, 30), np.linspace(0.5, 0.5 * (1 + harm), 30)))
    return run({"schedule": "cosine"}, train_loss=settles(2.3, 0.2, N), val_loss=val, lr=np.full(N, 0.1))


RATES = (
    Threshold("lr-too-low", "points of a crawl", _crawls, 4, 20, 4.5, 0.05),
    Threshold("lr-too-low", "what a loss has moved by at next to no rate", _hardly, 0.02, 0.4, 0.153,
        word="only"),
    Threshold("lr-too-low", "decades below one of a rate that is next to none", lambda p: _hardly(0.1,
        10**-p), 3.0,
        9.0, 5.6, word="only"),
    Threshold("lr-decayed-too-early", "place from which validation is frozen", _frozen, 0.03, 0.5, 0.149,
        0.1),
    Threshold("lr-decayed-too-early", "points that it stays so", lambda p: _frozen(0.05, round(p)), 3, 15,
        5.5, 0.1),
    Threshold("lr-decayed-too-early", "share of its peak at which a rate is dead", _dead, 0.001, 0.3, 0.05),
    Threshold("schedule-fault", "share of the run at a rate of zero", _zero, 0.02, 0.5, 0.192, 0.05),
    Threshold("schedule-fault", "place from which a rate is below a hundredth", _hundredth, 0.1, 0.9, 0.336,
        0.05),
    Threshold("schedule-fault", "how low it is there", lambda p: _hundredth(0.2, p), 0.001, 0.05, 0.0109),
    Threshold("schedule-fault", "end above its best where a schedule is never stepped", _never_stepped, 0.0,
        0.3,
        0.126, 0.05),
)  # fmt: skip


# --- gradients


def _grad(jumps: float, height: float = 30.0, loss: bool = True) -> Run:
    """A gradient norm that jumps, and a loss that jumps with it."""
    n = 300
    g, y = rough(n, 0.02), (1 + np.exp(-30 * t(n))) * rough(n, 0.01)
    for k in range(round(jumps)):
        g[40 + 40 * k] *= height
        y[41 + 40 * k] *= 3 if loss else 1
    return run(train_loss_step=y, grad_norm=g)


def _grows(decades: float) -> Run:
    """A gradient norm that grows, beside a loss that hardly falls."""
    return run(train_loss=2.3 * settles(1.0, 0.9, 80) * rough(80), grad_norm=10 ** (decades * t(80)))


def _vanishes(decades: float, level: float = 0.9) -> Run:
    y = 2.3 * settles(1.0, level, 80) * rough(80)
    return run(train_loss=y, grad_norm=10 ** (-decades * t(80)))


def _deep(depth: float, level: float = 0.9, activation: str = "sigmoid") -> Run:
    y = 2.3 * settles(1.0, level, 80) * rough(80)
    return run({"activation": activation, "depth": round(depth)}, train_loss=y, val_loss=y)


GRADIENTS = (
    Threshold("exploding-gradient", "jumps of the norm", _grad, 0, 6, 1.5, 0.05),
    Threshold("exploding-gradient", "their height", lambda p: _grad(5, p), 3.0, 30.0, 8.05),
    Threshold("exploding-gradient", "their height where the loss does not care", lambda p: _grad(5, p, False),
        3.0, 90.0, 11),
    Threshold("exploding-gradient", "decades that the norm grows", _grows, 0.5, 4.0, 2.14),
    Threshold("vanishing-gradient", "decades that the norm falls", _vanishes, 1.0, 6.0, 2.79),
    Threshold("vanishing-gradient", "end of the loss over its start", lambda p: _vanishes(5.0, p), 0.1, 0.9,
        0.279),
    Threshold("vanishing-gradient", "layers that saturate", _deep, 1, 30, 2.5, 0.1),
    Threshold("vanishing-gradient", "end of their loss over its start", lambda p: _deep(30, p), 0.1, 0.95,
        0.394),
)  # fmt: skip


# --- floors


def _wasted(since: float, fell: float = 0.7, creeps: float = 0.0) -> Run:
    """A loss that falls by a share until a place, and stays, but for a share by which it creeps."""
    x = t(200)
    y = 2.3 * (1 - fell * np.minimum(x / since, 1)) * (1 - creeps * np.maximum(x - since, 0)) * rough(200)
    return run(train_loss=y, val_loss=y)


def _floor(level: float, gap: float = 0.02, **params: ParamValue) -> Run:
    y = 2.3 * settles(1.0, level, N) * rough(N, 0.001)
    known: dict[str, ParamValue] = {"model": "mlp", "width": 3, **params}
    return run(known, train_loss=y, val_loss=(1 + gap) * y)


def _decayed(times: float, level: float = 0.8, gap: float = 0.0, **params: ParamValue) -> Run:
    """Weight decay so many times what is customary, and a floor."""
    y = LN10 * settles(1.0, level, N) * rough(N, 0.001)
    known: dict[str, ParamValue] = {**TEN, "optimizer": "adam", "weight_decay": 0.01 * times, **params}
    return run(known, train_loss=y, val_loss=(1 + gap) * y)


def _dropped(share: float) -> Run:
    y = LN10 * settles(1.0, 0.8, N) * rough(N, 0.001)
    return run({**TEN, "dropout": share}, train_loss=y, val_loss=0.9 * y)


FLOORS = (
    Threshold("wasted-training", "place from which nothing changes", _wasted, 0.2, 0.9, 0.493, info=True),
    Threshold("wasted-training", "how far it fell before", lambda p: _wasted(0.2, p), 0.02, 0.5, 0.196,
        info=True),
    Threshold("underfitting", "floor of three units", _floor, 0.2, 0.9, 0.534),
    Threshold("underfitting", "gap at its floor", lambda p: _floor(0.85, p), 0.0, 0.4, 0.144),
    Threshold("underfitting", "decades below custom", lambda p: _floor(0.85, optimizer="adam",
        lr=1e-3 * 10**-p),
        0.0, 2.0, 0.65),
    Threshold("underfitting", "units that can hardly bend", lambda p: _floor(0.85, width=round(p)),
        1, 30, 4.5, 0.05),
    Threshold("underfitting", "units that are few", lambda p: _floor(0.85, width=round(p)),
        1, 30, 8.5, 0.1, info=True),
    Threshold("over-regularized", "weight decay over custom", _decayed, 0.2, 20.0, 2.08),
    Threshold("over-regularized", "decoupled weight decay over custom",
        lambda p: _decayed(p, optimizer="adamw"), 10.0, 400.0, 62.5),
    Threshold("over-regularized", "decades of decay that its rate makes inert",
        lambda p: _decayed(3000.0, optimizer="adamw", lr=10**-p), 3.0, 9.0, 6.02),
    Threshold("over-regularized", "floor", lambda p: _decayed(3.2, p), 0.2, 0.95, 0.478),
    Threshold("over-regularized", "weight decay over custom, validation level", lambda p: _decayed(p, 0.3),
        1.0, 20.0, 3.875),
    Threshold("over-regularized", "what is left of the start there", lambda p: _decayed(30.0, p), 0.01, 0.3,
        0.0531),
    Threshold("over-regularized", "and the gap", lambda p: _decayed(30.0, 0.3, p), 0.0, 0.5, 0.1025),
    Threshold("over-regularized", "gap at the floor", lambda p: _decayed(30.0, gap=p), 0.0, 0.5, 0.172),
    Threshold("over-regularized", "dropout", _dropped, 0.3, 0.95, 0.669),
)  # fmt: skip


# --- collapses


def _dies(points: float, n: int = 100, level: float = 2.0) -> Run:
    """The very same number at so many last points, after a fall to a half."""
    stays = round(points)
    y = np.geomspace(2.0, 1.0, n - stays) * (1 + 0.013 * np.sin(np.arange(n - stays)))
    return run(train_loss=np.concatenate((y, np.full(stays, level))))


def _rests_at(level: float) -> Run:
    return _dies(40, level=level)


def _stuck(moves: float, level: float = 0.6) -> Run:
    """All is won in the first steps; since then nothing moves by more than a share."""
    y = np.concatenate(([2.3, 2.3 * (0.5 + level / 2)], 2.3 * level * (1 + 0.5 * moves * alternating(58))))
    return run(train_loss=y, val_loss=y, lr=np.full(N, 0.1))


def _endless(times: float, n: int = 4) -> Run:
    return run(train_loss=np.geomspace(1.0, times, n))


def _alone(times: float) -> Run:
    """A validation loss without a training loss that climbs without end."""
    return run(val_loss=np.geomspace(1.0, times, 40) * rough(40))


def _jumps(level: float, returns: float = 0.0) -> Run:
    """From one to a level within a step, for good, less what it returns by."""
    n = 80
    y = np.where(t(n) < 0.5, 1.0 + 0.1 * np.exp(-20 * t(n)), 0.0)
    y[40:] = level - returns * (level - 1) * t(40)
    return run(train_loss=y * rough(n, 0.01))


COLLAPSES = (
    Threshold("collapsed", "last points that are the very same", _dies, 1, 40, 7.5, 0.05),
    Threshold("collapsed", "the same of few points", lambda p: _dies(p, 16), 1, 9, 3.5, 0.05),
    Threshold("collapsed", "what of its gain must be lost", _rests_at, 1.05, 1.9, 1.5),
    Threshold("collapsed", "by how much it may move after its first steps", _stuck, 0.0, 0.03, 0.005),
    Threshold("collapsed", "level that is far from finished", lambda p: _stuck(0.002, p), 0.02, 0.5, 0.15),
    Threshold("collapsed", "level that has fallen", lambda p: _stuck(0.002, p), 0.6, 1.0, 0.949),
    Threshold("divergence", "times the first value that a short log ends at", _endless, 1.1, 5.0, 2),
    Threshold("divergence", "times its start that validation alone ends at", _alone, 1.1, 9.0, 2.81),
    Threshold("divergence", "level that it jumps to", _jumps, 1.0, 2.0, 1.2),
    Threshold("divergence", "what a jump returns by", lambda p: _jumps(3.0, p), 0.0, 0.9, 0.377),
)  # fmt: skip


@pytest.mark.parametrize(
    "it", (*RATES, *GRADIENTS, *FLOORS, *COLLAPSES), ids=lambda it: f"{it.condition}-{it.what}"
)
def test_what_is_said_flips_where_its_threshold_lies(it: Threshold) -> None:
    it.check()
