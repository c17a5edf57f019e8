"""Rules of thumb, as agents are given them by other projects' tables: the baseline of suggestions."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from clinic.score import Answer
from curvedoctor.model import Curve, Floats, Run

#: validation this many times training: overfitted
OVERFITTED = 1.2
#: the last half gains less than this share: stuck; ends this many times above the first: diverged
STUCK, DIVERGED = 0.01, 1.5
#: confidence that such a table has, as it names none
SURE = 0.5


def rule_table(run: Run) -> Answer:
    """Diverged: lr × 0.1. Overfitted: weight decay × 10. Stuck: a smaller lr. Else nothing."""
    losses = [c for c in run.curves if c.role.quantity == "loss" and len(c) > 1]
    train = _first(losses, ("train", "none"))
    val = _first(losses, ("val", "test"))
    one = train if train is not None else val
    if one is None:
        return Answer(False)
    if not np.isfinite(one).all() or one[-1] > DIVERGED * one[0]:
        return Answer(True, (("lower-lr", SURE),))
    if train is not None and val is not None and val[-1] > OVERFITTED * train[-1]:
        return Answer(True, (("regularize", SURE), ("stop-early", SURE)))
    if one[len(one) // 2] - one[-1] < STUCK * abs(one[len(one) // 2]):
        return Answer(True, (("lower-lr", SURE),))
    return Answer(False)


def _first(curves: Iterable[Curve], splits: tuple[str, ...]) -> Floats | None:
    return next((c.values for split in splits for c in curves if c.role.split == split), None)


def always(action: str | None) -> Answer:
    """A trivial answer."""
    return Answer(action is not None, ((action, SURE),) if action else ())
