"""A prescription, done: its numbers put into the setting, and early stopping where its text says so."""

from __future__ import annotations

import math
from dataclasses import replace

from boosting.faults import MOST, Where, best_round, trained
from boosting.train import Setting
from curvedoctor.model import Prescription

#: as the prescriptions' texts say
PATIENCE = 50
#: recognized hyperparameter → what it is of a setting
FIELDS = {
    "lr": "rate", "max_steps": "rounds", "num_leaves": "depth", "max_depth": "depth",
    "min_data_in_leaf": "leaf",
    "min_child_weight": "leaf", "weight_decay": "penalty", "subsample": "rows",
}  # fmt: skip


def apply(library: str, setting: Setting, cure: Prescription) -> Setting | None:
    """The setting with the change; None for what is no change of a setting."""
    if cure.parameter not in FIELDS or not isinstance(cure.proposed, (int, float)):
        return None
    value: float = cure.proposed
    if cure.parameter == "num_leaves":
        value = max(2, round(math.log2(value + 1)))
    elif cure.parameter == "min_child_weight":
        value = round(4 * value)
    elif cure.parameter in ("max_steps", "max_depth", "min_data_in_leaf"):
        value = round(value)
    changed = replace(setting, **{FIELDS[cure.parameter]: value})
    if cure.parameter == "lr":
        changed = replace(changed, rounds=round(min(MOST, max(setting.rounds, 10 / value))))
    return changed


def outcome(where: Where, setting: Setting, cure: Prescription) -> float | None:
    """The final validation loss with the change; stopped early where the prescription says so."""
    changed = apply(where.library, setting, cure)
    if changed is None:
        return None
    curve = trained(where, replace(changed, rounds=min(changed.rounds, MOST))).validation
    if "early_stopping" not in cure.text and "n_iter_no_change" not in cure.text:
        return curve[-1]
    return curve[best_round(curve, PATIENCE)]
