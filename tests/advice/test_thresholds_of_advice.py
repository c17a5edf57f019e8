"""Where the thresholds of the advice lie, from both sides, as a reader meets them: an action, a number.

The numbers are stated here, not taken from the modules: a threshold that moves is to be moved here, too.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curvedoctor.actions import ACTIONS, promise, worth
from curvedoctor.advice.changes import change
from curvedoctor.advice.experiments import experiment
from curvedoctor.advice.familiar import Familiar
from curvedoctor.advice.help_probability import Estimate, default_model, estimates, judgeable
from curvedoctor.advice.one_task import close_pairs, hardly_moved, one_valley, too_far
from curvedoctor.advice.possible import last_resorts, possible
from curvedoctor.advice.prescribe import prescribe
from curvedoctor.advice.said import down_to
from curvedoctor.advice.trial import Trial
from curvedoctor.conditions.base import all_conditions
from curvedoctor.conditions.examples import agent, run
from curvedoctor.features.case import Case, build
from curvedoctor.features.summary import summarize
from curvedoctor.model import Finding, ParamValue, Severity


def case(*, best: int = 5, n: int = 41, **params: ParamValue) -> Case:
    """Training falls to a twentieth, validation is best at a point."""
    val = 0.5 + 0.02 * np.abs(np.arange(n) - best)
    return build([run(params, train_loss=np.geomspace(2, 0.1, n), val_loss=val)])[0]


def found(*actions: str, severity: Severity = "warning", confidence: float = 0.8) -> Finding:
    return Finding("stalled", severity, confidence, ("train/loss",), "", actions=actions)


def told(findings: list[Finding], odds: dict[str, float]) -> dict[str, float]:
    """Actions in their order, and how likely each is said to help."""
    made = prescribe(case(), findings, Estimate(odds), all_conditions())
    return {p.action: p.confidence for p in made}


# --- what is prescribed, and how surely


@pytest.mark.parametrize(("place", "likely"), [(0, 0.72), (1, 0.48), (2, 0.36), (3, 0.28), (4, 0.28)])
def test_the_place_among_a_findings_remedies_without_odds(place: int, likely: float) -> None:
    named = ["fix-metric", "check-split", "fix-logging", "fix-targets", "fix-precision"]
    assert told([found(*named)], {})[named[place]] == pytest.approx(likely)


@pytest.mark.parametrize(("place", "likely"), [(0, 0.689), (1, 0.558), (2, 0.539)])
def test_what_a_finding_adds_to_the_odds(place: int, likely: float) -> None:
    named = ["clip-gradients", "bigger-batch", "decay-lr"]
    assert told([found(*named)], dict.fromkeys(named, 0.4))[named[place]] == pytest.approx(likely)


@pytest.mark.parametrize(("confidence", "first"), [(0.68, "add-warmup"), (0.72, "fix-metric")])
def test_an_error_that_is_repaired_first(confidence: float, first: str) -> None:
    broken = found("fix-metric", severity="error", confidence=confidence)
    assert next(iter(told([broken], {"add-warmup": 0.98}))) == first


@pytest.mark.parametrize(("odds", "first"), [(0.52, "clip-gradients"), (0.56, "decay-lr")])
def test_remedies_of_an_error_that_are_alike(odds: float, first: str) -> None:
    """Within a tenth the error's own order decides: 0.59 against 0.67, and 0.71."""
    broken = found("clip-gradients", "decay-lr", severity="error")
    assert next(iter(told([broken], {"clip-gradients": 0.3, "decay-lr": odds}))) == first


@pytest.mark.parametrize(("odds", "named"), [(0.18, False), (0.22, True)])
def test_what_is_worth_trying_beside_a_remedy(odds: float, named: bool) -> None:
    others = dict.fromkeys(("clip-gradients", "fix-init", "decay-lr"), 0.6)
    known = told([found("clip-gradients")], {**others, "add-warmup": odds})
    assert ("add-warmup" in known) is named


@pytest.mark.parametrize(("odds", "named"), [(0.045, False), (0.055, True)])
def test_what_is_worth_naming_alone(odds: float, named: bool) -> None:
    assert ("add-warmup" in told([], {"add-warmup": odds})) is named


@pytest.mark.parametrize(
    ("action", "effort"),
    [("clip-gradients", 0.0), ("fix-init", 0.03), ("train-longer", 0.06), ("more-data", 0.15)],
)
def test_what_effort_takes(action: str, effort: float) -> None:
    assert promise(action, 0.5) == pytest.approx(0.5 * (1 - effort))
    assert worth(action, 0.5, treats=True) == pytest.approx(0.5 * (1 - effort) + 0.2)
    assert ACTIONS[action].training


