"""Where the thresholds lie that a reader would ask for: a family of runs with one number, bisected until the
finding flips.

The numbers are stated here, not taken from the conditions: a threshold that moves is to be moved here, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from curvedoctor.conditions.base import all_conditions
from curvedoctor.conditions.examples import run
from curvedoctor.features.case import build
from curvedoctor.model import Finding, Floats, ParamValue, Run

#: alternating noise of amplitude a has σ = 1.4826 · 4a / √6 by second differences
SIGMA = 1.4826 * 4 / 6**0.5


def alternating(n: int) -> Floats:
    return np.asarray(np.tile([1.0, -1.0], n)[:n])


def t(n: int) -> Floats:
    return np.linspace(0.0, 1.0, n)


@dataclass(frozen=True)
class Threshold:
    """A finding that flips once while a number goes from low to high."""

    condition: str
    what: str
    family: Callable[[float], Run]
    low: float
    high: float
    flips: float
    #: relative
    within: float = 0.03
    #: whether information counts, too
    info: bool = False
    #: what its sentence must say, or what must be tried first
    word: str = ""

    def fires(self, value: float) -> bool:
        found = all_conditions()[self.condition].check(build([self.family(value)])[0])
        if not isinstance(found, Finding) or (found.severity == "info" and not self.info):
            return False
        return self.word in found.summary or self.word in found.actions[:1]

    def check(self) -> None:
        """It flips where it is said to, by bisection."""
        low, high = self.low, self.high
        first, last = self.fires(low), self.fires(high)
        assert first != last, f"{first} from {low} to {high}"
        for _ in range(14):
            middle = (low + high) / 2
            low, high = (middle, high) if self.fires(middle) == first else (low, middle)
        assert (low + high) / 2 == pytest.approx(self.flips, rel=self.within)


def _thrown(rise: float, rough: float = 0.1) -> Run:
    """Both curves alternate around one level; validation was once lower by the rise."""
    train, val = 1 + rough / SIGMA * alternating(40), 1 + 0.02 * alternating(40)
    val[20] = 1 / (1 + rise)
    train[0] = val[0] = 2.3
    return run(train_loss=train, val_loss=val)


def _rate(decades: float, moved: float = 0.0, optimizer: str = "adam", usual: float = 1e-3) -> Run:
    """A rate so many decades above custom, and a loss that falls steadily by a share of its start."""
    y = 2.3 * (1 - moved * t(30)) * (1 + 1e-5 * alternating(30))
    return run({"optimizer": optimizer, "lr": usual * 10**decades}, train_loss=y, val_loss=1.01 * y)


def _hardly(moved: float) -> Run:
    """A loss that falls by a share of its start at once, three and a half decades below custom."""
    y = 2.3 * (1 - moved * np.clip(8 * t(30) - 1, 0.0, 1.0)) * (1 + 1e-5 * alternating(30))
    return run({"optimizer": "adam", "lr": 10**-6.5}, train_loss=y, val_loss=1.01 * y)


def _lost(rise: float) -> Run:
    """Both end above what they had reached, smoothly."""
    y = np.concatenate(
        (np.geomspace(2.3, 1.0, 20), np.linspace(1.0, 1 + rise, 10)[1:], np.full(11, 1 + rise))
    )
    return run(train_loss=y, val_loss=1.1 * y)


def _bouncing(sigma: float) -> Run:
    y = 1 + sigma / SIGMA * alternating(60)
    return run(train_loss=y)


def _shooting(height: float) -> Run:
    y = np.concatenate(([1.0, 1.0], np.full(4, height), np.linspace(height, 1.0, 6), np.full(88, 1.0)))
    return run(train_loss_step=y)


def _blown_up(times: float, decades: float = 1.5) -> Run:
    train = np.concatenate(([times * np.log(10)], np.geomspace(2.0, 0.5, 19)))
    known: dict[str, ParamValue] = {
        "optimizer": "adam",
        "lr": 1e-3 * 10**decades,
        "loss": "cross-entropy",
        "n_classes": 10,
    }
    return run(known, train_loss=train, val_loss=np.geomspace(2.0, 0.6, 20))


def _slow(half: float) -> Run:
    """A descent of which a share is in the second half: exponential, exp(−c/2) = share / (1 − share)."""
    c = 2 * np.log((1 - half) / half)
    y = 0.8 + (np.exp(-c * t(60)) - np.exp(-c)) / (1 - np.exp(-c))
    return run(train_loss=y, val_loss=1.01 * y)


def _dead_from(place: float, rate: float = 0.0, level: float = 0.0) -> Run:
    """A loss that falls at a rate of one until the rate drops to a hundredth,
    and at `rate` of it after that."""
    x = t(201)
    y = 2.0 - np.minimum(x, place) - rate * np.maximum(x - place, 0.0) - level
    return run(train_loss=y, val_loss=y, lr=np.where(x < place, 0.1, 0.001))


def _constant(sigma: float, rise: float) -> Run:
    y = 1 + sigma / SIGMA * alternating(60)
    y[30] = float(y[-3:].mean()) / (1 + rise)
    return run({"schedule": "constant"}, train_loss=np.geomspace(2, 1, 60), val_loss=y)


def _constant_alone(sigma: float) -> Run:
    y = 1 + sigma / SIGMA * alternating(60)
    return run({"schedule": "constant"}, train_loss=y)


def _power(
    exponent: float,
    floor: float = 0.0,
    n: int = 60,
    params: dict[str, ParamValue] | None = None,
    **more: Floats,
) -> Run:
    y = floor + (1 + 6 * t(n)) ** -exponent
    return run(params or {}, train_loss=y, val_loss=y, **more)


def _creeping(fast: float) -> Run:
    """A fast fall by this much at once, and a power law that falls by 0.09 in the
    first tenth and 0.14 in the rest, to 0.75."""
    x = np.arange(400) / 400
    y = fast * np.exp(-60 * x) + 0.75 * (x + 0.05) ** -0.09
    return run({"optimizer": "sgd"}, train_loss=y, val_loss=y)


def _early_peak(height: float, params: dict[str, ParamValue] | None = None) -> Run:
    y = np.concatenate(
        ([1.0, 1.0], np.full(6, height), np.linspace(height, 0.9, 12), np.geomspace(0.9, 0.3, 180))
    )
    return run(params or {}, train_loss_step=y)


def _noisy_climb(amplitude: float) -> Run:
    """Down to 0.5 and up to 1.6 again, each point off by the amplitude, up and down in turn."""
    y = np.concatenate((np.geomspace(2.3, 0.5, 30), np.linspace(0.5, 1.6, 30)))
    return run(train_loss=y * (1 + amplitude * alternating(60)))


def _rate_ends(place: float) -> Run:
    """Ten classes, a loss that stays at a guess's, and a rate that drops to nothing."""
    y = np.full(81, np.log(10))
    return run({"n_classes": 10}, train_loss=y, val_loss=y, lr=np.where(t(81) < place, 0.1, 1e-6))


