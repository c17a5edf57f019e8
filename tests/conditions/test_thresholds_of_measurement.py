"""Where the thresholds of first losses, splits, samples and the log lie, and those of jumps: families of runs
with one number, bisected until what is said of them flips (as in `test_thresholds`)."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from conditions.test_thresholds import SIGMA, Threshold, alternating, t
from conditions.test_thresholds_further import settles
from curvedoctor.conditions.examples import run
from curvedoctor.model import Floats, ParamValue, Run

N = 60
TEN: dict[str, ParamValue] = {"loss": "cross-entropy", "n_classes": 10}
LN10 = math.log(10)


# --- first losses


def _first(times: float, **params: ParamValue) -> Run:
    """The first steps cost so many times as much as an untrained model's."""
    return run({**TEN, **params}, train_loss_step=LN10 * settles(times, 0.3, 200))


def _resumed(step: float) -> Run:
    made = _first(0.2)
    steps = made.curves[0].steps + round(step)
    return replace(made, curves=(replace(made.curves[0], steps=steps),))


def _mean(times: float, decades: float = 0.0, n: int = 20) -> Run:
    """The first epoch's mean, at a rate so many decades above custom."""
    y = LN10 * settles(times, 0.3, n)
    return run({**TEN, "optimizer": "adam", "lr": 1e-3 * 10**decades}, train_loss=y, val_loss=y)


def _answers(first: float, end: float = 0.5, right: float = 0.6) -> Run:
    """A first loss beside answers of which so many are right; the number of classes is not known."""
    y = settles(first, end, N)
    return run(train_loss=y, val_loss=y, val_accuracy=1 - settles(1 - right, 0.2, N))


FIRST = (
    Threshold("initial-loss-off", "first loss over an untrained model's", _first, 1.0, 6.0, 1.97),
    Threshold("initial-loss-off", "the same, too low", _first, 0.05, 0.9, 0.325, info=True),
    Threshold("initial-loss-off", "first loss of inputs rather than weights", _first, 6.0, 20.0, 10,
        word="normalize-input"),
    Threshold("initial-loss-off", "first step of a run that goes on", _resumed, 0, 9, 3.5, 0.05, info=True),
    Threshold("initial-loss-off", "first epoch's mean", _mean, 1.0, 6.0, 3.3),
    Threshold("initial-loss-off", "decades above custom", lambda p: _mean(5.0, p), 0.0, 3.0, 1.2),
    Threshold("initial-loss-off", "epochs", lambda p: _mean(5.0, n=round(p)), 2, 12, 3.5, 0.05),
    Threshold("initial-loss-off", "first loss beside its answers", _answers, 3.0, 30.0, 8),
    Threshold("initial-loss-off", "what it comes down to", lambda p: _answers(20.0, p), 0.3, 9.0, 2.82),
    Threshold("initial-loss-off", "the same, from far above", lambda p: _answers(60.0, p), 0.3, 20.0, 7.27),
)  # fmt: skip


# --- splits and samples


def _split(right: float, train: float = 0.95, points: int = 20, **params: ParamValue) -> Run:
    """So many validation answers are right, beside so many of training."""
    y = settles(2.3, 0.1, points)
    return run({"n_classes": 4, **params}, train_loss=y, val_loss=settles(2.3, 2.0, points),
        train_accuracy=1 - settles(0.75, 1 - train, points), val_accuracy=np.full(points, right))  # fmt: skip


def _unknown(right: float) -> Run:
    made = _split(right)
    return replace(made, params={})


def _exploding(times: float, falls: float = 0.3, noise: float = 0.01) -> Run:
    train = np.linspace(1.0, falls, N) + noise / SIGMA * alternating(N)
    return run(train_loss=train, val_loss=np.full(N, times))


def _too_good(below: float, n_val: float = 5000, memorized: float = 0.3) -> Run:
    """Validation ends below training by a share of it, all through, and nothing explains that."""
    y = settles(2.3, 2.3 * memorized, N, 10.0)
    known: dict[str, ParamValue] = {"n_val": round(n_val), "dropout": 0.0, "augmentation": "none"}
    return run(known, train_loss=y, val_loss=(1 - below) * y)


