"""DeepOBS baselines: grids of learning rates × SGD, momentum, Adam on small image tasks.

Public data: https://github.com/fsschneider/DeepOBS_Baselines (MIT), one JSON
file a run. Wanted: `deepobs.jsonl.xz`, one object a run with `task`, `seed`,
`params` (lr, optimizer, batch_size, epochs) and `curves` per epoch
(train_loss, val_loss, and accuracies where there are classes), null where a
value was not finite. Every `lower-lr` and `raise-lr` was really run.
"""

from __future__ import annotations

import math
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from clinic.outside.record import NEAR, Outside, by_task, floats, judged, last
from clinic.remedies import DEFAULT_LR
from clinic.truth import level

FILES = ("deepobs.jsonl.xz",)
#: within this share of the best known loss a run may be healthy
WELL = 1.05


def _level(row: dict[str, Any], chance: float) -> float:
    return level(last(floats(row["curves"]["val_loss"])), chance)


def load(folder: Path) -> list[Outside]:
    """All runs."""
    return [run for task, found in by_task(folder / FILES[0]).items() for run in _task(task, found)]


def _task(task: str, found: list[dict[str, Any]]) -> list[Outside]:
    chance = float(np.nanmedian([r["curves"]["val_loss"][0] or np.nan for r in found]))
    grid: dict[str, dict[float, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in found:
        grid[row["params"]["optimizer"]][row["params"]["lr"]].append(_level(row, chance))
    best = min(float(np.mean(v)) for rates in grid.values() for v in rates.values())
    return [_run(task, i, row, grid, chance, best) for i, row in enumerate(found)]


def _nearest(rates: dict[float, list[float]], wanted: float) -> list[float]:
    """Levels at the rate nearest to the one wanted; none if it is too far."""
    near = [r for r in rates if abs(math.log(r / wanted)) <= NEAR]
    return rates[min(near, key=lambda r: abs(math.log(r / wanted)))] if near else []


def _run(task: str, number: int, row: dict[str, Any], grid: Any, chance: float, best: float) -> Outside:
    params, val = row["params"], floats(row["curves"]["val_loss"])
    optimizer, lr = params["optimizer"], params["lr"]
    tries = {
        "lower-lr": [levels for other, levels in grid[optimizer].items() if other < lr],
        "raise-lr": [levels for other, levels in grid[optimizer].items() if other > lr],
        "change-optimizer": [
            _nearest(grid[o], DEFAULT_LR[o]) for o in ("adam", "momentum") if o != optimizer
        ],
        "stop-early": [[level(float(np.nanmin(val)) if np.isfinite(val).any() else None, chance)]],
    }
    own = _level(row, chance)
    verdicts, gains = judged([own], tries)
    rates = {str(other): [levels] for other, levels in grid[optimizer].items()}
    at_rate = {float(other): helps for other, helps in judged([own], rates)[0].items()}
    fine = own - best <= math.log(WELL) and all(v is False for v in verdicts.values())
    curves = {f"{k.split('_')[0]}/{k.split('_')[1]}": floats(v) for k, v in row["curves"].items()}
    kept = {k: v for k, v in params.items() if v is not None} | {"seed": row["seed"]}
    return Outside(
        f"{task}-{number:03d}", "deepobs", f"deepobs/{task}", f"deepobs/{task}/{optimizer}",
        {t: (np.arange(len(v), dtype=np.float64), v) for t, v in curves.items()},
        kept, verdicts, gains, True if fine else False if any(verdicts.values()) else None, at_rate,
    )  # fmt: skip
