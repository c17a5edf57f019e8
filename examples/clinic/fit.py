"""Fit the odds that each remedy helps: one boosted forest per action (LightGBM), calibrated on held-out tasks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np

from clinic.dataset import OUTCOMES, Table
from curvedoctor.differential.odds import Model
from curvedoctor.differential.trees import Forest
from curvedoctor.features.vector import names
from curvedoctor.model import Floats

SETTINGS: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 12,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "max_bin": 63,
    "verbosity": -1,
    "num_threads": 1,
    "seed": 0,
    "deterministic": True,
}
TREES = 120
FOLDS = 5
#: healthy runs that may be called sick, share
FALSE_ALARMS = 0.02
#: suspicions: least probability, and share of the most probable action's
LEAST, SHARE = 0.3, 0.6


def folds(tasks: Sequence[str], count: int = FOLDS) -> list[np.ndarray]:
    """Masks of held-out rows: whole tasks at a time, tasks dealt out in turn."""
    unique = sorted(set(tasks))
    at = np.array([unique.index(task) % count for task in tasks])
    return [at == k for k in range(min(count, len(unique)))]


def boosters(table: Table, keep: np.ndarray, trees: int = TREES) -> dict[str, lightgbm.Booster | float]:
    """One booster per outcome on the rows of `keep`; a constant log-odds where one class is all but missing."""
    made: dict[str, lightgbm.Booster | float] = {}
    for k, outcome in enumerate(OUTCOMES):
        scored = keep & np.isfinite(table.labels[:, k])
        y = table.labels[scored, k]
        if y.sum() < 20 or (1 - y).sum() < 20:
            made[outcome] = float(np.log((y.sum() + 0.5) / ((1 - y).sum() + 50)))
            continue
        data = lightgbm.Dataset(
            table.rows[scored], y, weight=table.weight[scored], feature_name=list(names()), free_raw_data=True
        )
        made[outcome] = lightgbm.train(SETTINGS, data, trees)
    return made


def raw_scores(made: dict[str, lightgbm.Booster | float], rows: Floats) -> Floats:
    """Log-odds of every outcome, shape (n, len(OUTCOMES))."""
    columns = [
        np.full(len(rows), b) if isinstance(b, float) else np.asarray(b.predict(rows, raw_score=True))
        for b in made.values()
    ]
    return np.column_stack(columns)


def platt(score: Floats, y: Floats, weight: Floats) -> tuple[float, float]:
    """Slope and intercept of a logistic calibration (Platt 1999), with a light pull towards 1 and 0."""
    from scipy.optimize import minimize

    def loss(ab: Floats) -> float:
        z = ab[0] * score + ab[1]
        return float(np.sum(weight * (np.logaddexp(0, z) - y * z)) + 5 * (ab[0] - 1) ** 2 + ab[1] ** 2)

    slope, intercept = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead").x
    return float(max(slope, 0.05)), float(intercept)


def fit(table: Table, keep: np.ndarray | None = None) -> Model:
    """A model for the rows of `keep`, calibrated by leaving tasks out among them."""
    keep = np.ones(len(table.rows), dtype=bool) if keep is None else keep
    held = np.full(table.labels.shape, np.nan)
    for mask in folds(table.tasks):
        if (mask & keep).any() and (~mask & keep).any():
            held[mask & keep] = raw_scores(boosters(table, keep & ~mask), table.rows[mask & keep])
    calibration = []
    for k in range(len(OUTCOMES)):
        scored = keep & np.isfinite(held[:, k]) & np.isfinite(table.labels[:, k])
        calibration.append(platt(held[scored, k], table.labels[scored, k], table.weight[scored]))
    forest = as_forest(boosters(table, keep), calibration)
    z = held[:, -1] * calibration[-1][0] + calibration[-1][1]
    healthy = keep & (table.labels[:, -1] == 0) & np.isfinite(z)
    gate = float(np.quantile(1 / (1 + np.exp(-z[healthy])), 1 - FALSE_ALARMS)) if healthy.any() else 0.5
    return Model(forest, gate, LEAST, SHARE)


def as_forest(made: dict[str, lightgbm.Booster | float], calibration: list[tuple[float, float]]) -> Forest:
    """LightGBM's trees as flat arrays."""
    nodes: list[tuple[int, float, int, int, bool, float]] = []
    roots: list[int] = []
    owner: list[int] = []
    for k, booster in enumerate(made.values()):
        if isinstance(booster, float):
            continue
        for tree in booster.dump_model()["tree_info"]:
            roots.append(len(nodes))
            owner.append(k)
            _flatten(tree["tree_structure"], nodes)
    columns = list(zip(*nodes, strict=True)) if nodes else [[]] * 6
    return Forest(
        outcomes=tuple(made),
        features=names(),
        feature=np.array(columns[0], np.int16),
        threshold=np.array(columns[1], np.float32),
        left=np.array(columns[2], np.int32),
        right=np.array(columns[3], np.int32),
        missing_left=np.array(columns[4], np.bool_),
        value=np.array(columns[5], np.float32),
        roots=np.array(roots, np.int32),
        owner=np.array(owner, np.int16),
        offset=np.array([b if isinstance(b, float) else 0.0 for b in made.values()], np.float32),
        slope=np.array([c[0] for c in calibration], np.float32),
        intercept=np.array([c[1] for c in calibration], np.float32),
    )


def _flatten(node: dict[str, Any], nodes: list[tuple[int, float, int, int, bool, float]]) -> int:
    """Append a subtree in depth-first order; returns the index of its top."""
    at = len(nodes)
    if "leaf_value" in node and "split_feature" not in node:
        nodes.append((-1, 0.0, at, at, True, float(node["leaf_value"])))
        return at
    nodes.append((0, 0.0, 0, 0, True, 0.0))
    left = _flatten(node["left_child"], nodes)
    right = _flatten(node["right_child"], nodes)
    missing_left = bool(node["default_left"]) if node["missing_type"] != "None" else 0.0 <= node["threshold"]
    value = float(node.get("internal_value", 0.0))
    nodes[at] = (node["split_feature"], float(np.clip(node["threshold"], -3e38, 3e38)), left, right, missing_left, value)
    return at


def save(model: Model, path: Path) -> None:
    """Write a model as `.npz` without pickle."""
    f = model.forest
    np.savez_compressed(
        path,
        outcomes=np.array(f.outcomes),
        features=np.array(f.features),
        limits=np.array([model.gate, model.least, model.share]),
        **{
            name: getattr(f, name)
            for name in (
                "feature", "threshold", "left", "right", "missing_left", "value",
                "roots", "owner", "offset", "slope", "intercept",
            )
        },
    )  # fmt: skip
