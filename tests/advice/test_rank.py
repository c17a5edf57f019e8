"""Prescriptions make sense together."""

from __future__ import annotations

import numpy as np
from curvedoctor.advice.rank import led_by, prescribe

from curvedoctor.actions import ACTIONS, OPPOSITES
from curvedoctor.conditions.base import all_conditions
from curvedoctor.features.case import build
from curvedoctor.model import Curve, Finding, Prescription, Role, Run, Severity


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


def test_what_the_first_prescription_is_for_leads_within_its_severity() -> None:
    def found(condition: str, severity: Severity, confidence: float) -> Finding:
        return Finding(condition, severity, confidence, ("loss",), "", {}, None, None, "epoch", ())

    ordered = [
        found("loss-spikes", "error", 0.5), found("lr-never-decayed", "warning", 0.9),
        found("stalled", "warning", 0.8), found("lr-too-high", "warning", 0.7), found("wasted-training", "info", 0.9),
    ]  # fmt: skip
    first = Prescription("lower-lr", 0.9, ("loss-spikes", "lr-too-high"), "")
    led = led_by(first, ordered, all_conditions())
    assert [f.condition for f in led] == [
        "loss-spikes", "lr-too-high", "lr-never-decayed", "stalled", "wasted-training",
    ]  # fmt: skip
    assert led_by(None, ordered, all_conditions()) == tuple(ordered)
