"""TaskSet (Google): recurrent nets on IMDB, a thousand settings of Adam each.

Public data: https://github.com/google-research/google-research/tree/master/task_set
(Apache-2.0); the part in https://github.com/releaunifreiburg/DyHPO. Wanted:
`taskset.jsonl.xz`, one object a run with `task`, `params` (learning_rate,
beta1, beta2, epsilon, l1, l2, linear_decay, exponential_decay) and `curves`
(train_loss, val_loss, test_loss; 51 points over 10,000 steps).

Settings were drawn at random, so none differ in exactly one. A remedy counts
as tried where near neighbours differ mainly in that one setting.
"""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np

from clinic.outside.record import Floats, Outside, by_task, floats, judged, last
from clinic.truth import level

FILES = ("taskset.jsonl.xz",)
STEPS = 200  #: between two points
#: below these a setting has no effect: there all values are alike (and above, for none)
IDLE = {"epsilon": 1e-6, "l1": 1e-6, "l2": 1e-6, "linear_decay": 1e-5, "exponential_decay": 1e-5}
#: weight of a factor of ten in each setting, in the distance between two runs
WEIGHT = {"learning_rate": 1.0, "beta1": 0.35, "beta2": 0.1, "epsilon": 0.5, "l1": 0.6, "l2": 0.6,
          "linear_decay": 0.4, "exponential_decay": 0.4}  # fmt: skip
#: neighbours agree in all but one setting to within this distance; so many at least, at most
NEAR, FEWEST, MOST = 0.8, 2, 8
#: log-levels of runs with nearly the same settings may differ by this much (standard deviation)
UNSURE = 0.2
#: action → settings that it moves (one at a time), by which factors, a try for each part of them (a rate a
#: million times too low is not mended by ten times as much)
RATES = (2.5, 40.0, 1e3, 1e5, 1e8)
MOVES = {
    "lower-lr": (("learning_rate",), tuple((1 / far, 1 / near) for near, far in pairwise(RATES))),
    "raise-lr": (("learning_rate",), tuple(pairwise(RATES))),
    "regularize": (("l1", "l2"), ((10.0, 1e9),)),
    "reduce-regularization": (("l1", "l2"), ((1e-9, 0.1),)),
}


def _position(params: dict[str, float]) -> Floats:
    """A run's settings in weighted factors of ten, shape (settings,)."""
    found = {k: max(v, IDLE.get(k, 0.0)) for k, v in params.items()}
    for beta in ("beta1", "beta2"):
        found[beta] = max(1.0 - params[beta], 1e-6)
    return np.array([WEIGHT[k] * math.log10(max(found[k], 1e-12)) for k in WEIGHT])


def load(folder: Path) -> list[Outside]:
    """All runs."""
    return [run for task, found in by_task(folder / FILES[0]).items() for run in _task(task, found)]


def _task(task: str, found: list[dict[str, Any]]) -> list[Outside]:
    at = np.stack([_position(r["params"]) for r in found])
    vals = [floats(r["curves"]["val_loss"]) for r in found]
    chance = float(np.nanmedian([v[0] for v in vals]))
    levels = np.array([level(last(v), chance) for v in vals])
    best = float(np.quantile(levels, 0.005))
    return [_run(task, i, row, at, levels, chance, best) for i, row in enumerate(found)]


def _neighbours(at: Floats, i: int, column: int, low: float, high: float) -> list[int]:
    """The nearest runs in all settings but one, which differs by a factor from `low` to `high`."""
    gap = at - at[i]
    moved = gap[:, column] / WEIGHT[list(WEIGHT)[column]]
    apart = np.sqrt((np.delete(gap, column, 1) ** 2).sum(1))
    fits = (moved >= math.log10(low)) & (moved <= math.log10(high)) & (apart <= NEAR)
    near = np.flatnonzero(fits)
    return [int(j) for j in near[np.argsort(apart[near])][:MOST]]


def _alike(at: Floats, levels: Floats, i: int) -> list[float]:
    """Levels of the run itself and of those with nearly the same settings."""
    apart = np.sqrt(((at - at[i]) ** 2).sum(1))
    return [float(v) for v in levels[np.argsort(apart)[:MOST]][np.sort(apart)[:MOST] <= NEAR / 4]]


def _run(
    task: str, number: int, row: dict[str, Any], at: Floats, levels: Floats, chance: float, best: float
) -> Outside:
    val, tries = floats(row["curves"]["val_loss"]), defaultdict(list)
    for action, (settings, parts) in MOVES.items():
        for name, (low, high) in product(settings, parts):
            near = _neighbours(at, number, list(WEIGHT).index(name), low, high)
            if len(near) >= FEWEST:
                tries[action].append([float(levels[j]) for j in near])
    tries["stop-early"].append([level(float(np.nanmin(val)) if np.isfinite(val).any() else None, chance)])
    verdicts, gains = judged([float(levels[number])], tries)
    alike = _alike(at, levels, number)
    if len(alike) > 1 and np.std(alike) > UNSURE:  # its like end elsewhere: nothing is sure here
        verdicts = {a: None if v else v for a, v in verdicts.items() if a != "stop-early"} | {
            "stop-early": verdicts["stop-early"]
        }
    steps = np.arange(len(val), dtype=np.float64) * STEPS
    curves = {
        f"{k.split('_')[0]}/loss": (steps, floats(v)) for k, v in row["curves"].items() if k != "test_loss"
    }
    short = task.removeprefix("FixedTextRNNClassification_")
    params = dict(row["params"]) | {"optimizer": "adam", "batch_size": 128}
    fine = levels[number] - best <= math.log(1.05) and not any(verdicts.values())
    return Outside(f"{short}-{number:04d}", "taskset", f"taskset/{short}", f"taskset/{short}", curves, params,
                   verdicts,
                   gains, True if fine else False if any(verdicts.values()) else None)  # fmt: skip
