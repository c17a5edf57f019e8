"""Every condition's file is complete: manual page, actions, evidence, examples."""

from __future__ import annotations

import re

import pytest

from curvedoctor.actions import ACTIONS
from curvedoctor.conditions.base import HEADINGS, Condition, all_conditions
from curvedoctor.conditions.examples import HEALTHY

CONDITIONS = list(all_conditions().values())


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda c: c.id)
def test_file(condition: Condition) -> None:
    assert condition.check.__module__.rsplit(".", 1)[-1] == condition.id.replace("-", "_")
    assert set(condition.actions) <= ACTIONS.keys()
    assert len(set(condition.actions)) == len(condition.actions)
    assert condition.evidence
    assert all(len(meaning) > 8 for meaning in condition.evidence.values())
    assert len(condition.sick) >= 2
    assert set(condition.healthy) - set(HEALTHY), "a near miss of its own is missing"
    assert condition.id not in ("wasted-training", "generalization-gap") or condition.severity == "info"


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda c: c.id)
def test_manual_page(condition: Condition) -> None:
    page = condition.manual
    headings = [line for line in page.splitlines() if line and not line.startswith(" ")][1:]
    assert tuple(headings) == HEADINGS
    parts = re.split("^(?:" + "|".join(HEADINGS) + ")$", page, flags=re.MULTILINE)
    assert all(len(part.strip()) > 40 for part in parts[1:])
    assert re.search(r"\((19|20)\d\d\)", parts[-1]), "a reference with its year"
    assert page.splitlines()[0].endswith(".")
