"""Runs of other tasks, data or code teach nothing, whatever folder they share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curvedoctor.advice.one_task import AS_SEEDS, ELSEWHERE, begun_apart
from curvedoctor.advice.siblings import Siblings
from curvedoctor.advice.trial import TRIED_HELPS, UNSURE, Trial
from curvedoctor.conditions.examples import run as log
from curvedoctor.engine import diagnose_runs
from curvedoctor.features.case import build
from curvedoctor.features.summary import Summary, summarize
from curvedoctor.model import ParamValue

#: as people log it: settings of a training, few of them of what is trained
USUAL: dict[str, ParamValue] = {
    "optimizer": "adam", "batch_size": 32, "epochs": 30, "depth": 1, "width": 32, "n_train": 2000,
    "lr": 0.001,
}  # fmt: skip
#: the same, and what tells the data
TOLD: dict[str, ParamValue] = {**USUAL, "loss": "mse"}


def run(
    name: str, end: float, begun: tuple[float | None, float | None] = (None, None), **params: ParamValue
) -> Summary:
    return Summary(name, params, "val/loss", end, end, 0.0, begun=begun, scored=False)


def helped(own: Summary, *others: Summary) -> dict[str, bool]:
    """Action → whether it is known that the sibling is of one task, of the trials that helped."""
    return {t.action: t.same_task for t in Siblings([own, *others]).trials(own) if t.helped}


# --- where runs begin


@pytest.mark.parametrize("both", [{}, {"n_train": 4000, "batch_size": 8}, {"width": 8}])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_a_lower_rate_on_other_data_is_told_no_rate(both: dict[str, ParamValue], scale: float) -> None:
    """Unscaled inputs begin thousands of times above the same ones, scaled, at a rate hardly higher."""
    own = run("unscaled", 40 * scale, (150_000 * scale, 5000 * scale), **{**TOLD, **both})
    other = run("scaled", 1 * scale, (26 * scale, 0.6 * scale), **{**TOLD, **both, "lr": 0.003})
    assert helped(own, other) == {}
    assert helped(replace(own, begun=(40 * scale, 2 * scale)), other) == {"raise-lr": True}


@pytest.mark.parametrize(("mine", "its"), [((1e6, 5e4), (0.7, 0.7)), ((2.3, 2.3), (0.9, 0.2))])
def test_a_higher_rate_may_begin_anywhere(mine: tuple[float, float], its: tuple[float, float]) -> None:
    """It breaks, or has learnt more by the end of the first epoch."""
    high, low = run("high", 9.0, mine, **{**TOLD, "lr": 1.0}), run("low", 0.2, its, **TOLD)
    assert not begun_apart(high, low)
    assert not begun_apart(low, high)


@pytest.mark.parametrize("times", [0.9, 1.1])
def test_a_mean_over_an_epoch_falls_no_lower_than_its_first_batch_leaves_it(times: float) -> None:
    """Of 62.5 batches a mean of at least a 62.5th of the first is left, however fast the run learns."""
    slow = run("slow", 5.0, (1e4, 1e4), **TOLD)
    fast = run("fast", 1.0, (1e4 / 62.5 / times, 5.0), **{**TOLD, "lr": 0.1})
    assert begun_apart(slow, fast) == begun_apart(fast, slow) == (times > 1)


@pytest.mark.parametrize("name", ["epochs", "max_steps", "patience"])
@pytest.mark.parametrize("split", [0, 1])
@pytest.mark.parametrize("ratio", [1.05, 0.98 * AS_SEEDS, 1.02 * AS_SEEDS, 3.0])
def test_what_acts_late_lets_runs_begin_alike(name: str, split: int, ratio: float) -> None:
    first: list[float] = [1.6, 1.5]
    own = run("short", 1.0, (1.6, 1.5), **{**TOLD, name: 25})
    first[split] /= ratio
    other = run("long", 0.3, (first[0], first[1]), **{**TOLD, name: 40})
    assert begun_apart(own, other) == begun_apart(other, own) == (ratio > AS_SEEDS)


@pytest.mark.parametrize("name", ["optimizer", "init", "input_scaling", "activation", "loss", "batch_size"])
def test_what_decides_how_a_run_begins_explains_any_begin(name: str) -> None:
    own, other = run("a", 9.0, (1e5, 1e5), **TOLD), run("b", 1.0, (1.0, 1.0), **{**TOLD, name: 7})
    assert not begun_apart(own, other)


@pytest.mark.parametrize("name", ["weight_decay", "dropout", "width", "n_train"])
def test_nothing_else_makes_a_run_begin_elsewhere(name: str) -> None:
    for ratio in (0.5 * ELSEWHERE, 2 * ELSEWHERE):
        own, other = run("a", 9.0, (ratio, ratio), **TOLD), run("b", 1.0, (1.0, 1.0), **{**TOLD, name: 7})
        assert begun_apart(own, other) == begun_apart(other, own) == (ratio > ELSEWHERE)


def test_a_run_of_which_no_begin_is_logged_is_not_set_apart() -> None:
    own = run("a", 9.0, **TOLD)
    for first in ((None, None), (1e6, None), (None, 1e6)):
        assert not begun_apart(own, run("b", 1.0, first, **{**TOLD, "epochs": 40}))


# --- what is measured


def test_a_classifier_and_a_regression_are_no_siblings() -> None:
    y = np.geomspace(2, 0.2, 30)
    logs = [
        log({**TOLD, "lr": 0.001}, train_loss=y, val_loss=y),
        log({**TOLD, "lr": 0.01}, train_loss=y, val_loss=0.3 * y, val_accuracy=1 - 0.4 * y),
    ]
    slow, fast = map(summarize, build(logs))
    assert (slow.scored, fast.scored) == (False, True)
    assert not [t for t in Siblings([slow, fast]).trials(slow) if t.action]
    assert [t.action for t in Siblings([slow, replace(fast, scored=False)]).trials(slow)] == ["raise-lr"]


def test_the_summary_tells_the_first_points() -> None:
    y = np.geomspace(2, 0.2, 30)
    (case,) = build([log(TOLD, train_loss=y, val_loss=1.5 * y)])
    assert summarize(case).begun == (pytest.approx(2.0), pytest.approx(3.0))


# --- what is known of one task


def test_among_runs_that_differ_in_everything_what_is_usual_tells_nothing() -> None:
    """Two of seven differ in the rate alone, by chance: all have Adam, batches of 32, one layer."""
    rng = np.random.default_rng(0)
    others = [
        run(f"r{k}", float(rng.uniform(0.1, 3)), **{
            **USUAL, "n_train": 100 * k, "width": 4 * k, "epochs": 3 * k, "batch_size": 16 * k,
        })
        for k in range(2, 9)
    ]  # fmt: skip
    own, other = run("a", 1.0, **USUAL), run("b", 0.2, **{**USUAL, "lr": 0.01})
    assert helped(own, other, *others) == {"raise-lr": False}
    assert helped(own, other) == {"raise-lr": True}, "a pair is what somebody tried"
    told = [replace(s, params={**s.params, "loss": "mse"}) for s in (own, other, *others)]
    assert helped(*told) == {"raise-lr": True}, "samples and loss are of the data"
    joint = run("c", 0.2, **{**USUAL, "lr": 0.01, "dropout": 0.1})
    assert helped(run("d", 1.0, **{**USUAL, "dropout": 0.0}), joint, *others) == {}


@pytest.mark.parametrize("count", [4, 9])
def test_a_grid_is_one_task(count: int) -> None:
    grid = [
        run(f"r{i}{k}", 1.0 / (1 + i) + 0.1 * k, **{**USUAL, "lr": 10.0 ** (i - 4), "width": 8 * 2**k})
        for i in range(3)
        for k in range(count // 2)
    ]
    assert helped(grid[0], *grid[1:])["raise-lr"]


def test_runs_that_differ_in_the_number_of_samples_alone_are_no_design() -> None:
    """The same script on other data sets, each of its own size."""
    own, other = run("a", 1.0, **USUAL), run("b", 0.2, **{**USUAL, "n_train": 7000})
    assert helped(own, other) == {"more-data": False}


@pytest.mark.parametrize("own", [0.05, 0.4, 0.8, 0.89, 0.97])
def test_what_is_perhaps_another_task_makes_nothing_sure(own: float) -> None:
    perhaps = Trial("raise-lr", TRIED_HELPS, "", "lr", 0.1, 0.6, same_task=False)
    moved = perhaps.moved({"raise-lr": own})
    assert own <= moved <= max(own, UNSURE)
    assert moved > own or own > UNSURE


def test_its_value_is_not_taken_over() -> None:
    """Three classifiers of a folder that log their rate and nothing else."""
    y = np.geomspace(2, 0.5, 30)
    logs = [
        replace(log({"lr": lr}, train_loss=share * y, val_loss=share * y), name=name, group="g")
        for name, lr, share in (("a", 1e-4, 1.0), ("b", 2e-3, 0.5))
    ]
    slow = diagnose_runs(logs)[0]
    raised = next(p for p in slow.prescriptions if p.action == "raise-lr")
    assert (raised.basis != "siblings", raised.proposed) == (True, 0.001)
    assert "as a sibling" not in raised.text
    assert any("whether that is the same task is not known" in why for why in raised.because)
