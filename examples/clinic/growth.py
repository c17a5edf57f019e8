"""How the odds get better with tasks: fitted on a part of them, judged on tasks that none of the parts holds.

The first action by odds alone, on runs as they were logged (one row a run: the curve's shape is what is
asked); drawn as a picture with `--curve FILE.png`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from clinic.dataset import OUTCOMES, Table
from clinic.fit import as_boosted, boost, folds
from clinic.truth import TRAINING
from curvedoctor.advice.impute import impute
from curvedoctor.model import Floats

#: parts of the tasks
SHARES = (0.1, 0.2, 0.4, 0.7, 1.0)

#: number of tasks, first helps, one of three helps
Point = tuple[int, float, float]


def first_and_three(odds: Floats, labels: Floats) -> tuple[float, float]:
    """Over runs that something helps: the likeliest action helps, of those scored;
    one of the three likeliest is known to."""
    training = [k for k, name in enumerate(OUTCOMES) if name in TRAINING]
    odds, labels = odds[:, training], labels[:, training]
    sick = (labels == 1).any(axis=1)
    likeliest = np.argsort(-odds[sick], axis=1)[:, :3]
    helped = np.take_along_axis(labels[sick], likeliest, axis=1)
    scored = np.isfinite(helped[:, 0])
    return float((helped[scored, 0] == 1).mean()), float((helped == 1).any(axis=1).mean())


def growth(table: Table, shares: Sequence[float] = SHARES, count: int = 3) -> list[Point]:
    """A point for each share of the tasks: mean over held-out parts of the clinic's tasks."""
    mine = np.array([source == "clinic" for source in table.sources])
    _, first_rows = np.unique(table.run, return_index=True)
    once = np.zeros(len(mine), dtype=bool)
    once[first_rows] = True
    rng, points = np.random.default_rng(0), []
    for share in shares:
        found = []
        for mask in folds(table.tasks, count):
            tasks = sorted({t for t, m, own in zip(table.tasks, mask, mine, strict=True) if own and not m})
            kept = set(rng.permutation(tasks)[: max(2, round(share * len(tasks)))].tolist())
            keep = once & np.array([t in kept for t in table.tasks])
            trees = as_boosted(boost(table, keep))
            judged = mask & mine & once
            odds = trees.scores(impute(table.rows[judged]))
            found.append((len(kept), *first_and_three(odds, table.labels[judged])))
        tasks_, first, three = np.mean(found, axis=0)
        points.append((round(float(tasks_)), float(first), float(three)))
    return points


def picture(points: Sequence[Point], path: Path) -> None:
    """The curve over tasks."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, 3.4), dpi=110)
    tasks = [p[0] for p in points]
    for k, name in ((1, "the first helps"), (2, "one of three helps")):
        axes.plot(tasks, [100 * p[k] for p in points], marker="o", label=name)
    axes.set_xscale("log")
    axes.set_xticks(tasks, [str(t) for t in tasks])
    axes.minorticks_off()
    axes.set_xlabel("tasks that the odds were fitted on")
    axes.set_ylabel("% of sick runs of other tasks")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)
