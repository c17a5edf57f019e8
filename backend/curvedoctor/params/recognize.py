"""Out of a configuration, the hyperparameters that curvedoctor knows, and nothing else:
the rest may hold secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from curvedoctor.model import ParamValue
from curvedoctor.params import allowed_values, names, pretrained, read
from curvedoctor.params.siblings import Path, Siblings
from curvedoctor.params.table import PARAMS

#: deepest mapping, most keys that are looked at
_DEEPEST, _MOST = 8, 50_000
_PAIR = re.compile(
    r"\b(lr|learning_rate|weight_decay|momentum|nesterov|gamma|step_size|eta_min|beta_1|beta_2|label_smoothing)\s*[:=]\s*([\w.+\-]{1,30})"
)
_BETAS = re.compile(r"\bbetas\s*[:=]\s*(\([\d.,\s]{1,60}\))")
_PRINTED = frozenset({"optimizer", "schedule", "loss"})


def recognize(raw: Mapping[str, object]) -> dict[str, ParamValue]:
    """The known hyperparameters of a configuration, under our names; the order of keys plays no part.

    Mappings may be nested; values may be numbers, switches, words, or the text of any of them. A
    hyperparameter that two keys of equal standing give different values is left out.
    """
    candidates: dict[str, dict[ParamValue, int]] = {}
    before: set[bool] = set()
    named = False
    leaves = list(_leaves(raw, (), [_MOST]))
    siblings = Siblings(raw, leaves)
    labels: dict[Path, int] = {}
    for path, value in leaves:
        if len(path) > 1 and names.words(path[-2])[-3:] == ("id", "2", "label"):
            labels[path[:-1]] = labels.get(path[:-1], 0) + 1
        asked = names.find(path)
        if asked is not None and (told := pretrained.says(asked[0], path[-1], value)) is not None:
            before.add(told)
        named |= asked is not None and asked[0] == "model" and pretrained.published(value)
        for name, rank, read_value in _read(path, value, siblings):
            ranks = candidates.setdefault(name, {})
            ranks[read_value] = min(rank, ranks.get(read_value, rank))
    if len(counts := set(labels.values())) == 1 and (classes := counts.pop()) > 1:
        candidates.setdefault("n_classes", {}).setdefault(classes, 20)
        # Hugging Face's classification heads use it unless `problem_type` says otherwise
        candidates.setdefault("loss", {}).setdefault("cross-entropy", 90)
    if siblings.boosts():
        candidates.setdefault("model", {}).setdefault("tree", 80)
        if (library := siblings.library()) is not None:
            candidates.setdefault("library", {}).setdefault(library, 80)
    settled = {name: _settle(name, ranks) for name, ranks in candidates.items()}
    by_name = named and settled.get("model") == "transformer" and "init" not in settled
    if True in before or (not before and by_name):
        settled["init"] = "pretrained"
    return {name: value for name in PARAMS if (value := settled.get(name)) is not None}


def _settle(name: str, ranks: Mapping[ParamValue, int]) -> ParamValue | None:
    best = min(ranks.values())
    values = [value for value, rank in ranks.items() if rank == best]
    if best >= names.OF_LAYER and name in {
        "dropout",
        "width",
    }:  # each layer has its own: the largest tells most
        return max(values, key=lambda value: value if isinstance(value, (int, float)) else 0)
    return values[0] if len(values) == 1 else None


def _leaves(raw: object, path: Path, room: list[int]) -> Iterator[tuple[Path, object]]:
    """Key paths and values of a nested mapping; a dotted or slashed key counts as a path."""
    if not isinstance(raw, Mapping):
        return
    for key, value in raw.items():
        room[0] -= 1
        if room[0] < 0:
            return
        if not isinstance(key, str) or len(key) > 200:
            continue
        here = (*path, *(piece for piece in re.split(r"[./]|__", key) if piece))
        inner = read.mapping(value) if isinstance(value, str) else value
        if isinstance(inner, Mapping):
            if len(here) < _DEEPEST:
                yield from _leaves(inner, here, room)
        elif here:
            yield here, value


def _read(path: Path, value: object, siblings: Siblings) -> Iterator[tuple[str, int, ParamValue]]:
    last = path[-1].lower()
    if siblings.search and path[0].startswith("best_"):
        path = (path[0].removeprefix("best_"), *path[1:])
    # what stands beside a key says more than its words, which libraries use differently
    named = siblings.named(path) or names.find(path) or _scaler(last, value)
    if named is None or not named[0] or siblings.is_unused(path):
        return
    name, rank = named
    if (siblings.policy and last == "n_epochs") or (siblings.steps_rule and last == "num_train_epochs"):
        return
    for got, read_value in _convert(name, value):
        yield got, rank, read_value
    if name in _PRINTED and isinstance(value, str):
        for got, read_value in _printed(value):
            yield got, rank + 50, read_value


def _scaler(last: str, value: object) -> tuple[str, int] | None:
    """A step of a pipeline: `standardscaler` is "StandardScaler()"."""
    is_step = (
        last in allowed_values.SCALINGS and isinstance(value, str) and value.lower().startswith(f"{last}(")
    )
    return ("input_scaling", 40) if is_step else None


def _convert(name: str, value: object) -> Iterator[tuple[str, ParamValue]]:
    """The value under its final name or names: lists, switches and the like are taken apart."""
    pairs: list[tuple[str, object]] = [(name, value)]
    listed = read.numbers(value)
    if name == "betas":
        pairs = list(zip(("beta1", "beta2"), listed or (), strict=False))
    elif name == "layer_list" or (name in ("depth", "width") and listed):
        sizes = listed or ([one] if (one := read.number(value)) else [])
        pairs = [("depth", float(len(sizes))), ("width", max(sizes))] if sizes else []
    elif name == "n_classes" and isinstance(value, (list, tuple, set)):
        pairs = [("n_classes", len(value))]
    elif name == "lr" and listed:
        pairs = [("lr", listed[0])] if len(set(listed)) == 1 else []
    elif name == "lr" and isinstance(value, str) and read.number(value) is None:
        pairs = [("schedule", value)]
    elif name == "keep_prob":
        keep = read.number(value)
        pairs = [] if keep is None else [("dropout", round(1 - keep, 12))]
    elif name == "warmup":
        share = read.number(value)
        pairs = [("warmup_ratio" if share is not None and 0 < share < 1 else "warmup_steps", value)]
    elif name in ("n_train", "n_val", "n_test"):
        share = read.number(value)
        if share is not None and 0 < share < 1 and name == "n_val":
            pairs = [("validation_split", value)]
    elif name in _SWITCHES:
        target, word = _SWITCHES[name]
        pairs = [(target, word)] if read.truth(value) else []
    elif name in ("norm", "residual", "init") and isinstance(value, bool):
        pairs = (
            [("residual", value)]
            if name == "residual"
            else [("norm", "none")]
            if name == "norm" and not value
            else []
        )
    for final, raw in pairs:
        got = read.as_param(final, raw) if final in PARAMS else None
        if got is not None:
            yield final, got


_SWITCHES = {
    "cosine_switch": ("schedule", "cosine"),
    "norm_batch": ("norm", "batch"),
    "norm_layer": ("norm", "layer"),
    "precision_fp16": ("precision", "fp16"),
    "precision_bf16": ("precision", "bf16"),
    "precision_amp": ("precision", "mixed"),
    "precision_int8": ("precision", "int8"),
}


def _printed(text: str) -> Iterator[tuple[str, ParamValue]]:
    """Hyperparameters inside a printed object: "Adam(lr=0.001, betas=(0.9, 0.99))"."""
    text = text[: allowed_values.LONGEST]
    for key, value in _PAIR.findall(text):
        name = {"learning_rate": "lr", "eta_min": "min_lr", "beta_1": "beta1", "beta_2": "beta2"}.get(
            key, key
        )
        got = read.as_param(name, value)
        if got is not None:
            yield name, got
    if betas := _BETAS.search(text):
        yield from _convert("betas", betas[1])
