"""MLCommons AlgoPerf: large runs (fastMRI, OGBG, Criteo, Librispeech and variants), many submissions.

Public data: the logs of https://github.com/mlcommons/submissions_algorithms
(Apache-2.0), v0.5 and v0.6. Wanted: `algoperf.jsonl.xz`, one object a run with
`task`, `trial` (its path), `steps`, `metric`, `target`, `reached` (validation
reached the published target), `params` and `curves` (train, validation, test /
loss, accuracy …), null where a value was not finite.

A run that reached the target is not sick. Trials of one task and submission
that differ in one setting are remedies tried, in about five repeats each.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from clinic.outside.record import Floats, Outside, floats, judged, rows
from clinic.truth import CAP, level

FILES = ("algoperf.jsonl.xz",)
#: metrics of which more is better: their distance from 1 is the error
SHARES = ("mean_average_precision", "ssim", "accuracy")
#: setting → action where it is larger, action where it is smaller
MOVES = {
    "learning_rate": ("raise-lr", "lower-lr"),
    "weight_decay": ("regularize", "reduce-regularization"),
    "l2": ("regularize", "reduce-regularization"),
    "dropout_rate": ("regularize", "reduce-regularization"),
    "label_smoothing": ("regularize", "reduce-regularization"),
    "warmup_factor": ("add-warmup", None),
    "warmup_steps_fraction": ("add-warmup", None),
    "warmup": ("add-warmup", None),
}
#: share of the repeats that reach the target: that many more of them is a help whatever the loss
MORE = 0.6
#: fewest points of a run that is kept
FEWEST = 3
#: fewest repeats whose shares are compared
REPEATS = 3

Row = dict[str, Any]


def load(folder: Path) -> list[Outside]:
    """All runs with enough points."""
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows(folder / FILES[0]):
        if len(row["steps"]) >= FEWEST:
            groups[row["task"], row["trial"].split("/")[1]].append(row)
    return [run for (task, who), found in groups.items() for run in _group(task, who, found)]


def _error(row: Row) -> Floats:
    """The validation metric as an error: lower is better."""
    values = floats(row["curves"][f"validation/{row['metric']}"])
    return 1.0 - values if row["metric"] in SHARES else values


def _level(values: Floats, chance: float, at: int = -1) -> float:
    return level(float(values[at]) if np.isfinite(values[at]) else CAP * chance, chance)


def _group(task: str, who: str, found: list[Row]) -> list[Outside]:
    chance = float(np.nanmedian([_error(r)[0] for r in found]))
    same: dict[str, list[Row]] = defaultdict(list)
    for row in found:
        same[json.dumps(row["params"], sort_keys=True)].append(row)
    return [_run(task, who, i, row, same, chance) for i, row in enumerate(found)]


def _moved(old: dict[str, Any], new: dict[str, Any]) -> str | None:
    """The action that leads from one to the other, if they differ in one setting that has one."""
    changed = [k for k in old.keys() | new.keys() if old.get(k) != new.get(k)]
    if len(changed) != 1 or changed[0] not in MOVES:
        return None
    more, less = MOVES[changed[0]]
    return more if float(new.get(changed[0]) or 0) > float(old.get(changed[0]) or 0) else less


def _run(task: str, who: str, number: int, row: Row, same: dict[str, list[Row]], chance: float) -> Outside:
    error, own = _error(row), same[json.dumps(row["params"], sort_keys=True)]
    tries: dict[str, list[list[float]]] = defaultdict(list)
    saved: dict[str, bool] = {}
    for text, others in same.items():
        action = _moved(row["params"], json.loads(text))
        if action:
            tries[action].append([_level(_error(o), chance) for o in others])
            saved[action] = saved.get(action, False) or _reach(others) - _reach(own) >= MORE
            if min(len(others), len(own)) < REPEATS:
                saved[action] = False
    verdicts, gains = judged([_level(_error(o), chance) for o in own], tries)
    verdicts |= {a: True for a, yes in saved.items() if yes and not row["reached"]}
    low = int(np.nanargmin(error)) if np.isfinite(error).any() else 0
    early, gained = judged([_level(error, chance)], {"stop-early": [[_level(error, chance, low)]]})
    verdicts, gains = verdicts | early, gains | gained
    if row["reached"]:  # what the benchmark calls done is no patient
        verdicts = {a: False if v else v for a, v in verdicts.items()}
    curves = {t: (np.array(row["steps"][: len(v)], np.float64), floats(v)) for t, v in row["curves"].items()
              if not t.startswith("test/")}  # fmt: skip
    healthy = True if row["reached"] else False if any(verdicts.values()) else None
    return Outside(f"{task}-{who}-{number:03d}", "algoperf", f"algoperf/{_work(task)}",
                   f"algoperf/{task}/{who}", curves,
                   {k: v for k, v in row["params"].items() if v is not None}, verdicts, gains,
                   healthy)  # fmt: skip


def _reach(found: list[Row]) -> float:
    return float(np.mean([r["reached"] for r in found]))


def _work(task: str) -> str:
    """The task without the framework it was run in."""
    return task.removesuffix("_jax").removesuffix("_pytorch")
