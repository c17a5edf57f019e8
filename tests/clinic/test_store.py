"""The stored runs: readable without JAX, complete, and consistent with themselves."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from clinic.config import lr_curve
from clinic.render import LEVELS, STYLES, render
from clinic.split import FINAL, is_final
from clinic.store import ClinicRun, load

ACTIONS = {
    "lower-lr", "raise-lr", "add-warmup", "decay-later", "decay-lr", "fix-schedule", "clip-gradients",
    "change-optimizer", "change-loss", "train-longer", "stop-early", "regularize", "reduce-regularization",
    "more-data", "bigger-model", "smaller-model", "bigger-batch", "shuffle", "fix-init", "fix-activation",
    "normalize-input", "clean-data", "rebalance-classes", "more-validation-data", "fix-metric", "check-split",
    "fix-logging", "overfit-one-batch", "run-lr-range-test",
}  # fmt: skip


@pytest.fixture(scope="module")
def runs() -> list[ClinicRun]:
    return load(final=False)


def test_reading_needs_numpy_only() -> None:
    code = (
        "import sys; from clinic.store import load; r = load(final=False)[0]; r.curves; r.params;"
        "assert not {'jax', 'sklearn', 'scipy'} & set(sys.modules), 'heavy import'"
    )
    examples = Path(__file__).parents[2] / "examples"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=examples)


def test_enough_runs_of_every_sort(runs: list[ClinicRun]) -> None:
    assert len(runs) >= 600
    assert sum(r.healthy is True for r in runs) >= 100
    assert len({r.task for r in runs}) >= 12
    assert {r.modality for r in runs} == {"tabular", "signal", "image", "text"}
    assert len({r.fault for r in runs}) >= 30
    assert len({r.id for r in runs}) == len(runs)


def test_the_held_out_part_is_apart() -> None:
    assert len(FINAL) >= 4
    held = load(final=True)
    assert {r.task for r in held} == set(FINAL)
    assert not any(is_final(r.task) for r in load(final=False))
    assert {r.modality for r in held} == {"tabular", "signal", "image", "text"}


def test_verdicts_agree_with_outcomes(runs: list[ClinicRun]) -> None:
    for run in runs:
        assert set(run.verdicts) <= ACTIONS
        for action, variants in run.outcomes.items():
            helped = [v["helps"] for v in variants]
            expected = True if True in helped else None if None in helped else False
            assert run.helps(action) is expected, (run.id, action)
        if run.healthy:
            assert not run.sick
            assert max(v["gain"] for rows in run.outcomes.values() for v in rows) < 0.1


def test_curves_cover_the_training(runs: list[ClinicRun]) -> None:
    for run in runs:
        assert len(run.raw["train_loss"]) == len(run.raw["val_loss"]) == run.config.epochs
        assert len(run.lr) == run.config.steps
        assert run.config.epochs >= 2
        if run.healthy:
            assert np.isfinite(run.raw["train_loss"]).all(), run.id


def test_plateau_lr_only_falls(runs: list[ClinicRun]) -> None:
    for run in runs:
        if run.config.schedule == "plateau":
            assert (np.diff(run.lr) <= 0).all()
        elif not run.config.probe:
            assert run.lr == pytest.approx(lr_curve(run.config), rel=1e-5)


@pytest.mark.parametrize("style", sorted(STYLES))
@pytest.mark.parametrize("level", LEVELS)
def test_every_style_renders_every_run(runs: list[ClinicRun], style: str, level: str) -> None:
    for run in runs[:: max(1, len(runs) // 60)]:
        curves, params = render(run, style, level)
        assert curves
        for steps, values in curves.values():
            assert len(steps) == len(values) > 0
            if run.config.log_fault not in ("overlap", "mixed-tag"):
                assert (np.diff(steps) > 0).all()
        assert bool(params) == (level != "none")
        if level == "some":
            assert set(params) == {"lr", "batch_size", "epochs", "optimizer"}
        again, _ = render(run, style, level)
        assert all(np.array_equal(again[t][1], curves[t][1], equal_nan=True) for t in curves)


def test_styles_and_levels_are_mixed(runs: list[ClinicRun]) -> None:
    styles = Counter(r.style for r in runs)
    assert set(styles) == set(STYLES)
    assert min(styles.values()) > 0.08 * len(runs)
    assert {r.level for r in runs} == set(LEVELS)


def test_metric_bugs_show(runs: list[ClinicRun]) -> None:
    stuck = [r for r in runs if r.config.metric == "argmax"]
    for run in stuck:
        assert np.ptp(run.raw["val_acc"]) == 0
        assert run.helps("fix-metric") is not False
