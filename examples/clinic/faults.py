"""Faults: what is put into a tuned configuration to make it go wrong.

A fault is a function (draw, task, tuned config) → config, or None where it
does not apply. `FAULTS` maps its name to it; severities are drawn at random.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from clinic.config import Config
from clinic.draw import Draw
from clinic.ordinary import USUAL_BATCH, bound, tuned
from clinic.programs import WIDEST
from clinic.tasks import Task
from clinic.tune import tuned_lr


class Base(NamedTuple):
    """A base run: name of what was done to it, group of siblings, configuration."""

    fault: str
    group: str
    config: Config


Fault = Callable[[Draw, Task, Config], "Config | None"]


def _decay_early(d: Draw, t: Task, c: Config) -> Config:
    kind = d.pick(("step", "cosine", "linear", "exponential", "polynomial"))
    lr = float(f"{tuned_lr(t.name, c.optimizer, c.batch, kind) * d.pick((0.5, 1.0)):.2g}")
    return replace(c, schedule=kind, lr=lr, decay_end=float(f"{d.rng.uniform(0.005, 0.1):.2g}"), warmup=0.0)


def _noisy_tail(d: Draw, t: Task, c: Config) -> Config:
    return replace(
        c, schedule="constant", lr=float(f"{c.lr * d.log(3, 12):.2g}"), batch=d.pick((4, 8, 16)), warmup=0.0
    )


def _tiny_data(d: Draw, t: Task, c: Config) -> Config:
    n = max(16, int(t.n_std * d.log(0.02, 0.12)))
    return bound(replace(c, n_train=n, batch=min(c.batch, 16), epochs=int(t.epochs * d.pick((3, 6, 10)))))


def _big_long(d: Draw, t: Task, c: Config) -> Config:
    n = max(32, int(t.n_std * d.log(0.1, 0.4)))
    big = replace(
        c, n_train=n, epochs=int(t.epochs * d.pick((4, 8, 12))), weight_decay=0.0, batch=min(c.batch, 32)
    )
    if t.depth:
        big = replace(big, width=WIDEST[t.family])
    return bound(big)


def _small_net(d: Draw, t: Task, c: Config) -> Config | None:
    if not t.depth:
        return None
    if t.family == "mlp" and not t.bottleneck and d.chance(0.6):
        return replace(c, depth=0, width=0, activation="relu")
    return replace(c, width=d.pick((1, 2, 3)))


def _over_regularized(d: Draw, t: Task, c: Config) -> Config:
    if t.depth and d.chance(0.5):
        return replace(c, dropout=d.pick((0.6, 0.7, 0.8, 0.9)))
    decay = d.log(0.03, 0.5) * (10 if c.optimizer == "adamw" else 1)
    return replace(c, weight_decay=decay)


def _uneven(d: Draw, t: Task, c: Config) -> Config:
    return replace(
        c, shuffle=d.pick(("sorted", "sorted", "blocks")), batch=min(d.pick((16, 64)), USUAL_BATCH[t.family])
    )


def _deep_sigmoid(d: Draw, t: Task, c: Config) -> Config | None:
    if t.family != "mlp" or not t.depth or t.bottleneck:
        return None
    return replace(c, depth=d.pick((3, 4, 5, 6, 8)), width=d.pick((16, 32)), activation="sigmoid",
                   init=d.pick(("default", "torch")), batch=64, epochs=min(c.epochs, 12))  # fmt: skip


def _init(d: Draw, t: Task, c: Config) -> Config | None:
    kinds = ["huge", "normal1", "zero", "tiny", "const"] if t.depth else ["huge", "normal1"]
    return replace(c, init=d.pick(kinds))


def _dead(d: Draw, t: Task, c: Config) -> Config | None:
    return (
        replace(c, init="dead", activation="relu")
        if t.depth and t.family in ("mlp", "cnn2d", "cnn1d")
        else None
    )


def _unscaled(d: Draw, t: Task, c: Config) -> Config | None:
    if t.tokens or t.kind == "autoencoder":
        return None
    if t.kind == "regression" and d.chance(0.4):
        return replace(c, target_scale=d.log(10, 300))
    cnn = t.family in ("cnn2d", "cnn1d")
    return replace(
        c,
        input_scale=float(f"{d.rng.uniform(0.8, 1.9):.2g}"),
        input_offset=1.0 if cnn else d.pick((0.0, 1.0, 3.0)),
    )


def _outliers(d: Draw, t: Task, c: Config) -> Config | None:
    if t.tokens:
        return None
    return replace(c, outliers=d.log(0.01, 0.1), outlier_size=d.log(10, 60))


def _missing(d: Draw, t: Task, c: Config) -> Config:
    if not t.tokens and d.chance(0.5):
        return replace(c, missing=d.log(0.0005, 0.01), missing_mode="nan")
    return replace(c, missing=float(f"{d.rng.uniform(0.25, 0.6):.2g}"))


def _label_noise(d: Draw, t: Task, c: Config) -> Config | None:
    if t.per_token or t.kind == "autoencoder":
        return None
    return replace(c, label_noise=float(f"{d.rng.uniform(0.2, 0.6):.2g}"))


def _imbalance(d: Draw, t: Task, c: Config) -> Config | None:
    if t.per_token or t.kind not in ("multiclass", "binary"):
        return None
    return replace(c, imbalance=d.log(0.02, 0.12), n_train=min(c.n_train, t.n_std // (2 if t.resplit else 1)))


def _wrong_loss(d: Draw, t: Task, c: Config) -> Config:
    names = {"multiclass": ("mse", "bce", "hinge", "double-softmax"),
        "binary": ("mse", "hinge01", "double-sigmoid"),
             "hinge": ("hinge01", "mse"), "regression": ("bce", "broadcast")}  # fmt: skip
    return replace(c, loss=d.pick(names.get(t.kind, ("bce", "broadcast"))))


def _metric_bug(d: Draw, t: Task, c: Config) -> Config | None:
    return replace(c, metric=d.pick(("argmax", "argmax-batch", "broadcast"))) if t.kind == "binary" else None


def _exploding(d: Draw, t: Task, c: Config) -> Config:
    worse = replace(c, optimizer=d.pick(("sgd", "momentum")), warmup=0.0, clip=0.0)
    lr = tuned_lr(t.name, worse.optimizer, c.batch, c.schedule) * d.log(4, 30)
    return replace(
        worse, lr=float(f"{lr:.2g}"), momentum=d.pick((0.9, 0.9, 0.98)), init=d.pick(("default", "huge"))
    )


def _no_warmup(d: Draw, t: Task, c: Config) -> Config:
    batch = min(d.pick((64, 128, 256)), USUAL_BATCH[t.family])
    lr = tuned_lr(t.name, c.optimizer, batch, c.schedule) * d.log(2, 12)
    return bound(replace(c, warmup=0.0, batch=batch, lr=float(f"{lr:.2g}")))


def _lr(low: float, high: float) -> Fault:
    return lambda d, t, c: replace(c, lr=float(f"{c.lr * d.log(low, high):.2g}"))


FAULTS: dict[str, Fault] = {
    "lr-low": _lr(1e-3, 0.15),
    "lr-high": _lr(6, 400),
    "warmup-missing": _no_warmup,
    "decay-too-early": _decay_early,
    "scheduler-per-batch": lambda d, t,
    c: replace(c, schedule=d.pick(("step", "exponential", "cosine", "linear")),
                                                   stepping="per-batch", warmup=0.0),
    "scheduler-never-stepped": lambda d, t, c: replace(
        c, schedule=d.pick(("step", "cosine", "linear")), stepping="never",
        lr=float(f"{c.lr * d.log(3, 10):.2g}")),
    "lr-never-decayed": _noisy_tail,
    "schedule-wrong": lambda d, t, c: replace(
        c, schedule=d.pick(("zero-start", "zero-hole", "rising", "rising", "restarts")), warmup=0.0),
    "few-epochs": lambda d, t, c: replace(c, epochs=max(2, int(c.epochs * d.log(0.04, 0.25)))),
    "tiny-data": _tiny_data,
    "big-net-long": _big_long,
    "small-net": _small_net,
    "over-regularized": _over_regularized,
    "tiny-batch": lambda d, t,
    c: replace(c, batch=d.pick((2, 4)), epochs=max(2, c.epochs // 3), schedule="constant"),
    "uneven-batches": _uneven,
    "tiny-validation": lambda d, t, c: replace(c, n_val=d.pick((10, 16, 20, 25, 32))),
    "deep-sigmoid": _deep_sigmoid,
    "init-bad": _init,
    "dead-relu": _dead,
    "inputs-unscaled": _unscaled,
    "outliers": _outliers,
    "missing-values": _missing,
    "label-noise": _label_noise,
    "labels-unrelated": lambda d, t,
    c: None if t.per_token or t.kind == "autoencoder" else replace(c, label_noise=1.0),
    "imbalance": _imbalance,
    "wrong-loss": _wrong_loss,
    "metric-bug": _metric_bug,
    "frozen-weights": lambda d, t, c: replace(c, frozen=d.pick(("all", "all", "body")) if t.depth else "all"),
    "exploding-gradient": _exploding,
    "validation-duplicated": lambda d, t, c: replace(_big_long(d, t, c), val_dup=d.pick((0.7, 0.9, 1.0))),
    "log-fault": lambda d, t, c: replace(c, log_fault=d.pick(("overlap", "mixed-tag", "frozen-tail"))),
    "range-test": lambda d, t,
    c: bound(replace(c, probe="range-test", schedule="constant", lr=1e-5, warmup=0.0)),
    "overfit-check": lambda d, t, c: bound(replace(
        c, probe="overfit-check", schedule="constant", n_train=d.pick((5, 8, 10)), batch=16,
        epochs=d.pick((60, 150, 300)),
        lr=float(f"{c.lr * d.pick((1.0, 1.0, 0.02, 0.005)):.2g}"), weight_decay=0.0, warmup=0.0)),
}  # fmt: skip
#: mild faults that are put in pairs into one run
MILD = (
    "lr-low",
    "few-epochs",
    "label-noise",
    "over-regularized",
    "outliers",
    "inputs-unscaled",
    "small-net",
    "tiny-data",
)


def faulty(name: str, d: Draw, task: Task) -> Config | None:
    """A tuned configuration with this fault, or None where it does not apply."""
    changed = FAULTS[name](d, task, tuned(d, task))
    return None if changed is None else bound(changed)
