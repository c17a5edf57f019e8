"""How answers are held against what was tried, what they are fitted on,
and the rules of thumb beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from clinic import benchmark, experience
from clinic.dataset import MOST, OUTCOMES, Table, joined
from clinic.fit import dealt
from clinic.growth import first_and_three
from clinic.score import (
    Answer,
    calibration_error,
    coverage,
    direction,
    per_action,
    regret,
    score,
    split,
    tried,
)
from clinic.thumb import rule_table
from curvedoctor.conditions.examples import run
from curvedoctor.model import Floats


@dataclass(frozen=True)
class Case:
    """A run whose remedies were tried: action → (whether it helps, what it saved)."""

    tried: dict[str, tuple[bool | None, float]] = field(default_factory=dict)
    healthy: bool | None = None

    @property
    def sick(self) -> bool:
        return any(helps for helps, _ in self.tried.values())

    def helps(self, action: str) -> bool | None:
        return self.tried.get(action, (None, 0.0))[0]

    def saved(self, action: str) -> float | None:
        return self.tried[action][1] if action in self.tried else None


SICK = Case(
    {"lower-lr": (True, 0.5), "raise-lr": (False, -2.0), "more-data": (True, 0.2), "shuffle": (None, 0.07)}
)
WELL = Case({"lower-lr": (False, 0.01)}, healthy=True)


def says(*actions: str, alarm: bool = True, sure: float = 0.8) -> Answer:
    return Answer(alarm, tuple((action, sure) for action in actions), ((0.1, 0.3, 0.6),) * len(actions))


@pytest.mark.parametrize(
    ("answer", "first", "three", "left"),
    [
        (says("lower-lr"), 1.0, 1.0, 0.0),
        (says("more-data", "raise-lr"), 1.0, 1.0, 0.6),
        (says("raise-lr", "lower-lr"), 0.0, 1.0, 1.0),
        (says("raise-lr"), 0.0, 0.0, 1.0),
        (says("fix-init", "shuffle"), np.nan, np.nan, np.nan),  # nobody tried these
        (says("raise-lr", "shuffle"), 0.0, np.nan, 1.0),  # the second is not known
        (says("shuffle", "raise-lr", "lower-lr"), np.nan, np.nan, 0.86),
        (says("lower-lr", alarm=False), 1.0, 1.0, 0.0),  # what is suggested counts without an alarm, too
    ],
)
def test_suggestions_are_scored_where_they_were_tried(
    answer: Answer, first: float, three: float, left: float
) -> None:
    s = score([SICK, WELL], [answer, says("lower-lr", alarm=False)])
    assert (s.sick, s.healthy) == (1, 1)
    assert s.first == pytest.approx(first, nan_ok=True)
    assert s.three == pytest.approx(three, nan_ok=True)
    assert s.regret == pytest.approx(left, nan_ok=True)


def test_alarms_are_counted_apart() -> None:
    s = score([SICK, SICK, WELL, WELL], [says("lower-lr"), says(alarm=False), says(), says(alarm=False)])
    assert (s.alarms, s.false_alarms, s.alarms_help) == (0.5, 0.5, 1.0)


def test_after_a_range_test_the_better_direction_is_taken() -> None:
    assert regret(SICK, says("run-lr-range-test")) == pytest.approx(0.0)
    assert regret(SICK, says("shuffle")) == pytest.approx(1 - 0.07 / 0.5)
    assert regret(WELL, says("lower-lr")) is None


def test_confidence_that_holds_has_no_calibration_error() -> None:
    assert calibration_error([(0.75, True)] * 3 + [(0.75, False)]) == pytest.approx(0.0)
    assert calibration_error([(0.95, False)] * 5) == pytest.approx(0.95)


def test_gains_are_told_with_their_spread() -> None:
    below, above, n = coverage([SICK], [says("lower-lr", "more-data", "raise-lr")])
    assert (below, above, n) == (pytest.approx(1 / 3), 1.0, 3)  # a run that got worse saved nothing


def test_parts_and_actions() -> None:
    runs, answers = [SICK, WELL], [says("raise-lr", "lower-lr"), says("lower-lr")]
    parts = split(runs, answers, lambda one: "sick" if one.sick else "well")
    assert {name: s.sick for name, s in parts.items()} == {"sick": 1, "well": 0}
    rows = per_action(runs, answers)
    assert rows["raise-lr"][:2] == (0.0, 1)
    assert rows["lower-lr"][2:] == (1.0, 1)
    assert rows["more-data"][2:] == (0.0, 1)


@pytest.mark.parametrize(
    ("train", "val", "first"),
    [
        ([2, 1, 0.5, 0.2], [2, 1.2, 1.1, 1.3], "regularize"),
        ([2, 3, 4, 9], [2, 3, 4, 9], "lower-lr"),
        ([2, np.nan, np.nan], [2, np.nan, np.nan], "lower-lr"),
        ([2, 2, 2, 2], [2, 2, 2, 2], "lower-lr"),
        ([2, 1.5, 1, 0.5], [2, 1.5, 1, 0.55], None),
    ],
)
def test_the_rule_table_says_what_such_tables_say(
    train: list[float], val: list[float], first: str | None
) -> None:
    told = rule_table(run({}, train_loss=np.array(train), val_loss=np.array(val)))
    assert (told.actions[0][0] if told.actions else None) == first
    assert told.alarm is bool(told.actions)


def test_first_changes_of_the_rate_go_a_way_and_help_or_hurt() -> None:
    low = Case({"lower-lr": (False, -3.0), "raise-lr": (True, 0.4)})
    said = [says("raise-lr"), says("lower-lr"), says("lower-lr"), says("more-data")]
    about = [SICK, SICK, low, SICK]
    assert direction(about, said) == (1, 2)
    assert tried(about, said) == (2, 2)


def test_a_sample_holds_every_fault_and_whole_groups() -> None:
    from clinic.store import load

    found = load(final=False)
    places = benchmark.sample(found, 120)
    assert places == sorted(set(places))
    assert len(places) == 120
    assert {found[i].fault for i in places} == {one.fault for one in found}
    families = benchmark.whole_groups(found, places)
    chosen = {found[i].group for i in places if found[i].group}
    assert sum(one.group in chosen for one in found) == sum(found[i].group in chosen for i in families)


# --- what odds are fitted on


def table(n: int, source: str, task: str) -> Table:
    ones = np.ones((n, len(OUTCOMES)))
    return Table(np.zeros((n, 3)), ones, ones, ones, (task,) * n, np.arange(n) // 2.0, (source,) * n)


def test_whole_sources_are_held_out_and_runs_stay_apart() -> None:
    parts = [table(4, "clinic", f"task{k}") for k in range(8)]
    whole = joined([*parts, table(6, "deepobs", "deepobs/a"), table(6, "deepobs", "deepobs/b")])
    assert len(set(whole.run.tolist())) == 8 * 2 + 2 * 3
    masks = dealt(whole)
    assert np.sum(masks, axis=0).tolist() == [1] * len(whole.rows)
    others = np.array([source == "deepobs" for source in whole.sources])
    assert sum((mask & others).any() for mask in masks) == 1


def test_rows_are_kept_under_a_name_that_changes_with_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    def make() -> Table:
        made.append(1)
        return table(3, "clinic", "task")

    first = experience.kept(tmp_path, "x", make)
    again = experience.kept(tmp_path, "x", make)
    assert (len(made), again.tasks, again.sources) == (1, first.tasks, first.sources)
    assert np.array_equal(again.weight, first.weight)
    monkeypatch.setattr(experience, "_mark", lambda: "other")
    experience.kept(tmp_path, "x", make)
    assert len(made) == 2


def test_what_was_tried_by_lot_stands_for_those_on_which_it_was_not() -> None:
    from clinic.dataset import _stands_for
    from clinic.store import load

    one = load(final=False)[0]
    assert set(_stands_for(one)) == {1.0}
    one.tried.update({"lower-lr": 0.5, "raise-lr": 0.01, "more-data": 1.0})
    told = dict(zip(OUTCOMES, _stands_for(one), strict=True))
    assert (told["lower-lr"], told["raise-lr"], told["more-data"]) == (2.0, MOST, 1.0)


def test_the_first_of_the_odds_is_scored_where_it_was_tried() -> None:
    a, b = OUTCOMES.index("lower-lr"), OUTCOMES.index("raise-lr")
    odds: Floats = np.full((3, len(OUTCOMES)), -9.0)
    odds[:, a], odds[:, b] = 2.0, 1.0
    labels = np.full((3, len(OUTCOMES)), np.nan)
    labels[0, [a, b]] = 1, 0
    labels[1, [a, b]] = 0, 1
    labels[2, [a, b]] = np.nan, 1
    assert first_and_three(odds, labels) == (0.5, 1.0)