SPLITS = (
    Threshold("train-val-mismatch", "right answers worse than a guess", _split, 0.02, 0.2, 0.125,
        word="worse than"),
    Threshold("train-val-mismatch", "the same of unknown classes", _unknown, 0.005, 0.1, 0.02,
        word="worse than"),
    Threshold("train-val-mismatch", "right answers of training beside them", lambda p: _split(0.05, p), 0.3,
        0.9, 0.5, word="worse than"),
    Threshold("train-val-mismatch", "right answers that a guess has", _split, 0.25, 0.5, 0.31,
        word="of a guess"),
    Threshold("train-val-mismatch", "right answers of training beside a guess", lambda p: _split(0.26, p),
        0.7,
        0.99, 0.9, word="of a guess"),
    Threshold("train-val-mismatch", "samples that are a handful", lambda p: _split(0.26, n_train=round(p)),
        20,
        300, 99.5, word="of a guess"),
    Threshold("train-val-mismatch", "points of a guess", lambda p: _split(0.26, points=round(p)), 3, 12,
        5.5, 0.05,
        word="of a guess"),
    Threshold("train-val-mismatch", "validation that explodes", _exploding, 2.0, 40.0, 10),
    Threshold("train-val-mismatch", "how far training falls beside it", lambda p: _exploding(50.0, p), 0.2,
        0.9, 0.49),
    Threshold("train-val-mismatch", "noise of training beside it", lambda p: _exploding(50.0, noise=p), 0.05,
        0.5, 0.203),
    Threshold("train-val-mismatch", "validation that is too good", lambda p: _too_good(p, memorized=0.01),
        0.01,
        0.5, 0.0561),
    Threshold("train-val-mismatch", "its samples", lambda p: _too_good(0.5, p, 0.01), 100, 900, 200),
)  # fmt: skip


def _sampled(n: float, noise: float | None = None) -> Run:
    """An accuracy around three quarters that moves as so many samples let it."""
    size = math.sqrt(0.25 * 0.75 / n) if noise is None else noise
    score = 0.75 - 0.25 * np.exp(-20 * t(N)) + size / SIGMA * 1.5 * alternating(N)
    return run({"n_val": round(n)}, train_loss=settles(2.3, 0.5, N), val_loss=settles(2.3, 0.6, N),
        val_accuracy=score)  # fmt: skip


SAMPLES = (
    Threshold("validation-too-small", "samples", _sampled, 20, 900, 163),
    Threshold("validation-too-small", "samples alone", lambda p: _sampled(p, 1e-4), 20, 200, 40.5),
    Threshold(
        "validation-too-small", "by how much it moves", lambda p: _sampled(110, p), 0.001, 0.04, 0.0138
    ),
)


# --- the log


def _restart(back: float) -> Run:
    """Steps go back to a share of what was logged, once."""
    at = round(40 * back)
    steps = np.concatenate((np.arange(40), np.arange(at, at + 30)))
    made = run(train_loss=settles(2.3, 0.5, len(steps)))
    return replace(made, curves=(replace(made.curves[0], steps=steps),))


def _overlap(points: float) -> Run:
    return _restart(1 - round(points) / 40)


def _frozen(share: float) -> Run:
    """The training loss is the very same number over a last share; validation goes on."""
    n = 100
    y = np.geomspace(2.0, 0.4, n) * (1 + 0.01 * np.sin(np.arange(n)))
    at = round((1 - share) * n)
    y[at:] = y[at - 1]
    return run(train_loss=y, val_loss=np.geomspace(2.2, 0.5, n) * (1 + 0.01 * np.cos(np.arange(n))))


def _came_to_rest(swing: float) -> Run:
    """The training loss swings by so much before its last fifth is the very same number; the rate goes on."""
    n, still = 100, 80
    y = 0.4 + 1.6 * np.exp(-np.arange(n) / 8) + 0.4 * swing * np.cos(np.arange(n) * 2.1)
    y[still:] = y[still - 1]
    return run(train_loss=y, val_loss=settles(2.2, 0.5, n), lr=np.linspace(0.1, 0.05, n))


def _pairs(share: float) -> Run:
    """A share of the points are two at one step, one of them half as high."""
    n, many = 60, round(60 * share)
    steps = np.sort(np.concatenate((np.arange(n), np.arange(many))))
    y = settles(2.3, 0.8, n)[steps]
    second = np.concatenate(([False], np.diff(steps) == 0))
    made = run(train_loss=np.where(second, 0.5 * y, y))
    return replace(made, curves=(replace(made.curves[0], steps=steps),))


LOG = (
    Threshold("log-fault", "how far back a restart goes", _restart, 0.0, 0.5, 0.0375, 0.1),
    Threshold("log-fault", "points that it overlaps", _overlap, 1, 20, 2.5, 0.05),
    Threshold("log-fault", "last points that are the very same", _frozen, 0.05, 0.5, 0.185),
    Threshold("log-fault", "swing before it stands still", _came_to_rest, 0.0001, 0.02, 0.003, 0.6),
    Threshold("log-fault", "points that are pairs", _pairs, 0.2, 1.0, 0.425, 0.05),
)


# --- jumps


