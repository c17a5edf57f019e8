"""Folds and seeds are repeats; runs of one setting that end far apart differ in what is not logged."""

from __future__ import annotations

import numpy as np
import pytest

from compare.grids import World, descent, grid, run, undiagnosed
from curvedoctor.compare.analyze import compare
from curvedoctor.compare.formats import as_html, as_table
from curvedoctor.model import ParamValue, Run
from curvedoctor.reports.base import OutputStyle

SETTING: dict[str, ParamValue] = {"lr": 0.03, "batch_size": 32, "epochs": 20, "optimizer": "adam"}


def told(*runs: Run) -> str:
    return " ".join("".join(as_table.render(compare(undiagnosed(runs)), OutputStyle(100, False))).split())


def ending(name: str, end: float, **params: ParamValue) -> Run:
    y = descent(World(floor=end, noise=0.0), 0.03, 32, 20, np.random.default_rng(len(name)))
    return run(name, {**SETTING, **params}, val_loss=y, train_loss=0.9 * y)


@pytest.mark.parametrize("name", ["fold_{}", "exp/fold{}/version_0", "log.csv/fold {}", "cv={}", "Fold-{}"])
@pytest.mark.parametrize("logged", [True, False])
def test_folds_are_repeats_of_one_setting(logged: bool, name: str) -> None:
    """Logged, or in the names only; their sizes differ by a sample."""
    ends = (0.2, 0.35, 0.25, 0.5)
    runs = [
        ending(name.format(k), end, n_train=800 + k % 2, n_val=200 - k % 2, **({"fold": k} if logged else {}))
        for k, end in enumerate(ends)
    ]
    text = told(*runs)
    assert "One setting, repeated (fold 0 … 3)" in text
    assert "matters" not in text
    assert "not logged" not in text


def test_the_same_folds_are_compared_with_each_other() -> None:
    runs = [
        ending(f"lr{lr}_cv{k}", end * share, lr=lr, n_train=800 + k % 2)
        for lr, share in ((0.01, 1.0), (0.03, 0.7))
        for k, end in enumerate((0.2, 0.5, 0.9))
    ]
    (group,) = compare(undiagnosed(runs)).groups
    (factor,) = group.factors
    assert (factor.name, factor.best, factor.effects[0].pairs) == ("lr", 0.03, 3)
    assert factor.effects[0].ratio == pytest.approx(1 / 0.7, rel=0.05)


@pytest.mark.parametrize("extra", [{}, {"seed": 1}])
def test_what_differs_unlogged_is_said(extra: dict[str, ParamValue]) -> None:
    text = told(ending("broken", 1.5), ending("sound", 0.3, **extra), ending("faster", 0.3, lr=0.1))
    assert "Something that is not logged differs: broken ended at" in text
    assert "Next: find what differs there and log it" in text
    assert "lies" not in text


def test_seeds_that_differ_as_seeds_do_are_no_such_thing() -> None:
    runs = grid(World(noise=0.05), [0.01, 0.03, 0.1], seeds=range(6))
    assert "not logged differs" not in told(*runs)


def test_next_is_one_step_and_the_six_are_folded() -> None:
    found = compare(undiagnosed(grid(World(best=1.0), [0.001, 0.003, 0.01])))
    assert "Step" not in repr(found)
    assert len(found.next) < 120
    assert "Next: lr" in repr(found)
    page = as_html.render(found)
    assert "<details>" in page
    assert "six steps" not in found._repr_html_()
