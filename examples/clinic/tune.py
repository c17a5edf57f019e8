"""A small real search: which lr suits each task, optimizer, batch size and schedule.

The result is a table in the repository (`data/tuned.json`): generating the
base runs needs no training.
"""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path

from clinic.config import Config
from clinic.tasks import TASKS, Task

TABLE = Path(__file__).parent / "data" / "tuned.json"

#: centre of the grid of each optimizer
CENTRE = {"sgd": 0.1, "momentum": 0.02, "rmsprop": 0.003, "adam": 0.006}
GRID = (0.1, 0.32, 1.0, 3.2, 10.0)
BATCHES = (16, 64)
SCHEDULES = ("constant", "cosine")


def plain(task: Task, **changes: object) -> Config:
    """The task's ordinary configuration."""
    usual: dict[str, object] = {
        "width": task.width, "depth": task.depth, "activation": task.activation, "norm": task.norm,
        "n_train": task.n_max if task.resplit else task.n_std, "n_val": min(task.n_val, 400),
        "epochs": task.epochs,
    }  # fmt: skip
    return Config(task=task.name, **(usual | changes))  # type: ignore[arg-type]


def search(names: list[str], save: Path = TABLE) -> None:
    """Fill the table for these tasks."""
    from clinic.train import train_many

    table = json.loads(save.read_text()) if save.exists() else {}
    for name in names:
        task = TASKS[name]
        seeds = range(900, 903) if task.resplit else range(900, 901)
        runs = {
            (o, b, s, k, seed): plain(task, optimizer=o, batch=b, schedule=s, lr=CENTRE[o] * k, seed=seed)
            for o in CENTRE for b in BATCHES for s in SCHEDULES for k in GRID for seed in seeds
        }  # fmt: skip
        results = train_many(runs.values(), watch=False)
        for o, centre in CENTRE.items():
            for b in BATCHES:
                for s in SCHEDULES:
                    losses = []
                    for k in GRID:
                        found = [results[runs[o, b, s, k, seed]].truth[0] for seed in seeds]
                        mean = sum(found) / len(found)
                        losses.append(mean if math.isfinite(mean) else 1e9)
                    table[f"{name}/{o}/{b}/{s}"] = [vertex(centre, losses), round(min(losses), 5)]
        save.parent.mkdir(exist_ok=True)
        save.write_text(json.dumps(table, indent=0, sort_keys=True) + "\n")
        print(name, "best", best_known(task.name, table), flush=True)


def vertex(centre: float, losses: list[float]) -> float:
    """lr at the minimum of a parabola through the best grid point and its neighbours."""
    i = min(range(len(losses)), key=losses.__getitem__)
    shift = 0.0
    if 0 < i < len(losses) - 1 and max(losses[i - 1], losses[i + 1]) < 1e8:
        a, b, c = (math.log(losses[j] + 1e-9) for j in (i - 1, i, i + 1))
        shift = max(-0.5, min(0.5, 0.5 * (a - c) / max(a - 2 * b + c, 1e-9)))
    return float(f"{centre * 10 ** (0.5 * (i - 2 + shift)):.3g}")


@cache
def table() -> dict[str, list[float]]:
    """The stored table: task/optimizer/batch/schedule → lr, loss."""
    found: dict[str, list[float]] = json.loads(TABLE.read_text())
    return found


#: the same for drawn tasks: task → its rows, where `drawn.tuning` has searched
LEARNT: dict[str, dict[str, list[float]]] = {}


def _rows(name: str) -> dict[str, list[float]]:
    return LEARNT[name] if name in LEARNT else table()


def best_known(name: str, known: dict[str, list[float]] | None = None) -> float:
    """Lowest canonical loss that the search met."""
    rows = known if known is not None else _rows(name)
    return min(v[1] for k, v in rows.items() if k.startswith(name + "/"))


def tuned_lr(name: str, optimizer: str, batch: int, schedule: str) -> float:
    """lr for any batch size: the tuned values, interpolated in the logarithms."""
    kind = {"adamw": "adam"}.get(optimizer, optimizer)
    form = "constant" if schedule in ("constant", "restarts", "plateau", "inverse-sqrt") else "cosine"
    low, high = (math.log(_rows(name)[f"{name}/{kind}/{b}/{form}"][0]) for b in BATCHES)
    x = math.log(max(4, min(batch, 256)) / BATCHES[0]) / math.log(BATCHES[1] / BATCHES[0])
    return math.exp(low + min(x, 1.5) * (high - low))


def optimizer_rank(name: str) -> dict[str, float]:
    """Best loss of each optimizer over that of the best one."""
    best = best_known(name)
    return {
        o: min(v[1] for k, v in _rows(name).items() if k.startswith(f"{name}/{o}/")) / best for o in CENTRE
    }
