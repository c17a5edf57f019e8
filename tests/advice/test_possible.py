"""What is impossible for a run, what would make a finding worse, what comes last."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curvedoctor.actions import ACTIONS, NETWORKS_ONLY
from curvedoctor.advice.possible import (
    LARGE_SET,
    MANY_STEPS,
    NEAR_END,
    contradicts,
    last_resorts,
    possible,
    samples,
)
from curvedoctor.conditions.examples import run
from curvedoctor.features.case import Case, build
from curvedoctor.model import Curve, Finding, Floats, ParamValue, Severity


def case(*, best: int = 5, n: int = 41, validation: bool = True, **params: ParamValue) -> Case:
    val = 0.5 + 0.02 * np.abs(np.arange(n) - best)
    more = {"val_loss": val} if validation else {}
    return build([run(params, train_loss=np.geomspace(2, 0.1, n), **more)])[0]


def found(condition: str, severity: Severity = "warning") -> Finding:
    return Finding(condition, severity, 0.9, ("train/loss",), "")


def test_boosted_trees_know_nothing_of_networks() -> None:
    for action in ACTIONS:
        assert possible(case(model="tree"), action) is (action not in NETWORKS_ONLY)


def test_most_is_possible_for_a_network() -> None:
    assert all(possible(case(model="mlp"), action) for action in ACTIONS)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "nadam", "lamb", "lion", "adafactor", "novograd"])
def test_a_transformer_is_not_taken_from_an_adaptive_optimizer(optimizer: str) -> None:
    assert not possible(case(model="transformer", optimizer=optimizer), "change-optimizer")
    assert possible(case(model="mlp", optimizer=optimizer), "change-optimizer")


@pytest.mark.parametrize("params", [{"optimizer": "sgd"}, {}])
def test_a_transformer_with_another_optimizer_may_change_it(params: dict[str, ParamValue]) -> None:
    assert possible(case(model="transformer", **params), "change-optimizer")


@pytest.mark.parametrize("action", ["more-data", "regularize", "smaller-model", "stop-early"])
def test_of_generalization_nothing_is_said_without_validation(action: str) -> None:
    assert not possible(case(validation=False), action)
    assert possible(case(), action)


@pytest.mark.parametrize("n", [11, 41, 101])
def test_no_stop_near_the_end(n: int) -> None:
    last = int(np.ceil(NEAR_END * (n - 1)))
    assert possible(case(best=last - 1, n=n), "stop-early")
    assert not possible(case(best=last, n=n), "stop-early")


@pytest.mark.parametrize(
    ("known", "expected"), [({"shuffle": True}, False), ({"shuffle": False}, True), ({}, True)]
)
def test_what_is_shuffled_is_not_to_be_shuffled(known: dict[str, ParamValue], expected: bool) -> None:
    assert possible(case(**known), "shuffle") is expected


@pytest.mark.parametrize(
    ("condition", "worse"),
    [
        ("generalization-gap", {"bigger-model", "reduce-regularization"}),
        ("wasted-training", {"train-longer"}),
        ("overfitting", {"bigger-model", "train-longer", "reduce-regularization"}),
        ("dataset-too-small", {"bigger-model", "reduce-regularization"}),
        ("underfitting", {"smaller-model", "regularize", "stop-early"}),
        ("undertrained", {"stop-early", "smaller-model"}),
        ("lr-too-high", {"raise-lr"}),
        ("lr-too-low", {"lower-lr"}),
        ("divergence", {"raise-lr", "train-longer", "decay-later"}),
        ("non-finite", {"raise-lr", "train-longer", "decay-later", "more-data"}),
        ("collapsed", {"train-longer", "more-data"}),
        ("over-regularized", {"regularize"}),
        ("stalled", set()),
    ],
)
def test_what_would_make_a_finding_worse(condition: str, worse: set[str]) -> None:
    assert {a for a in ACTIONS if contradicts(case(), [found("stalled"), found(condition)], a)} == worse
    assert {a for a in ACTIONS if contradicts(case(), [found(condition, "info")], a)} == worse


@pytest.mark.parametrize(
    ("params", "room"),
    [
        ({"optimizer": "adam", "lr": 1e-3}, True), ({"optimizer": "adam", "lr": 4e-3}, True),
        ({"optimizer": "adam", "lr": 6e-3}, False), ({"optimizer": "adam", "lr": 0.1}, False),
        ({"optimizer": "sgd", "lr": 0.1}, True), ({"optimizer": "sgd", "lr": 1.0}, False),
        ({"optimizer": "adamw", "lr": 3e-4, "model": "transformer"}, True),
        ({"optimizer": "adamw", "lr": 8e-4, "model": "transformer"}, False),
        ({"optimizer": "adamw", "lr": 2e-5, "init": "pretrained"}, True),
        ({"optimizer": "adamw", "lr": 3e-5, "init": "pretrained"}, False),
        ({"optimizer": "adamw", "lr": 5e-6, "model": "transformer"}, True),
        ({"optimizer": "adamw", "lr": 2e-4, "lora_rank": 8}, False),
        ({"optimizer": "adam", "lr": 6e-4, "init": "pretrained", "model": "cnn"}, False),
        ({"lr": 1e-3}, True), ({}, True),
    ],
)  # fmt: skip
def test_a_rate_is_raised_within_what_is_customary(params: dict[str, ParamValue], room: bool) -> None:
    assert possible(case(**params), "raise-lr") is room


@pytest.mark.parametrize("share", [0.0, 0.05, 0.2, 0.9])
def test_only_what_had_learnt_goes_back_to_its_best(share: float) -> None:
    y = np.concatenate((np.linspace(2.0, 2.0 * (1 - share), 10), np.linspace(3, 5, 10)))
    made = build([run({}, train_loss=y, val_loss=y)])[0]
    assert possible(made, "restore-checkpoint") is (share > 0.1)


COSTLY = {"more-data", "bigger-model"}


@pytest.mark.parametrize(("n", "last"), [(LARGE_SET - 1, set()), (LARGE_SET, COSTLY)])
def test_a_large_data_set_is_not_short_of_data(n: int, last: set[str]) -> None:
    assert last_resorts(case(n_train=n), []) == last


@pytest.mark.parametrize(("steps", "last"), [(MANY_STEPS - 1, set()), (MANY_STEPS, COSTLY)])
def test_many_steps_are_many_data_unless_the_size_is_known(steps: int, last: set[str]) -> None:
    y = np.geomspace(2, 1, steps // 100)
    made = run(train_loss_step=y, val_loss=np.geomspace(2, 1, 20))
    curve = made.curves[0]
    curve.steps[:] = np.linspace(0, steps, len(y)).astype(np.int64)
    assert last_resorts(build([made])[0], []) == last
    assert last_resorts(case(max_steps=steps), []) == last
    small = run({"n_train": 100}, train_loss_step=y, val_loss=np.geomspace(2, 1, 20))
    small.curves[0].steps[:] = curve.steps
    assert last_resorts(build([small])[0], []) == set()


@pytest.mark.parametrize(("epochs", "large"), [(1, True), (9, True), (11, False), (None, False)])
def test_how_many_samples_an_epoch_passes(epochs: int | None, large: bool) -> None:
    """Where their number is not logged: 10,000 steps of 100 are a million, in one epoch or in many."""
    known = {} if epochs is None else {"epochs": epochs}
    assert bool(last_resorts(case(max_steps=10_000, batch_size=100, **known), [])) is large
    assert not last_resorts(case(max_steps=10_000, batch_size=100, n_train=500, **known), [])


@pytest.mark.parametrize(("steps", "known"), [(10, None), (29, None), (30, 96), (1000, 3200)])
def test_steps_that_count_epochs_tell_no_size(steps: int, known: float | None) -> None:
    assert samples(case(max_steps=steps, batch_size=32, epochs=10)) == known


@pytest.mark.parametrize(("passed", "large"), [(0.32, True), (5.0, False)])
@pytest.mark.parametrize("tag", ["train/epoch", "epoch"])
def test_how_many_samples_a_curve_of_epochs_tells(passed: float, large: bool, tag: str) -> None:
    """1,200 steps of 32 in a third of an epoch."""
    y = np.geomspace(2, 1, 12)
    made = run({"batch_size": 32, "epochs": 3}, train_loss_step=y, val_loss=y)
    steps = np.linspace(100, 1200, 12).astype(np.int64)
    epochs = Curve(tag, tag, steps, np.linspace(0, passed, 12), np.full(12, np.nan))
    found = build([replace(made, curves=(*made.curves, epochs))])[0]
    assert bool(last_resorts(found, [])) is large


def test_epochs_are_no_steps() -> None:
    y = np.geomspace(2, 1, 50)
    made = run(train_loss=y, val_loss=y)
    made.curves[0].steps[:] *= 1000
    assert last_resorts(build([made])[0], []) == set()


def test_where_nothing_is_held_out_a_bigger_model_is_a_last_resort() -> None:
    """A training loss says that it fits better, not that it is better."""
    y = np.geomspace(2, 1, 50)
    assert last_resorts(build([run(train_loss=y)])[0], []) == {"bigger-model"}
    for held_out in ("val_loss", "val_accuracy"):
        assert last_resorts(build([run(train_loss=y, **{held_out: 1 - y / 4})])[0], []) == set()


@pytest.mark.parametrize(
    "condition", ["undertrained", "lr-too-low", "not-learning", "collapsed", "non-finite", "divergence"]
)
def test_first_fit_what_there_is(condition: str) -> None:
    assert last_resorts(case(), [found(condition)]) == COSTLY
    assert last_resorts(case(), [found(condition, "info"), found("overfitting")]) == set()


def with_rate(rate: Floats, **params: ParamValue) -> Case:
    return build(
        [run(params, train_loss=np.geomspace(2, 0.1, 40), val_loss=np.geomspace(2, 0.3, 40), lr=rate)]
    )[0]


def test_what_never_decays_can_not_decay_later() -> None:
    assert not possible(with_rate(np.full(40, 0.1)), "decay-later")
    assert possible(with_rate(np.linspace(0.1, 0.001, 40)), "decay-later")
    assert not possible(case(schedule="constant"), "decay-later")
    assert possible(case(schedule="cosine"), "decay-later")
    assert possible(case(), "decay-later")  # nothing is known
    # what is logged says more than what is configured
    assert possible(with_rate(np.linspace(0.1, 0.001, 40), schedule="constant"), "decay-later")