# --- experiments


@pytest.mark.parametrize(
    ("rate", "other", "asked"),
    [
        (0.22, 0.49, True), (0.22, 0.51, False),  # likely enough to be tried at once
        (0.13, 0.30, True), (0.12, 0.30, False),  # how likely an answer names what helps: a quarter
    ],
)  # fmt: skip
def test_when_a_range_test_is_asked_first(rate: float, other: float, asked: bool) -> None:
    chance = {"lower-lr": rate, "raise-lr": rate, "more-data": other}
    assert (experiment(chance, chance, ()) is not None) is asked


@pytest.mark.parametrize(("named", "asked"), [(0.26, True), (0.24, False)])
def test_how_likely_an_answer_must_name_what_helps(named: float, asked: bool) -> None:
    odds = {"more-data": 0.1, "check-split": named}
    assert (experiment({"more-data": 0.1}, odds, ()) is not None) is asked


@pytest.mark.parametrize(("named", "asked"), [(0.29, True), (0.26, False)])
def test_by_how_much_an_answer_must_make_the_next_step_likelier(named: float, asked: bool) -> None:
    """From 0.45 to 0.60 and more: named + (1 − named) · 0.45."""
    odds = {"more-data": 0.45, "check-split": named}
    assert (experiment({"more-data": 0.45}, odds, ()) is not None) is asked


# --- trials of siblings


@pytest.mark.parametrize(("odds", "likely"), [(0.95, 0.818), (0.06, 0.182)])
def test_a_trial_of_another_task_perhaps(odds: float, likely: float) -> None:
    trial = Trial("raise-lr", odds, "", "lr", 1.0, 0.2, same_task=False)
    assert trial.moved({"raise-lr": 0.5}) == pytest.approx(likely, abs=0.005)


@pytest.mark.parametrize(
    ("times", "gain", "taken"), [(28, 0.4, True), (32, 0.4, False), (32, 0.52, True), (32, 0.48, False)]
)
def test_a_siblings_rate_far_off_and_what_it_gained(times: float, gain: float, taken: bool) -> None:
    made = change(case(lr=1e-3), "raise-lr", (), {"raise-lr": ("lr", 1e-3 * times, gain, "")})
    assert ("as a sibling did" in made.text) is taken


def _ended(lr: float, end: float, **params: ParamValue) -> Case:
    y = np.full(20, end)
    y[0] = 3.0
    return build([run({"lr": lr, **params}, train_loss=y, val_loss=y)])[0]


@pytest.mark.parametrize(("times", "hardly"), [(28, False), (32, True)])
def test_a_rate_that_hardly_moves_the_weights(times: float, hardly: bool) -> None:
    assert hardly_moved(summarize(_ended(0.1, 1.0)), summarize(_ended(0.1 / times, 1.0))) is hardly


@pytest.mark.parametrize(("times", "far"), [(95, False), (105, True)])
def test_a_rate_too_far_to_tell_of_those_between(times: float, far: bool) -> None:
    assert too_far("lr", summarize(_ended(0.1, 1.0)), summarize(_ended(0.1 / times, 1.0))) is far


@pytest.mark.parametrize(("name", "times", "pairs"), [
    ("lr", 2.4, 1), ("lr", 2.6, 0), ("width", 1.40, 1), ("width", 1.50, 0),
])  # fmt: skip
def test_runs_that_differ_by_next_to_nothing(name: str, times: float, pairs: int) -> None:
    one, other = (replace(summarize(_ended(0.1, 1.0)), params={name: 0.1 * by}) for by in (1.0, times))
    assert close_pairs({(name, (), None): {"a": [one], "b": [other]}})[0] == pairs


@pytest.mark.parametrize(("share", "apart"), [(0.31, 0), (0.35, 1)])
def test_ends_that_are_far_apart(share: float, apart: int) -> None:
    one, other = summarize(_ended(0.1, 1.0)), summarize(_ended(0.11, 1.0 - share))
    assert close_pairs({("lr", (), None): {"a": [one], "b": [other]}}) == (1, apart)


