"""Of several runs the same is told once."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

import cases
from curvedoctor.model import Diagnosis, ParamValue
from curvedoctor.reports.as_table import render
from curvedoctor.reports.base import OutputStyle

ADVICE = "Train once on a tenth of the data first: if that ends about as low, more will not help."
EXPECTED = "Extrapolation expects the loss to fall by 52 %."


def text(*some: Diagnosis) -> str:
    return " ".join("".join(render(list(some), OutputStyle(width=400))).split())


def sections(said: str) -> int:
    return len(re.findall(r"(?<!─)── ", said))


def named(name: str, given: Diagnosis, **params: ParamValue) -> Diagnosis:
    return replace(given, run=replace(given.run, name=name, params={**given.run.params, **params}))


def advising(name: str, sentences: str, place: int = 0) -> Diagnosis:
    given = cases.improvable(name)
    items = list(given.prescriptions)
    items[place] = replace(items[place], text=f"{items[place].text} {sentences}")
    return replace(given, prescriptions=tuple(items))


@pytest.mark.parametrize("count", [2, 4])
@pytest.mark.parametrize("place", [0, 1])
def test_advice_without_numbers_is_told_once(count: int, place: int) -> None:
    said = text(*(advising(f"run{k}", ADVICE, place) for k in range(count)))
    assert said.count(ADVICE) == 1
    change = cases.improvable().prescriptions[place].text
    assert said.count(change) == count, "what is to be changed is told of each"


def test_numbers_are_each_runs_own() -> None:
    assert text(*(advising(f"run{k}", EXPECTED) for k in range(3))).count(EXPECTED) == 3


def test_advice_that_was_not_shown_was_not_told() -> None:
    """Of a run that is fine nothing is suggested."""
    fine = replace(advising("fine", ADVICE), verdict="healthy")
    fine = replace(fine, prescriptions=tuple(replace(p, confidence=0.3) for p in fine.prescriptions))
    assert fine.state == "fine"
    assert text(fine, advising("better", ADVICE)).count(ADVICE) == 1


@pytest.mark.parametrize(
    ("names", "params"),
    [(("fold_0", "fold_1", "fold_2"), {}), (("a", "b", "c"), {"seed": 0}), (("a", "b", "c"), {"fold": 0})],
)
@pytest.mark.parametrize("given", [cases.sick(), cases.improvable()])
def test_repeats_of_which_the_same_is_said_have_one_section(
    names: tuple[str, ...], params: dict[str, int], given: Diagnosis
) -> None:
    some = [named(name, given, **dict.fromkeys(params, k), n_train=800 + k) for k, name in enumerate(names)]
    said = text(*some)
    assert sections(said) == 1
    for name in names[1:]:
        assert f"{name}: {given.state}, as {names[0]}, another fold or seed of its setting" in said
    assert said.count(given.prescriptions[0].text) == 1


def test_what_differs_has_its_own_section() -> None:
    given = cases.sick()
    other = (
        named("seed2", given, lr=0.1),
        replace(named("seed3", given), findings=given.findings[:1]),
        replace(named("seed4", given), prescriptions=given.prescriptions[1:]),
        replace(named("seed5", given), run=replace(given.run, name="seed5", group="elsewhere")),
    )
    assert sections(text(named("seed1", given), *other)) == 5


def test_runs_that_are_no_repeats_are_told_each_though_they_log_the_same() -> None:
    assert sections(text(cases.sick("alpha"), cases.sick("beta"))) == 2
