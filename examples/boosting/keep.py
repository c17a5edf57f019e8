"""Write the logs that the tests keep: real trainings, small, as the libraries' users store them.

python -m boosting.keep ../tests/data/boosting      # from examples/; needs lightgbm, xgboost, catboost
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path

from boosting.faults import FAULTS, PATIENCE, Where, healthy, trained
from boosting.tasks import task
from boosting.train import Setting, Trained

#: library → task on which all its faults do harm
KEPT = {"lightgbm": "noisy-labels", "xgboost": "moons", "sklearn": "noisy-labels"}
#: most rounds that are kept of a log
LONGEST = 400


def main(target: Path) -> None:
    """One folder per training."""
    for library, name in KEPT.items():
        where = Where(library, name, 0)
        good = healthy(where)
        stopped = Setting(good.rate, good.rounds + PATIENCE, good.depth, good.leaf, good.penalty, good.rows)
        _write(target / library / "healthy", trained(where, good))
        _write(target / library / "healthy_stopped_early", trained(where, stopped))
        for kind, (break_, share) in FAULTS.items():
            there = Where(library, name, 0, share)
            _write(target / library / kind.replace(" ", "_"), trained(there, break_(good)))
    _catboost(target / "catboost")


def _write(folder: Path, log: Trained) -> None:
    """`evals_result.json`, and the settings beside it as the library calls them."""
    folder.mkdir(parents=True, exist_ok=True)
    sets: dict[str, dict[str, list[float]]] = {}
    for curve, values in log.curves.items():
        of, _, measure = (
            curve.replace("_", "-", 1).partition("-") if "-" not in curve else curve.partition("-")
        )
        sets.setdefault(of, {})[measure] = [float(f"{value:.5g}") for value in values[:LONGEST]]
    (folder / "evals_result.json").write_text(json.dumps(sets) + "\n")
    (folder / "params.json").write_text(json.dumps(dict(log.params)) + "\n")


def _catboost(target: Path) -> None:
    """CatBoost's console."""
    from catboost import CatBoostClassifier

    data = task("moons", 0)
    target.mkdir(parents=True, exist_ok=True)
    for name, rate, rounds in (
        ("healthy", 0.1, 60),
        ("too_many_rounds", 0.3, 400),
        ("lr_too_low", 0.003, 60),
    ):
        said = io.StringIO()
        model = CatBoostClassifier(
            iterations=rounds, learning_rate=rate, random_seed=0, thread_count=1, allow_writing_files=False
        )
        with contextlib.redirect_stdout(said):
            model.fit(data.x, data.y, eval_set=(data.x_val, data.y_val), use_best_model=False, log_cout=said)
        (target / name).mkdir(exist_ok=True)
        (target / name / "train.log").write_text(said.getvalue())
        settings = {"learning_rate": rate, "iterations": rounds, "depth": 6, "l2_leaf_reg": 3}
        (target / name / "params.json").write_text(json.dumps(settings) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
