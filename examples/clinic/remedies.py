"""Every remedy of the vocabulary that changes the training, as changed configurations.

`first(base)` are tried on every base run; `follow_up(base, gains)` adds larger
magnitudes where the first ones moved something. Measurement remedies need no
training: see `truth.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from clinic.config import MAX_STEPS, Config
from clinic.lanes import fits
from clinic.ordinary import LARGEST_BATCH
from clinic.programs import WIDEST
from clinic.tasks import TASKS, Task


class Variant(NamedTuple):
    """One way to carry out an action: what changes, and by which factor (None: no magnitude)."""

    action: str
    what: str
    factor: float | None
    config: Config


DEFAULT_LR = {"adam": 1e-3, "momentum": 0.03, "rmsprop": 1e-3}
DECAYING = ("step", "exponential", "cosine", "linear", "polynomial", "inverse-sqrt", "plateau", "one-cycle")
WRONG = ("zero-start", "zero-hole", "rising", "restarts")
#: a run may get this many times longer than the engine's room for a base run
CLEAN = {"outliers": 0.0, "missing": 0.0, "missing_mode": "zero", "label_noise": 0.0}


def _lr(base: Config, action: str, factor: float) -> Variant:
    return Variant(action, f"lr ×{factor:.3g}", factor, replace(base, lr=float(f"{base.lr * factor:.4g}")))


def _longer(base: Config, factor: int) -> Iterator[Variant]:
    if base.steps * factor <= MAX_STEPS and base.epochs * factor <= 2048:
        yield Variant("train-longer", f"epochs ×{factor}", factor, replace(base, epochs=base.epochs * factor))


def _schedules(base: Config) -> Iterator[Variant]:
    constant = base.schedule == "constant" or base.stepping == "never"
    if base.warmup == 0:
        yield Variant("add-warmup", "10 % warm-up", 0.1, replace(base, warmup=0.1))
    if constant:
        yield Variant("decay-lr", "cosine to 0", None, replace(base, schedule="cosine", stepping="right"))
    if base.schedule in DECAYING and not constant:
        kind = base.schedule if base.schedule not in ("plateau", "one-cycle", "inverse-sqrt") else "cosine"
        later = replace(base, schedule=kind, stepping="right", decay_start=0.5, decay_end=1.0)
        yield Variant("decay-later", "start at 50 %", None, later)
    if base.stepping != "right":
        yield Variant("fix-schedule", "stepped once per epoch", None, replace(base, stepping="right"))
    if base.schedule in WRONG:
        yield Variant("fix-schedule", "constant lr", None, replace(base, schedule="constant"))
        yield Variant("fix-schedule", "cosine", None, replace(base, schedule="cosine"))


def _data(base: Config, task: Task, factor: int) -> Iterator[Variant]:
    n = min(base.n_train * factor, task.n_max)
    # rare classes run out before the pool does
    if base.imbalance > 0.0 and task.resplit:
        return
    if n >= 1.5 * base.n_train:
        more = replace(base, n_train=n)
        if more.steps <= MAX_STEPS and fits(more):
            yield Variant("more-data", f"n ×{n / base.n_train:.3g}", n / base.n_train, more)


def _size(base: Config, task: Task) -> Iterator[Variant]:
    widest = WIDEST[task.family]
    if base.depth == 0:
        bigger = replace(base, depth=1, width=32, activation="relu")
        yield Variant("bigger-model", "hidden layer of 32", None, bigger)
        yield Variant("bigger-model", "hidden layer of 32, lr ÷3", None, replace(bigger, lr=base.lr / 3))
        return
    if base.width * 2 <= widest:
        wide = min(widest, base.width * 4)
        bigger = replace(base, width=wide)
        yield Variant("bigger-model", f"width {wide}", wide / base.width, bigger)
        yield Variant(
            "bigger-model", f"width {wide}, lr ÷3", wide / base.width, replace(bigger, lr=base.lr / 3)
        )
    if base.width >= 4:
        slim = max(2, base.width // 4)
        yield Variant("smaller-model", f"width {slim}", slim / base.width, replace(base, width=slim))


def _batches(base: Config) -> Iterator[Variant]:
    big = min(LARGEST_BATCH[TASKS[base.task].family], base.batch * 4)
    if big > base.batch and base.n_train >= big:
        wide = replace(base, batch=big)
        yield Variant("bigger-batch", f"batch {big}, same epochs", big / base.batch, wide)
        same = replace(wide, epochs=max(1, round(base.steps / wide.steps_per_epoch)))
        if base.batch <= 16 and same.epochs <= 2048:
            yield Variant("bigger-batch", f"batch {big}, same steps", big / base.batch, same)


def _regularization(base: Config, task: Task) -> Iterator[Variant]:
    decay = 0.1 if base.optimizer == "adamw" else 0.003
    if base.weight_decay < decay:
        yield Variant("regularize", f"weight decay {decay}", decay, replace(base, weight_decay=decay))
    if base.depth and base.dropout < 0.3:
        yield Variant("regularize", "dropout 0.3", 0.3, replace(base, dropout=0.3))
    if base.dropout > 0 or base.weight_decay > 1e-4:
        yield Variant("reduce-regularization", "none", 0.0, replace(base, dropout=0.0, weight_decay=0.0))


def _optimizers(base: Config) -> Iterator[Variant]:
    for name in ("adam", "momentum"):
        if base.optimizer.removesuffix("w") != name:
            lr = DEFAULT_LR[name]
            yield Variant("change-optimizer", f"{name}, lr {lr}", None,
                          replace(base, optimizer=name, lr=lr, momentum=0.9))  # fmt: skip


def _set_up(base: Config, task: Task) -> Iterator[Variant]:
    if base.clip == 0:
        yield Variant("clip-gradients", "norm 1", 1.0, replace(base, clip=1.0))
    if base.loss != "right":
        yield Variant("change-loss", "the task's own", None, replace(base, loss="right"))
    if base.init not in ("default", "pretrained"):
        yield Variant("fix-init", "He or Xavier", None, replace(base, init="default"))
    if base.shuffle != "shuffled":
        yield Variant("shuffle", "every epoch", None, replace(base, shuffle="shuffled"))
    if base.input_scale or base.input_offset or base.target_scale != 1:
        plain = replace(base, input_scale=0.0, input_offset=0.0, target_scale=1.0)
        yield Variant("normalize-input", "standardized", None, plain)
    if base.outliers or base.missing or base.label_noise:
        yield Variant("clean-data", "cleaned", None, replace(base, **CLEAN))  # type: ignore[arg-type]
    if base.imbalance:
        yield Variant("rebalance-classes", "weighted classes", None, replace(base, rebalance=True))
    if base.depth and task.family in ("mlp", "cnn2d", "cnn1d"):
        if base.activation in ("sigmoid", "tanh", "linear"):
            relu = replace(base, activation="relu", init="default" if base.init == "torch" else base.init)
            yield Variant("fix-activation", "relu", None, relu)
        if base.init == "dead":
            yield Variant("fix-activation", "leaky relu", None, replace(base, activation="leaky"))
        if base.depth >= 3 and not base.norm and not base.batch_norm and not task.bottleneck:
            yield Variant("fix-activation", "layer normalization", None, replace(base, norm=True))


def first(base: Config) -> list[Variant]:
    """What is tried on every base run (nothing on a range test)."""
    task = TASKS[base.task]
    if base.probe == "range-test":
        return []
    rates = [
        _lr(base, "lower-lr", 1 / 3),
        _lr(base, "lower-lr", 0.1),
        _lr(base, "raise-lr", 3),
        _lr(base, "raise-lr", 10),
    ]
    variants = [*rates, *_longer(base, 2), *_size(base, task), *_optimizers(base), *_set_up(base, task)]
    if base.probe == "overfit-check":
        return variants
    rest = [*_schedules(base), *_data(base, task, 2), *_batches(base), *_regularization(base, task)]
    return variants + rest


def follow_up(base: Config, gains: dict[str, float]) -> list[Variant]:
    """Larger magnitudes, where the smaller ones gained something (or the run is lost)."""
    task = TASKS[base.task]
    more: list[Variant] = []
    if gains.get("lower-lr", 0) > 0.02:
        more.append(_lr(base, "lower-lr", 1 / 30))
    if gains.get("raise-lr", 0) > 0.02:
        more.append(_lr(base, "raise-lr", 30))
    if base.probe:
        return more
    if 0.005 < gains.get("train-longer", 0) < 0.25:
        more += _longer(base, 4)
    if 0.005 < gains.get("more-data", 0) < 0.25:
        more += _data(base, task, 4)
    if gains.get("regularize", 0) > 0.01:
        decay = 1.0 if base.optimizer == "adamw" else 0.03
        more.append(Variant("regularize", f"weight decay {decay}", decay, replace(base, weight_decay=decay)))
        if base.depth:
            more.append(Variant("regularize", "dropout 0.6", 0.6, replace(base, dropout=0.6)))
    if gains.get("decay-lr", 0) > 0.02:
        more.append(Variant("decay-lr", "step", None, replace(base, schedule="step", stepping="right")))
    if gains.get("clip-gradients", 0) > 0.01 and base.clip == 0:
        more.append(Variant("clip-gradients", "norm 0.1", 0.1, replace(base, clip=0.1)))
    if gains.get("smaller-model", 0) > 0.03 and base.width >= 16:
        slim = base.width // 16
        more.append(Variant("smaller-model", f"width {slim}", slim / base.width, replace(base, width=slim)))
    if (
        gains.get("bigger-batch", 0) > 0.02
        and base.batch * 8 <= LARGEST_BATCH[task.family]
        and base.n_train >= base.batch * 8
    ):
        wide = replace(base, batch=base.batch * 8)
        same = replace(wide, epochs=min(2048, max(1, round(base.steps / wide.steps_per_epoch))))
        more.append(Variant("bigger-batch", f"batch {wide.batch}, same steps", 8.0, same))
    return more
