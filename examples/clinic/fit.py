"""Fit the odds that each remedy helps: boosted trees and a forest, calibrated on tasks that it did not see."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
from sklearn.ensemble import ExtraTreesRegressor

from clinic.dataset import OUTCOMES, Table
from curvedoctor.advice.boosted import Boosted
from curvedoctor.advice.forest import STEPS, Forest
from curvedoctor.advice.help_probability import Model, probability
from curvedoctor.advice.impute import impute
from curvedoctor.features.vector import names
from curvedoctor.model import Floats

Mask = npt.NDArray[np.bool_]
#: a tree as LightGBM describes it: nested nodes
Grown = dict[str, Any]

#: of the forest
ROOTS = 50
LEAF = 5
#: boosted trees per outcome
TREES = 120
DEPTH = 3
#: of LightGBM; where features are many and runs few, small trees of few features each
SETTINGS = {
    "objective": "binary", "learning_rate": 0.1, "max_depth": DEPTH, "num_leaves": 2**DEPTH, "max_bin": 63,
    "min_data_in_leaf": 15, "lambda_l2": 1.0, "feature_fraction_bynode": 0.3, "seed": 0, "deterministic": True,
    "force_row_wise": True, "num_threads": 1, "verbose": -1,
}  # fmt: skip
#: fewest runs that an outcome is learnt from; below, it is as probable as it is on average
FEWEST = 5
FOLDS = 5
#: upper ends of the bins of probability in which gains are told apart, and fewest runs that tell one
BINS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 1.0)
TOLD = 20
#: what is told of a gain
QUANTILES = (0.1, 0.5, 0.9)


def folds(tasks: Sequence[str], count: int = FOLDS) -> list[Mask]:
    """Masks of held-out rows: whole tasks at a time, tasks dealt out in turn."""
    unique = sorted(set(tasks))
    at = np.array([unique.index(task) % count for task in tasks])
    return [at == k for k in range(min(count, len(unique)))]


def boost(table: Table, keep: Mask) -> list[list[Grown]]:
    """For each outcome its trees, on the rows of `keep` in which it is scored."""
    return [_boost(table, keep & np.isfinite(table.labels[:, k]), k) for k in range(len(OUTCOMES))]


def _boost(table: Table, keep: Mask, outcome: int) -> Grown:
    y, weight = table.labels[keep, outcome], table.weight[keep]
    if len(set(table.run[keep][y == 1])) < FEWEST or (y == 1).all():
        share = np.clip(np.average(y, weights=weight) if len(y) else 0.0, 1e-3, 1 - 1e-3)
        return [{"leaf_value": float(np.log(share / (1 - share)))}]
    data = lightgbm.Dataset(impute(table.rows[keep]), y, weight=weight)
    fitted = lightgbm.train(dict(SETTINGS), data, TREES).dump_model()
    return [tree["tree_structure"] for tree in fitted["tree_info"]]


def grow(table: Table, keep: Mask) -> ExtraTreesRegressor:
    """Trees on the rows of `keep`. An outcome that is not scored counts as its average."""
    rows, labels, weight = table.rows[keep], table.labels[keep], table.weight[keep]
    scored = np.isfinite(labels)
    known = np.where(scored, labels, 0.0)
    average = (weight @ known) / np.maximum(weight @ scored, 1e-9)
    trees = ExtraTreesRegressor(ROOTS, min_samples_leaf=LEAF, max_features=0.3, n_jobs=1, random_state=0)
    return trees.fit(impute(rows), np.where(scored, labels, average), sample_weight=weight)


def platt(score: Floats, y: Floats, weight: Floats) -> tuple[float, float]:
    """Slope and intercept of a logistic calibration of log-odds (Platt 1999), with a light pull towards 1 and 0."""
    from scipy.optimize import minimize

    def loss(ab: Floats) -> float:
        z = ab[0] * score + ab[1]
        return float(np.sum(weight * (np.logaddexp(0, z) - y * z)) + 5 * (ab[0] - 1) ** 2 + ab[1] ** 2)

    slope, intercept = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead").x
    return float(max(slope, 0.05)), float(intercept)


def fit(table: Table, keep: Mask | None = None) -> Model:
    """A model for the rows of `keep`, calibrated by leaving tasks out among them."""
    keep = np.ones(len(table.rows), dtype=bool) if keep is None else keep
    held = np.full((2, *table.labels.shape), np.nan)
    for mask in folds([task if k else "" for task, k in zip(table.tasks, keep, strict=True)]):
        if (mask & keep).any() and (~mask & keep).any():
            rows = impute(table.rows[mask & keep])
            raw = [(1.0, 0.0)] * len(OUTCOMES)
            held[0, mask & keep] = as_boosted(boost(table, keep & ~mask), raw).calibrated(rows)
            held[1, mask & keep] = as_forest(grow(table, keep & ~mask), raw).calibrated(rows)
    calibrations: list[list[tuple[float, float]]] = [[], []]
    for part, calibration in zip(held, calibrations, strict=True):
        for k in range(len(OUTCOMES)):
            scored = keep & np.isfinite(part[:, k]) & np.isfinite(table.labels[:, k])
            calibration.append(platt(part[scored, k], table.labels[scored, k], table.weight[scored]))
    chances = probability(*(
        np.array([c[0] for c in calibration]) * part + np.array([c[1] for c in calibration])
        for calibration, part in zip(calibrations, held, strict=True)
    ))  # fmt: skip
    boosted = as_boosted(boost(table, keep), calibrations[0])
    forest = as_forest(grow(table, keep), calibrations[1])
    return Model(boosted, forest, np.array(BINS, np.float32), gains(table, chances))


def gains(table: Table, chances: Floats) -> npt.NDArray[np.float32]:
    """Quantiles of what actions gained, by outcome and bin of the held-out probability, shape (outcomes, bins, 3).

    Where an action has too few runs in a bin, those of all actions there; NaN where these are few, too.
    """
    at = np.minimum(np.searchsorted(BINS, chances), len(BINS) - 1)
    known = np.isfinite(chances) & np.isfinite(table.gains)
    out = np.full((len(OUTCOMES), len(BINS), len(QUANTILES)), np.nan, np.float32)
    for b in range(len(BINS)):
        everywhere = table.gains[known & (at == b)]
        for k in range(len(OUTCOMES)):
            own = table.gains[known[:, k] & (at[:, k] == b), k]
            chosen = own if len(own) >= TOLD else everywhere
            if OUTCOMES[k] != "sick" and len(chosen) >= TOLD:
                out[k, b] = np.quantile(np.maximum(chosen, 0.0), QUANTILES)
    return out


def as_boosted(grown: Sequence[list[Grown]], calibration: Sequence[tuple[float, float]]) -> Boosted:
    """LightGBM's trees as flat arrays of complete trees."""
    count = [len(trees) for trees in grown]
    inner = 2**DEPTH - 1
    feature = np.zeros((sum(count), inner), np.int16)
    threshold = np.full((sum(count), inner), np.inf, np.float32)
    value = np.zeros((sum(count), 2 * inner + 1), np.float32)

    def fill(tree: int, at: int, node: Grown) -> None:
        value[tree, at] = node.get("internal_value", node.get("leaf_value"))
        if at >= inner:
            return
        if "split_feature" in node:
            feature[tree, at], threshold[tree, at] = node["split_feature"], node["threshold"]
        for side, child in ((1, "left_child"), (2, "right_child")):
            fill(tree, 2 * at + side, node.get(child, node))

    for tree, root in enumerate(root for trees in grown for root in trees):
        fill(tree, 0, root)
    return Boosted(
        outcomes=OUTCOMES,
        features=names(),
        feature=feature,
        threshold=threshold,
        value=value,
        count=np.array(count, np.int32),
        slope=np.array([c[0] for c in calibration], np.float32),
        intercept=np.array([c[1] for c in calibration], np.float32),
    )


