"""What the other keys of a configuration say of a key that libraries use differently."""

# ruff: noqa: SIM905 - lists of words read best as text
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from curvedoctor.params import read

Path = tuple[str, ...]

#: keys beside which gamma is a discount (reinforcement learning), a kernel's width or a tree's least gain
_OTHER_GAMMA = frozenset(
    (
        "env environment id tau starts buffer coef policy target timesteps lambda rollout kernel c subsample "
        "max_depth n_estimators min_child_weight num_leaves booster colsample_bytree num_boost_round"
    ).split()
)
#: keys that only agents have
_OF_AGENTS = frozenset(
    "env_id buffer_size total_timesteps learning_starts tau ent_coef target_update_interval".split()
)
#: library of boosted trees → keys that only it has, surest first: LightGBM and XGBoost share many
_LIBRARIES: dict[str, frozenset[str]] = {
    "lightgbm": frozenset(
        "num_leaves min_data_in_leaf min_sum_hessian_in_leaf min_child_samples "
        "bagging_fraction feature_fraction boosting_type".split()
    ),
    "catboost": frozenset(
        "l2_leaf_reg border_count od_wait od_type bagging_temperature leaf_estimation_method".split()
    ),
    "xgboost": frozenset(
        "min_child_weight num_boost_round booster colsample_bytree tree_method colsample_bylevel".split()
    ),
    "sklearn": frozenset("max_leaf_nodes min_samples_leaf".split()),
}
#: keys that boosted trees have and networks do not
_TREES = frozenset().union(*_LIBRARIES.values())
#: "reg:squarederror", "multi:softprob": how XGBoost writes its objectives
_XGBOOST = re.compile(r"(reg|binary|multi|count|rank|survival):\w+$")
#: keys that every linear model of scikit-learn has, and every estimator of Spark
_LINEAR, _SPARK = "fit_intercept", frozenset({"featurescol", "labelcol", "maxiter", "regparam"})


class Siblings:
    """The keys of a configuration, and those that stand beside a given one."""

    def __init__(self, raw: Mapping[str, object], paths: Iterable[tuple[Path, object]]) -> None:
        self._beside: dict[Path, dict[str, object]] = {}
        for path, value in paths:
            self._beside.setdefault(path[:-1], {})[path[-1].lower()] = value
        self._kinds = {place: _kind(beside) for place, beside in self._beside.items()}
        keys = {key.lower() for key in raw if isinstance(key, str) and len(key) < 60}
        #: policy optimisation: n_epochs counts passes over one rollout
        self.policy = bool(
            keys & {"clip_range", "gae_lambda", "n_steps", "clip_param", "num_learning_epochs"}
        )
        #: Hugging Face: a number of steps overrides the number of epochs
        self.steps_rule = "num_train_epochs" in keys and (read.number(raw.get("max_steps")) or 0) > 0
        #: an agent is trained: gamma is its discount
        self.agent = self.policy or bool(keys & _OF_AGENTS)
        #: gamma is no factor of the learning rate
        self.other_gamma = self.policy or any(
            key in _OTHER_GAMMA or re.split(r"[._/]", key)[-1] in _OTHER_GAMMA for key in keys
        )
        #: a search of scikit-learn: what it found best stands under `best_`
        self.search = bool(keys & {"param_grid", "param_distributions"})

    def boosts(self) -> bool:
        """Whether the configuration is that of boosted trees: they have a learning rate, forests don't."""
        return any(
            (kind == "trees" or (kind == "spark" and "maxdepth" in self._beside[folder]))
            and not _PACES.isdisjoint(self._beside[folder])
            for folder, kind in self._kinds.items()
        )

    def library(self) -> str | None:
        """The library whose boosted trees are configured; None where none is, or its keys don't tell."""
        grown = [keys for folder, keys in self._beside.items() if self._kinds[folder] == "trees"]
        paced = [keys for keys in grown if any(key in keys for key in _PACES)]
        for keys in paced:
            for name, own in _LIBRARIES.items():
                if any(key in keys for key in own):  # the smaller one is gone through
                    return name
        return "xgboost" if paced else None

    def named(self, path: Path) -> tuple[str, int] | None:
        """What a key names beside these others, where its own words do not say it; ("", 0) for nothing."""
        last, beside = path[-1].lower(), self._beside.get(path[:-1], {})
        kind = self._kinds.get(path[:-1], "")
        if kind == "linear":
            return _penalty(beside) if last == "alpha" else _LINEAR_MODELS.get(last, {}).get("eta0" in beside)
        if kind:
            return _NAMES[kind].get(last)
        if last != "gamma":
            return None
        return ("discount", 1) if self.agent else None if self.other_gamma else ("gamma", 1)

    def is_unused(self, path: Path) -> bool:
        """Whether scikit-learn does not use this: data are held out for early stopping only."""
        beside = self._beside.get(path[:-1], {})
        if path[-1].lower() != "validation_fraction":
            return False
        stops = read.truth(beside.get("early_stopping", True)) is False
        return stops or str(beside.get("n_iter_no_change", "")) == "None"


