"""What libraries of boosted trees log without saying what it is: the values tell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from curvedoctor.model import Curve, Floats, Role

#: XGBoost numbers the sets that `fit` is given: "validation_0-logloss"
_NUMBERED = re.compile(r"^validation_([01])([-/ ].+)$")
#: scikit-learn's histogram boosting keeps both under these names, losses with a minus
_SCORES = frozenset({"train_score", "validation_score"})
#: share of the points at which the set that is learnt from is fitted better,
#: and of the rounds that improve it
BETTER, IMPROVES = 0.9, 0.9


def grown(curves: Sequence[Curve], roles: Sequence[Role]) -> list[Role]:
    """The roles with what the values say of CatBoost's, XGBoost's and scikit-learn's names."""
    by_tag = {curve.tag: i for i, curve in enumerate(curves)}
    out = list(roles)
    if {"learn", "test", "best"} <= by_tag.keys():
        _catboost(curves, out, by_tag)
    if by_tag.keys() >= _SCORES:
        _negative_losses(curves, out, by_tag)
    for tag, i in by_tag.items():
        named = _NUMBERED.match(tag[:200])
        other = by_tag.get(f"validation_1{named[2]}") if named and named[1] == "0" else None
        if other is not None and _learnt_from(curves[i], curves[other], out[i]):
            why = "train: it is fitted better than the second set all along, as what is learnt from is"
            out[i] = replace(out[i], split="train", why=(*out[i].why, why))
    return out


def _catboost(curves: Sequence[Curve], roles: list[Role], by_tag: dict[str, int]) -> None:
    """ "learn", "test" and "best" on the console: the best so far tells which way is the good one."""
    best, test = (curves[by_tag[tag]].values for tag in ("best", "test"))
    if len(best) < 3 or len(best) != len(test):
        return
    falls, rises = (bool(np.all(order(np.diff(best), 0))) for order in (np.less_equal, np.greater_equal))
    if falls == rises:
        return
    why = (
        f"{'loss' if falls else 'accuracy'}: CatBoost prints its measure without a name, and "
        f"its best so far {'falls' if falls else 'rises'}"
    )
    for tag in ("learn", "test"):
        was = roles[by_tag[tag]]
        roles[by_tag[tag]] = replace(
            was,
            quantity="loss" if falls else "accuracy",
            better="lower" if falls else "higher",
            why=(*was.why, why),
        )


def _negative_losses(curves: Sequence[Curve], roles: list[Role], by_tag: dict[str, int]) -> None:
    if any(_above_zero(curves[by_tag[tag]].values) for tag in _SCORES):
        return
    for tag in _SCORES:
        was = roles[by_tag[tag]]
        why = "loss: scikit-learn's score is the loss with a minus: it never exceeds zero"
        roles[by_tag[tag]] = replace(was, quantity="loss", better="higher", why=(*was.why, why))


def _above_zero(values: Floats) -> bool:
    finite = values[np.isfinite(values)]
    return not len(finite) or bool(finite.max() > 0)


def _learnt_from(curve: Curve, other: Curve, role: Role) -> bool:
    """Whether a curve goes better than the other all along, and with nearly every round."""
    if role.better == "none" or len(curve) < 5 or len(curve) != len(other):
        return False
    sign = 1.0 if role.better == "lower" else -1.0
    y, held_out = sign * curve.values, sign * other.values
    return bool(np.mean(y < held_out) >= BETTER and np.mean(np.diff(y) <= 0) >= IMPROVES)
