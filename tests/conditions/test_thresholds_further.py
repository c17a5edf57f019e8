"""Where the thresholds of what is held out, of classes, targets, batches and rates lie: families of runs with
one number, bisected until what is said of them flips (as in `test_thresholds`)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from conditions.test_thresholds import Threshold, alternating, t
from curvedoctor.conditions.examples import run
from curvedoctor.conditions.measures.proportions import entropy
from curvedoctor.model import Floats, ParamValue, Run

N = 40


def settles(start: float, end: float, n: int = N, speed: float = 25.0) -> Floats:
    return np.asarray(end + (start - end) * np.exp(-speed * t(n)))


# --- one class for all


def _one_class(moves: float = 0.0, right: float = 0.9, loss: float = 1.0, falls: float = 1.8) -> Run:
    """An accuracy that moves by a number; the loss comes down to what one class for all costs."""
    score = np.full(N, right)
    score[N // 2] += moves
    y = loss * entropy(1 - right) * settles(falls, 1.0)
    return run({"loss": "bce", "n_classes": 2}, train_loss=y, val_loss=y, val_accuracy=score)


def _in_training(first: float, moves: float = 0.0, val: float = 0.0) -> Run:
    """The same in training, whose first point lies off by a number and which moves by another one."""
    right = np.full(N, 0.8)
    right[0] -= first
    right[N // 2] += moves
    held = np.full(N, 0.8)
    held[N // 2] += val
    y = entropy(0.2) * settles(1.8, 1.0)
    known: dict[str, ParamValue] = {"loss": "bce", "n_classes": 2}
    return run(known, train_loss=y, val_loss=y, train_accuracy=right, val_accuracy=held)


CLASSES = (
    Threshold("class-imbalance", "moves of one accuracy, decades below one", lambda p: _one_class(10**-p),
        4.0,
        8.0, 6),
    Threshold("class-imbalance", "wrong answers", lambda p: _one_class(right=1 - p), 0.002, 0.3, 0.01),
    Threshold("class-imbalance", "right answers above a guess", lambda p: _one_class(right=0.5 + p), 0.01,
        0.3, 0.05),
    Threshold("class-imbalance", "loss over the entropy", lambda p: _one_class(loss=p), 0.7, 1.1, 0.92),
    Threshold("class-imbalance", "loss over the entropy, highest", lambda p: _one_class(loss=p), 1.0, 1.6,
        1.15),
    Threshold("class-imbalance", "how far the loss moves", lambda p: _one_class(falls=1 + p), 0.0, 0.02,
        0.003),
    Threshold("class-imbalance", "first point of training's accuracy", _in_training, 0.0, 0.2, 0.05),
    Threshold("class-imbalance", "moves of training's accuracy", lambda p: _in_training(0.0, p), 0.0, 0.05,
        0.01),
    Threshold("class-imbalance", "moves of both accuracies", lambda p: _in_training(0.0, 0.0, p), 0.0, 0.02,
        0.005),
)  # fmt: skip


# --- targets and batches


def _error_of(decades: float, loss: str, left: float = 0.9, climbs: float = 1.0) -> Run:
    """An error that begins at so many decades, and ends at a share of that."""
    y = 10**decades * settles(1.0, left)
    y[3] *= climbs
    params: dict[str, ParamValue] = {"loss": loss} if loss else {}
    return run(params, train_loss=y, val_loss=y)


def _swinging(swing: float, above: float, best: float = 0.3, start: float = 2.3, size: int = 32) -> Run:
    """Validation swings over the last half, and ends above its best by a share of it."""
    y = np.where(t(60) < 0.3, settles(start, best, 60, 40.0), best * (1 + above))
    late = t(60) > 0.45
    y = np.where(late, y * (1 + swing * alternating(60)), y)
    y[-6:] = np.where(np.arange(6) % 2, best * (1 + above) * (1 + swing), best * (1 + above) * (1 - swing))
    return run({"batch_size": size}, train_loss=settles(start, best, 60), val_loss=y)


def _per_step(noise: float, size: int = 2) -> Run:
    y = 1 + noise / 2.4 * alternating(300)
    return run({"batch_size": size}, train_loss_step=y)


TARGETS = (
    Threshold("inputs-unscaled", "decades of a squared error", lambda p: _error_of(p, "mse"), 1.0, 10.0,
        6.05, 0.01),
    Threshold("inputs-unscaled", "decades of an absolute error", lambda p: _error_of(p, "mae"), 1.0, 10.0,
        3.05, 0.01),
    Threshold("inputs-unscaled", "decades of an error of Huber", lambda p: _error_of(p, "huber"), 1.0, 10.0,
        3.05, 0.01),
    Threshold("inputs-unscaled", "decades of an error", lambda p: _error_of(p, ""), 1.0, 10.0, 8.05, 0.01),
    Threshold("inputs-unscaled", "decades beyond which no targets make an error",
        lambda p: _error_of(p, "mse"), 15.0, 25.0, 20, 0.01),
    Threshold("inputs-unscaled", "share of an error that is left", lambda p: _error_of(7.0, "mse", p), 0.2,
        0.9,
        0.5),
    Threshold("inputs-unscaled", "climb of an error", lambda p: _error_of(7.0, "mse", climbs=p), 1.0, 3.0,
        1.64),
    Threshold("noisy-batches", "swing of validation", lambda p: _swinging(p, 0.1), 0.02, 0.15, 0.0909),
    Threshold("noisy-batches", "swing over its end", lambda p: _swinging(p, 4.0), 0.02, 0.1, 0.0248),
    Threshold("noisy-batches", "swing over an untrained model's loss",
        lambda p: _swinging(0.15, 0.3, p, 10.0), 0.02, 1.2, 0.212),
    Threshold("noisy-batches", "batches that are small", lambda p: _swinging(0.15, 0.3, size=round(p)), 4, 64,
        16.5, word="bigger-batch"),
    Threshold("noisy-batches", "fluctuation per step", _per_step, 0.1, 1.5, 0.384),
    Threshold("noisy-batches", "batches that explain it", lambda p: _per_step(1.2, round(p)), 1, 16, 5.5,
        0.1),
)  # fmt: skip


# --- memorizing


def memorizing(
    train: float, val: float, params: dict[str, ParamValue] | None = None, n: int = N, **more: Floats
) -> Run:
    """Training ends at a share of its start, validation at another."""
    return run(
        params or {}, train_loss=2.3 * settles(1.0, train, n), val_loss=2.3 * settles(1.0, val, n), **more
    )


def _turned(
    rise: float, params: dict[str, ParamValue] | None = None, best: float = 1.0, **more: Floats
) -> Run:
    """Validation is best at a third, and then rises by a share of that."""
    val = best * np.interp(t(60), (0, 0.33, 1), (2.3, 1.0, 1 + rise))
    return run(params or {}, train_loss=settles(2.3 * best, 0.1 * best, 60), val_loss=val, **more)


def _training_climbs(share: float) -> Run:
    val = np.interp(t(60), (0, 0.33, 1), (2.3, 1.0, 1.6))
    return run(train_loss=np.interp(t(60), (0, 0.33, 1), (2.3, 0.5, 0.5 * (1 + share))), val_loss=val)


def _error_rises(points: float) -> Run:
    """A score alone, whose wrong answers rise."""
    return run(val_accuracy=1 - np.interp(t(60), (0, 0.33, 1), (0.5, 0.1, 0.1 + points)))


def _second(rise: float, train: float = 0.6) -> Run:
    return run(train_loss=[1.2, 1.2 * train], val_loss=[1.0, 1 + rise])


def _boosted(best: float, rate: float | None = None) -> Run:
    """Trees whose validation is best at a round."""
    n = 200
    val = 0.3 + np.abs(np.arange(n) - round(best)) / 400
    known: dict[str, ParamValue] = {"library": "lightgbm", "model": "tree"}
    if rate is not None:
        known["lr"] = rate
    return run(known, train_loss=settles(0.69, 0.01, n, 8.0), val_loss=val)


def _unrelated(share: float) -> Run:
    """Both begin at a guess among two; validation stays there, and training ends at a share of it."""
    guess = math.log(2)
    return run(train_loss=guess * settles(1.0, share, N, 5.0), val_loss=np.full(N, guess) + 1e-3 * t(N))


def _begins(times: float) -> Run:
    guess = times * math.log(2)
    return run(train_loss=guess * settles(1.0, 0.1, N, 5.0), val_loss=np.full(N, guess) + 1e-3 * t(N))


HELD_OUT = (
    Threshold("not-learning", "what training learns beside validation that stays at a guess", _unrelated, 0.1,
        0.9, 0.496, word="labels"),
    Threshold("not-learning", "how near a guess both begin", _begins, 1.0, 1.1, 1.03, word="labels"),

    Threshold("dataset-too-small", "what training keeps of its start", lambda p: memorizing(p, 0.6), 0.005,
        0.2,
        0.0367),
    Threshold("dataset-too-small", "what validation keeps of it", lambda p: memorizing(0.01, p), 0.05, 0.7,
        0.22),
    Threshold("dataset-too-small", "samples, in decades",
        lambda p: memorizing(0.01, 0.6, {"n_train": round(10**p)}), 2.0, 6.0, 3.92),
    Threshold("dataset-too-small", "few samples", lambda p: memorizing(0.11, 0.7, {"n_train": round(p)}), 500,
        9000, 3e+03),
    Threshold("dataset-too-small", "what validation keeps of it where samples are few",
        lambda p: memorizing(0.01, p, {"n_train": 500}), 0.02, 0.4, 0.0658),
    Threshold("dataset-too-small", "points where samples are few",
        lambda p: memorizing(0.11, 0.7, {"n_train": 500}, round(p)), 5, 20, 7.5, 0.05),
    Threshold("overfitting", "rise that is a warning", _turned, 0.0, 0.4, 0.108),
    Threshold("overfitting", "rise that is worth knowing", _turned, 0.0, 0.4, 0.0542, info=True),
    Threshold("overfitting", "by how much training climbs", _training_climbs, 0.0, 0.2, 0.0208),
    Threshold("overfitting", "wrong answers that rise", _error_rises, 0.0, 0.1, 0.0217, info=True),
    Threshold("overfitting", "rise of a second epoch", _second, 0.05, 0.6, 0.25),
    Threshold("overfitting", "what training falls by in a second epoch", lambda p: _second(0.5, p), 0.5,
        1.0, 0.9),
    Threshold("overfitting", "best round at which the rate is too steep", lambda p: _boosted(p, 0.3), 2, 60,
        24.5,
        0.05, word="lower-lr"),
    Threshold("overfitting", "rate that is steep", lambda p: _boosted(10, p), 0.05, 0.5, 0.2,
        word="lower-lr"),
    Threshold("overfitting", "best round where no rate is known", _boosted, 2, 30, 7.5, 0.06,
        word="lower-lr"),
)  # fmt: skip


@pytest.mark.parametrize("it", (*CLASSES, *TARGETS, *HELD_OUT), ids=lambda it: f"{it.condition}-{it.what}")
def test_what_is_said_flips_where_its_threshold_lies(it: Threshold) -> None:
    it.check()