@pytest.mark.parametrize(("n", "rise", "valley"), [
    (6, 0.0, True), (5, 0.0, False), (6, 0.045, True), (6, 0.055, False),
])  # fmt: skip
def test_how_many_ends_make_a_valley(n: int, rise: float, valley: bool) -> None:
    """They fall; one of them lies above the one before it by a share."""
    ends = np.geomspace(2.0, 1.0, n)
    ends[2] = ends[1] * (1 + rise)
    runs = [summarize(_ended(0.1 * 3**k, float(end))) for k, end in enumerate(ends)]
    assert one_valley(runs, "lr") is valley


# --- what is possible for a run


@pytest.mark.parametrize(("n", "plenty"), [(98_000, False), (102_000, True)])
def test_data_that_are_plenty(n: int, plenty: bool) -> None:
    assert ("more-data" in last_resorts(case(n_train=n), [])) is plenty


@pytest.mark.parametrize(("steps", "plenty"), [(19_500, False), (20_500, True)])
def test_steps_that_are_many(steps: int, plenty: bool) -> None:
    assert ("more-data" in last_resorts(case(max_steps=steps), [])) is plenty


@pytest.mark.parametrize(("best", "stops"), [(88, True), (92, False)])
def test_how_near_the_end_nothing_is_to_be_stopped(best: int, stops: bool) -> None:
    assert possible(case(best=best, n=101), "stop-early") is stops


@pytest.mark.parametrize(("lr", "room"), [(0.0048, True), (0.0052, False)])
def test_room_for_a_higher_rate(lr: float, room: bool) -> None:
    """Twice as high is at most the highest that Adam is customarily run with, 0.01."""
    assert possible(case(optimizer="adam", lr=lr), "raise-lr") is room


@pytest.mark.parametrize(("share", "back"), [(0.09, False), (0.11, True)])
def test_what_must_have_been_learnt_to_go_back_to_it(share: float, back: bool) -> None:
    y = np.concatenate((np.linspace(2.0, 2.0 * (1 - share), 10), np.linspace(3, 5, 10)))
    assert possible(build([run(train_loss=y, val_loss=y)])[0], "restore-checkpoint") is back


# --- numbers of changes


@pytest.mark.parametrize(("times", "to"), [(95.0, 1e-5), (105.0, 4.7e-5)])
def test_a_rate_far_above_custom_goes_most_of_the_way_down(times: float, to: float) -> None:
    assert down_to(1e-5 * times, 1e-5) == pytest.approx(to, rel=0.02)


@pytest.mark.parametrize(("left", "clipped"), [(0.9e-4, False), (1.1e-4, True)])
def test_gradients_that_are_gone(left: float, clipped: bool) -> None:
    norm = np.concatenate((np.full(4, 1.0), np.full(36, left)))
    made = build([run(train_loss=np.linspace(2.3, 1.9, 40), grad_norm=norm)])[0]
    assert ("its usual level" in change(made, "clip-gradients", ()).text) is clipped


@pytest.mark.parametrize(("at", "usual"), [(3, 12.0), (4, 0.4)])
def test_points_that_tell_what_norm_is_usual(at: int, usual: float) -> None:
    """The training loss is best at a point; four before it are too few, five are enough."""
    loss = np.concatenate((np.linspace(3, 2, at + 1), np.full(39 - at, 7.0)))
    norm = np.where(np.arange(40) <= at, 0.4, 12.0)
    made = change(build([run(train_loss=loss, grad_norm=norm)])[0], "clip-gradients", ())
    assert made.proposed == pytest.approx(usual)


@pytest.mark.parametrize(("lr", "to"), [(1e-6, 1e-4), (5e-6, 1e-4), (2e-5, 2e-4), (2e-4, 2e-3)])
def test_the_lowest_rate_that_is_customary_for_anything(lr: float, to: float) -> None:
    """A rate below it by more than ten times is raised to it, where no optimizer's custom is known."""
    assert change(case(lr=lr), "raise-lr", ()).proposed == pytest.approx(to)


@pytest.mark.parametrize(("drop", "raised"), [(0.098, True), (0.103, False)])
def test_how_much_more_dropout_matters(drop: float, raised: bool) -> None:
    made = change(case(optimizer="adam", dropout=drop, weight_decay=0.003), "regularize", ())
    assert (made.parameter == "dropout") is raised


def test_numbers_of_boosted_trees() -> None:
    val = 0.5 + 0.001 * np.abs(np.arange(200) - 60)
    known: dict[str, ParamValue] = {"model": "tree", "library": "lightgbm", "max_steps": 200, "lr": 0.01}
    made = build([run(known, train_loss=np.geomspace(1, 0.1, 200), val_loss=val)])[0]
    longer = change(made, "train-longer", ())
    assert longer.proposed == 1000
    assert "early_stopping_round=50" in longer.text


