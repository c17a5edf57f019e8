"""Prescriptions stand in the order in which they are to be tried, and make sense together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from curvedoctor.actions import ACTIONS, EFFORT, OPPOSITES, TREATS, promise, worth
from curvedoctor.advice.beside import FEWEST, MOST
from curvedoctor.advice.experiments import LIKELY
from curvedoctor.advice.help_probability import Estimate
from curvedoctor.advice.possible import LARGE_SET
from curvedoctor.advice.prescribe import (
    BY_PLACE,
    CERTAIN,
    DOUBT,
    LEAST,
    RAISED,
    WORTH_TRYING,
    led_by,
    order,
    prescribe,
)
from curvedoctor.advice.shown import FAR_BELOW
from curvedoctor.advice.trial import TRIED_HELPS
from curvedoctor.conditions.base import all_conditions
from curvedoctor.conditions.examples import run
from curvedoctor.engine import diagnose_runs
from curvedoctor.features.case import Case, build
from curvedoctor.model import Diagnosis, Finding, ParamValue, Prescription, Severity
from curvedoctor.reports import phrases
from curvedoctor.reports.text import percent

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
KNOWN: dict[str, ParamValue] = {"n_train": 500, "optimizer": "sgd"}
COSTLY = ("change-optimizer", "fix-init", "train-longer", "bigger-model", "more-data")


def test_what_takes_more_must_be_likelier() -> None:
    assert EFFORT["number"] == 0 < EFFORT["code"] < EFFORT["machines"] < EFFORT["data"]
    assert {ACTIONS[action].cost for action in COSTLY} == {"code", "machines", "data"}


@pytest.mark.parametrize("costly", COSTLY)
@pytest.mark.parametrize("treated", [True, False])
def test_how_much_more_a_costly_action_must_bring(costly: str, treated: bool) -> None:
    """The same for what treats a finding and for what merely improves."""
    findings = [found("clip-gradients", costly, confidence=0.0)] if treated else []
    even = 0.5 / (1 - EFFORT[ACTIONS[costly].cost])
    assert actions(findings, {costly: even + 0.01, "clip-gradients": 0.5}, **KNOWN)[0] == costly
    assert actions(findings, {costly: even - 0.01, "clip-gradients": 0.5})[0] == "clip-gradients"


@pytest.mark.parametrize("times", [0.7, 1.3])
def test_what_treats_a_finding_comes_before_what_merely_improves(times: float) -> None:
    told = actions(
        [found("clip-gradients", confidence=0.0)], {"clip-gradients": 0.5, "add-warmup": 0.5 + times * TREATS}
    )
    assert told[0] == ("clip-gradients" if times < 1 else "add-warmup")


@pytest.mark.parametrize("treated", ["clip-gradients", "add-warmup"])
def test_of_what_is_as_probable_the_first_named_comes_first(treated: str) -> None:
    even = {"clip-gradients": 0.5, "add-warmup": 0.5}
    assert actions([found(treated, confidence=0.0)], even)[0] == treated
    both = [found(treated, "clip-gradients", "add-warmup", confidence=0.0)]
    assert actions(both, {**even, treated: 0.49})[0] != treated


TRAINING = sorted(action for action, known in ACTIONS.items() if known.training)


@pytest.mark.parametrize("seed", range(200))
def test_law_of_order(seed: int) -> None:
    """Whatever is expected and found: by worth, but for repairs, which come before, and last resorts.

    And beside each change that stands after one that is less likely there is a word that is true.
    """
    rng = np.random.default_rng(seed)
    odds = {str(a): float(p) for a, p in zip(TRAINING, rng.uniform(0, 1, len(TRAINING)), strict=True)}
    severities: tuple[Severity, ...] = ("error", "warning", "info")
    findings = [
        found(
            *map(str, rng.choice(TRAINING, 3, replace=False)), severity=severities[rng.integers(3)],
            confidence=float(rng.uniform(0.5, 0.99)),
        )
        for _ in range(rng.integers(0, 3))
    ]  # fmt: skip
    params: dict[str, ParamValue] = {"n_train": int(rng.choice([500, LARGE_SET])), "lr": 1e-3}
    told = said(findings, odds, **params)
    words = phrases.order(Diagnosis(run(), "sick", tuple(findings), tuple(told)))
    plain = [(p, word) for p, word in zip(told, words, strict=True) if word not in ("repairs an error", ASKS)]
    assert words == sorted(words, key=lambda word: word not in ("repairs an error", ASKS)) or ASKS in words
    last = [p for p, _ in plain if p.action in LAST and params["n_train"] == LARGE_SET]
    ranked = [p for p, _ in plain if p not in last]
    assert [p for p, _ in plain] == ranked + last
    for group in (ranked, last):
        promised = [worth(p.action, p.confidence, treats=bool(p.treats)) for p in group]
        assert promised == pytest.approx(sorted(promised, reverse=True), abs=1e-3)
    for place, (item, word) in enumerate(plain):
        less_likely = [p for p, _ in plain[:place] if percent(p.confidence) != percent(item.confidence)]
        less_likely = [p for p in less_likely if p.confidence < item.confidence]
        promised = promise(item.action, item.confidence)
        cheaper = any(promise(p.action, p.confidence) >= promised for p in less_likely)
        treating = any(p.treats for p in less_likely) and not item.treats
        why = "takes more effort" if cheaper else "treats no finding" if treating else "a last resort"
        assert word == (why if less_likely else "")


LAST, ASKS = ("more-data", "bigger-model"), "tells what is wrong"


@pytest.mark.parametrize("times", [0.99, 1.01])
def test_what_merely_improves_is_named_where_it_is_worth_trying(times: float) -> None:
    others = dict.fromkeys(("clip-gradients", "fix-init", "decay-lr"), 0.5)
    told = actions([found("clip-gradients")], {"add-warmup": times * WORTH_TRYING, **others})
    assert ("add-warmup" in told) == (times > 1)


def test_three_things_to_try_are_named_where_few_are_likely() -> None:
    few = {"add-warmup": WORTH_TRYING, "fix-init": 0.19, "clip-gradients": 0.18, "decay-lr": 0.17}
    assert len(actions([], few)) == FEWEST == 3
    assert "decay-lr" not in actions([], few)
    likely = {"add-warmup": 0.5, "fix-init": 0.5, "clip-gradients": 0.5, "decay-lr": WORTH_TRYING - 0.01}
    assert "decay-lr" not in actions([], likely)
    assert "decay-lr" in actions([], {**likely, "decay-lr": WORTH_TRYING})


def test_no_third_thing_undoes_one_that_is_worth_trying() -> None:
    odds = {"raise-lr": 0.5, "lower-lr": 0.19, "add-warmup": 0.1}
    assert actions([], odds) == ["raise-lr", "add-warmup"]
    # also where the likelier one comes last
    odds = {"bigger-model": WORTH_TRYING, "smaller-model": 0.19, "add-warmup": 0.1}
    assert "smaller-model" not in actions([found(condition="undertrained")], odds)


def test_what_is_all_but_hopeless_is_not_said_and_at_most_six_things_are() -> None:
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
def test_what_is_named_early_is_raised_most(place: int) -> None:
    named = ["clip-gradients", "bigger-batch", "decay-lr"]
    told = {p.action: p.confidence for p in said([found(*named, confidence=0.8)], dict.fromkeys(named, 0.3))}
    log_odds = np.log(0.3 / 0.7) + RAISED[place] * 0.8
    assert told[named[place]] == pytest.approx(1 / (1 + np.exp(-log_odds)), abs=1e-3)


@pytest.mark.parametrize("place", range(3))
def test_of_what_seldom_helps_anybody_a_finding_takes_a_share_of_the_doubt(place: int) -> None:
    named = ["fix-init", "add-warmup", "normalize-input"]
    told = {p.action: p.confidence for p in said([found(*named, confidence=0.8)], dict.fromkeys(named, 0.02))}
    assert told[named[place]] == pytest.approx(0.02 + DOUBT[place] * 0.8 * 0.98, abs=1e-3)


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


def test_one_repair_per_error_the_likeliest_of_its_remedies() -> None:
    broken = found("fix-init", "clip-gradients", "lower-lr", severity="error", confidence=0.7)
    odds = {"fix-init": 0.1, "clip-gradients": 0.6, "lower-lr": 0.9, "add-warmup": 0.95}
    assert actions([broken], odds) == ["lower-lr", "add-warmup", "clip-gradients", "fix-init"]
    assert actions([broken], {**odds, "lower-lr": 0.3})[0] == "clip-gradients"


def test_a_cause_that_another_finding_names_comes_before_the_experiment_that_an_error_asks_for() -> None:
    broken = found("overfit-one-batch", "raise-lr", severity="error", confidence=0.9)
    odds = {"overfit-one-batch": 0.9, "fix-activation": 0.2, "raise-lr": 0.1}
    sure = found("fix-activation", condition="vanishing-gradient", severity="warning", confidence=CERTAIN)
    assert actions([broken, sure], odds)[:2] == ["fix-activation", "overfit-one-batch"]
    unsure = replace(sure, confidence=CERTAIN - 0.01)
    assert actions([broken, unsure], odds)[0] == "overfit-one-batch"
    assert actions([broken, replace(sure, severity="info")], odds)[0] == "overfit-one-batch"


def test_a_change_that_is_likely_comes_before_the_experiment_that_an_error_asks_for() -> None:
    broken = found("overfit-one-batch", "clip-gradients", "lower-lr", severity="error", confidence=0.9)
    odds = {"overfit-one-batch": 0.3, "clip-gradients": 0.4, "lower-lr": LIKELY + 0.01, "add-warmup": 0.95}
    assert actions([broken], odds)[:2] == ["lower-lr", "overfit-one-batch"]
    assert actions([broken], {**odds, "lower-lr": LIKELY - 0.01})[0] == "overfit-one-batch"
    assert actions([broken], {**odds, "overfit-one-batch": LIKELY + 0.02})[0] == "overfit-one-batch"


def test_a_last_resort_comes_before_no_experiment() -> None:
    broken = found("overfit-one-batch", "more-data", severity="error", confidence=0.9)
    odds = {"overfit-one-batch": 0.3, "more-data": 0.9}
    assert actions([broken], odds, n_train=LARGE_SET)[0] == "overfit-one-batch"
    assert actions([broken], odds, n_train=500)[0] == "more-data"


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
    asked = [found("more-data", "bigger-model", confidence=0.0)]
    assert actions(asked, odds, n_train=LARGE_SET) == ["add-warmup", "more-data", "bigger-model"]
    assert actions(asked, odds, n_train=500) == ["more-data", "bigger-model", "add-warmup"]


@pytest.mark.parametrize("costly", ["more-data", "bigger-model"])
def test_a_last_resort_that_nothing_asks_for_is_not_named(costly: str) -> None:
    """On plenty of data it is no improvement, however often it helped on little."""
    odds = {costly: 0.98, "add-warmup": 0.3}
    assert actions([], odds, n_train=LARGE_SET) == ["add-warmup"]
    assert actions([], odds, n_train=500) == [costly, "add-warmup"]
    assert actions([], {costly: 0.98}, n_train=LARGE_SET) == []


@pytest.mark.parametrize(
    ("action", "params"), [("more-data", {"n_train": 500}), ("change-optimizer", {"optimizer": "sgd"})]
)
@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.parametrize("logged", [False, True])
def test_what_is_to_change_must_be_known(
    action: str, params: dict[str, ParamValue], asked: bool, logged: bool
) -> None:
    """Or a finding must ask for it; else odds alone make no sound run "could improve"."""
    findings = [found(action, confidence=0.0)] if asked else []
    given = params if logged else {}
    told = {p.action: p.confidence for p in said(findings, {action: 0.8, "add-warmup": 0.3}, **given)}
    assert told[action] == (0.8 if asked or logged else 0.5)


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
    assert raised.gain == (0.4, 0.4, 0.4)


@pytest.mark.parametrize(
    ("gains", "treated", "first"),
    [
        ({"lower-lr": 0.64, "bigger-batch": 0.55}, ("bigger-batch", "lower-lr"), "lower-lr"),
        ({"lower-lr": 0.2, "bigger-batch": 0.55}, ("bigger-batch", "lower-lr"), "bigger-batch"),
        ({"lower-lr": 0.55, "bigger-model": 0.56}, (), "lower-lr"),  # a larger model takes more effort
        ({"lower-lr": 0.2, "bigger-model": 0.8}, (), "bigger-model"),
        ({"lower-lr": 0.6, "bigger-batch": 0.5}, ("bigger-batch",), "bigger-batch"),
        ({"lower-lr": 0.9, "bigger-batch": 0.3}, ("bigger-batch",), "lower-lr"),
    ],
)
def test_of_two_changes_that_siblings_tried_the_one_that_gained_clearly_more_comes_first(
    gains: dict[str, float], treated: tuple[str, ...], first: str
) -> None:
    values = {"lower-lr": ("lr", 0.01), "bigger-batch": ("batch_size", 256), "bigger-model": ("width", 64)}
    tried = {action: (*values[action], gain, "") for action, gain in gains.items()}
    estimate = Estimate(dict.fromkeys(gains, TRIED_HELPS), sibling_values=tried)
    told = prescribe(case(lr=0.1), [found(*treated)] if treated else [], estimate, all_conditions())
    assert [p.action for p in told if p.action in gains] == [first, *(gains.keys() - {first})]


def test_what_siblings_gained_changes_places_with_nothing_else() -> None:
    values = {"lower-lr": ("lr", 0.01, 0.5, ""), "bigger-batch": ("batch_size", 256, 0.7, "")}
    odds = {"lower-lr": 0.95, "clip-gradients": 0.8, "bigger-batch": 0.6}
    told = prescribe(case(lr=0.1), [], Estimate(odds, sibling_values=values), all_conditions())
    assert [p.action for p in told] == ["lower-lr", "clip-gradients", "bigger-batch"]


@pytest.mark.parametrize(("gains", "word"), [((0.6, 0.3), "gained less"), ((0.3, 0.3), "a last resort")])
def test_the_word_beside_what_gained_less_says_so(gains: tuple[float, float], word: str) -> None:
    given = [
        Prescription(action, chance, (), "", basis="siblings", gain=(gain, gain, gain))
        for action, chance, gain in zip(("lower-lr", "bigger-batch"), (0.93, 0.97), gains, strict=True)
    ]
    assert phrases.order(Diagnosis(run(), "sick", (), tuple(given))) == ["", word]


@pytest.mark.parametrize("rate", [0.35, 0.5])
def test_what_a_sibling_changed_at_once_is_one_change(rate: float) -> None:
    """It is told as the learning rate's, names the others, and is as likely as what siblings did."""
    odds = {"raise-lr": rate, "change-optimizer": 0.4, "bigger-batch": 0.3, "add-warmup": 0.25}
    tried = Estimate(odds, sibling_values={
        "raise-lr": ("lr", 1.0, 0.4, "batch_size 64, optimizer adamw"),
        "change-optimizer": ("optimizer", "adamw", 0.4, "batch_size 64, lr 1.0"),
        "bigger-batch": ("batch_size", 64, 0.4, "lr 1.0, optimizer adamw"),
    })  # fmt: skip
    told = prescribe(case(lr=0.1, optimizer="sgd"), [], tried, all_conditions())
    assert [p.action for p in told] == ["raise-lr", "add-warmup"]
    assert told[0].confidence == TRIED_HELPS
    assert "together with batch_size 64, optimizer adamw" in told[0].text


