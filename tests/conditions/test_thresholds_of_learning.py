"""Where the thresholds of what never learns lie: families of runs with one number, bisected until what is
said of them flips (as in `test_thresholds`)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from conditions.test_thresholds import Threshold, alternating, t
from conditions.test_thresholds_further import settles
from conditions.test_thresholds_of_progress import rough
from curvedoctor.conditions.examples import run
from curvedoctor.conditions.measures.proportions import entropy
from curvedoctor.model import ParamValue, Run

N = 60
TEN: dict[str, ParamValue] = {"loss": "cross-entropy", "n_classes": 10}
LN10 = math.log(10)


def _still_score(wrong: float) -> Run:
    """A score alone that is the same all through, to many digits."""
    return run(val_accuracy=np.full(30, 1 - wrong + 1e-5 / 3))


def _still_loss(share: float) -> Run:
    """A loss that is the same all through, at a share of an untrained model's."""
    return run(TEN, train_loss=np.full(30, share * LN10), val_loss=np.full(30, share * LN10))


def _few(swing: float, n: int = 5) -> Run:
    y = LN10 * (1 + 0.5 * swing * alternating(n))
    return run(TEN, train_loss=y)


def _unseen(swing: float, wrong: float = 0.9) -> Run:
    """Losses of an unknown kind that move by a share of their level."""
    y = 0.4 * (1 + 0.5 * swing * alternating(N))
    return run(train_loss=y, val_loss=y, val_accuracy=1 - wrong + 1e-3 * alternating(N))


def _near(fall: float) -> Run:
    """The loss falls by a share of an untrained model's, in noise."""
    y = LN10 * (1.0 - fall * t(N)) * (1 + 0.005 * alternating(N) * (1 + 0.2 * t(N)))
    return run(TEN, train_loss=y, val_loss=y)


def _guesses(right: float, loss: float = 0.99, train: float | None = None) -> Run:
    """So many of ten classes are right at the end, beside a loss at a share of a guess's."""
    y = LN10 * settles(1.3, loss, N) * rough()
    score = right + 0.002 * alternating(N)
    more = {} if train is None else {"train_accuracy": settles(0.1, train, N)}
    return run(TEN, train_loss=y, val_loss=y, val_accuracy=score, **more)


def _best_of_two(right: float, loss: float = 1.2) -> Run:
    """The share of right answers among two classes; the loss is of no known kind, and does not fall."""
    y = loss * math.log(2) * rough()
    y[0] *= 1.2
    score = right + 1e-3 * alternating(N)
    return run({"n_classes": 2, "loss": "bce"}, train_loss=y, val_loss=y, val_accuracy=score)


def _never_below(share: float) -> Run:
    """Both losses fall from high above to a share of a guess's."""
    y = LN10 * settles(2.0, share, N, 8.0) * rough(N, 1e-4)
    return run(TEN, train_loss=y, val_loss=y)


def _fitted(share: float, val: float = 1.0, samples: int = 5000, n: int = N) -> Run:
    """Training ends at a share of a guess's loss, validation never gets below a share of it."""
    known: dict[str, ParamValue] = {**TEN, "n_train": samples}
    held = LN10 * (val + 0.002 * np.linspace(0, 1, n))
    return run(known, train_loss=LN10 * settles(1.0, share, n), val_loss=held)


def _one_answer(wrong: float = 0.4, times: float = 1.0) -> Run:
    """The same share of right answers at every point; the loss falls to a multiple of a constant answer's."""
    y = times * entropy(wrong) * settles(1.5, 1.0, N)
    return run({"loss": "bce"}, train_loss=y, val_loss=y, val_accuracy=np.full(N, 1 - wrong))


LEARNING = (
    Threshold("not-learning", "wrong answers of a score that never moved", _still_score, 0.05, 0.45, 0.3),
    Threshold(
        "not-learning", "a loss that never moved, over an untrained model's", _still_loss, 0.3, 0.99, 0.8
    ),
    Threshold("not-learning", "range of a few points", _few, 0.0, 0.02, 0.00501),
    Threshold("not-learning", "few points", lambda p: _few(0.02, round(p)), 4, 20, 7.5, 0.05),
    Threshold("not-learning", "range that nobody sees", _unseen, 0.0005, 0.02, 0.003),
    Threshold("not-learning", "wrong answers beside it", lambda p: _unseen(0.001, p), 0.05, 0.9, 0.3),
    Threshold("not-learning", "fall at the level of an untrained model", _near, 0.0, 0.06, 0.0289),
    Threshold(
        "not-learning",
        "right answers of two classes",
        _best_of_two,
        0.5,
        0.7,
        0.581,
        word="no better than guessing",
    ),
    Threshold(
        "not-learning",
        "how far training gets beside them",
        lambda p: _guesses(0.1, train=p),
        0.1,
        0.8,
        0.37,
        word="reaches",
    ),
    Threshold(
        "not-learning", "loss over a guess's that is never better", _never_below, 0.9, 1.05, 0.985, 0.004
    ),
    Threshold(
        "not-learning",
        "validation over a guess's while training learns",
        lambda p: _fitted(0.7, p),
        0.9,
        1.0,
        0.984,
        0.004,
    ),
    Threshold(
        "not-learning", "validation over a guess's, highest", lambda p: _fitted(0.7, p), 1.0, 1.6, 1.21
    ),
    Threshold("not-learning", "what training learns", _fitted, 0.8, 1.0, 0.931, 0.01, word="labels"),
    Threshold(
        "not-learning", "samples that it learns from", lambda p: _fitted(0.7, samples=round(p)), 20, 400, 99.5
    ),
    Threshold(
        "not-learning",
        "points of validation",
        lambda p: _fitted(0.7, n=round(p)),
        5,
        20,
        7.5,
        0.05,
        word="labels",
    ),
    Threshold("not-learning", "wrong answers of one answer for all", _one_answer, 0.1, 0.45, 0.25),
    Threshold("not-learning", "loss of one answer for all", lambda p: _one_answer(times=p), 0.8, 1.0, 0.95),
)


@pytest.mark.parametrize("it", LEARNING, ids=lambda it: f"{it.condition}-{it.what}")
def test_what_is_said_flips_where_its_threshold_lies(it: Threshold) -> None:
    it.check()
