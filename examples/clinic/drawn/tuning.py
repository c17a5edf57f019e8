"""Tuned learning rates of a drawn task: a grid of its own for two optimizers, the rest by usual ratios."""

from __future__ import annotations

import math
from functools import cache
from statistics import median

from clinic.campaign import Journal
from clinic.config import Config
from clinic.tasks import TASKS, chance
from clinic.truth import FLOOR
from clinic.tune import BATCHES, CENTRE, GRID, LEARNT, SCHEDULES, plain, table, vertex

#: optimizers that are searched, and those whose rates follow from them
SEARCHED = {"adam": "adam", "rmsprop": "adam", "momentum": "momentum", "sgd": "momentum"}
#: between the two batch sizes of the table
BATCH = 32
SEED = 900


def grid(name: str) -> dict[tuple[str, float], Config]:
    """The trainings of the search, by optimizer and multiple of its central rate."""
    task = TASKS[name]
    return {
        (o, k): plain(task, optimizer=o, batch=BATCH if task.family == "mlp" else 16, lr=CENTRE[o] * k,
                      seed=SEED,
                      n_train=task.n_max if task.resplit else task.n_std)
        for o in dict.fromkeys(SEARCHED.values()) for k in GRID
    }  # fmt: skip


@cache
def _ratio(optimizer: str, batch: int, schedule: str) -> float:
    """How the best rate differs from that of the searched optimizer at batch 32, constant:
    median of all tasks."""
    rows, ref = table(), SEARCHED[optimizer]
    found = []
    for name in {k.split("/")[0] for k in rows}:
        middle = [math.log(rows[f"{name}/{ref}/{b}/constant"][0]) for b in BATCHES]
        found.append(math.log(rows[f"{name}/{optimizer}/{batch}/{schedule}"][0]) - sum(middle) / 2)
    return math.exp(median(found))


def learn(journal: Journal, name: str) -> None:
    """Make the search's result known to `tune`, from the journal."""
    if name in LEARNT:
        return
    rows, made = {}, grid(name)
    for ref in dict.fromkeys(SEARCHED.values()):
        losses = [journal.done[made[ref, k].key()]["t"][0] for k in GRID]
        floor = FLOOR * chance(name)  # below it nothing counts, and ratios stay finite
        losses = [1e9 if v is None else max(v, floor) for v in losses]
        lr = vertex(CENTRE[ref], losses)
        for o, b, s in (
            (o, b, s) for o in SEARCHED for b in BATCHES for s in SCHEDULES if SEARCHED[o] == ref
        ):
            rows[f"{name}/{o}/{b}/{s}"] = [float(f"{lr * _ratio(o, b, s):.3g}"), float(f"{min(losses):.5g}")]
    LEARNT[name] = rows
