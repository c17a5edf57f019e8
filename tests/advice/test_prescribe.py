"""Prescriptions stand in the order in which they are to be tried, and make sense together."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace

import numpy as np
import pytest

from curvedoctor.actions import ACTIONS, OPPOSITES
from curvedoctor.advice.experiments import LIKELY
from curvedoctor.advice.help_probability import Estimate
from curvedoctor.advice.possible import LARGE_SET
from curvedoctor.advice.prescribe import (
    ALIKE,
    BY_PLACE,
    CERTAIN,
    EFFORT,
    LEAST,
    MOST,
    RAISED,
    TREATS,
    WORTH_TRYING,
    led_by,
    order,
    prescribe,
)
from curvedoctor.conditions.base import all_conditions
from curvedoctor.conditions.examples import run
from curvedoctor.features.case import Case, build
from curvedoctor.model import Finding, ParamValue, Prescription, Severity

#: a condition whose findings contradict no action, for findings that bring their own
PLAIN = "stalled"


def case(**params: ParamValue) -> Case:
    y = np.concatenate((np.linspace(2, 1, 10), np.linspace(1.1, 1.5, 10)))
    return build([run(params, train_loss=np.geomspace(2, 0.1, 20), val_loss=y)])[0]


def found(
    *actions: str, severity: Severity = "warning", confidence: float = 0.8, condition: str = PLAIN
) -> Finding:
    return Finding(condition, severity, confidence, ("train/loss",), "", actions=actions)


def said(
    findings: list[Finding], odds: Mapping[str, float] | None = None, **params: ParamValue
) -> list[Prescription]:
    return list(prescribe(case(**params), findings, Estimate(odds or {}), all_conditions()))


def actions(
    findings: list[Finding], odds: Mapping[str, float] | None = None, **params: ParamValue
) -> list[str]:
    return [p.action for p in said(findings, odds, **params)]


# --- what is probable comes first


def test_by_probability_against_effort() -> None:
    assert actions([], {"add-warmup": 0.5, "fix-init": 0.7, "clip-gradients": 0.6}) == [
        "fix-init", "clip-gradients", "add-warmup",
    ]  # fmt: skip


#: of each cost one action
COSTLY = ("change-optimizer", "fix-init", "train-longer", "bigger-model", "more-data")


def test_what_takes_more_must_be_likelier() -> None:
    assert EFFORT["number"] == 0 < EFFORT["code"] < EFFORT["machines"] < EFFORT["data"]
    assert {ACTIONS[action].cost for action in COSTLY} == {"code", "machines", "data"}


@pytest.mark.parametrize("costly", COSTLY)
def test_how_much_more_a_costly_action_must_bring(costly: str) -> None:
    more = EFFORT[ACTIONS[costly].cost] + 1.1 * ALIKE
    assert actions([], {costly: 0.5 + more, "clip-gradients": 0.5})[0] == costly
    assert actions([], {costly: 0.5 + more - 2.2 * ALIKE, "clip-gradients": 0.5})[0] == "clip-gradients"


@pytest.mark.parametrize("times", [0.7, 1.3])
def test_what_treats_a_finding_comes_before_what_merely_improves(times: float) -> None:
    told = actions(
        [found("clip-gradients", confidence=0.0)], {"clip-gradients": 0.5, "add-warmup": 0.5 + times * TREATS}
    )
    assert told[0] == ("clip-gradients" if times < 1 else "add-warmup")


@pytest.mark.parametrize("costly", COSTLY)
def test_effort_counts_among_what_treats_a_finding(costly: str) -> None:
    both = [found("clip-gradients", costly, confidence=0.0)]
    even = 0.5 + EFFORT[ACTIONS[costly].cost]
    assert actions(both, {costly: even - 1.1 * ALIKE, "clip-gradients": 0.5})[0] == "clip-gradients"
    assert actions(both, {costly: even + 1.1 * ALIKE, "clip-gradients": 0.5})[0] == costly


def test_of_what_is_about_as_probable_the_first_named_comes_first() -> None:
    level = 10 * ALIKE
    named = [found("add-warmup", "clip-gradients", confidence=0.0)]
    assert actions(named, {"add-warmup": level - 0.4 * ALIKE, "clip-gradients": level + 0.4 * ALIKE}) == [
        "add-warmup",
        "clip-gradients",
    ]
    assert actions(named, {"add-warmup": level - 0.6 * ALIKE, "clip-gradients": level + 0.4 * ALIKE}) == [
        "clip-gradients",
        "add-warmup",
    ]
    assert actions([], {"add-warmup": level - 0.4 * ALIKE, "clip-gradients": level + 0.4 * ALIKE}) == [
        "clip-gradients",
        "add-warmup",
    ]
    assert actions(
        [found("clip-gradients", confidence=0.0)],
        {"add-warmup": level + 0.4 * ALIKE, "clip-gradients": level - 0.4 * ALIKE},
    ) == ["clip-gradients", "add-warmup"]


@pytest.mark.parametrize("times", [0.99, 1.01])
def test_what_merely_improves_is_named_where_it_is_worth_trying(times: float) -> None:
    told = actions([found("clip-gradients")], {"add-warmup": times * WORTH_TRYING, "clip-gradients": 0.5})
    assert ("add-warmup" in told) == (times > 1)


def test_at_least_one_thing_is_said_and_at_most_six() -> None:
    assert actions([], {"add-warmup": LEAST, "fix-init": 0.01}) == ["add-warmup"]
    assert actions([], {"add-warmup": LEAST - 0.01, "fix-init": 0.01}) == []
    many = dict.fromkeys(
        (
            "add-warmup",
            "fix-init",
            "clip-gradients",
            "lower-lr",
            "decay-lr",
            "shuffle",
            "bigger-batch",
            "clean-data",
        ),
        0.9,
    )
    assert len(actions([], many)) == MOST == 6
    assert actions([], {}) == []


def test_without_a_finding_only_changes_of_the_training_are_said() -> None:
    measured = {a: 0.9 for a, known in ACTIONS.items() if not known.training}
    assert actions([], {**measured, "add-warmup": LIKELY}) == ["add-warmup"]


def test_where_nothing_is_likely_an_experiment_comes_first_and_says_why() -> None:
    odds = {"lower-lr": 0.2, "raise-lr": 0.2, "add-warmup": LIKELY - 0.1}
    first, second = said([], odds)[:2]
    assert (first.action, second.action) == ("run-lr-range-test", "add-warmup")
    assert first.confidence == pytest.approx(0.4)
    assert first.basis == "odds"
    assert first.gain is None
    assert "tells whether the learning rate" in first.because[0]
    assert actions([found("add-warmup", severity="error", confidence=0.9)], odds)[0] == "add-warmup"
    assert actions([], {**odds, "add-warmup": LIKELY})[0] == "add-warmup"


# --- what findings make of the odds


@pytest.mark.parametrize("place", range(5))
def test_without_odds_the_place_among_a_findings_remedies_counts(place: int) -> None:
    named = ["fix-metric", "check-split", "fix-logging", "fix-targets", "fix-precision"]
    told = {p.action: p.confidence for p in said([found(*named, confidence=0.8)])}
    assert told[named[place]] == pytest.approx(0.8 * BY_PLACE[min(place, 3)], abs=1e-3)


@pytest.mark.parametrize("place", range(3))
def test_what_is_named_first_or_second_is_raised(place: int) -> None:
    named = ["clip-gradients", "add-warmup", "fix-init"]
    told = {p.action: p.confidence for p in said([found(*named, confidence=0.8)], dict.fromkeys(named, 0.3))}
    raised = RAISED[place] * 0.8 * 0.7 if place < 2 else 0.0
    assert told[named[place]] == pytest.approx(0.3 + raised, abs=1e-3)


def test_the_surer_of_two_findings_counts() -> None:
    both = [
        found("fix-metric", confidence=0.5),
        found("fix-metric", confidence=0.9),
        found("fix-metric", confidence=0.6),
    ]
    assert said(both)[0].confidence == pytest.approx(0.9 * BY_PLACE[0])


def test_odds_of_a_measurement_count_where_they_are_higher() -> None:
    assert said([found("fix-metric", confidence=0.5)], {"fix-metric": 0.8})[0].confidence == 0.8
    assert said([found("fix-metric", confidence=0.5)], {"fix-metric": 0.3})[0].confidence == pytest.approx(
        0.45
    )


def test_nothing_is_certain_to_help() -> None:
    assert said([found("clip-gradients", confidence=1.0)], {"clip-gradients": 0.999})[0].confidence == 0.99


def test_information_prescribes_nothing() -> None:
    assert actions([found("fix-metric", severity="info")]) == []


def test_a_finding_without_remedies_of_its_own_has_its_conditions() -> None:
    told = said([found(condition="lr-too-high")])
    assert [p.action for p in told] == list(all_conditions()["lr-too-high"].actions)
    assert all(p.treats == ("lr-too-high",) for p in told)


# --- repairs, last resorts, opposites


@pytest.mark.parametrize(
    ("severity", "confidence", "first"),
    [("error", CERTAIN, True), ("error", CERTAIN - 0.01, False), ("warning", 0.75, False)],
)
def test_what_is_broken_for_certain_is_repaired_first(
    severity: Severity, confidence: float, first: bool
) -> None:
    broken = found("fix-metric", "check-split", severity=severity, confidence=confidence)
    told = actions([broken], {"add-warmup": 0.95})
    assert told[0] == ("fix-metric" if first else "add-warmup")
    assert told[-1] == "check-split"


def test_one_repair_per_error_the_likelier_of_its_first_two() -> None:
    broken = found("fix-init", "clip-gradients", "lower-lr", severity="error", confidence=0.7)
    odds = {"fix-init": 0.1, "clip-gradients": 0.6, "lower-lr": 0.9, "add-warmup": 0.95}
    assert actions([broken], odds) == ["clip-gradients", "lower-lr", "add-warmup", "fix-init"]


def test_what_a_sibling_tried_repairs_wherever_the_error_names_it() -> None:
    """The third of its remedies, and yet before an improvement that is likelier."""
    broken = found("fix-init", "clip-gradients", "lower-lr", severity="error", confidence=0.7)
    odds = {"fix-init": 0.1, "clip-gradients": 0.1, "lower-lr": 0.7, "add-warmup": 0.95}
    tried = Estimate(odds, sibling_values={"lower-lr": ("lr", 0.01, 0.4, "")})
    assert prescribe(case(lr=0.1), [broken], tried, all_conditions())[0].action == "lower-lr"


def test_of_two_errors_the_remedy_that_treats_both_comes_first() -> None:
    one = found("fix-init", "lower-lr", severity="error", confidence=0.9)
    other = found("lower-lr", severity="error", confidence=0.9, condition="loss-spikes")
    assert actions([one], {"fix-init": 0.9, "lower-lr": 0.3})[0] == "fix-init"
    assert actions([one, other], {"fix-init": 0.9, "lower-lr": 0.3})[0] == "lower-lr"


def test_what_can_not_be_done_is_no_repair() -> None:
    broken = found("shuffle", "clip-gradients", severity="error", confidence=0.9)
    assert actions([broken], {"add-warmup": 0.95}, shuffle=True) == ["clip-gradients", "add-warmup"]


def test_last_resorts_come_after_everything_else() -> None:
    odds = {"more-data": 0.98, "bigger-model": 0.8, "add-warmup": 0.3}
    assert actions([], odds, n_train=LARGE_SET) == ["add-warmup", "more-data", "bigger-model"]
    assert actions([], odds, n_train=500) == ["more-data", "bigger-model", "add-warmup"]


@pytest.mark.parametrize("pair", OPPOSITES, ids=lambda pair: "-".join(sorted(pair)))
def test_what_undoes_an_earlier_remedy_is_not_prescribed(pair: frozenset[str]) -> None:
    one, other = sorted(pair)
    assert actions([], {one: 0.9, other: 0.6}) == [one]
    assert actions([], {one: 0.5, other: 0.8}) == [other]


def test_opposites_take_nobodys_place() -> None:
    odds = {a: 0.9 - k / 100 for k, pair in enumerate(OPPOSITES) for a in sorted(pair)}
    told = actions([], {**odds, "add-warmup": 0.3, "fix-init": 0.28})
    assert len(told) == MOST
    assert all(len(pair & set(told)) == 1 for pair in OPPOSITES)


def test_what_makes_a_finding_worse_is_not_prescribed() -> None:
    turned = found("regularize", condition="overfitting")
    assert actions([turned], {"bigger-model": 0.9, "train-longer": 0.9, "regularize": 0.3}) == ["regularize"]


# --- what is said with them


def test_what_a_prescription_rests_on() -> None:
    fitted = SimpleNamespace(
        boosted=SimpleNamespace(outcomes=("clip-gradients", "add-warmup", "raise-lr")),
        gain=lambda outcome, chance: (0.1, 0.2, round(chance, 3)) if outcome == 0 else None,
    )
    estimate = Estimate(
        {"raise-lr": 0.9, "clip-gradients": 0.6, "add-warmup": 0.5},
        {"clip-gradients": ("the gradient jumps",)},
        {"raise-lr": ("lr", 1.0, 0.4, "")},
        fitted,  # type: ignore[arg-type]
    )
    findings = [found("clip-gradients"), found("clip-gradients", condition="loss-spikes")]
    told = {p.action: p for p in prescribe(case(lr=0.1), findings, estimate, all_conditions())}
    assert {a: p.basis for a, p in told.items()} == {
        "raise-lr": "siblings", "clip-gradients": "seen", "add-warmup": "odds",
    }  # fmt: skip
    clip = told["clip-gradients"]
    assert (clip.treats, clip.gain, clip.because) == (
        (PLAIN, "loss-spikes"),
        (0.1, 0.2, clip.confidence),
        ("the gradient jumps",),
    )
    assert (told["add-warmup"].treats, told["add-warmup"].gain, told["add-warmup"].because) == ((), None, ())
    raised = told["raise-lr"]
    assert (raised.parameter, raised.current, raised.proposed, raised.factor) == ("lr", 0.1, 1.0, 10.0)
    assert "as a sibling did" in raised.text


def test_a_place_to_stop_is_the_best_logged_one() -> None:
    told = {p.action: p for p in said([found("stop-early", condition="overfitting")])}
    assert told["stop-early"].step == 9


# --- the findings' order


def test_findings_by_severity_then_confidence_then_name() -> None:
    given = [
        found(severity="info", confidence=0.99), found(severity="error", confidence=0.4),
        found(confidence=0.6, condition="b"), found(confidence=0.6, condition="a"), found(confidence=0.9),
    ]  # fmt: skip
    told = [(f.severity, f.confidence, f.condition) for f in order(given)]
    assert told == [
        ("error", 0.4, PLAIN), ("warning", 0.9, PLAIN), ("warning", 0.6, "a"), ("warning", 0.6, "b"),
        ("info", 0.99, PLAIN),
    ]  # fmt: skip


def test_what_the_first_prescription_is_for_leads_within_its_severity() -> None:
    ordered = [
        found(condition="loss-spikes", severity="error", confidence=0.5),
        found(condition="lr-never-decayed", confidence=0.9), found(condition="stalled"),
        found(condition="lr-too-high", confidence=0.7),
        found(condition="wasted-training", severity="info", confidence=0.9),
    ]  # fmt: skip
    first = Prescription("lower-lr", 0.9, ("loss-spikes", "lr-too-high"), "")
    led = led_by(first, ordered, all_conditions())
    assert [f.condition for f in led] == [
        "loss-spikes", "lr-too-high", "lr-never-decayed", "stalled", "wasted-training",
    ]  # fmt: skip
    assert led_by(None, ordered, all_conditions()) == tuple(ordered)


def test_a_finding_that_names_it_first_leads() -> None:
    second, first = found("add-warmup", "lower-lr"), found("lower-lr", condition="lr-too-high")
    led = led_by(Prescription("lower-lr", 0.9, (PLAIN, "lr-too-high"), ""), [second, first], all_conditions())
    assert led == (first, second)
