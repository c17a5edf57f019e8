"""LCBench's surrogate: a network that answers with the learning curve of any setting on 34 tabular tasks.

Public data: https://github.com/slds-lmu/yahpo_data, folder `lcbench`
(Apache-2.0): `model.onnx`, `encoding.json`, `config_space.json`. Needs
`pip install onnxruntime`. Any remedy can be asked of it. It is a model of real
runs (SGD with momentum and a cosine schedule over 52 epochs), smoother than
they are, without training losses, so it serves for what validation curves show.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinic.outside.record import Floats, Outside, judged
from clinic.truth import level

FILES = ("model.onnx", "encoding.json", "config_space.json")
EPOCHS = 52
#: inputs besides the epoch, in the network's order
SETTINGS = (
    "batch_size",
    "learning_rate",
    "momentum",
    "weight_decay",
    "num_layers",
    "max_units",
    "max_dropout",
)
#: outputs that are read
ACCURACY, LOSS, TEST = 1, 2, 4
#: runs drawn of each task
RUNS = 60

Setting = dict[str, float]


def _draw(space: dict[str, Any], rng: np.random.Generator) -> Setting:
    low, high = float(space["lower"]), float(space["upper"])
    value = math.exp(rng.uniform(math.log(low), math.log(high))) if space["log"] else rng.uniform(low, high)
    return {space["name"]: float(round(value)) if space["type"] == "uniform_int" else float(f"{value:.4g}")}


def drawn(spaces: dict[str, dict[str, Any]], rng: np.random.Generator) -> Setting:
    """A setting at random."""
    return {k: v for name in SETTINGS for k, v in _draw(spaces[name], rng).items()}


def remedies(setting: Setting, spaces: dict[str, dict[str, Any]]) -> Iterator[tuple[str, Setting]]:
    """Actions that the surrogate can be asked, as changed settings inside its space."""

    def change(action: str, name: str, value: float) -> Iterator[tuple[str, Setting]]:
        if spaces[name]["lower"] <= value <= spaces[name]["upper"] and value != setting[name]:
            yield action, setting | {name: value}

    for factor in (1 / 3, 0.1, 1 / 30, 0.01, 1 / 300):
        yield from change("lower-lr", "learning_rate", setting["learning_rate"] * factor)
        yield from change("raise-lr", "learning_rate", setting["learning_rate"] / factor)
    yield from change("bigger-model", "max_units", min(1024.0, setting["max_units"] * 4))
    yield from change("bigger-model", "num_layers", setting["num_layers"] + 1)
    yield from change("smaller-model", "max_units", max(64.0, setting["max_units"] // 4))
    yield from change("smaller-model", "num_layers", setting["num_layers"] - 2)
    yield from change("bigger-batch", "batch_size", setting["batch_size"] * 4)
    for decay in (0.01, 0.05):
        if decay > 2 * setting["weight_decay"]:
            yield from change("regularize", "weight_decay", decay)
    for dropout in (0.3, 0.6):
        if dropout > setting["max_dropout"] + 0.1:
            yield from change("regularize", "max_dropout", dropout)
    if setting["weight_decay"] > 1e-4:
        yield from change("reduce-regularization", "weight_decay", 1e-5)
    if setting["max_dropout"] > 0.1:
        yield from change("reduce-regularization", "max_dropout", 0.0)


class Surrogate:
    """The network."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(folder / FILES[0]), options)
        self.codes: dict[str, int] = json.loads((folder / FILES[1]).read_text())["OpenML_task_id"]
        space = json.loads((folder / FILES[2]).read_text())["hyperparameters"]
        self.spaces = {h["name"]: h for h in space if h["name"] in SETTINGS}
        self.tasks: list[str] = next(h["choices"] for h in space if h["name"] == "OpenML_task_id")

    def curves(self, task: str, settings: Sequence[Setting]) -> Floats:
        """Accuracy (%), validation and test cross-entropy, shape (settings, epochs, 3)."""
        epochs = np.arange(1, EPOCHS + 1)
        rows = np.array([[e, *(s[k] for k in SETTINGS)] for s in settings for e in epochs], np.float32)
        codes: NDArray[np.int32] = np.full((len(rows), 1), self.codes[task], np.int32)
        out = self.session.run(None, {"x_cat": codes, "x_cont": rows})[0]
        return np.asarray(out, np.float64)[:, [ACCURACY, LOSS, TEST]].reshape(len(settings), EPOCHS, 3)


def load(folder: Path, runs: int = RUNS, seed: int = 0) -> list[Outside]:
    """So many runs of each task, settings drawn at random, with every remedy asked."""
    surrogate = Surrogate(folder)
    return [run for k, task in enumerate(surrogate.tasks) for run in _task(surrogate, task, runs, [seed, k])]


def _task(surrogate: Surrogate, task: str, runs: int, seed: list[int]) -> list[Outside]:
    rng = np.random.default_rng(seed)
    settings = [drawn(surrogate.spaces, rng) for _ in range(runs)]
    asked = [list(remedies(s, surrogate.spaces)) for s in settings]
    found = surrogate.curves(task, [*settings, *(s for part in asked for _, s in part)])
    own, rest = found[:runs], iter(found[runs:])
    chance = float(np.median(own[:, 0, 1]))
    best = float(min(found[:, -1, 2]))
    made = []
    for i, (setting, part) in enumerate(zip(settings, asked, strict=True)):
        tries: dict[str, list[list[float]]] = {
            "stop-early": [[level(float(own[i, np.argmin(own[i, :, 1]), 2]), chance)]]
        }
        for action, _ in part:
            tries.setdefault(action, []).append([level(float(next(rest)[-1, 2]), chance)])
        made.append(_run(task, i, setting, own[i], tries, chance, best))
    return made


def _run(
    task: str, number: int, setting: Setting, curves: Floats, tries: Any, chance: float, best: float
) -> Outside:
    end = float(curves[-1, 2])
    verdicts, gains = judged([level(end, chance)], tries)
    epochs = np.arange(EPOCHS, dtype=np.float64)
    shown = {"val/loss": (epochs, curves[:, 1]), "val/accuracy": (epochs, np.clip(curves[:, 0] / 100, 0, 1))}
    params: dict[str, Any] = {"lr" if k == "learning_rate" else k: v for k, v in setting.items()}
    params |= {"optimizer": "sgd", "epochs": EPOCHS, "schedule": "cosine"}
    params |= {k: int(setting[k]) for k in ("batch_size", "num_layers", "max_units")}
    fine = end <= 1.05 * best and all(v is False for v in verdicts.values())
    return Outside(f"{task}-{number:03d}", "lcbench", f"lcbench/{task}", f"lcbench/{task}/{number}", shown,
                   params, verdicts,
                   gains, True if fine else False if any(verdicts.values()) else None)  # fmt: skip
