"""Fit the odds that each remedy helps: one forest for all outcomes, calibrated on tasks that it did not see."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import ExtraTreesRegressor

from clinic.dataset import OUTCOMES, Table
from curvedoctor.differential.evidence import names
from curvedoctor.differential.odds import Model
from curvedoctor.differential.trees import STEPS, Forest, complete, log_odds
from curvedoctor.model import Floats

Mask = npt.NDArray[np.bool_]

TREES = 100
LEAF = 5
FOLDS = 5
#: share of the healthy runs that the model alone may suspect: sets the gate, on tasks that the trees did not see
FALSE_ALARMS = 0.04
#: suspicions: least probability, and share of the most probable action's
LEAST, SHARE = 0.3, 0.85


def folds(tasks: Sequence[str], count: int = FOLDS) -> list[Mask]:
    """Masks of held-out rows: whole tasks at a time, tasks dealt out in turn."""
    unique = sorted(set(tasks))
    at = np.array([unique.index(task) % count for task in tasks])
    return [at == k for k in range(min(count, len(unique)))]


def grow(table: Table, keep: Mask) -> ExtraTreesRegressor:
    """Trees on the rows of `keep`. An outcome that is not scored counts as its average."""
    rows, labels, weight = table.rows[keep], table.labels[keep], table.weight[keep]
    scored = np.isfinite(labels)
    known = np.where(scored, labels, 0.0)
    average = (weight @ known) / np.maximum(weight @ scored, 1e-9)
    trees = ExtraTreesRegressor(TREES, min_samples_leaf=LEAF, max_features=0.3, n_jobs=1, random_state=0)
    return trees.fit(complete(rows), np.where(scored, labels, average), sample_weight=weight)


def platt(share: Floats, y: Floats, weight: Floats) -> tuple[float, float]:
    """Slope and intercept of a logistic calibration (Platt 1999), with a light pull towards 1 and 0."""
    from scipy.optimize import minimize

    score = log_odds(share)

    def loss(ab: Floats) -> float:
        z = ab[0] * score + ab[1]
        return float(np.sum(weight * (np.logaddexp(0, z) - y * z)) + 5 * (ab[0] - 1) ** 2 + ab[1] ** 2)

    slope, intercept = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead").x
    return float(max(slope, 0.05)), float(intercept)


def fit(table: Table, keep: Mask | None = None) -> Model:
    """A model for the rows of `keep`, calibrated by leaving tasks out among them."""
    keep = np.ones(len(table.rows), dtype=bool) if keep is None else keep
    held = np.full(table.labels.shape, np.nan)
    for mask in folds([task if k else "" for task, k in zip(table.tasks, keep, strict=True)]):
        if (mask & keep).any() and (~mask & keep).any():
            held[mask & keep] = grow(table, keep & ~mask).predict(complete(table.rows[mask & keep]))
    calibration = []
    for k in range(len(OUTCOMES)):
        scored = keep & np.isfinite(held[:, k]) & np.isfinite(table.labels[:, k])
        calibration.append(platt(held[scored, k], table.labels[scored, k], table.weight[scored]))
    sick = OUTCOMES.index("sick")
    healthy = keep & np.isfinite(held[:, sick]) & (table.labels[:, sick] == 0)
    slope, intercept = calibration[sick]
    chances = 1 / (1 + np.exp(-(slope * log_odds(held[healthy, sick]) + intercept)))
    gate = float(np.quantile(chances, 1 - FALSE_ALARMS)) if len(chances) else 1.0
    return Model(as_forest(grow(table, keep), calibration), gate, LEAST, SHARE)


def as_forest(grown: ExtraTreesRegressor, calibration: Sequence[tuple[float, float]]) -> Forest:
    """Scikit-learn's trees as flat arrays."""
    trees = [estimator.tree_ for estimator in grown.estimators_]
    roots = np.cumsum([0, *(t.node_count for t in trees)])[:-1]

    def children(side: str) -> npt.NDArray[np.int32]:
        parts = []
        for tree, root in zip(trees, roots, strict=True):
            below = getattr(tree, side)
            parts.append(np.where(below < 0, np.arange(tree.node_count), below) + root)
        return np.concatenate(parts).astype(np.int32)

    feature = np.concatenate([t.feature for t in trees])
    return Forest(
        outcomes=OUTCOMES,
        features=names(),
        feature=np.where(feature < 0, -1, feature).astype(np.int16),
        threshold=np.concatenate([t.threshold for t in trees]).astype(np.float32),
        left=children("children_left"),
        right=children("children_right"),
        share=np.round(np.concatenate([t.value[:, :, 0] for t in trees]) * STEPS).astype(np.uint8),
        roots=roots.astype(np.int32),
        slope=np.array([c[0] for c in calibration], np.float32),
        intercept=np.array([c[1] for c in calibration], np.float32),
    )


def save(model: Model, path: Path) -> None:
    """Write a model as `.npz` without pickle."""
    f = model.forest
    fields = ("feature", "threshold", "left", "right", "share", "roots", "slope", "intercept")
    np.savez_compressed(
        path,
        outcomes=np.array(f.outcomes),
        features=np.array(f.features),
        limits=np.array([model.gate, model.least, model.share]),
        **{name: getattr(f, name) for name in fields},
    )


def main() -> None:
    """Fit the model that is shipped on all calibration tasks, and write it into the package."""
    from clinic.benchmark import COPIES
    from clinic.dataset import table
    from clinic.store import load

    path = Path(__file__).parents[2] / "backend" / "curvedoctor" / "differential" / "odds.npz"
    runs = [run for run in load() if not run.final]
    model = fit(table(runs, COPIES))
    save(model, path)
    print(
        f"{len(runs)} runs, {len(model.forest.feature)} nodes, gate {model.gate:.2f}: {path.stat().st_size / 1e6:.2f} MB"
    )


if __name__ == "__main__":
    main()