@pytest.mark.parametrize(("optimizer", "rate"), [("sgd", "lr 0.0001"), ("adam", "lr 0.001")])
def test_the_numbers_of_a_list_agree(optimizer: str, rate: str) -> None:
    """Another optimizer does not start at the rate that is being lowered."""
    told = said([], {"lower-lr": 0.8, "change-optimizer": 0.7}, lr=0.001, optimizer=optimizer)
    assert told[0].proposed == pytest.approx(1e-4)
    assert rate in told[1].text


@pytest.mark.parametrize("severity", ["warning", "info"])
def test_nothing_contradicts_what_is_seen_grave_or_not(severity: Severity) -> None:
    gap = Finding("generalization-gap", severity, 0.8, ("val/loss",), "", actions=("regularize",))
    assert "bigger-model" not in actions([gap], {"bigger-model": 0.9, "add-warmup": 0.3})


def test_a_place_to_stop_is_the_best_logged_one() -> None:
    told = {p.action: p for p in said([found("stop-early", condition="overfitting")])}
    assert told["stop-early"].step == 9


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam", None])
@pytest.mark.parametrize("lr", [1e-9, 5e-6])
@pytest.mark.parametrize("seed", range(3))
def test_a_rate_that_is_decades_off_comes_before_all_else(
    optimizer: str | None, lr: float, seed: int
) -> None:
    """Before another optimizer, and before looking for a fault in the code."""
    if lr > 1e-6 and optimizer in ("adam", None):
        return  # within two decades of what is customary
    rng = np.random.default_rng(seed)
    known: dict[str, ParamValue] = {"lr": lr} | ({} if optimizer is None else {"optimizer": optimizer})
    still = {name: 2.3 * (1 + 1e-4 * rng.standard_normal(30)) for name in ("train_loss", "val_loss")}
    (found,) = diagnose_runs([run({**known, "n_classes": 10}, **still)])
    assert "not-learning" in [f.condition for f in found.findings]
    first = found.prescriptions[0]
    assert first.action == "raise-lr"
    assert first.confidence >= FAR_BELOW


