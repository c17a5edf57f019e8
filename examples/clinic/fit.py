"""Fit the odds that each remedy helps: boosted trees, and how far they are trusted.

`python -m clinic.fit` fits what is shipped on the clinic, its drawn tasks and, with `--outside FOLDER`, other
people's curves (public data, see `outside`).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt

from clinic.dataset import OUTCOMES, Mask, Table
from clinic.experience import experience, runs
from clinic.reach import familiar_with, trusted
from curvedoctor.advice.boosted import Boosted
from curvedoctor.advice.familiar import Familiar
from curvedoctor.advice.help_probability import Model
from curvedoctor.advice.impute import impute
from curvedoctor.features.vector import names
from curvedoctor.model import Floats

#: a tree as LightGBM describes it: nested nodes
Grown = dict[str, Any]

#: boosted trees per outcome
TREES = 150
DEPTH = 3
#: of LightGBM; where features are many and runs few, small trees of few features each
SETTINGS = {
    "objective": "binary", "learning_rate": 0.1, "max_depth": DEPTH, "num_leaves": 2**DEPTH, "max_bin": 63,
    "min_data_in_leaf": 15, "lambda_l2": 1.0, "feature_fraction_bynode": 0.3, "seed": 0,
    "deterministic": True,
    "force_row_wise": True, "num_threads": 1, "verbose": -1,
}  # fmt: skip
#: fewest runs that an outcome is learnt from; below, it is as probable as it is on average
FEWEST = 5
FOLDS = 4
#: upper ends of the bins of probability in which gains are told apart, and fewest runs that tell one
BINS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 1.0)
TOLD = 20
#: what is told of a gain
QUANTILES = (0.1, 0.5, 0.9)
#: copies of each of the clinic's runs, in frameworks' styles and by people's habits
STYLED, HABITUAL = 2, 1
SHIPPED = Path(__file__).parents[2] / "backend" / "curvedoctor" / "advice" / "odds.npz"


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What trees say of rows whose tasks (of others: whose whole sources) they did not see."""

    masks: list[Mask]
    trees: list[Boosted]
    familiar: list[Familiar]
    #: log-odds, shape (n, outcomes), and how far each row is from all that its trees had seen, shape (n,)
    scores: Floats
    distance: Floats


def folds(tasks: Sequence[str], count: int = FOLDS) -> list[Mask]:
    """Masks of held-out rows: whole tasks at a time, tasks dealt out in turn."""
    unique = sorted(set(tasks))
    at = np.array([unique.index(task) % count for task in tasks])
    return [at == k for k in range(min(count, len(unique)))]


def dealt(table: Table) -> list[Mask]:
    """Masks of held-out rows: tasks of the clinic, whole sources of other people's."""
    units = [t if s == "clinic" else f"~{s}" for t, s in zip(table.tasks, table.sources, strict=True)]
    return folds(units)


def hold_out(table: Table, masks: Sequence[Mask]) -> HeldOut:
    """Trees for each mask, fitted on all other rows, and what they say of its rows."""
    held = HeldOut(list(masks), [], [], np.full(table.labels.shape, np.nan), np.full(len(table.rows), np.nan))
    for mask in masks:
        trees = as_boosted(boost(table, ~mask))
        known = familiar_with(table.rows[~mask])
        held.trees.append(trees)
        held.familiar.append(known)
        held.scores[mask] = trees.scores(impute(table.rows[mask]))
        held.distance[mask] = known.distance(table.rows[mask])
    return held


def boost(table: Table, keep: Mask) -> list[list[Grown]]:
    """For each outcome its trees, on the rows of `keep` in which it is scored."""
    at = np.flatnonzero(keep)
    rows = lightgbm.Dataset(
        impute(table.rows[at]), np.zeros(len(at)), params=dict(SETTINGS), free_raw_data=False
    )
    rows.construct()
    return [_boost(rows, table, at, k) for k in range(len(OUTCOMES))]


def _boost(rows: lightgbm.Dataset, table: Table, at: npt.NDArray[np.intp], outcome: int) -> list[Grown]:
    scored = np.flatnonzero(np.isfinite(table.labels[at, outcome]))
    y, weight = table.labels[at[scored], outcome], table.weight[at[scored], outcome]
    if len(set(table.run[at[scored]][y == 1])) < FEWEST or (y == 1).all():
        share = np.clip(np.average(y, weights=weight) if len(y) else 0.0, 1e-3, 1 - 1e-3)
        return [{"leaf_value": float(np.log(share / (1 - share)))}]
    data = rows.subset(scored.tolist()).construct()
    data.set_label(y)
    data.set_weight(weight)
    fitted = lightgbm.train(dict(SETTINGS), data, TREES).dump_model()
    return [tree["tree_structure"] for tree in fitted["tree_info"]]


def finished(table: Table, held: HeldOut, trees: Boosted, familiar: Familiar, keep: Mask) -> Model:
    """A model of these trees; how far they are trusted, and the gains,
    from what is held out among the rows of `keep`."""
    keep = keep & np.isfinite(held.distance)  # of rows that no mask holds out nothing is known
    part = table.part(keep)
    familiar = trusted(familiar, held.scores[keep], held.distance[keep], part.labels, part.weight)
    chances = 1 / (1 + np.exp(-familiar.shrunk(held.scores[keep], held.distance[keep])))
    return Model(trees, familiar, np.array(BINS, np.float32), gains(part, chances))


def fit(table: Table, held: HeldOut | None = None) -> Model:
    """A model for all rows, calibrated on what is held out."""
    held = held or hold_out(table, dealt(table))
    everything = np.ones(len(table.rows), dtype=bool)
    trees = as_boosted(boost(table, everything))
    return finished(table, held, trees, familiar_with(table.rows), everything)


def models(table: Table, held: HeldOut) -> list[tuple[Mask, Model]]:
    """For each held-out part the model that never saw it, neither in its trees nor in its calibration."""
    return [
        (mask, finished(table, held, trees, familiar, ~mask))
        for mask, trees, familiar in zip(held.masks, held.trees, held.familiar, strict=True)
    ]


def gains(table: Table, chances: Floats) -> npt.NDArray[np.float32]:
    """Quantiles of what actions gained, by outcome and bin of the held-out probability, shape (outcomes,
    bins, 3).

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


def as_boosted(grown: Sequence[list[Grown]]) -> Boosted:
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
    )


def save(model: Model, path: Path) -> None:
    """Write a model as `.npz` without pickle."""
    arrays: dict[str, Any] = model.to_arrays()
    np.savez_compressed(path, **arrays)


def main(argv: Sequence[str] | None = None) -> None:
    """Fit the model that is shipped, and write it into the package."""
    parser = argparse.ArgumentParser(prog="clinic.fit", description=__doc__)
    parser.add_argument("--outside", type=Path, help="folder with other people's curves")
    parser.add_argument("--to", type=Path, default=SHIPPED, help="file to write")
    args = parser.parse_args(argv)
    table = experience(runs(), args.outside, STYLED, HABITUAL)
    model = fit(table)
    save(model, args.to)
    print(
        f"{len(set(table.run))} runs of {len(set(table.tasks))} tasks from {sorted(set(table.sources))}, "
        f"{len(model.boosted.feature)} trees: {args.to.stat().st_size / 1e6:.2f} MB"
    )


if __name__ == "__main__":
    main()
