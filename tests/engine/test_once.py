"""What a condition's rule said before the model judged the run stands only where checking again says the same."""

from __future__ import annotations

import gc
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from curvedoctor.conditions import once
from curvedoctor.conditions.base import FIRES, all_conditions, suspicion, weigh
from curvedoctor.advice.odds import default_model, with_odds
from curvedoctor.engine import Options, work
from curvedoctor.engine.plan import Job
from curvedoctor.features.case import Case, build
from curvedoctor.model import Finding, Run, Unjudged
from curvedoctor.sources import find_all
from curvedoctor.sources.base import Unit
from engine.logs import log_teams

EVERY = [
    replace(example(np.random.default_rng(seed)), name=f"{condition.id} {number} {seed}")
    for condition in all_conditions().values()
    for number, example in enumerate((*condition.sick, *condition.healthy))
    for seed in range(2)
]


@pytest.fixture(scope="module")
def judged() -> list[Case]:
    return with_odds(build(EVERY))


def test_outcomes_that_stand_are_what_a_fresh_check_finds(judged: list[Case]) -> None:
    stood = checked = 0
    for case in judged:
        fresh = replace(case, outcomes={})
        for name, condition in all_conditions().items():
            known = case.outcomes.get(name)
            stood += isinstance(known, once.Outcome) and known.holds(case)
            checked += 1
            assert once.judged(case, name, condition.check) == condition.check(fresh), (case.run.name, name)
    assert stood > 0.6 * checked


def test_odds_that_say_otherwise_make_the_check_anew(judged: list[Case]) -> None:
    case = next(case for case in judged if case.odds and not case.suspects)
    told = case.having(odds={**case.odds, "lower-lr": 0.9, "sick": 0.9}, suspects={"lower-lr": 0.9})
    check = all_conditions()["lr-too-high"].check
    assert once.judged(case, "lr-too-high", check) is None
    assert isinstance(once.judged(told, "lr-too-high", check), Finding)


def test_what_looks_at_the_odds_by_itself_is_checked_again() -> None:
    def looks(case: Case) -> Unjudged | None:
        return None if case.odds else Unjudged("x", "no model")

    def asks(case: Case) -> Finding | None:
        assert suspicion(case, ("lower-lr",), FIRES / 2) == 0.0
        assert weigh(case, ("lower-lr",), "error") in ("error", "info")
        return None

    (case,) = build([Run("r", "r", "g", ())])
    ruled = once.by_rules(case, {"looks": looks, "asks": asks})
    assert not ruled.odds
    for odds, again in (({}, False), ({"lower-lr": 0.5}, True)):
        now = ruled.having(odds=odds)
        known = ruled.outcomes["looks"]
        assert isinstance(known, once.Outcome)
        assert known.holds(now) is not again
        assert once.judged(now, "looks", looks) == (None if again else Unjudged("x", "no model"))
    known = ruled.outcomes["asks"]
    assert isinstance(known, once.Outcome)
    assert known.holds(ruled.having(odds={"lower-lr": 0.5}))
    assert not known.holds(ruled.having(odds={"lower-lr": 0.001}))  # a harmless fact now


def test_a_healthy_run_is_checked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log_teams(tmp_path, ("a",))
    calls: Counter[str] = Counter()
    known = all_conditions()

    def counting(name: str) -> object:
        check = known[name].check

        def count(case: Case) -> Finding | Unjudged | None:
            calls[name] += 1
            return check(case)

        return replace(known[name], check=count)

    monkeypatch.setattr("curvedoctor.advice.evidence.all_conditions", lambda: counted)
    monkeypatch.setattr("curvedoctor.engine.judge.all_conditions", lambda: counted)
    counted = {name: counting(name) for name in known}
    assert default_model() is not None
    units = tuple(item for item in find_all([str(tmp_path)]) if isinstance(item, Unit))
    work.work(Job(units, whole=True), Options(alone=True))
    assert set(calls) == set(known)
    assert sum(calls.values()) < 1.35 * 4 * len(known)
    assert gc.isenabled()
