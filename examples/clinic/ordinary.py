"""Configurations without a named fault: tuned ones, and what somebody would have after an hour."""

from __future__ import annotations

from dataclasses import replace

from clinic.config import MAX_STEPS, Config
from clinic.draw import Draw
from clinic.programs import WIDEST
from clinic.tasks import TASKS, Task
from clinic.tune import optimizer_rank, plain, tuned_lr

GOOD_SCHEDULES = (
    "constant",
    "cosine",
    "linear",
    "step",
    "exponential",
    "inverse-sqrt",
    "one-cycle",
    "polynomial",
)

#: larger batches would need programs of their own
LARGEST_BATCH = {"mlp": 256, "cnn2d": 64, "cnn1d": 64, "rnn": 64, "gru": 64, "attn": 64}
#: largest batch of a base run (a remedy may go beyond)
USUAL_BATCH = {"mlp": 256, "cnn2d": 16, "cnn1d": 16, "rnn": 16, "gru": 16, "attn": 16}


def bound(config: Config) -> Config:
    """Shorten a training that would not fit the engine (base runs leave room for ×8)."""
    steps = MAX_STEPS // (8 if TASKS[config.task].family == "mlp" else 12)
    most = max(1, steps // config.steps_per_epoch)
    return replace(config, epochs=max(2, min(config.epochs, most)))


def tuned(d: Draw, task: Task, schedules: tuple[str, ...] = GOOD_SCHEDULES) -> Config:
    """An ordinary configuration with a tuned lr."""
    good = [o for o, r in optimizer_rank(task.name).items() if r < 1.06]
    optimizer = d.pick(good)
    if optimizer == "adam" and d.chance(0.3):
        optimizer = "adamw"
    schedule = d.pick(schedules)
    light = task.family == "mlp"
    batch = (
        d.pick((16, 16, 16, 64, 32) if task.resplit else (16, 16, 64, 64, 64, 32, 128))
        if light
        else d.pick((8, 16, 16))
    )
    lr = tuned_lr(task.name, optimizer, batch, schedule)
    lr = float(f"{lr * 10 ** d.rng.uniform(-0.08, 0.08):.2g}")
    longer = (
        d.pick((1.0, 1.0, 1.25, 1.5))
        * (1.3 if batch >= 64 else 0.6 if light else 1.0)
        * (1.3 if schedule != "constant" else 1.0)
    )
    config = plain(
        task, optimizer=optimizer, schedule=schedule, batch=batch, lr=lr,
        epochs=max(4, round(task.epochs * longer)),
        weight_decay=d.pick((0.0, 0.0, 1e-5, 1e-4)), warmup=d.pick((0.0, 0.0, 0.0, 0.05)),
        n_val=min(task.n_val, d.pick((200, 300, 400, 500))), seed=int(d.rng.integers(1, 10**6)),
    )  # fmt: skip
    if task.family == "mlp" and task.depth and d.chance(0.15):
        config = replace(config, activation="tanh")
    return bound(config)


def ample(d: Draw, task: Task) -> Config:
    """A tuned configuration that more data and a larger net hardly improve any more (MLPs)."""
    config = replace(
        tuned(d, task), batch=d.pick((64, 64, 128)) if not task.resplit else d.pick((16, 32, 64))
    )
    config = replace(
        config,
        lr=float(f"{tuned_lr(task.name, config.optimizer, config.batch, config.schedule):.2g}"),
        n_train=task.n_max if task.resplit else max(task.n_std, task.n_max // 2),
    )
    if task.depth and not task.bottleneck:
        config = replace(config, width=min(WIDEST[task.family] // 2, d.pick((2, 4)) * task.width))
    return bound(config)


def practitioner(d: Draw, task: Task) -> Config:
    """What somebody would have after an hour: plausible, not tuned."""
    optimizer = d.pick(("sgd", "momentum", "rmsprop", "adam", "adam", "adamw"))
    lr = d.log(*{"sgd": (1e-3, 0.5), "momentum": (1e-3, 0.1)}.get(optimizer, (1e-4, 0.02)))
    schedule = d.pick(("constant",) * 4 + GOOD_SCHEDULES)
    width = task.width if not task.depth else int(d.pick((0.5, 1, 1, 2)) * task.width)
    n = d.pick((task.n_std // 8, task.n_std // 2, task.n_std, task.n_std))
    config = plain(
        task, optimizer=optimizer, lr=lr, schedule=schedule, n_train=max(24, n),
        width=max(width, 2 * bool(task.depth)),
        batch=min(d.pick((8, 16, 32, 64, 64, 128)), max(16, n // 4), USUAL_BATCH[task.family]),
        epochs=max(8, int(task.epochs * d.log(0.4, 5))),
        weight_decay=d.pick((0.0, 0.0, 0.0, 1e-4, 1e-3)),
        dropout=d.pick((0.0, 0.0, 0.2, 0.5)) if task.depth else 0.0,
        n_val=min(task.n_val, d.pick((100, 200, 400, 500))), seed=int(d.rng.integers(1, 10**6)),
    )  # fmt: skip
    if task.family == "mlp" and task.depth:
        config = replace(config, depth=d.pick((task.depth, task.depth, task.depth,
                         3 - min(task.depth, 2))) if not task.bottleneck else task.depth,
                         activation=d.pick(("relu", "relu", "tanh", "sigmoid")))  # fmt: skip
    return bound(config)
