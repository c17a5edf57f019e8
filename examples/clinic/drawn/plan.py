"""Which drawn tasks there are, and the handful of base runs that each of them gets."""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np

from clinic.config import MAX_EPOCHS, MAX_STEPS, Config
from clinic.draw import Draw
from clinic.drawn.families import FAMILIES
from clinic.faults import FAULTS, MILD, Base, faulty
from clinic.ordinary import ample, bound, practitioner, tuned
from clinic.plan import COMMON, SELDOM, siblings
from clinic.pretrain import PRETRAINED
from clinic.split import FINAL_FAMILIES
from clinic.tasks import TASKS, Task

#: base runs of a task (a grid has eight)
RUNS = 6
#: tasks of a family in one wave; of costly families and of those that are held out
TASKS_EACH, FEWER_EACH = 4, 1
#: what a base run is, by lot
SORTS = ("healthy",) * 2 + ("ample",) * 2 + ("practitioner",) * 3 + ("combination",) + ("fault",) * 6
#: families of fine-tuned runs
TUNED = "-tune"
#: share of tasks with a grid instead of single runs; of sound runs that last several times longer
GRIDS, LONG = 0.1, 0.2


def wave(number: int) -> list[str]:
    """The tasks of one wave: some of each family, in turn."""
    each = {f: FEWER_EACH if "-" in f or f in FINAL_FAMILIES else TASKS_EACH for f in FAMILIES}
    return [f"{f}~{number * n + k:04d}" for k in range(TASKS_EACH) for f, n in each.items() if k < n]


def _longer(d: Draw, config: Config) -> Config:
    """Two to four times as long, as far as the buffers allow its doubling."""
    room = min(MAX_STEPS // 2 // config.steps_per_epoch, MAX_EPOCHS // 4)
    return replace(config, epochs=max(config.epochs, min(room, config.epochs * d.pick((2, 4)))))


def _sound(sort: str, d: Draw, task: Task) -> Config:
    made = {"healthy": tuned, "practitioner": practitioner}.get(
        sort, ample if task.family == "mlp" else tuned
    )
    config = made(d, task)
    if sort == "healthy" and not task.resplit and d.chance(0.5):
        config = bound(replace(config, n_train=max(task.n_std, task.n_max // 2)))
    return _longer(d, config) if d.chance(LONG) else config


def _built(d: Draw, task: Task, config: Config) -> Config:
    """The same with a net that is built otherwise: normalized, residual, deeper;
    attention normalized afterwards."""
    if task.family == "attn":
        return replace(config, post_norm=d.chance(0.5))
    if not config.depth or task.bottleneck or task.family in ("rnn", "gru") or config.norm:
        return config
    how = d.pick(("",) * 7 + ("layer", "batch", "batch", "residual"))
    if how in ("layer", "batch") or task.family != "mlp":
        stale = "stale" if d.chance(0.15) else "right"
        return replace(config, norm=how == "layer", batch_norm=stale if how == "batch" else "")
    if how == "residual" and config.depth > 1:
        return replace(config, residual=True, depth=d.pick((2, 3, 4, 6, 8)), norm=d.chance(0.7))
    return config


def _tuned_further(d: Draw, task: Task, config: Config) -> Config:
    """Fine-tuning at customary rates: from pre-trained weights, on few samples, for a few epochs."""
    n = min(config.n_train, int(d.log(24, max(48, task.n_std))))
    lr = float(f"{config.lr * d.pick((0.01, 0.03, 0.1, 0.1, 0.3, 1.0)):.2g}")
    made = replace(config, init=PRETRAINED, lr=lr, n_train=n, batch=min(config.batch, 16, max(4, n // 4)),
                   epochs=d.pick((2, 3, 3, 4, 5, 8, 10, 20)),
                   schedule=d.pick(("constant", "linear", "linear", "cosine")),
                   frozen=d.pick(("", "", "", "", "body")))  # fmt: skip
    return bound(made) if task.depth else replace(made, frozen="")


def _draw(sort: str, d: Draw, task: Task) -> tuple[str, Config | None]:
    """Name of what was done, and the configuration (None where the fault does not apply)."""
    if sort == "fault":
        name = d.pick((*FAULTS, *COMMON, *SELDOM))
        return name, faulty(name, d, task)
    if sort == "combination":
        first = faulty(d.pick(MILD), d, task) or tuned(d, task)
        both = FAULTS[d.pick(MILD)](d, task, first)
        return sort, None if both is None else bound(both)
    return "healthy" if sort == "ample" else sort, _sound(sort, d, task)


def bases(name: str) -> list[Base]:
    """The base runs of a drawn task (its learning rates must be learnt: `tuning.learn`)."""
    task, mark = TASKS[name], zlib.crc32(name.encode())
    d = Draw(np.random.default_rng([mark, RUNS]))
    if d.chance(GRIDS):
        return siblings(d, task, f"{name}/grid")
    runs: list[Base] = []
    for i in range(RUNS):
        d = Draw(np.random.default_rng([mark, i]))
        sort, config = _draw(d.pick(SORTS), d, task)
        if config is not None:
            config = _built(d, task, config)
            config = _tuned_further(d, task, config) if name.partition("~")[0].endswith(TUNED) else config
            runs.append(Base("batch-norm-stale" if config.batch_norm == "stale" else sort, name, config))
    return runs
