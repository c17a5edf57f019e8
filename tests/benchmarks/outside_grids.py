"""Grids of learning rates that others trained; the files are public and stay outside (say where they lie).

deepobs.jsonl.xz: DeepOBS baselines (MIT), 36 rates × three optimizers × four tasks. model.onnx with
encoding.json: the LCBench surrogate of yahpo_data (Apache-2.0), asked for a grid of rates on each of its
tasks.
"""

from __future__ import annotations

import json
import lzma
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.trained_grids import Grid
from compare.grids import run
from curvedoctor.model import Run

#: last epochs whose median is the loss that a run really has
END = 5
#: learning rates of a surrogate's grid: two to three a decade
RATES = 10
#: which of the surrogate's curves are the validation and the test loss
VAL_LOSS, TEST_LOSS = 1, 2


def _end(values: np.ndarray) -> float:
    last = values[~np.isnan(values)][-END:]
    return float(np.median(last)) if len(last) and np.isfinite(values[-1]) else math.inf


def deepobs(folder: Path) -> Iterator[Grid]:
    """One grid per task and optimizer; the first seed of each rate."""
    grids: dict[str, dict[float, Run]] = {}
    truth: dict[str, float] = {}
    with lzma.open(folder / "deepobs.jsonl.xz", "rt") as lines:
        for line in lines:
            said = json.loads(line)
            lr = float(said["params"]["lr"])
            name = f"{said['task']}/{said['params']['optimizer']}"
            if lr in grids.setdefault(name, {}):
                continue
            curves = {key: np.array([math.nan if v is None else v for v in values], dtype=float)
                      for key, values in said["curves"].items()}  # fmt: skip
            val = next((key for key in ("valid_loss", "val_loss", "test_loss") if key in curves), None)
            if val is None:
                continue
            key = f"{name}/{lr:g}"
            logged = {"val_loss": curves[val]}
            if np.isfinite(curves["train_loss"]).sum() > 3:
                logged["train_loss"] = curves["train_loss"]
            params = {k: v for k, v in said["params"].items() if v is not None and k != "epochs"}
            grids[name][lr] = run(key, params, name, **logged)
            truth[key] = _end(curves[val])
    for name, by_lr in grids.items():
        if len(by_lr) >= 12:
            runs = [by_lr[lr] for lr in sorted(by_lr)]
            yield Grid(name, runs, {r.name: truth[r.name] for r in runs})


def lcbench(folder: Path, settings: int = 1, seed: int = 0) -> Iterator[Grid]:
    """The surrogate's grids: so many settings of each task, at ten rates each; true is the test loss,
    which is not logged."""
    from clinic.outside.lcbench import EPOCHS, SETTINGS, Surrogate, drawn

    surrogate = Surrogate(folder)
    space = surrogate.spaces["learning_rate"]
    rates = np.geomspace(float(space["lower"]), float(space["upper"]), RATES)
    for number, task in enumerate(surrogate.tasks):
        rng = np.random.default_rng([seed, number])
        for setting in (drawn(surrogate.spaces, rng) for _ in range(settings)):
            asked = [setting | {"learning_rate": float(f"{rate:.3g}")} for rate in rates]
            found = surrogate.curves(task, asked)
            name = f"{task}/{'-'.join(f'{setting[k]:.3g}' for k in SETTINGS if k != 'learning_rate')}"
            runs, truth = [], {}
            for one, curves in zip(asked, found, strict=True):
                params = {"lr": one["learning_rate"], "batch_size": int(one["batch_size"]),
                          "momentum": one["momentum"],
                          "weight_decay": one["weight_decay"], "optimizer": "sgd", "schedule": "cosine",
                          "epochs": EPOCHS}  # fmt: skip
                made = run(f"{name}/{one['learning_rate']:g}", params, name, val_loss=curves[:, VAL_LOSS])
                runs.append(made)
                truth[made.name] = float(curves[-1, TEST_LOSS])
            yield Grid(name, runs, truth)
