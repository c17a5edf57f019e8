"""A configuration as the arrays of one lane: rows, labels, dirt, order, weights, coefficients."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinic.config import MAX_EPOCHS, MAX_STEPS, Config, lr_curve
from clinic.losses import KINDS, loss_index
from clinic.models import ACTIVATIONS, Sig, embedded, init_weights, unit_masks
from clinic.pretrain import PRETRAINED, start
from clinic.programs import BATCHES, bucket, smallest
from clinic.tasks import (
    FEATURES,
    Task,
    padded,
    pool,
    pool_rows,
    test_rows,
)

#: rows in a lane's order buffer
ORDER = 49152
#: validation and inspected training rows of a lane
ROWS = 512

Ints = NDArray[np.int64]

_OPTIMIZERS = {  # b1, c1, b2, adaptive, bias correction, decoupled weight decay
    "sgd": (0.0, 1.0, 0.999, 0, 0, 0),
    "momentum": (-1.0, 1.0, 0.999, 0, 0, 0),
    "rmsprop": (0.0, 1.0, 0.99, 1, 0, 0),
    "adam": (-1.0, -1.0, 0.999, 1, 1, 0),
    "adamw": (-1.0, -1.0, 0.999, 1, 1, 1),
}


def _rng(config: Config, what: str) -> np.random.Generator:
    """Same seed and purpose, same numbers, whatever else the configuration says."""
    return np.random.default_rng([config.seed, zlib.crc32((config.task + what).encode())])


def _rare(task: Task, y: Any) -> NDArray[np.bool_]:
    return np.asarray(y >= max(2, task.outputs) / 2)


def split_rows(task: Task, config: Config) -> tuple[Ints, Ints, Ints]:
    """Training, validation and test rows of the pool."""
    n, y = len(pool(task.name).x), pool(task.name).y
    rows = np.arange(n)
    if task.resplit:
        rows = _rng(config, "split").permutation(n)
    test = rows[: task.n_test]
    rest = rows[task.n_test :]
    if not task.resplit:
        rest = _rng(config, "split").permutation(rest)
    val, train = rest[: task.n_val], rest[task.n_val :]
    if config.imbalance > 0:
        val, train = (
            _thin(task, config, y, part, n) for part, n in ((val, config.n_val), (train, config.n_train))
        )
    val, train = val[: config.n_val], train[: config.n_train]
    if config.val_dup > 0:
        copies = round(config.val_dup * len(val))
        val = np.concatenate([np.resize(train, copies), val[copies:]])
    return train, val, test


def _thin(task: Task, config: Config, y: Any, rows: Ints, n: int) -> Ints:
    """Rows in which the upper half of the classes has the share that the configuration names."""
    rare = _rare(task, y[rows])
    n = min(n, int((~rare).sum() / (1 - config.imbalance)))
    few = max(1, round(config.imbalance * n))
    kept = np.concatenate([rows[rare][:few], rows[~rare][: n - few]])
    return _rng(config, "thin").permutation(kept)


def _dirt(task: Task, config: Config, test: Ints) -> dict[str, Any]:
    """Labels, outliers and holes of all rows; the test rows stay clean."""
    y = np.array(pool(task.name).y)
    n = len(y)
    dirty = np.ones(n, np.float32)
    dirty[test] = 0
    rng = _rng(config, "dirt")
    chosen, fresh = rng.random(n), rng.permutation(n)
    noisy = (chosen < config.label_noise) & (dirty > 0)
    if task.kind in ("multiclass", "binary", "hinge") and not task.per_token:
        y[noisy] = rng.integers(0, max(2, task.outputs), n)[noisy]
    else:
        y[noisy] = y[fresh][noisy]
    scale = np.ones(n, np.float32)
    far = (rng.random(n) < config.outliers) & (dirty > 0)
    scale[far] = (config.outlier_size * rng.uniform(0.5, 1.5, n))[far]
    if task.kind == "regression":
        y[far] = y[far] + (config.outlier_size * 0.5 * rng.standard_normal(n))[far, None]
    more = pool_rows(task) - n
    y = np.pad(y.reshape(n, -1)[:, 0] if not task.per_token else y, ((0, more), (0, 0))[: 1 + task.per_token])
    return {
        "y": y.astype(np.float32),
        "dirty": np.pad(dirty, (0, more)),
        "row_scale": np.pad(scale, (0, more)),
    }


def orders(per_epoch: int, batch: int) -> int:
    """How many epochs have an order of their own; later ones repeat them."""
    return max(1, min(12, ORDER // (per_epoch * batch)))


def fits(config: Config) -> bool:
    """Whether the rows of one epoch fit into the buffer, its batches padded."""
    return config.steps_per_epoch * bucket(config.batch, BATCHES) <= ORDER


def _order(task: Task, config: Config, train: Ints, y: Any, size: int) -> NDArray[np.int32]:
    """Rows of every step for as many epochs as fit into the buffer (they repeat after that)."""
    rng, n, b = _rng(config, "order"), len(train), config.batch
    per_epoch = config.steps_per_epoch
    cycle = min(orders(per_epoch, size), config.epochs)
    label = np.asarray(y[train]).reshape(n, -1)[:, 0]
    if task.kind == "autoencoder":
        label = np.asarray(pool(task.name).x[train])[:, :8].sum(1)
    ordered = train[np.argsort(label, kind="stable")]
    buffer = np.full(ORDER, -1, np.int32)
    shaped = buffer[: cycle * per_epoch * size].reshape(cycle, per_epoch, size)
    for e in range(cycle):
        if config.shuffle == "shuffled":
            rows = rng.permutation(train)
        elif config.shuffle == "fixed":
            rows = train
        elif config.shuffle == "sorted":
            rows = ordered
        else:  # blocks: batches of like samples, in random order
            padded = np.concatenate([ordered, np.full(per_epoch * b - n, -1)]).reshape(per_epoch, b)
            rows = rng.permutation(padded).ravel()
        filled = np.full(per_epoch * b, -1)
        filled[: len(rows)] = rows
        shaped[e, :, :b] = filled.reshape(per_epoch, b)
    return buffer


def _class_weights(task: Task, config: Config, labels: Any) -> NDArray[np.float32]:
    weights, classes = np.ones(FEATURES, np.float32), max(2, task.outputs)
    if config.rebalance:
        counts = np.bincount(np.ravel(labels).astype(int), minlength=classes)
        weights[:classes] = labels.size / np.maximum(counts, 1) / classes
    return weights


def _test_weights(task: Task, config: Config, y: Any) -> dict[str, NDArray[np.float32]]:
    there = (np.arange(test_rows(task)) < len(y)).astype(np.float32)
    if config.imbalance <= 0 or task.per_token:
        return {"test_weight": there, "test_balanced": there}
    rare = _rare(task, y)
    share = np.where(rare, config.imbalance / rare.mean(), (1 - config.imbalance) / (1 - rare.mean()))
    weight = np.zeros(len(there), np.float32)
    weight[: len(y)] = share
    return {"test_weight": weight, "test_balanced": there}


def _optimizer(config: Config) -> NDArray[np.float32]:
    b1, c1, *rest = _OPTIMIZERS[config.optimizer]
    b1 = config.momentum if b1 < 0 else b1
    c1 = 1 - b1 if c1 < 0 else c1
    return np.array([b1, c1, *rest, config.weight_decay], np.float32)


def _scaling(task: Task, config: Config) -> dict[str, Any]:
    rng, size = _rng(config, "scale"), int(np.prod(padded(task.name).shape[1:]))
    if task.family in ("cnn2d", "cnn1d"):  # pixels and samples share one unit, as in raw 0–255 images
        scale = np.full(size, 10.0**config.input_scale)
        return {"scale": scale.astype(np.float32), "offset": (config.input_offset * scale).astype(np.float32)}
    scale = 10.0 ** (config.input_scale * rng.standard_normal(size))
    offset = config.input_offset * scale * rng.standard_normal(size)
    return {"scale": scale.astype(np.float32), "offset": offset.astype(np.float32)}


def prepare(task: Task, config: Config, sig: Sig) -> dict[str, Any]:
    """All arrays of one lane (see `engine`).

    Raises `ValueError` for trainings longer than the engine's buffers.
    """
    if config.steps > MAX_STEPS or config.epochs > MAX_EPOCHS:
        raise ValueError(
            f"{config.steps} steps, {config.epochs} epochs; at most {MAX_STEPS}, {MAX_EPOCHS}: train less"
        )
    train, val, test = split_rows(task, config)
    dirt = _dirt(task, config, test)
    features = int(np.prod(task.inputs)) if task.family == "mlp" else int(np.prod(sig.inputs))
    masks = unit_masks(sig, config, task.bottleneck, features, task.outputs)
    # numbers are drawn for the smallest program, so that a net starts alike in whichever one it is trained
    small = smallest(config, sig)
    fewer = unit_masks(small, config, task.bottleneck, features, task.outputs)
    drawn = init_weights(small, config, fewer, _rng(config, "init"))
    w0, trained = (embedded(flat, small, sig) for flat in drawn)
    if config.init == PRETRAINED:
        w0 = start(config)
    named = [masks[k] for k in masks if k[0] == "h"]
    size = max((len(m) for m in named), default=1)
    mask = np.stack([np.pad(m, (0, size - len(m))) for m in named]) if named else np.zeros((1, 1), np.float32)
    lr = np.zeros(MAX_STEPS, np.float32)
    lr[: config.steps] = lr_curve(config)
    f32, i32 = np.float32, np.int32
    return dirt | _scaling(task, config) | _test_weights(task, config, pool(task.name).y[test]) | {
        "order": _order(task, config, train, dirt["y"], sig.batch),
        "val": np.resize(val, ROWS).astype(i32),
        "val_weight": (np.arange(ROWS) < len(val)).astype(f32),
        "test": np.resize(test, test_rows(task)).astype(i32), "seen": np.resize(train, ROWS).astype(i32),
        "w0": w0, "trained": trained, "mask": mask,
        "active": (np.arange(max(sig.depth, 1)) < config.depth).astype(f32),
        "act": np.array(ACTIVATIONS[config.activation], f32),
        "batch_norm": f32(("", "right", "stale").index(config.batch_norm)),
        "post_norm": f32(config.post_norm),
        "norm": f32(config.norm), "residual": f32(config.residual), "dropout": f32(config.dropout),
        "optimizer": _optimizer(config), "clip": f32(config.clip), "lr": lr,
        "steps": i32(config.steps), "seed": i32((config.seed * 1009 + 7) % (1 << 30)),
        "per_epoch": i32(config.steps_per_epoch), "cycle": i32(orders(config.steps_per_epoch, sig.batch)),
        "plateau": i32(max(2, config.epochs // 10) if config.schedule == "plateau" else 0),
        "loss": i32(loss_index(task.kind, config.loss)), "kind": i32(KINDS.index(task.kind)),
        "outputs": masks["k"],
        "class_weight": _class_weights(task, config, dirt["y"][train]),
        "missing": f32(config.missing), "hole": f32(np.nan if config.missing_mode == "nan" else 0.0),
        "target_scale": f32(config.target_scale),
    }  # fmt: skip
