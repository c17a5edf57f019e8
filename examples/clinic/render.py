"""A stored run as its training loop would have logged it: tags, steps, hyperparameters.

Deterministic: the style decides which curves exist, under which tags, on which
axis; the level decides how much of the hyperparameters is logged.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from clinic.store import ClinicRun, Curve

Curves = dict[str, "Curve"]
LEVELS = ("full", "some", "none")
#: hyperparameters of level "some"
SOME = ("lr", "batch_size", "epochs", "optimizer")


def _epochs(run: ClinicRun, values: Any, start: int = 0) -> Curve:
    y = np.asarray(values, dtype=np.float64)
    return np.arange(start, start + len(y), dtype=np.float64), y


def _on_steps(run: ClinicRun, values: Any, offset: int = 0) -> Curve:
    """Epoch values on the global step."""
    y = np.asarray(values, dtype=np.float64)
    return (np.arange(len(y), dtype=np.float64) + 1) * run.config.steps_per_epoch - 1 + offset, y


def _steps(run: ClinicRun, name: str, every: int = 1) -> Curve:
    y = run.raw[name].astype(np.float64)
    stride = run.facts.get("stride") or -(-run.config.steps // 300)
    return np.arange(len(y), dtype=np.float64)[::every] * stride, y[::every]


def _lr_epochs(run: ClinicRun) -> NDArray[np.float64]:
    return run.lr[:: run.config.steps_per_epoch]


def _lr_steps(run: ClinicRun, at: NDArray[np.float64]) -> Curve:
    return at, run.lr[np.minimum(at.astype(int), len(run.lr) - 1)]


def _has(run: ClinicRun, name: str) -> bool:
    return name in run.raw


def _keras(run: ClinicRun) -> Curves:
    curves = {"train/epoch_loss": _epochs(run, run.raw["train_loss"]),
              "validation/epoch_loss": _epochs(run, run.raw["val_loss"])}  # fmt: skip
    if _has(run, "train_acc"):
        curves["train/epoch_accuracy"] = _epochs(run, run.raw["train_acc"])
        curves["validation/epoch_accuracy"] = _epochs(run, run.raw["val_acc"])
    if _coin(run, "lr"):
        curves["train/epoch_learning_rate"] = _epochs(run, _lr_epochs(run))
    return curves


def _lightning(run: ClinicRun) -> Curves:
    curves = {
        "train_loss_epoch": _on_steps(run, run.raw["train_loss"]),
        "val_loss": _on_steps(run, run.raw["val_loss"]),
    }
    curves["train_loss_step"] = _steps(run, "step_loss")
    if _has(run, "val_acc"):
        curves["val_acc"] = _on_steps(run, run.raw["val_acc"])
        if _coin(run, "train_acc"):
            curves["train_acc_epoch"] = _on_steps(run, run.raw["train_acc"])
    if _coin(run, "lr"):
        name = {"sgd": "SGD", "momentum": "SGD", "rmsprop": "RMSprop", "adam": "Adam", "adamw": "AdamW"}
        curves["lr-" + name[run.config.optimizer]] = _lr_steps(run, _steps(run, "step_loss")[0])
    return curves


def _hf(run: ClinicRun) -> Curves:
    at, loss = _steps(run, "step_loss")
    curves = {"train/loss": (at, loss), "eval/loss": _on_steps(run, run.raw["val_loss"])}
    curves["train/learning_rate"] = _lr_steps(run, at)
    if _coin(run, "grad_norm"):
        curves["train/grad_norm"] = _steps(run, "step_grad_norm")
    if _has(run, "val_acc") and _coin(run, "acc"):
        curves["eval/accuracy"] = _on_steps(run, run.raw["val_acc"])
    return curves


def _writer(run: ClinicRun) -> Curves:
    curves = {
        "Loss/train": _epochs(run, run.raw["train_loss"]),
        "Loss/val": _epochs(run, run.raw["val_loss"]),
    }
    if _has(run, "train_acc"):
        curves["Accuracy/train"] = _epochs(run, run.raw["train_acc"])
        curves["Accuracy/val"] = _epochs(run, run.raw["val_acc"])
    if _coin(run, "lr"):
        curves["LR"] = _epochs(run, _lr_epochs(run))
    if _coin(run, "grad_norm"):
        curves["grad_norm"] = _epochs(run, run.raw["grad_norm"])
    if _coin(run, "steps"):
        curves["Loss/batch"] = _steps(run, "step_loss")
    return curves


def _mlflow(run: ClinicRun) -> Curves:
    curves = {
        "train_loss": _epochs(run, run.raw["train_loss"]),
        "val_loss": _epochs(run, run.raw["val_loss"]),
    }
    if _has(run, "val_acc") and _coin(run, "acc"):
        curves["val_accuracy"] = _epochs(run, run.raw["val_acc"])
        curves["train_accuracy"] = _epochs(run, run.raw["train_acc"])
    if _coin(run, "lr"):
        curves["lr"] = _epochs(run, _lr_epochs(run))
    return curves


def _yolo(run: ClinicRun) -> Curves:
    loss = "train/cls_loss" if _has(run, "train_acc") else "train/loss"
    curves = {
        loss: _epochs(run, run.raw["train_loss"]),
        loss.replace("train", "val"): _epochs(run, run.raw["val_loss"]),
    }
    if _has(run, "val_acc"):
        curves["metrics/accuracy_top1"] = _epochs(run, run.raw["val_acc"])
    curves["lr/pg0"] = _epochs(run, _lr_epochs(run))
    return curves


STYLES: dict[str, Callable[[ClinicRun], Curves]] = {
    "keras": _keras, "lightning": _lightning, "hf": _hf, "writer": _writer, "mlflow": _mlflow, "yolo": _yolo,
}  # fmt: skip
_LOSS_TAGS = {"keras": ("train/epoch_loss", "validation/epoch_loss"),
    "lightning": ("train_loss_epoch", "val_loss"),
              "hf": ("train/loss", "eval/loss"), "writer": ("Loss/train", "Loss/val"),
              "mlflow": ("train_loss", "val_loss")}  # fmt: skip


def style_of(identity: str) -> tuple[str, str]:
    """Logging style and level of hyperparameters of a run, by its name."""
    spin = zlib.crc32(identity.encode())
    return list(STYLES)[spin % len(STYLES)], ("full", "full", "some", "none")[spin // len(STYLES) % 4]


def _coin(run: ClinicRun, what: str) -> bool:
    """A fair coin that always falls the same way for this run."""
    return zlib.crc32(f"{run.id}/{what}".encode()) % 2 == 0


def loss_tags(style: str, curves: Curves) -> tuple[str, str]:
    """The tags of training and validation loss."""
    if style in _LOSS_TAGS:
        return _LOSS_TAGS[style]
    train = "train/cls_loss" if "train/cls_loss" in curves else "train/loss"
    return train, train.replace("train", "val")


def _log_fault(run: ClinicRun, style: str, curves: Curves) -> Curves:
    """Break the log the way the configuration says."""
    train, val = loss_tags(style, curves)
    kind = run.config.log_fault
    if kind == "mixed-tag":  # two quantities under one tag, alternating
        n = min(len(curves[train][0]), len(curves[val][0]))
        pairs = [np.stack([curves[t][i][:n] for t in (train, val)], 1).ravel() for i in (0, 1)]
        pairs[0] = np.repeat(curves[train][0][:n], 2)
        return {k: v for k, v in curves.items() if k not in (train, val)} | {train: (pairs[0], pairs[1])}
    if kind == "overlap":  # a restart from an older checkpoint: steps go back and are logged again

        def again(c: Curve) -> Curve:
            a, b = int(len(c[0]) * 0.4), int(len(c[0]) * 0.7)
            return np.concatenate([c[0][:b], c[0][a:]]), np.concatenate([c[1][:b], c[1][a:] * 1.01])

        return {k: again(v) for k, v in curves.items()}

    def frozen(c: Curve) -> Curve:  # the last value repeated: the logging loop outlived the training
        cut = max(1, int(len(c[0]) * 0.6))
        return c[0], np.concatenate([c[1][:cut], np.full(len(c[0]) - cut, c[1][cut - 1])])

    return {k: frozen(v) for k, v in curves.items()}


def hyperparameters(run: ClinicRun) -> dict[str, Any]:
    """All that a careful practitioner would log."""
    c, name = run.config, {"sgd": "sgd", "momentum": "sgd"}
    params: dict[str, Any] = {
        "lr": c.lr, "batch_size": c.batch, "epochs": c.epochs,
        "optimizer": name.get(c.optimizer, c.optimizer),
        "weight_decay": c.weight_decay, "dropout": c.dropout, "schedule": c.schedule,
        "loss": run.facts["loss_name"],
        "n_train": c.n_train, "n_val": c.n_val, "hidden_size": c.width, "num_layers": c.depth,
        "activation": c.activation if c.depth else "none", "model": run.family if c.depth else "linear",
        "warmup_ratio": c.warmup, "seed": c.seed,
    }  # fmt: skip
    if run.facts.get("classes"):
        params["num_classes"] = run.facts["classes"]
    if c.optimizer == "momentum":
        params["momentum"] = c.momentum
    if c.batch_norm:
        params["batch_norm"] = True
    if c.init == "pretrained":
        params["pretrained"] = True
    if c.post_norm:
        params["norm_first"] = False
    if c.clip:
        params["clip_grad_norm"] = c.clip
    return params


def render(
    run: ClinicRun, style: str | None = None, level: str | None = None
) -> tuple[Curves, dict[str, Any]]:
    """Curves (tag → steps, values) and hyperparameters in a style and at a level (default: the run's own)."""
    style, level = style or run.style, level or run.level
    curves = STYLES[style](run)
    if run.config.probe == "range-test":  # a finder logs loss and lr of every step
        train, _ = loss_tags(style, curves)
        at, loss = _steps(run, "step_loss")
        curves = {train: (at, loss), "lr": _lr_steps(run, at)}
    elif run.config.log_fault:
        curves = _log_fault(run, style, curves)
    params = hyperparameters(run)
    if level == "some":
        params = {k: v for k, v in params.items() if k in SOME}
    return curves, params if level != "none" else {}
