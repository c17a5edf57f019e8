"""Details of single conditions that no example shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curvedoctor.conditions.examples import run
from curvedoctor.conditions.generalization import overfitting
from curvedoctor.conditions.learning_rate import schedule_fault
from curvedoctor.conditions.measurement import train_val_mismatch
from curvedoctor.conditions.progress import vanishing_gradient
from curvedoctor.conditions.stability import loss_spikes
from curvedoctor.features.case import build
from curvedoctor.model import Curve, Finding, Quantity, Role, Run, Split


@pytest.mark.parametrize(
    ("n", "lasting", "short"), [(400, 3, True), (400, 5, False), (1200, 11, True), (1200, 14, False)]
)
def test_how_long_a_spike_lasts(n: int, lasting: int, short: bool) -> None:
    """Three points, or a hundredth of the run."""
    y = 1 + 0.01 * np.random.default_rng(0).standard_normal(n)
    for at in range(n // 10, n - 50, n // 6):
        y[at : at + lasting] = 9.0
    s = build([run(train_loss_step=y)])[0].train_step
    assert s is not None
    assert (len(loss_spikes.spikes(s).at) > 0) is short


@pytest.mark.parametrize(("quantity", "paired"), [("loss", True), ("error", False)])
def test_losses_are_compared_with_losses_of_their_name(quantity: Quantity, paired: bool) -> None:
    def curve(tag: str, split: Split, of: Quantity) -> Curve:
        y = np.geomspace(2, 1, 40)
        return Curve(
            tag, tag, np.arange(40), y, np.full(40, np.nan), Role(split, of, "lower", "epoch"), "epoch"
        )

    (case,) = build([Run("r", "r", "g", (
        curve("train/loss", "train", "loss"), curve("val/loss", "val", "loss"),
        curve("train/obj", "train", "loss"), curve("val/obj", "val", quantity),
    ))])  # fmt: skip
    assert case.val is not None
    assert [(a.curve.id, b.curve.id) for a, b in overfitting._pairs(case, case.val)] == [("val/obj", "train/obj")] * paired  # fmt: skip


@pytest.mark.parametrize(("points", "told"), [(5, False), (6, True)])
def test_how_many_gradients_tell_that_they_vanish(points: int, told: bool) -> None:
    norm = build([run(train_loss=np.geomspace(2, 1, points), grad_norm=np.geomspace(1, 0.1, points))])[
        0
    ].grad_norm
    share = vanishing_gradient._grad_share(norm)
    assert (share is not None) is told


@pytest.mark.parametrize(("noise", "calm"), [(0.17, True), (0.24, False)])
def test_how_calm_training_is_beside_validation_that_explodes(noise: float, calm: bool) -> None:
    sigma = 1.4826 * 4 / 6**0.5
    train = np.linspace(1.0, 0.42, 61) + noise / sigma * np.tile([1.0, -1.0], 31)[:61]
    (case,) = build([run(train_loss=train, val_loss=np.full(61, 100.0))])
    assert (train_val_mismatch.exploding(case) is not None) is calm


@pytest.mark.parametrize(
    ("points", "fires"), [(schedule_fault.FEWEST - 1, True), (schedule_fault.FEWEST, False)]
)
def test_a_schedule_is_wrong_where_that_of_every_group_is(points: int, fires: bool) -> None:
    """Beside it a second group's rate that is constant; too few points of it say nothing."""
    made = schedule_fault.CONDITION.sick[0](np.random.default_rng(1))
    lr = next(c for c in made.curves if c.role.quantity == "lr")
    half = np.full(points, 0.5 * lr.values.max())
    other = replace(
        lr, id="lr/1", tag="lr/1", steps=lr.steps[:points], values=half, wall_times=lr.wall_times[:points]
    )
    (case,) = build([replace(made, curves=(*made.curves, other))])
    assert isinstance(schedule_fault.check(case), Finding) is fires
