"""Learning-rate range tests among the runs, with the picture's points."""

from __future__ import annotations

import numpy as np

from curvedoctor.compare.types import RangeTest
from curvedoctor.features.case import Case
from curvedoctor.readings import lr_range_test

#: points of the picture
POINTS = 160
RULES = ("start_of_descent", "steepest", "valley", "minimum_over_10")


def range_test(case: Case) -> RangeTest | None:
    """What the run suggests if it is a range test, else None."""
    reading = lr_range_test.read(case)
    if reading is None or case.lr is None or case.finest_train is None:
        return None
    rules = {name: float(v) for name in RULES if isinstance(v := reading.get(name), (int, float))}
    suggested = reading.get("suggested")
    return RangeTest(
        run=case.run.name,
        suggested=float(suggested) if isinstance(suggested, (int, float)) else None,
        rules=rules,
        points=_points(case),
        reason=str(reading.get("reason", "")),
    )


def _points(case: Case) -> tuple[tuple[float, float], ...]:
    """(lr, loss), at most POINTS of them, up to where the loss leaves what it began with far behind."""
    assert case.lr is not None
    assert case.finest_train is not None
    curve, lr = case.finest_train.curve, case.lr
    finite = np.isfinite(curve.values)
    sound = np.isfinite(lr.values) & (lr.values > 0)
    rate = np.exp(np.interp(curve.steps[finite], lr.steps[sound], np.log(lr.values[sound])))
    loss = curve.values[finite]
    start = float(np.median(loss[: max(3, len(loss) // 20)]))
    over = np.flatnonzero(loss > start + 0.6 * abs(start - float(loss.min())))
    end = int(over[0]) + 1 if len(over) and over[0] > np.argmin(loss) else len(loss)
    kept = np.unique(np.linspace(0, end - 1, min(POINTS, end)).astype(int))
    return tuple((float(rate[i]), float(loss[i])) for i in kept)
