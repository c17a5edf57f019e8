"""Read one configuration value as the hyperparameter that its key names; what is not plausible is None."""

from __future__ import annotations

import ast
import json
import math
import re
import warnings
from collections.abc import Mapping, Sequence

from curvedoctor.model import ParamValue
from curvedoctor.params import allowed_values
from curvedoctor.params.table import PARAMS, Param

_NUMBERS = re.compile(r"[\[(]?[\s0-9.,eE+\-]{1,200}[\])]?$")
_TRUE = frozenset({"true", "yes", "on", "1", "y", "enabled"})
_FALSE = frozenset({"false", "no", "off", "0", "n", "none", "null", "", "disabled"})
_AUGMENTATIONS = frozenset(
    {
        "autoaugment",
        "randaugment",
        "trivialaugment",
        "augmix",
        "randaug",
        "mixup",
        "cutmix",
        "flip",
        "crop",
        "standard",
        "strong",
        "weak",
        "basic",
    }
)
_LOSS_ENDINGS = ("loss", "lossfunction", "criterion", "lossfn", "error", "cost")
_ENDINGS = (
    "optimizer",
    "lr",
    "scheduler",
    "schedule",
    "decay",
    "fn",
    "function",
    "layer",
    "init",
    "uniform",
    "normal",
    "lrscheduler",
)
_TABLES = {
    "optimizer": allowed_values.OPTIMIZERS,
    "schedule": allowed_values.SCHEDULES,
    "activation": allowed_values.ACTIVATIONS,
    "last_activation": allowed_values.ACTIVATIONS,
    "init": allowed_values.INITS,
    "norm": allowed_values.NORMS,
    "loss": allowed_values.LOSSES,
    "input_scaling": allowed_values.SCALINGS,
    "precision": allowed_values.PRECISIONS,
    "model": allowed_values.MODELS,
    "library": allowed_values.LIBRARIES,
    "dataset": allowed_values.DATASETS,
}


def plain(value: object) -> object:
    """A numpy or torch scalar as the Python number it holds; anything else as it is."""
    item = getattr(value, "item", None)
    if item is not None and not isinstance(value, (str, bytes, Mapping)) and getattr(value, "size", 1) == 1:
        try:
            return item()
        except Exception:
            return None
    return value


def number(value: object) -> float | None:
    """A finite number out of a number or its text; None for anything else."""
    value = plain(value)
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str) and (len(value) > 40 or "_" in value):
        return None
    try:
        value_ = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return value_ if math.isfinite(value_) else None


def numbers(value: object) -> list[float] | None:
    """A list of numbers out of a sequence or its text: "(100, 50)" → [100.0, 50.0]."""
    if isinstance(value, str):
        text = value.strip()
        if len(text) > 200 or not _NUMBERS.match(text) or not ("," in text or text[:1] in "[("):
            return None
        value = [piece for piece in text.strip("[]() ").split(",") if piece.strip()]
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)) and 0 < len(value) <= 200:
        entries = [number(entry) for entry in value]
        return (
            None
            if any(entry is None for entry in entries)
            else [entry for entry in entries if entry is not None]
        )
    return None


def truth(value: object) -> bool | None:
    """A switch: bool, 0/1, or a word for it."""
    value = plain(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return bool(value) if value in (0, 1) else None
    text = value.strip().lower() if isinstance(value, str) and len(value) < 40 else "?"
    return True if text in _TRUE else False if text in _FALSE else None


def mapping(text: str) -> Mapping[str, object] | None:
    """A mapping that was logged as its text, JSON or Python."""
    text = text.strip()
    if not (text.startswith("{") and text.endswith("}")) or len(text) > 20_000:
        return None
    for parse in (json.loads, ast.literal_eval):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a path's backslashes
                parsed = parse(text)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            continue
        return {str(key): value for key, value in parsed.items()} if isinstance(parsed, dict) else None
    return None


def as_param(name: str, value: object) -> ParamValue | None:
    """The value of the hyperparameter `name` of the table, or None where it is not plausible."""
    param = PARAMS[name]
    if param.kind == "word":
        return _word(name, value)
    if param.kind == "bool":
        return _switch(name, value)
    return _measure(param, value)


def _measure(param: Param, value: object) -> int | float | None:
    measured = number(value)
    if (
        measured is None
        or not param.low <= measured <= param.high
        or (param.above_low and measured == param.low)
    ):
        return None
    if param.kind == "float":
        return measured
    return int(measured) if measured == math.floor(measured) else None


def _switch(name: str, value: object) -> bool | None:
    switch = truth(value)
    if switch is not None or value is None:
        return switch
    if name == "class_weights":
        weight = number(value)
        return weight != 1 if weight is not None else (value == "balanced" or None)
    if name == "augmentation" and isinstance(value, str):
        return True if re.sub(r"[^a-z]", "", value[:40].lower()) in _AUGMENTATIONS else None
    return None


def _word(name: str, value: object) -> str | None:
    value = plain(value)
    if isinstance(value, bool):
        if name == "input_scaling":
            return "standard" if value else "none"
        return None
    if isinstance(value, (int, float)) and name == "precision":
        value = str(int(value)) if abs(value) < 100 else ""
    if not isinstance(value, str) or not value.strip():
        return None
    table = _TABLES[name]
    if name == "optimizer":  # Keras numbers its objects: adam_1
        value = re.sub(r"_\d{1,4}$", "", value)
    if name == "dataset":  # the last of a path; environments have versions: ALE/Pong-v5, PongNoFrameskip-v4
        value = re.sub(r"(NoFrameskip|Deterministic)?-v\d{1,2}$", "", value)
        value = " ".join(reversed(value[:200].rstrip("/").split("/")))
    value = value.removeprefix("FlattenedLoss of ")  # fastai's wrapper
    word = allowed_values.lookup(table, value, drop=_LOSS_ENDINGS if name == "loss" else _ENDINGS)
    return word or (allowed_values.model_family(value) if name == "model" else None)


def vocabulary(name: str) -> frozenset[str]:
    """The words that the hyperparameter `name` may have as its value."""
    return frozenset(_TABLES[name].values())
