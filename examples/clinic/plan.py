"""Which base runs a task gets: every fault, ordinary configurations, fine ones, grids."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from clinic.draw import Draw
from clinic.faults import FAULTS, MILD, Base, faulty
from clinic.ordinary import ample, bound, practitioner, tuned
from clinic.tasks import TASKS, Task


def _plan(task: Task, rounds: int) -> list[str]:
    """What to draw, so that any prefix is balanced."""
    rng = np.random.default_rng([5, sum(map(ord, task.name))])
    plan: list[str] = []
    for _ in range(rounds):
        faults = [*rng.permutation(list(FAULTS)), "combination", "combination"]
        third = len(faults) // 3
        for i in range(3):
            plan += [*faults[i * third : (i + 1) * third], *["healthy"] * 8, *["practitioner"] * 5, "grid"]
    if task.family == "mlp" and not task.resplit:  # cheap, and with a floor: most of these are fine in truth
        plan += ["healthy"] * 24
    if task.family == "mlp":
        plan += ["ample"] * 16
    plan += [fault for fault in SELDOM for _ in range(2)]
    return [*plan, *COMMON, *(2 * (*COMMON, *(["healthy"] * 6), *(["practitioner"] * 4)))]


def siblings(d: Draw, task: Task, tag: str) -> list[Base]:
    """Siblings: one setting, lr × batch size."""
    start = replace(tuned(d, task, ("constant",)), schedule="constant")
    lrs = [float(f"{start.lr * k:.2g}") for k in (0.03, 0.3, 3.0, 30.0)]
    batches = (16, 64) if task.family == "mlp" else (4, 16)
    picked = [(lr, b) for b in batches for lr in lrs]
    return [Base("grid", tag, bound(replace(start, lr=lr, batch=b, warmup=0.0))) for lr, b in picked]


#: faults whose remedy hardly any other run needs: drawn twice more
SELDOM = ("wrong-loss", "imbalance", "inputs-unscaled", "over-regularized", "tiny-validation", "label-noise",
          "outliers",
          "metric-bug", "init-bad", "warmup-missing", "labels-unrelated", "uneven-batches")  # fmt: skip
#: what most people meet first: drawn three times more
COMMON = ("small-net", "lr-low", "lr-high", "tiny-data", "decay-too-early", "few-epochs", "small-net",
          "big-net-long",
          "dead-relu", "schedule-wrong", "exploding-gradient", "lr-never-decayed", "scheduler-per-batch",
          "deep-sigmoid",
          "tiny-batch", "scheduler-never-stepped", "frozen-weights", "missing-values",
          "small-net")  # fmt: skip
#: from this base run on, fine runs have twice the ordinary amount of data
AMPLE = 28
#: base runs of a family relative to MLPs (their trainings cost more)
SHARE = {"mlp": 1.0, "cnn2d": 0.75, "cnn1d": 0.75, "rnn": 0.75, "gru": 0.5, "attn": 0.5}


def base_runs(name: str, rounds: int = 1, limit: int | None = None) -> list[Base]:
    """The base runs of a task, in an order of which every prefix is balanced."""
    task = TASKS[name]
    runs: list[Base] = []
    for i, what in enumerate(_plan(task, rounds)):
        d = Draw(np.random.default_rng([11, i, sum(map(ord, name))]))
        group = f"{name}/{i // 8}"
        if what == "grid":
            runs += siblings(d, task, f"{name}/grid{i}")
            continue
        if what == "ample":  # fine runs like the others, where data and net are no limit
            runs.append(Base("healthy", group, ample(d, task)))
            continue
        if what == "combination":
            first = faulty(d.pick(MILD), d, task) or tuned(d, task)
            config = FAULTS[d.pick(MILD)](d, task, first)
            config = None if config is None else bound(config)
        elif what == "healthy":
            config = tuned(d, task)
            if i >= AMPLE and not task.resplit:  # where data are ample, more of them gain nothing
                config = bound(replace(config, n_train=min(2 * task.n_std, task.n_max // 2)))
        else:
            config = practitioner(d, task) if what == "practitioner" else faulty(what, d, task)
        if config is not None:
            runs.append(Base(what, group, config))
    return runs[: int(limit * SHARE[task.family])] if limit else runs
