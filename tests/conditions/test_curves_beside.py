"""What a curve beside the judged one says: an accuracy beside a recall of zero,
a gradient norm before NaN."""

from __future__ import annotations

import numpy as np
import pytest

from curvedoctor.conditions.base import all_conditions
from curvedoctor.conditions.examples import falling, run
from curvedoctor.conditions.measures.proportions import entropy
from curvedoctor.features.case import build
from curvedoctor.model import Curve, Finding, Floats, Role, Run

SEEDS = range(8)


def said(condition: str, made: Run) -> Finding | None:
    result = all_conditions()[condition].check(build([made])[0])
    return result if isinstance(result, Finding) and result.severity != "info" else None


def _with_score(made: Run, tag: str, values: Floats) -> Run:
    steps, times = np.arange(len(values), dtype=np.int64), np.full(len(values), np.nan)
    curve = Curve(tag, tag, steps, values, times, Role("val", "accuracy", "higher", "epoch"), "epoch")
    return Run(made.name, made.source, made.group, (curve, *made.curves), made.params)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("tag", ["val/recall", "val/f1"])
@pytest.mark.parametrize(("floor", "always"), [(1.02, True), (0.5, False)])
def test_a_recall_of_zero_beside_one_accuracy(seed: int, tag: str, floor: float, always: bool) -> None:
    """One answer for every input where the loss is what that costs;
    a metric at fault where the loss is far below it."""
    rng = np.random.default_rng(seed)
    share = float(rng.uniform(0.55, 0.78))
    loss = falling(rng, 30, 2.5, floor * entropy(1 - share), 14, 0.004)
    made = run({"loss": "bce"}, train_loss=loss, val_loss=loss, val_accuracy=np.full(30, share))
    made = _with_score(made, tag, np.zeros(30))
    assert (said("class-imbalance", made) is not None) is (always and share > 0.56)
    assert (said("metric-bug", made) is None) is always


def _lost(gradient: Floats, at: int = 60) -> Run:
    loss = np.concatenate((np.linspace(2.0, 1.0, at), np.full(20, np.nan)))
    return run(train_loss=loss, grad_norm=gradient)


@pytest.mark.parametrize(("times", "named"), [(29.0, False), (31.0, True), (1e6, True)])
def test_a_gradient_that_exploded_before_nan_is_named(times: float, named: bool) -> None:
    gradient = np.concatenate((np.full(59, 2.0), [2.0 * times], np.full(20, np.nan)))
    found = said("non-finite", _lost(gradient))
    assert found is not None
    assert ("the gradient norm had risen to" in found.summary) is named
    assert ("at epoch 59, from 2" in found.summary) is named
    assert ("grad_norm" in found.curves) is named


def test_a_gradient_that_exploded_afterwards_explains_nothing() -> None:
    gradient = np.concatenate((np.full(65, 2.0), np.full(15, 1e5)))
    found = said("non-finite", _lost(gradient))
    assert found is not None
    assert "gradient" not in found.summary