@pytest.mark.parametrize(
    ("params", "sure"),
    [
        ({"lr": 1e-6}, True), ({"lr": 1e-3}, False), ({"lr": 1e-6, "weight_decay": 5e-4}, True),
        ({"lr": 1e-6, "weight_decay": 0.002}, False), ({"lr": 1e-6, "l1": 0.002}, False),
        ({"lr": 1e-6, "epsilon": 1e-8}, True), ({"lr": 1e-6, "epsilon": 0.02}, False),
    ],
)  # fmt: skip
def test_how_sure_it_is_that_a_rate_decades_off_is_why(params: dict[str, ParamValue], sure: bool) -> None:
    """No odds were learnt of so far a raise; nor is it plain where something else holds the weights."""
    slow = found("raise-lr", condition="lr-too-low")
    told = {p.action: p.confidence for p in said([slow], {"raise-lr": 0.1}, optimizer="sgd", **params)}
    assert (told["raise-lr"] == FAR_BELOW) is sure


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


# --- what the settings say is so already


@pytest.mark.parametrize(
    ("action", "done", "open_"),
    [
        ("normalize-input", {"input_scaling": "standard"}, {"input_scaling": "none"}),
        ("fix-init", {"init": "he"}, {"init": "normal"}),
        ("fix-init", {"init": "xavier"}, {}),
        (
            "reduce-regularization",
            {"weight_decay": 0.0, "dropout": 0.0},
            {"weight_decay": 0.0, "dropout": 0.1},
        ),
        ("reduce-regularization", {"weight_decay": 0.0}, {}),
    ],
)
def test_what_is_so_already_is_not_to_be_done(
    action: str, done: dict[str, ParamValue], open_: dict[str, ParamValue]
) -> None:
    for named in ([], [found(action)]):
        assert action not in actions(named, {action: 0.9}, **done)
        assert action in actions(named, {action: 0.9}, **open_)


@pytest.mark.parametrize("condition", ["initial-loss-off", "inputs-unscaled", "bad-initialization"])
def test_no_more_data_before_inputs_and_weights_are_in_order(condition: str) -> None:
    told = actions(
        [found("normalize-input", condition=condition)], {"more-data": 0.9, "normalize-input": 0.2}
    )
    assert told[0] == "normalize-input"
    assert "more-data" not in told


@pytest.mark.parametrize(
    ("condition", "action", "share"),
    [
        ("uneven-batches", "shuffle", 0.9),
        ("not-learning", "clean-data", 0.5),
        (PLAIN, "shuffle", 0.5),
    ],
)
def test_the_first_of_them_by_how_surely_the_finding_tells_its_cause(
    condition: str, action: str, share: float
) -> None:
    (first,) = (p for p in said([found(action, condition=condition)], {action: 0.02}) if p.action == action)
    assert first.confidence == pytest.approx(0.02 + share * 0.8 * 0.98, abs=1e-3)
