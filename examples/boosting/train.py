"""One training by a real library, and what it logs each round, under the library's own names."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import numpy as np

from boosting.tasks import Array, Task


@dataclass(frozen=True, slots=True)
class Setting:
    """What can be set in all three libraries. `leaf`: fewest samples (XGBoost: least weight) of a leaf."""

    rate: float = 0.1
    rounds: int = 100
    depth: int = 4
    leaf: int = 10
    penalty: float = 1.0
    rows: float = 1.0


Curves = dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class Trained:
    """A log: the curves, and the settings as the library calls them."""

    curves: Curves
    params: Mapping[str, object]

    @property
    def validation(self) -> list[float]:
        """The curve that tells how good it is: the second one."""
        return list(self.curves.values())[1]

    @property
    def final(self) -> float:
        """Its end."""
        return self.validation[-1]


def lightgbm(task: Task, s: Setting, seed: int) -> Trained:
    """LightGBM's `train`."""
    import lightgbm as lgb

    loss = {0: "l2", 2: "binary_logloss"}.get(task.classes, "multi_logloss")
    params: dict[str, object] = {
        "objective": {0: "regression", 2: "binary"}.get(task.classes, "multiclass"), "metric": loss,
        "learning_rate": s.rate, "num_leaves": 2**s.depth - 1, "max_depth": -1, "min_data_in_leaf": s.leaf,
        "lambda_l2": s.penalty, "bagging_fraction": s.rows, "bagging_freq": int(s.rows < 1), "seed": seed,
    }  # fmt: skip
    if task.classes > 2:
        params["num_class"] = task.classes
    found: dict[str, dict[str, list[float]]] = {}
    data = lgb.Dataset(task.x, task.y)
    lgb.train(
        params | {"verbose": -1, "num_threads": 1, "deterministic": True}, data, s.rounds,
        valid_sets=[data, lgb.Dataset(task.x_val, task.y_val, reference=data)],
        valid_names=["training", "valid_1"],
        callbacks=[lgb.record_evaluation(found)],
    )  # fmt: skip
    curves = {f"{of}-{loss}": found[of][loss] for of in ("training", "valid_1")}
    return Trained(curves, params | {"num_iterations": s.rounds, "num_data": len(task.y)})


def xgboost(task: Task, s: Setting, seed: int) -> Trained:
    """XGBoost's `train`."""
    import xgboost as xgb

    loss = {0: "rmse", 2: "logloss"}.get(task.classes, "mlogloss")
    params: dict[str, object] = {
        "objective": {0: "reg:squarederror", 2: "binary:logistic"}.get(task.classes, "multi:softprob"),
        "eval_metric": loss, "eta": s.rate, "max_depth": s.depth, "min_child_weight": s.leaf / 4,
        "lambda": s.penalty,
        "subsample": s.rows, "seed": seed, "booster": "gbtree",
    }  # fmt: skip
    if task.classes > 2:
        params["num_class"] = task.classes
    found: dict[str, dict[str, list[float]]] = {}
    train, val = xgb.DMatrix(task.x, task.y), xgb.DMatrix(task.x_val, task.y_val)
    xgb.train(
        params | {"nthread": 1}, train, s.rounds, evals=[(train, "train"), (val, "eval")], evals_result=found,
        verbose_eval=False,
    )  # fmt: skip
    curves = {f"{of}-{loss}": [float(v) for v in found[of][loss]] for of in ("train", "eval")}
    return Trained(curves, params | {"num_boost_round": s.rounds})


def sklearn(task: Task, s: Setting, seed: int) -> Trained:
    """scikit-learn's gradient boosting, evaluated round by round."""
    from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
    from sklearn.metrics import log_loss, mean_squared_error

    params = {
        "learning_rate": s.rate, "n_estimators": s.rounds, "max_depth": s.depth, "min_samples_leaf": s.leaf,
        "subsample": s.rows, "random_state": seed,
    }  # fmt: skip
    model = (GradientBoostingClassifier if task.classes else GradientBoostingRegressor)(**params)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(task.x, task.y)

    def losses(x: Array, y: Array) -> list[float]:
        if task.classes:
            return [float(log_loss(y, p, labels=model.classes_)) for p in model.staged_predict_proba(x)]
        return [float(mean_squared_error(y, p)) for p in model.staged_predict(x)]

    name = "log_loss" if task.classes else "mse"
    curves = {f"train_{name}": losses(task.x, task.y), f"val_{name}": losses(task.x_val, task.y_val)}
    return Trained(curves, params)


LIBRARIES: Mapping[str, Callable[[Task, Setting, int], Trained]] = {
    "lightgbm": lightgbm, "xgboost": xgboost, "sklearn": sklearn,
}  # fmt: skip


def installed() -> list[str]:
    """The libraries that there are."""
    from importlib.util import find_spec

    return [name for name in LIBRARIES if find_spec(name) is not None]


def describe(s: Setting) -> dict[str, float]:
    """As plain data."""
    return asdict(s)


def finite(curves: Curves) -> bool:
    """Whether all is finite."""
    return all(bool(np.isfinite(values).all()) for values in curves.values())
