"""Where the thresholds of what training learns and validation never does lie, whatever the classes: families
of runs with one number, bisected until what is said of them flips (as in `test_thresholds`)."""

from __future__ import annotations

import numpy as np
import pytest

from conditions.test_thresholds import Threshold, alternating, t
from curvedoctor.conditions.examples import run
from curvedoctor.model import Floats, Run

N = 60
ONE = "one answer for every input"


def held(
    right: float = 0.3, loss: float = 1.5, *, gains: float = 0.4, first: float | None = None,
    began: float | None = None, rises: float = 0.0, val: Floats | None = None,
) -> Run:  # fmt: skip
    """Validation is right in a share all through, at a loss that no number of classes explains and that
    training begins with, too; training gains right answers."""
    train = (loss if began is None else began) * np.linspace(1.0, 0.5, N)
    answers = (right if first is None else first) + gains * np.minimum(2 * t(N), 1.0)
    score = right + rises * t(N) + 0.002 * alternating(N)
    held_out = np.full(N, 1.0) if val is None else val
    return run(train_loss=train, val_loss=loss * held_out, train_accuracy=answers, val_accuracy=score)


def _dips(times: float) -> Run:
    """It begins and ends so many times above what it once was."""
    return held(0.3, 1.7, val=1 + (times - 1) * np.abs(2 * t(N) - 1))


def _comes_down(ends: float) -> Run:
    """From twice a guess's loss to it, and up again by a share."""
    return held(
        val=np.interp(t(N), (0, 0.2, 0.6, 1), (2.0, 1.0, 1.0, 1.0)) + ends * np.clip(4 * t(N) - 2.4, 0, 1)
    )


HOLDING = (
    Threshold("not-learning", "right answers that training gains", lambda p: held(gains=p), 0.05, 0.5, 0.2,
        word=ONE),
    Threshold("not-learning", "how far validation's get better", lambda p: held(rises=p), 0.0, 0.2, 0.05,
        word=ONE),
    Threshold("not-learning", "how far they lie above training's first",
        lambda p: held(0.33, 1.4, first=0.33 - p), 0.0, 0.2, 0.08, word=ONE),
    Threshold("not-learning", "right answers of one among several classes", lambda p: held(p, 1.2), 0.3, 0.43,
        0.4, word=ONE),
    Threshold("not-learning", "right answers of one among two classes",
        lambda p: held(0.5 + p, 0.75, gains=0.3), 0.0, 0.1, 0.06, word=ONE),
    Threshold("not-learning", "loss of one answer where classes are skewed",
        lambda p: held(0.3, p, began=2.0), 1.55, 1.95, 1.763, word=ONE),
    Threshold("not-learning", "how far it once was below its begin", _dips, 1.0, 1.3, 1.11, word=ONE),
    Threshold("not-learning", "how far it is below training's begin", lambda p: held(0.3, 1.7, began=p), 1.8,
        3.0, 2.27, word=ONE),
    Threshold("not-learning", "how far it ends below its begin", lambda p: held(val=1 - p * t(N)), 0.0, 0.1,
        0.015, word=ONE),
    Threshold("not-learning", "how far it turns that came down", _comes_down, 0.0, 0.1, 0.0244, word=ONE),
    Threshold("not-learning", "loss that no answer costs", lambda p: held(0.3, 1.4 * p, began=1.4), 1.2, 2.0,
        1.5, word="check-split"),
)  # fmt: skip


@pytest.mark.parametrize("it", HOLDING, ids=lambda it: f"{it.condition}-{it.what}")
def test_what_is_said_flips_where_its_threshold_lies(it: Threshold) -> None:
    it.check()
