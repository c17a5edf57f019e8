"""Loaders of other people's curves, on made-up files of the same form."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clinic.outside import deepobs, lcbench, load, taskset
from clinic.outside.record import as_run, judged


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_bytes(lzma.compress("\n".join(json.dumps(r) for r in rows).encode()))


def falling(end: float | None, n: int = 20) -> list[float | None]:
    return [
        None if end is None and i > 2 else float(v) for i, v in enumerate(np.geomspace(2.3, end or 9.0, n))
    ]


@pytest.mark.parametrize("best", [1e-3, 1e-1])
def test_a_grid_of_rates_says_which_way_to_go(tmp_path: Path, best: float) -> None:
    rates = [10 ** (k / 5) for k in range(-25, 11)]
    rows = []
    for lr in rates:
        off = abs(np.log10(lr / best))
        end = None if lr > 30 * best else 0.2 * 3**off
        rows.append({"task": "made_up", "seed": 42,
            "curves": {"train_loss": falling(end), "val_loss": falling(end)},
                     "params": {"lr": lr, "optimizer": "sgd", "batch_size": 64, "epochs": 20,
                         "weight_decay": None}})  # fmt: skip
    write(tmp_path / "deepobs.jsonl.xz", rows)
    runs = deepobs.load(tmp_path)
    assert len(runs) == len(rates)
    for run in runs:
        off = np.log10(run.params["lr"] / best)
        if abs(off) < 0.1:
            assert run.healthy is True
        elif off > 0.4:
            assert run.helps("lower-lr") and not run.helps("raise-lr")
        elif off < -0.4:
            assert run.helps("raise-lr") and not run.helps("lower-lr")
        assert run.helps_at(best) is bool(abs(off) > 0.1)
        assert run.helps_at(1000 * rates[-1]) is None
        assert run.helps("more-data") is None
        assert {c.role.split for c in as_run(run).curves} == {"train", "val"}


def test_neighbours_that_differ_in_one_setting_are_remedies(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(120):
        lr = 10 ** rng.uniform(-6, 0)
        end = 0.05 * 2.5 ** abs(np.log10(lr / 1e-3)) * rng.uniform(0.99, 1.01)
        params = {"learning_rate": lr, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "l1": 1e-8, "l2": 1e-8,
                  "linear_decay": 1e-7, "exponential_decay": 1e-7}  # fmt: skip
        curve = falling(min(end, 2.2), 51)
        rows.append({"task": "FixedTextRNNClassification_x", "params": params,
                     "curves": {"train_loss": curve, "val_loss": curve, "test_loss": curve}})  # fmt: skip
    write(tmp_path / "taskset.jsonl.xz", rows)
    runs = taskset.load(tmp_path)
    slow = [r for r in runs if 1e-5 < r.params["learning_rate"] < 1e-4]
    fast = [r for r in runs if r.params["learning_rate"] > 3e-2]
    assert slow
    assert fast
    assert all(r.helps("raise-lr") is True for r in slow)
    assert all(r.helps("lower-lr") is True for r in fast)
    assert not any(r.helps("lower-lr") for r in slow)


def test_who_reached_the_target_is_not_sick(tmp_path: Path) -> None:
    rows = []
    for trial, (decay, end) in enumerate(((0.01, 0.4), (0.1, 0.2))):
        for study in range(5):
            curve = falling(end * (1 + 0.01 * study), 12)
            rows.append({"task": "made_jax",
                         "trial": f"external/somebody/study_{study}/made_jax/trial_{trial}",
                         "steps": list(range(1, 1201, 100)), "metric": "wer", "target": 0.25,
                         "reached": end < 0.25,
                         "params": {"weight_decay": decay, "learning_rate": 1e-3},
                         "curves": {"train/wer": curve, "validation/wer": curve,
                             "test/wer": curve}})  # fmt: skip
    write(tmp_path / "algoperf.jsonl.xz", rows)
    runs = load(tmp_path)  # the other sources are not there
    assert {r.source for r in runs} == {"algoperf"}
    for run in runs:
        if run.params["weight_decay"] == 0.01:
            assert run.helps("regularize") is True
            assert run.healthy is False
        else:
            assert run.healthy is True
            assert not run.sick
        assert set(run.curves) == {"train/wer", "validation/wer"}


def test_the_surrogate_is_asked_inside_its_space_only() -> None:
    spaces = {"batch_size": (16, 512), "learning_rate": (1e-4, 0.1), "momentum": (0.1, 0.99),
        "weight_decay": (1e-5, 0.1),
              "num_layers": (1, 5), "max_units": (64, 1024), "max_dropout": (0, 1)}  # fmt: skip
    space = {n: {"lower": a, "upper": b} for n, (a, b) in spaces.items()}
    start = {"batch_size": 64.0, "learning_rate": 0.02, "momentum": 0.9, "weight_decay": 1e-4,
             "num_layers": 5.0,
             "max_units": 512.0, "max_dropout": 0.0}  # fmt: skip
    asked = list(lcbench.remedies(start, space))
    assert {a for a, _ in asked} >= {"lower-lr", "raise-lr", "bigger-model", "smaller-model", "regularize"}
    for action, changed in asked:
        moved = {k for k in start if changed[k] != start[k]}
        assert len(moved) == 1, action
        assert all(spaces[k][0] <= changed[k] <= spaces[k][1] for k in moved)


def test_repeats_widen_what_counts_as_sure() -> None:
    calm = judged([0.0, 0.01], {"lower-lr": [[-0.2, -0.21]]})[0]
    wild = judged([0.0, 0.9], {"lower-lr": [[-0.9, 0.6]]})[0]
    assert calm["lower-lr"] is True
    assert wild["lower-lr"] is None