#: keys that set the pace of boosting
_PACES = frozenset({"learning_rate", "eta", "stepsize", "num_boost_round", "iterations"})
#: scikit-learn's multi-layer perceptron: alpha is its L2 penalty, max_iter counts epochs
_PERCEPTRON = {"alpha": ("weight_decay", 0), "max_iter": ("epochs", 0), "epsilon": ("epsilon", 0)}
#: key → whether it is stochastic gradient descent → what it names; epsilon is the width of a loss
_LINEAR_MODELS: dict[str, dict[bool, tuple[str, int]]] = {
    "epsilon": {True: ("", 0), False: ("", 0)},
    "max_iter": {True: ("epochs", 0), False: ("max_steps", 0)},
}
_SPARK_NAMES: dict[str, tuple[str, int]] = {
    "stepsize": ("lr", 0),
    "regparam": ("weight_decay", 0),
    "maxiter": ("max_steps", 0),
}
#: what networks call depth is another thing in a tree
_TREE_NAMES = {
    "alpha": ("l1", 0), "reg_alpha": ("l1", 0), "lambda": ("weight_decay", 0),
    "reg_lambda": ("weight_decay", 0),
    "l2_leaf_reg": ("weight_decay", 0), "l2_regularization": ("weight_decay", 0),
    "n_estimators": ("max_steps", 0),
    "max_iter": ("max_steps", 0), "od_wait": ("patience", 0), "depth": ("max_depth", 1),
    "max_depth": ("max_depth", 0),
    "epsilon": ("", 0), "gamma": ("", 0), "num_leaves": ("num_leaves", 0), "max_leaves": ("num_leaves", 1),
    "max_leaf_nodes": ("num_leaves", 0), "min_data_in_leaf": ("min_data_in_leaf", 0),
    "min_child_samples": ("min_data_in_leaf", 0), "min_samples_leaf": ("min_data_in_leaf", 0),
    "min_child_weight": ("min_child_weight", 0), "min_sum_hessian_in_leaf": ("min_child_weight", 0),
    "subsample": ("subsample", 0), "bagging_fraction": ("subsample", 0), "colsample_bytree": ("colsample", 0),
    "feature_fraction": ("colsample", 0), "rsm": ("colsample", 0), "num_data": ("n_train", 0),
}  # fmt: skip
_NAMES = {"perceptron": _PERCEPTRON, "spark": _SPARK_NAMES, "trees": _TREE_NAMES}


def _kind(beside: Mapping[str, object]) -> str:
    """Whose keys these are; "" where nothing says so."""
    if any(key.endswith("hidden_layer_sizes") for key in beside):
        return "perceptron"
    if _LINEAR in beside:
        return "linear"
    # the smaller one is gone through: a configuration may have very many keys
    if any(key in beside for key in _SPARK):
        return "spark"
    if any(key in beside for key in _TREES) or {"eta", "max_depth"} <= beside.keys():
        return "trees"
    objective = beside.get("objective")
    return "trees" if isinstance(objective, str) and _XGBOOST.match(objective[:100]) else ""


def _penalty(beside: Mapping[str, object]) -> tuple[str, int]:
    """What the strength of a linear model's penalty is: L1 in the lasso, a mixture in the elastic net."""
    kind = str(beside.get("penalty", "")).lower()
    if "l1_ratio" in beside and kind in {"", "elasticnet"}:
        return "", 0
    return ("l1", 0) if kind == "l1" or (not kind and "precompute" in beside) else ("weight_decay", 0)
