"""Prescriptions make sense together."""

from __future__ import annotations

import numpy as np

from curvedoctor.actions import ACTIONS, OPPOSITES
from curvedoctor.conditions.base import all_conditions
from curvedoctor.differential.rank import prescribe
from curvedoctor.features.case import build
from curvedoctor.model import Curve, Finding, Role, Run


def test_what_undoes_an_earlier_remedy_is_not_prescribed() -> None:
    values = np.linspace(1.0, 0.5, 20)
    role = Role("train", "loss", "lower", "epoch")
    curve = Curve("loss", "loss", np.arange(20), values, np.full(20, np.nan), role, "epoch")
    (case,) = build([Run("r", "r", "", (curve,))])
    chances = {action: 0.9 - place / 100 for place, pair in enumerate(OPPOSITES) for action in sorted(pair)}
    findings = [
        Finding("underfitting", "warning", p, ("loss",), "", {}, None, None, "epoch", (action,))
        for action, p in chances.items()
    ]
    said = prescribe(case.having(odds=chances), findings, all_conditions())
    actions = [p.action for p in said]
    assert len(actions) == len(OPPOSITES)
    assert set(actions) <= set(ACTIONS)
    assert all(len(pair & set(actions)) == 1 for pair in OPPOSITES)
