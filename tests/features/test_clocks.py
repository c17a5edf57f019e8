"""Where the points of several curves lie between the run's start and its end."""

from __future__ import annotations

import numpy as np
import pytest

from curvedoctor.features.case import build
from curvedoctor.model import Curve, Granularity, Role, Run


def logged(name: str, steps: list[int], granularity: Granularity) -> Curve:
    y = np.geomspace(2.0, 1.0, len(steps))
    role = Role("train", "loss", "lower", granularity)
    return Curve(name, name, np.array(steps), y, np.full(len(steps), np.nan), role, "step")


@pytest.mark.parametrize(
    ("steps", "granularity", "ends"),
    [
        (list(range(1, 11)), "epoch", 1.0),  # epochs, whatever the axis is called
        ([1, 2], "epoch", 1.0),
        (list(range(1, 25)), "epoch", 1.0),
        (list(range(1, 11)), "step", 0.1),  # a curve per step that broke off
        (list(range(1, 31)), "epoch", 0.3),  # too many for epochs of so few steps
        (list(range(10, 101, 10)), "epoch", 1.0),  # logged at the step at which an epoch ended
        (list(range(2, 22, 2)), "epoch", 0.2),
    ],
)
def test_a_curve_that_counts_epochs_lasts_as_long_as_the_run(
    steps: list[int], granularity: Granularity, ends: float
) -> None:
    batches = logged("batch_loss", list(range(101)), "step")
    (case,) = build([Run("r", "r", "g", (batches, logged("loss", steps, granularity)))])
    assert case.series["loss"].x[-1] == pytest.approx(ends, abs=0.02)
    assert case.series["batch_loss"].x[-1] == 1.0
