"""Logs as people write them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from clinic.dataset import as_run, table
from clinic.habits import Habit, drawn, seen, written
from clinic.store import ClinicRun, load


@pytest.fixture(scope="module")
def runs() -> list[ClinicRun]:
    return load(final=False)[::25]


@pytest.fixture(scope="module")
def plain(runs: list[ClinicRun]) -> ClinicRun:
    """A run with accuracies and some epochs, nothing odd about its log."""
    return next(r for r in runs if "val_acc" in r.raw and r.config.epochs >= 16 and not r.config.log_fault
                and not r.config.probe and r.facts["loss_name"] in ("cross_entropy", "bce"))  # fmt: skip


@pytest.mark.parametrize("copy", range(4))
def test_everybody_leaves_a_log_that_is_read(runs: list[ClinicRun], copy: int) -> None:
    for run in runs:
        habit = drawn(run, copy)
        assert habit == drawn(run, copy)
        curves, _ = written(run, habit)
        assert curves
        for steps, values in curves.values():
            assert len(steps) == len(values) > 0
        assert as_run(run, habit=habit).curves


def test_short_logs_are_as_common_as_long_ones(runs: list[ClinicRun]) -> None:
    lengths = [max(len(s) for s, _ in written(r, drawn(r, k))[0].values()) for r in runs for k in range(3)]
    count = Counter("short" if n <= 15 else "long" for n in lengths)
    assert 0.3 < count["short"] / len(lengths) < 0.75


@pytest.mark.parametrize(("unit", "tag", "of"), [
    ("percent", "Accuracy/val", lambda v: 100 * v), ("error", "error/val", lambda v: 1 - v)])  # fmt: skip
def test_units_of_accuracy(plain: ClinicRun, unit: str, tag: str, of: object) -> None:
    curves, _ = written(plain, Habit(style="writer", unit=unit))
    np.testing.assert_allclose(curves[tag][1], of(plain.raw["val_acc"].astype(float)))  # type: ignore[operator]


def test_perplexity_is_the_exponential_of_the_loss(plain: ClinicRun) -> None:
    curves, _ = written(plain, Habit(style="writer", unit="perplexity"))
    np.testing.assert_allclose(curves["perplexity/val"][1], np.exp(plain.raw["val_loss"].astype(float)))
    assert "Loss/val" not in curves


@pytest.mark.parametrize("every", [2, 5])
def test_validation_now_and_then(plain: ClinicRun, every: int) -> None:
    curves, _ = written(plain, Habit(style="writer", every=every))
    assert list(curves["Loss/val"][0]) == list(range(every - 1, plain.config.epochs, every))
    assert len(curves["Loss/train"][0]) == plain.config.epochs


def test_running_means_start_again_every_epoch(plain: ClinicRun) -> None:
    curves, _ = written(plain, Habit(style="hf", running=True))
    steps, values = curves["train/loss"]
    raw = plain.raw["step_loss"].astype(float)
    epoch = (steps // plain.config.steps_per_epoch).astype(int)
    first = np.flatnonzero(np.diff(epoch, prepend=-1))
    np.testing.assert_allclose(values[first], raw[first])
    assert values[first[1] - 1] == pytest.approx(raw[: first[1]].mean())


def test_one_split_alone(plain: ClinicRun) -> None:
    train, _ = written(plain, Habit(style="mlflow", only="train"))
    held, _ = written(plain, Habit(style="mlflow", only="validation"))
    assert "train_loss" in train
    assert not any("val" in t for t in train)
    assert "val_loss" in held
    assert not any("train" in t for t in held)


def test_a_killed_run_has_its_rest_before_it(plain: ClinicRun) -> None:
    n = plain.config.epochs
    falling = np.geomspace(1.0, 0.1, n).astype(np.float32)
    run = replace(
        plain, raw=plain.raw | {"val_loss": falling}, verdicts={"train-longer": False, "lower-lr": None}
    )
    cut = Habit(style="writer", killed=0.5)
    assert len(written(run, cut)[0]["Loss/val"][0]) == -(-n // 2)
    assert seen(run, cut).helps("train-longer") is True
    assert seen(run, cut).helps("stop-early") is False
    assert seen(run, Habit()).helps("train-longer") is False
    flat = replace(run, raw=plain.raw | {"val_loss": np.full(n, 0.3, np.float32)})
    assert seen(flat, cut).helps("train-longer") is False
    turned = replace(run, raw=plain.raw | {"val_loss": falling[::-1].copy()})
    assert seen(turned, cut).helps("stop-early") is True


def test_wrong_parameters_are_wrong_in_some_places_only(plain: ClinicRun) -> None:
    right = written(plain, Habit(level="full"))[1]
    wrong = written(plain, Habit(level="wrong"))[1]
    assert set(wrong) == set(right)
    assert 1 <= sum(wrong[k] != right[k] for k in right) <= 2


def test_every_copy_of_a_run_is_a_row_of_its_own(runs: list[ClinicRun]) -> None:
    some = runs[:12]
    usual, written_out = table(some, 3), table(some, 3, habits=True)
    assert usual.rows.shape == written_out.rows.shape
    assert usual.tasks == written_out.tasks
    assert not np.array_equal(usual.rows, written_out.rows, equal_nan=True)
    assert np.array_equal(table(some, 3, habits=True).rows, written_out.rows, equal_nan=True)
