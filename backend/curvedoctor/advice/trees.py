"""Changes to boosted trees, in the words of the library that grows them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from curvedoctor.advice.said import propose, say
from curvedoctor.conditions.measures.rounds import CUSTOMARY, rounds
from curvedoctor.conditions.measures.shape import name
from curvedoctor.features.case import Case
from curvedoctor.features.rates import logged_lr
from curvedoctor.model import Prescription


class Words(NamedTuple):
    """What a library calls its settings, and what it starts from."""

    rate: str
    rounds: str
    #: size of a tree, and the recognized hyperparameter that it is
    size: str
    param: str
    size_default: int
    leaf: str
    leaf_param: str
    leaf_default: float
    rows: str
    penalty: str
    patience: str


_LIGHTGBM = Words(
    "learning_rate", "num_iterations", "num_leaves", "num_leaves", 31, "min_data_in_leaf", "min_data_in_leaf",
    20,
    "bagging_fraction (with bagging_freq=1)", "lambda_l2", "early_stopping_round",
)  # fmt: skip
_XGBOOST = Words(
    "learning_rate (eta)", "num_boost_round", "max_depth", "max_depth", 6, "min_child_weight",
    "min_child_weight", 1,
    "subsample", "lambda", "early_stopping_rounds",
)  # fmt: skip
_CATBOOST = Words(
    "learning_rate", "iterations", "depth", "max_depth", 6, "min_data_in_leaf", "min_data_in_leaf", 1,
    "subsample", "l2_leaf_reg", "early_stopping_rounds",
)  # fmt: skip
_SKLEARN = Words(
    "learning_rate", "n_estimators", "max_depth", "max_depth", 3, "min_samples_leaf", "min_data_in_leaf", 1,
    "subsample", "l2_regularization", "n_iter_no_change",
)  # fmt: skip
_WORDS: Mapping[str | None, Words] = {
    "lightgbm": _LIGHTGBM, "xgboost": _XGBOOST, "catboost": _CATBOOST, "sklearn": _SKLEARN,
}  # fmt: skip
#: rounds without gain after which to stop
PATIENCE = 50
#: the round at which a good learning rate has its best; lowest rate that is proposed
GOOD_ROUND, LOWEST = 100, 0.01
#: rounds in units of 1 / rate that suffice for nearly every task: (1 − ν)^(10/ν) leaves less than e^-10
ENOUGH_ROUNDS = 10


def words(case: Case) -> Words:
    """The words of the run's library; XGBoost's where it is not known."""
    return _WORDS.get(case.library, _XGBOOST)


def change(case: Case, action: str) -> Prescription | None:
    """The change that an action means for boosted trees; None where it means what it means for networks."""
    make = _CHANGES.get(action)
    return None if make is None else make(case, words(case))


def _stopping(w: Words) -> str:
    return f"{w.patience}={PATIENCE}"


def _grown(case: Case) -> float:
    known = case.number("max_steps")
    return known if known is not None else rounds(case.outcome)[1] if case.outcome is not None else 100.0


def _rounded(value: float) -> float:
    return float(f"{value:.1g}")


def _lower_rate(case: Case, w: Words) -> Prescription:
    rate, s = logged_lr(case), case.outcome
    if rate is None:
        text = f"Lower {w.rate} to a third, with three times the rounds and {_stopping(w)}."
        return propose(text, "lr", None, None, 0.33)
    best = s.step_at(s.best_index) + 1 if s is not None else GOOD_ROUND
    proposed = max(LOWEST, min(max(rate * best / GOOD_ROUND, rate / 10), rate / 3, CUSTOMARY))
    return _to_rate("Lower", case, w, rate, _rounded(proposed))


def _raise_rate(case: Case, w: Words) -> Prescription:
    rate = logged_lr(case)
    if rate is None:
        return propose(f"Raise {w.rate} threefold, with {_stopping(w)}.", "lr", None, None, 3.0)
    return _to_rate("Raise", case, w, rate, _rounded(max(CUSTOMARY, min(3 * rate, 3 * CUSTOMARY))))


def _to_rate(verb: str, case: Case, w: Words, rate: float, proposed: float) -> Prescription:
    """Another learning rate, with as many rounds as it needs."""
    limit = max(_grown(case), ENOUGH_ROUNDS / proposed)
    text = (
        f"{verb} {w.rate} from {say(rate)} to {say(proposed)}, with {w.rounds} up to "
        f"{limit:.0f} and {_stopping(w)}."
    )
    return propose(text, "lr", rate, proposed, float(f"{proposed / rate:.3g}"))


def _more_rounds(case: Case, w: Words) -> Prescription:
    now, rate = _grown(case), logged_lr(case)
    proposed = math.ceil(max(3 * now, ENOUGH_ROUNDS / rate if rate is not None else 0.0))
    text = (
        f"Grow up to {proposed} rounds instead of {now:.0f} ({w.rounds}), with {_stopping(w)}, "
        "which ends them in time."
    )
    return propose(text, "max_steps", round(now), proposed, float(f"{proposed / now:.3g}"))


def _stop(case: Case, w: Words) -> Prescription | None:
    s = case.val or case.val_score or case.primary
    if s is None:
        return None
    at = s.step_at(s.best_index)
    keep = rounds(s)[0] - s.step_at(0) + at
    text = (
        f"Stop at {s.at_step(s.best_index)}, where the {name(s)} is best: {w.rounds}={keep:.0f}, "
        f"or {_stopping(w)}."
    )
    return propose(text, "max_steps", round(_grown(case)), round(keep), None, at)


def _smaller(case: Case, w: Words) -> Prescription:
    def make(now: float) -> int:
        fewer = max(4, int(now) // 4) if w.param == "num_leaves" else max(2, int(now) - 2)
        return fewer if fewer < now else max(2, int(now) - 1)

    return _setting(case, w.param, w.size_default, make, f"Grow smaller trees: {w.size} {{}}.")


def _bigger(case: Case, w: Words) -> Prescription:
    def make(now: float) -> int:
        return int(now) * 4 if w.param == "num_leaves" else int(now) + 2

    return _setting(case, w.param, w.size_default, make, f"Grow bigger trees: {w.size} {{}}.")


def _regularize(case: Case, w: Words) -> Prescription:
    penalty = case.number("weight_decay")
    more = f"{w.penalty} {say(max(10 * penalty, 1.0)) if penalty is not None else 10}"
    text = f"Regularize: {w.leaf} {{}}; then {w.rows} 0.7, {more}."
    return _setting(case, w.leaf_param, w.leaf_default, lambda now: float(f"{4 * max(now, 1.0):.2g}"), text)


def _setting(
    case: Case, param: str, default: float, make: Callable[[float], float], text: str
) -> Prescription:
    """A new value in a text with room for it; what was not logged is the library's default, and so called."""
    logged = case.number(param)
    now = default if logged is None else logged
    proposed = make(now)
    from_to = (
        f"to {say(proposed)} (default {say(now)})"
        if logged is None
        else f"from {say(now)} to {say(proposed)}"
    )
    factor = float(f"{proposed / now:.3g}") if now else None
    return propose(text.format(from_to), param, case.params.get(param), proposed, factor)


def _more_data(case: Case, w: Words) -> Prescription:
    return propose("Train on more data.", "n_train", case.params.get("n_train"), None, 4.0)


_CHANGES: dict[str, Callable[[Case, Words], Prescription | None]] = {
    "lower-lr": _lower_rate, "raise-lr": _raise_rate, "train-longer": _more_rounds, "stop-early": _stop,
    "smaller-model": _smaller, "bigger-model": _bigger, "regularize": _regularize, "more-data": _more_data,
}  # fmt: skip
