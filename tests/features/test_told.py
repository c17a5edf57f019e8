"""How a curve's ends are told: a logged value, or a level that says that it is one."""

from __future__ import annotations

import numpy as np
import pytest

from curvedoctor.conditions.examples import run
from curvedoctor.features import told
from curvedoctor.features.case import build
from curvedoctor.features.series import Series
from curvedoctor.model import Floats


def series(values: Floats, name: str = "val_loss") -> Series:
    (case,) = build([run(**{name: np.asarray(values, dtype=float)})])
    return next(iter(case.series.values()))


@pytest.mark.parametrize("n", range(3, told.FEW + 1))
def test_of_few_points_the_outermost_are_told(n: int) -> None:
    y = np.geomspace(2.0, 0.02, n)
    y[-1] = 0.9  # far above what a mean over the end gives
    s = series(y)
    assert told.last(s) == "0.9"
    assert told.first(s) == "2"
    assert told.last_value(s) == s.stats.last


@pytest.mark.parametrize("off", [0.5, 0.9, 1.1, 2.0])
def test_a_last_point_off_its_level_is_not_told_for_it(off: float) -> None:
    y = np.full(2000, 0.4)
    y[-1] *= off
    s = series(y)
    assert told.last(s) == f"around {s.stats.end:.3g}"
    assert told.last_value(s) == s.stats.end
    assert told.first(s) == "0.4"


@pytest.mark.parametrize("off", [0.96, 0.99, 1.01, 1.04])
def test_a_last_point_near_its_level_is_told(off: float) -> None:
    y = np.full(2000, 0.4)
    y[-1] *= off
    assert told.last(series(y)) == f"{0.4 * off:.3g}"


def test_a_score_is_told_as_it_was_logged() -> None:
    percents = np.r_[np.linspace(10, 91.5, 40), 91.7]
    assert told.last(series(percents, "val_accuracy")) == "91.7"
    assert told.last(series(percents / 100, "val_accuracy")) == "0.917"


def test_beside_another_level_a_point_must_be_as_far_from_it() -> None:
    """Best 0.40, level 0.42, last point 0.405: "ends 1 % above" would be true of one point alone."""
    y = np.r_[0.9, 0.40, np.full(500, 0.42)]
    y[-1] = 0.405
    s = series(y)
    assert told.last(s) == "0.405"
    assert told.last(s, over=0.40) == f"around {s.stats.end:.3g}"