def as_forest(grown: ExtraTreesRegressor, calibration: Sequence[tuple[float, float]]) -> Forest:
    """Scikit-learn's trees as flat arrays."""
    trees = [estimator.tree_ for estimator in grown.estimators_]
    roots = np.cumsum([0, *(t.node_count for t in trees)])[:-1]

    def children(side: str) -> npt.NDArray[np.int32]:
        below = [getattr(tree, side) + root for tree, root in zip(trees, roots, strict=True)]
        return np.concatenate(below).astype(np.int32)

    feature = np.concatenate([t.feature for t in trees])
    leaf = feature < 0
    left = children("children_left")
    left[leaf] = np.arange(leaf.sum())
    share = np.concatenate([t.value[:, :, 0] for t in trees])[leaf]
    return Forest(
        outcomes=OUTCOMES,
        features=names(),
        feature=np.where(leaf, -1, feature).astype(np.int16),
        threshold=np.concatenate([t.threshold for t in trees]).astype(np.float32),
        left=left,
        right=children("children_right"),
        share=np.round(share * STEPS).astype(np.uint8),
        roots=roots.astype(np.int32),
        slope=np.array([c[0] for c in calibration], np.float32),
        intercept=np.array([c[1] for c in calibration], np.float32),
    )


def save(model: Model, path: Path) -> None:
    """Write a model as `.npz` without pickle."""
    arrays: dict[str, Any] = model.to_arrays()
    np.savez_compressed(path, **arrays)


def main() -> None:
    """Fit the model that is shipped on all calibration tasks, and write it into the package."""
    from clinic.dataset import learnt_from
    from clinic.store import load

    path = Path(__file__).parents[2] / "backend" / "curvedoctor" / "advice" / "odds.npz"
    runs = [run for run in load() if not run.final]
    model = fit(learnt_from(runs))
    save(model, path)
    print(
        f"{len(runs)} runs, {len(model.boosted.feature)} boosted trees, {len(model.forest.roots)} in the forest: {path.stat().st_size / 1e6:.2f} MB"
    )


if __name__ == "__main__":
    main()