def test_customary_numbers_of_agents() -> None:
    made = build([agent(np.linspace(9, 200, 30))])[0]
    assert change(made, "clip-gradients", ()).proposed == 0.5
    assert change(made, "fix-targets", ()).proposed == 100
    assert change(made, "change-loss", ()).proposed == 0.99
    assert "0.0003 is customary" in change(made, "lower-lr", ()).text
    ran = replace(found("clip-gradients"), evidence={"cause": "kl"})
    assert change(made, "clip-gradients", (ran,)).proposed == 0.02


@pytest.mark.parametrize(("lr", "to"), [(0.9e-4, 3e-5), (1.1e-4, 2.2e-5), (1.1e-6, 3.3e-6), (0.9e-6, 1e-5)])
def test_the_customary_rate_of_an_agent_that_is_a_language_model(lr: float, to: float) -> None:
    """A third or three times; of ten times off and more most of the way, or all of it."""
    speaks = agent(np.linspace(9, 200, 30), completions__mean_length=np.full(30, 80.0))
    made = build([replace(speaks, params={"lr": lr})])[0]
    assert change(made, "lower-lr" if lr > 1e-5 else "raise-lr", ()).proposed == pytest.approx(to, rel=0.02)


def test_the_winners_rate_is_held_back() -> None:
    won = replace(found("lower-lr"), condition="adversary-dominates", evidence={"winner": "discriminator"})
    made = change(case(lr=4e-4), "lower-lr", (won,))
    assert (made.proposed, made.factor) == (pytest.approx(1e-4), 0.25)


# --- what the odds bear


@pytest.mark.parametrize(("params", "capped"), [
    ({"n_train": 19_000}, False), ({"n_train": 21_000}, True), ({"max_steps": 8_000}, False),
    ({"max_steps": 8_400}, True),
])  # fmt: skip
def test_data_and_steps_of_which_nothing_was_learnt(params: dict[str, ParamValue], capped: bool) -> None:
    y = np.concatenate((np.geomspace(2.3, 0.6, 10), np.linspace(0.6, 1.4, 30)))
    made = build([run(params, train_loss=np.geomspace(2.3, 0.01, 40), val_loss=y)])
    assert (estimates(made)[0].probability["more-data"] <= 0.3) is capped


@pytest.mark.parametrize(("below", "likely"), [(0.09, 0.3), (0.11, 0.95)])
def test_a_gap_that_more_data_can_close(below: float, likely: float) -> None:
    """Of a model that knows of nothing but that all helps."""
    shipped = default_model()
    assert shipped is not None
    known = shipped.familiar
    sure = replace(known, trust=0 * known.trust, average=np.full_like(known.average, np.log(19)))
    y = np.geomspace(2.3, 0.6, 40)
    made = build([run({"n_train": 200}, train_loss=(1 - below) * y, val_loss=y)])
    told = estimates(made, replace(shipped, familiar=sure))[0]
    assert told.probability["more-data"] == pytest.approx(likely, abs=0.001)


@pytest.mark.parametrize(("n", "judged"), [(1, False), (2, True)])
def test_points_that_the_odds_need(n: int, judged: bool) -> None:
    y = np.geomspace(2.0, 1.0, n)
    assert judgeable(build([run(train_loss=y, val_loss=y)])[0]) is judged


def _known() -> Familiar:
    """Four examples at the first rank of one feature among eight."""
    made = Familiar(
        cuts=np.arange(0.5, 8.0, 1.0, dtype=np.float32)[None],
        examples=np.zeros((0, 1), np.int8),
        knots=np.array([0.0, 0.1, 0.2, 0.3, 0.4], np.float32),
        trust=np.ones(5, np.float32),
        average=np.zeros(1, np.float32),
    )
    return replace(made, examples=made.ranks(np.array([[1.0], [1.0], [3.0], [7.0]])))


@pytest.mark.parametrize(
    ("row", "far"),
    [
        (1.0, (0 + 0 + 2) / 3 / 8),  # the mean of the three nearest
        (np.nan, 0.5),  # not logged
        (-9.0, (5 + 5 + 7) / 3 / 8),  # four ranks below the lowest
    ],
)
def test_how_far_a_run_is_from_what_was_learnt(row: float, far: float) -> None:
    assert _known().distance(np.array([[row]]))[0] == pytest.approx(far)


def test_what_few_that_were_held_out_lay_beyond() -> None:
    assert _known().strange(np.array([0.19, 0.21])).tolist() == [False, True]
