"""How often each condition fires on random healthy runs: at most 2 % of them, over 400 seeds."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from conditions.curves import healthy
from curvedoctor.conditions.base import all_conditions
from curvedoctor.features.case import build
from curvedoctor.model import Finding

SEEDS = 400
MOST = 0.02


@pytest.fixture(scope="module")
def alarms() -> tuple[Counter[str], int]:
    """Findings that make a run sick, by condition; and runs with any."""
    count: Counter[str] = Counter()
    sick = 0
    for case in build([healthy(np.random.default_rng(seed)) for seed in range(SEEDS)]):
        found = [c.check(case) for c in all_conditions().values()]
        weighty = {f.condition for f in found if isinstance(f, Finding) and f.severity != "info"}
        count.update(weighty)
        sick += bool(weighty)
    return count, sick


@pytest.mark.parametrize("condition", all_conditions())
def test_condition(alarms: tuple[Counter[str], int], condition: str) -> None:
    assert alarms[0][condition] / SEEDS <= MOST


def test_all_together(alarms: tuple[Counter[str], int]) -> None:
    assert alarms[1] / SEEDS <= 2 * MOST
