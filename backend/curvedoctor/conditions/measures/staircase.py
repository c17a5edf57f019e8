"""A training loss that steps down where each epoch begins and stays level between: samples are learnt by
heart.

Every sample is met once in an epoch. A model that remembers it does better at the next meeting, all at once;
one that learns what samples have in common gets better on the way.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from curvedoctor.features.blocks import median
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.features.statistics import MAD_TO_SIGMA

#: share of the level that each step must take, and how many times the fall within the epoch before
STEP, AGAINST = 0.12, 2.0
#: a step in units of the standard error of the two means beside it
CLEAR = 4.0
#: points that an epoch must have; epochs more than which nobody fine-tunes for on purpose
MIN_EPOCH_POINTS, MAX_EPOCHS = 8, 20


class Staircase(NamedTuple):
    """Levels before and after the first step."""

    train: Series
    before: float
    after: float
    steps: int


def staircase(case: Case) -> Staircase | None:
    """The steps of the training loss at the ends of epochs; None where it has none,
    or epochs are not known."""
    s, borders = case.train_step or case.train, _borders(case)
    if s is None or not borders or s.stats.low < 0:
        return None
    parts = [s.y[(s.x >= a) & (s.x < b)] for a, b in zip([-1.0, *borders], [*borders, 2.0], strict=True)]
    if min(map(len, parts)) < MIN_EPOCH_POINTS:
        return None
    steps = 0
    for before, after in pairwise(parts):
        k = max(4, len(before) // 4)
        down = float(before[-k:].mean() - after[:k].mean())
        within = float(after[:k].mean() - after[-k:].mean())
        spread = MAD_TO_SIGMA * median(np.abs(np.diff(after))) / np.sqrt(2)
        if down > max(STEP * float(before[-k:].mean()), AGAINST * within, CLEAR * spread * np.sqrt(2 / k)):
            steps += 1
    if steps < len(borders):
        return None
    k = max(4, len(parts[0]) // 4)
    return Staircase(s, float(parts[0][-k:].mean()), float(parts[1][:k].mean()), steps)


def _borders(case: Case) -> list[float]:
    """Where epochs end, as progress: evaluations once an epoch, or as many epochs as are configured."""
    epochs = case.number("epochs")
    if (
        case.val is not None
        and 2 <= case.val.stats.n <= MAX_EPOCHS
        and (epochs is None or abs(case.val.stats.n - epochs) <= 1)
    ):
        ends = [float(x) for x in case.val.x]
        return ends[:-1] if ends[-1] > 0.95 else ends
    if epochs is not None and 2 <= epochs <= MAX_EPOCHS:
        return [k / epochs for k in range(1, int(epochs))]
    return []
