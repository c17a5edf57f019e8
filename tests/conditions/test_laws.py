"""The laws that every condition obeys, generated from its own examples."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from curvedoctor.conditions.base import Condition, Example, all_conditions
from curvedoctor.conditions.examples import HEALTHY
from curvedoctor.features.case import Case, build
from curvedoctor.model import Curve, Finding, Floats, Run, Unjudged
from curvedoctor.readings import read_all

CONDITIONS = list(all_conditions().values())
SEEDS = 40
#: share of the seeds on which an example may be misjudged: at most 2 of 40
MISSES = 0.05


def named(examples: Callable[[Condition], tuple[Example, ...]]) -> list[object]:
    """One parameter set per condition and example."""
    return [pytest.param(c, e, id=f"{c.id}-{e.__name__.strip('_')}") for c in CONDITIONS for e in examples(c)]


@cache
def cases_of(example: Example, seeds: int = SEEDS, unit: str = "") -> list[Case]:
    return build([in_units(example(np.random.default_rng(seed)), unit) for seed in range(seeds)])


def rate(condition: Condition, cases: list[Case]) -> float:
    return sum(isinstance(condition.check(case), Finding) for case in cases) / len(cases)


@pytest.mark.parametrize(("condition", "example"), named(lambda c: c.sick))
def test_fires_on_its_sick_examples(condition: Condition, example: Example) -> None:
    seen = rate(condition, cases_of(example))
    assert seen >= 1 - MISSES, f"fires on {seen:.0%} of {SEEDS} seeds"


@pytest.mark.parametrize(
    ("condition", "example"),
    named(lambda c: tuple(dict.fromkeys((*c.healthy, *(h for h in HEALTHY if c.severity != "info"))))),
)
def test_silent_on_healthy_examples(condition: Condition, example: Example) -> None:
    seen = rate(condition, cases_of(example))
    assert seen <= MISSES, f"fires on {seen:.0%} of {SEEDS} seeds"


@pytest.mark.parametrize(("condition", "example"), named(lambda c: (*c.sick, *c.healthy)))
@pytest.mark.parametrize("unit", ["steps x 1000", "steps + 1e6", "loss x 1000", "loss / 1000"])
def test_units_do_not_matter(condition: Condition, example: Example, unit: str) -> None:
    if unit.startswith("loss") and not condition.scale_free:
        unit = "steps x 1000"  # the absolute level of the loss is its evidence
    plain, other = cases_of(example)[:8], cases_of(example, 8, unit)
    before = [isinstance(condition.check(c), Finding) for c in plain]
    after = [isinstance(condition.check(c), Finding) for c in other]
    assert before == after


def in_units(run: Run, unit: str) -> Run:
    """The same run with its steps or its losses counted in other units."""

    if not unit:
        return run

    def change(curve: Curve) -> Curve:
        if unit == "steps x 1000":
            return replace(curve, steps=curve.steps * 1000)
        if unit == "steps + 1e6":
            return replace(curve, steps=curve.steps + 1_000_000)
        if curve.role.quantity != "loss":
            return curve
        return replace(curve, values=curve.values * (1e3 if unit == "loss x 1000" else 1e-3))

    return replace(run, curves=tuple(change(c) for c in run.curves))


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda c: c.id)
def test_findings_are_well_formed(condition: Condition) -> None:
    found = 0
    for other in CONDITIONS:
        for example in (*other.sick, *other.healthy):
            for case in cases_of(example)[:2]:
                result = condition.check(case)
                if isinstance(result, Unjudged):
                    assert result.condition == condition.id
                    assert len(result.reason) > 10
                elif result is not None:
                    found += 1
                    assert_well_formed(condition, case, result)
    assert found


def assert_well_formed(condition: Condition, case: Case, found: Finding) -> None:
    assert found.condition == condition.id
    assert 0.3 <= found.confidence <= 1
    assert set(found.evidence) == set(condition.evidence), "evidence and manual page differ"
    json.dumps(dict(found.evidence), allow_nan=False)
    assert found.summary.endswith((".", "?"))
    assert (
        any(c.isdigit() for c in found.summary) or "NaN" in found.summary or "cross-entropy" in found.summary
    )
    assert set(found.curves) <= {c.id for c in case.run.curves}
    assert found.curves
    if found.onset is not None:
        first = next(c for c in case.run.curves if c.id == found.curves[0])
        assert first.steps.min() <= found.onset <= first.steps.max()
        assert found.axis == first.axis
    if found.span is not None:
        assert found.span[0] <= found.span[1]


HOSTILE: dict[str, Floats] = {
    "empty": np.empty(0),
    "one point": np.array([0.5]),
    "two points": np.array([0.5, 0.4]),
    "constant": np.full(60, 0.7),
    "zero": np.zeros(60),
    "huge": np.full(60, 1e300),
    "huge and tiny": np.tile([1e300, 1e-300], 30),
    "rising to huge": np.geomspace(1e-300, 1e300, 60),
    "NaN": np.full(60, np.nan),
    "one number": np.concatenate((np.full(30, np.nan), [1.0], np.full(29, np.nan))),
    "infinite": np.full(60, np.inf),
    "both infinities": np.tile([np.inf, -np.inf, 1.0, np.nan], 15),
    "minus infinity at the end": np.concatenate((np.linspace(1, 0, 59), [-np.inf])),
    "negative": np.linspace(-1, -100, 60),
    "denormal": np.full(60, 5e-324),
    "spiky": np.where(np.arange(60) % 7 == 0, 1e12, 1e-12),
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("order", ["forwards", "backwards", "same step", "extreme"])
def test_hostile_curves(kind: str, order: str) -> None:
    values = HOSTILE[kind]
    n = len(values)
    steps = {
        "forwards": np.arange(n),
        "backwards": np.arange(n)[::-1].copy(),
        "same step": np.zeros(n, dtype=np.int64),
        "extreme": np.linspace(-(2.0**62), 2.0**62, n).astype(np.int64),
    }[order]
    everything = one_of_everything(np.random.default_rng(0))
    for i in range(len(everything.curves)):
        bad = replace(everything.curves[i], steps=steps, values=values, wall_times=np.full(n, np.nan))
        survives(replace(everything, curves=(*everything.curves[:i], bad, *everything.curves[i + 1 :])))
    survives(
        replace(
            everything,
            curves=tuple(
                replace(c, steps=steps, values=values, wall_times=np.full(n, np.nan))
                for c in everything.curves
            ),
        )
    )
    survives(replace(everything, curves=()))


def one_of_everything(rng: np.random.Generator) -> Run:
    from curvedoctor.conditions.examples import cosine_lr, falling, run

    return run(
        {"lr": 0.1, "optimizer": "sgd", "batch_size": 8, "n_train": 50, "n_val": 20, "n_classes": 3,
         "epochs": 6,
         "loss": "cross-entropy", "schedule": "step", "activation": "sigmoid", "depth": 4, "dropout": 0.0,
         "weight_decay": 0.1, "model": "linear", "width": 2, "init": "zeros", "input_scaling": "none"},
        train_loss=falling(rng), val_loss=falling(rng), train_loss_step=falling(rng, 300),
        train_accuracy=1 - falling(rng, 60, 0.9, 0.1),
        val_accuracy=1 - falling(rng, 60, 0.9, 0.1), lr=cosine_lr(), grad_norm=falling(rng),
    )  # fmt: skip


def survives(run: Run) -> None:
    case = build([run])[0]
    assert all(isinstance(found, Mapping) for found in read_all(case).values())
    for condition in CONDITIONS:
        found = condition.check(case)
        if isinstance(found, Finding):
            assert 0 <= found.confidence <= 1
            assert found.onset is None or math.isfinite(found.onset)
            json.dumps(dict(found.evidence), allow_nan=False)


@pytest.mark.parametrize(
    "params",
    [
        {k: v}
        for k in (
            "lr",
            "batch_size",
            "n_train",
            "n_val",
            "n_classes",
            "epochs",
            "dropout",
            "weight_decay",
            "depth",
            "width",
            "momentum",
        )
        for v in (0, -1, 1e300, 5e-324, "many", True, math.inf, math.nan)
    ],
)
def test_hostile_params(params: dict[str, object]) -> None:
    whole = one_of_everything(np.random.default_rng(0))
    survives(replace(whole, params={**whole.params, **params}))  # type: ignore[dict-item]