def flat(n: int = 300, noise: float = 0.01) -> Floats:
    """A loss that has come down to one, with noise that alternates by a little more each time."""
    return (1 + np.exp(-60 * t(n))) * (1 + noise / SIGMA * alternating(n) * (1 + 0.1 * t(n)))


def _excursion(height: float, lasts: int = 8, left: float = 0.0, noise: float = 0.004) -> Run:
    """Up by a share of the level for some points, and back to what is left of that."""
    y = flat(noise=noise)
    y[150 : 150 + lasts] *= 1 + height
    y[150 + lasts : 200] *= 1 + left * height
    return run(train_loss_step=y)


def _early(place: float, n: int = 200) -> Run:
    """Up by a fifth for six points, after so many: as many tell the level before it."""
    y, at = 1 + 0.004 / SIGMA * alternating(n) * (1 + 0.1 * t(n)), round(place)
    y[at : at + 6] *= 1.2
    return run(train_loss_step=y)


def _spike(height: float, lasts: int = 1) -> Run:
    y = flat()
    for at in (60, 120, 180, 240):
        y[at : at + lasts] *= 1 + height
    return run(train_loss_step=y)


def _step_up(height: float, made_good: float = 0.0, place: float = 0.5) -> Run:
    """Up by a share of the level, of which some is made good in the end."""
    n = 300
    y, at = flat(n), round(place * n)
    y[at:] *= 1 + height * np.interp(t(n)[at:], (place, 1), (1, 1 - made_good))
    return run(train_loss_step=y)


def _anew(back: float, learnt: float = 0.2, takes: float = 0.3) -> Run:
    """Back to a multiple of where it began, from what it had learnt, made good over a share of the run."""
    n = 400
    y = np.interp(t(n), (0, 0.3, 0.5), (2.0, 2 * learnt, 2 * learnt))
    late = t(n) > 0.5
    y[late] = np.interp(t(n)[late], (0.5, 0.5 + takes), (2.0 * back, 2 * learnt))
    return run(train_loss_step=y * (1 + 0.004 * np.random.default_rng(3).standard_normal(n)))


def _nan(points: float) -> Run:
    """A gradient norm that had exploded by so many times before the loss was lost."""
    norm = np.concatenate((np.full(19, 0.5) + 0.01 * alternating(19), [0.5 * points]))
    y = np.concatenate((settles(2.0, 1.0, 20), np.full(5, np.nan)))
    return run(train_loss=y, grad_norm=norm)


JUMPS = (
    Threshold("loss-spikes", "height of a jump that lasts for some points", _excursion, 0.02, 0.4, 0.0981,
        info=True),
    Threshold("loss-spikes", "its height in noise", lambda p: _excursion(0.2, noise=p), 0.001, 0.2, 0.0211,
        info=True),
    Threshold("loss-spikes", "how long it lasts", lambda p: _excursion(0.3, round(p)), 4, 60, 17.5, 0.05,
        info=True),
    Threshold("loss-spikes", "points before it", _early, 3, 60, 14.5, info=True),
    Threshold("loss-spikes", "points before it in a long run", lambda p: _early(p, 1000), 10, 120, 48.5,
        info=True),
    Threshold("loss-spikes", "height of single points", _spike, 0.1, 4.0, 0.711, info=True),
    Threshold("loss-spikes", "height of a step", _step_up, 0.02, 0.5, 0.0905),
    Threshold("loss-spikes", "what of a step is made good", lambda p: _step_up(0.5, p), 0.3, 1.0, 0.835),
    Threshold("loss-spikes", "how late a step comes", lambda p: _step_up(0.5, place=p), 0.5, 0.98, 0.852),
    Threshold("loss-spikes", "where a run that begins anew jumps to", _anew, 0.3, 1.2, 0.75,
        word="without its"),
    Threshold("loss-spikes", "where it jumps to, at most", _anew, 1.0, 2.5, 1.5, word="without its"),
    Threshold("loss-spikes", "what it had learnt", lambda p: _anew(1.0, p), 0.2, 0.9, 0.598,
        word="without its"),
    Threshold("loss-spikes", "how long that takes again", lambda p: _anew(1.0, takes=p), 0.005, 0.3, 0.0602,
        word="without its"),
    Threshold("non-finite", "gradient norm over its usual level", _nan, 5.0, 90.0, 30.6,
        word="gradient norm"),
)  # fmt: skip


@pytest.mark.parametrize(
    "it", (*FIRST, *SPLITS, *SAMPLES, *LOG, *JUMPS), ids=lambda it: f"{it.condition}-{it.what}"
)
def test_what_is_said_flips_where_its_threshold_lies(it: Threshold) -> None:
    it.check()