def _hinge(level: float) -> Run:
    """A hinge loss that falls to a level, beside an accuracy that is the same at every point."""
    return run({"loss": "hinge"}, train_loss=np.linspace(4.0, level, 60), train_accuracy=np.full(60, 0.5))


def _schedule_ends(floor: float) -> Run:
    """A loss that falls with the sum of a rate that decays by a cosine, as far as a floor lets it."""
    lr = np.cos(np.linspace(0, np.pi / 2, 60)) ** 2
    loss = floor + 2 * np.exp(-2 * np.cumsum(lr) / lr.sum())
    return run({"optimizer": "sgd", "epochs": 60}, train_loss=loss, val_loss=1.05 * loss, lr=lr)


THRESHOLDS = (
    Threshold("lr-too-high", "validation ends above its best by", _thrown, 0.05, 0.3, 0.131),
    Threshold("lr-too-high", "training fluctuates by", lambda p: _thrown(0.25, p), 0.005, 0.1, 0.0208),
    Threshold("lr-too-high", "decades above custom", _rate, 1.0, 3.0, 2.044),
    Threshold("lr-too-high", "decades above custom, SGD", lambda p: _rate(p, 0, "sgd", 0.1), 1.0, 3.0, 2.044),
    Threshold("lr-too-high", "ends at a share of the start", lambda p: _rate(2.5, 1 - p), 0.2, 0.9, 0.472),
    Threshold("lr-too-high", "both end above their best by", _lost, 0.1, 0.5, 0.288),
    Threshold("lr-too-high", "training bounces by", _bouncing, 0.2, 0.7, 0.416, 0.06),
    Threshold("lr-too-high", "shoots up to", _shooting, 2.0, 9.0, 5.31),
    Threshold("lr-too-high", "first epoch over an untrained loss", _blown_up, 3.0, 9.0, 5.27),
    Threshold("lr-too-high", "decades above custom of what blew up", lambda p: _blown_up(9, p), 0.2, 1.5,
        0.617),
    Threshold("lr-too-low", "decades below custom of what hardly moves", lambda p: _rate(-p, 0.0), 1.0, 4.0,
        1.853),
    Threshold("lr-too-low", "share moved at three decades below", _hardly, 0.01, 0.3, 0.125),
    Threshold("lr-too-low", "share of the fall in the second half", _slow, 0.05, 0.45, 0.175),
    Threshold("lr-decayed-too-early", "the rate is dead from", _dead_from, 0.3, 0.8, 0.562),
    Threshold("lr-decayed-too-early", "the fall after against before", lambda p: _dead_from(0.4, p), 0.0, 0.9,
        0.293, 0.05),
    Threshold("lr-never-decayed", "fluctuation", lambda p: _constant(p, 0.3), 0.01, 0.1, 0.0378),
    Threshold("lr-never-decayed", "ends above its best by", lambda p: _constant(0.1, p), 0.02, 0.3, 0.1156),
    Threshold("lr-never-decayed", "fluctuation of training alone", _constant_alone, 0.02, 0.4, 0.1233),
    Threshold("undertrained", "going on as long again brings",
        lambda p: _power(np.log(1 - p) / np.log(7 / 13)), 0.02, 0.2, 0.127),
    Threshold("undertrained", "rate at the end, share of its peak",
        lambda p: _power(1.2, lr=p ** np.linspace(0.0, 1.0, 60)), 0.01, 0.3, 0.05),
    Threshold("undertrained", "rate at the end of a line, share of its peak",
        lambda p: _power(1.2, lr=np.linspace(1.0, p, 60)), 0.0, 0.3, 0.159),
    Threshold("undertrained", "share of the planned epochs",
        lambda p: _power(1.2, params={"schedule": "cosine", "epochs": round(60 / p)}), 0.5, 1.0, 0.9),
    Threshold("divergence", "alternating noise of a climb", _noisy_climb, 0.001, 0.6, 0.0998),
    Threshold("not-learning", "the rate ends at", _rate_ends, 0.05, 0.5, 0.2375),
    Threshold("metric-bug", "hinge loss of right answers", _hinge, 0.6, 0.9, 0.6976),
    Threshold("undertrained", "floor of a fall that its schedule ended", _schedule_ends, 0.0, 0.4, 0.1),
    Threshold("undertrained", "floor at which a longer schedule is not worth it", _schedule_ends, 0.3, 4.0,
        1.2),
    # 0.745 of the fall in the first tenth; an end at half of the start
    Threshold("stalled", "fast fall beside a slow one", _creeping, 0.5, 1.4, 1.07),
    Threshold("stalled", "fast fall, end against start", _creeping, 1.2, 1.9, 1.58),
    Threshold("warmup-missing", "early peak over the first values", _early_peak, 1.2, 4.0, 2.25),
    Threshold("warmup-missing", "early peak, no warm-up configured",
        lambda p: _early_peak(p, {"warmup_steps": 0}), 1.2, 4.0, 2.14),
)  # fmt: skip


@pytest.mark.parametrize("it", THRESHOLDS, ids=lambda it: f"{it.condition}-{it.what}")
def test_a_finding_flips_where_its_threshold_lies(it: Threshold) -> None:
    it.check()
