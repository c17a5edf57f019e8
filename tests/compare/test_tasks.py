"""Runs that can't be compared are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from compare.grids import World, grid, run, undiagnosed
from curvedoctor.compare.analyze import compare
from curvedoctor.model import Run


def with_loss(name: str, runs: list[Run]) -> list[Run]:
    return [
        run(
            f"{name}-{r.name}",
            {**r.params, "loss": name},
            val_loss=r.curves[0].values * (0.01 if name == "bce" else 1.0),
            train_loss=r.curves[1].values,
        )
        for r in runs
    ]


def test_losses_of_different_loss_functions_are_kept_apart() -> None:
    """One is a hundredth of the other by its nature, which makes it no better."""
    made = grid(World(), (0.003, 0.03, 0.3))
    found = compare(undiagnosed([*with_loss("cross-entropy", made), *with_loss("bce", made[:2])]))
    assert [group.name for group in found.groups] == ["grid · loss cross-entropy", "grid · loss bce"]
    assert [len(group.outcomes) for group in found.groups] == [3, 2]
    for group in found.groups:
        assert group.region is not None and group.region.best["lr"] == 0.03
        assert "loss" not in [factor.name for factor in group.factors]


def test_runs_of_other_data_sets_are_kept_apart() -> None:
    made = grid(World(), (0.003, 0.03, 0.3))
    easy = [replace(r, name=f"m-{r.name}", params={**r.params, "dataset": "mnist"}) for r in made]
    hard = [replace(r, params={**r.params, "dataset": "cifar10"}) for r in made]
    found = compare(undiagnosed([*easy[:2], *hard]))
    assert [group.name for group in found.groups] == ["grid · dataset cifar10", "grid · dataset mnist"]


def test_runs_of_ten_classes_are_not_laid_beside_one_of_two() -> None:
    """Nothing is logged of the classes, but an untrained model's first loss tells them: ln 10 and ln 2."""

    def begun(name: str, lr: float, first: float) -> Run:
        curve = first * np.exp(-np.arange(40) / 15) + 0.01
        return run(name, {"lr": lr}, train_loss_step=curve, val_loss=curve * 1.05)

    ten = [begun(f"ten{lr}", lr, np.log(10)) for lr in (0.001, 0.01, 0.1)]
    found = compare(undiagnosed([*ten, begun("two", 0.03, np.log(2))]))
    assert sorted(len(group.outcomes) for group in found.groups) in ([3], [1, 3])


def test_a_loss_function_that_only_some_log_divides_nothing() -> None:
    made = grid(World(), (0.003, 0.03, 0.3))
    (group,) = compare(undiagnosed([*with_loss("mse", made[:2]), *made[2:]])).groups
    assert len(group.outcomes) == 3 and group.name == "grid"


def test_a_run_whose_data_were_broken_does_not_count_against_its_settings() -> None:
    made = grid(World(), (0.003, 0.03, 0.3))
    broken = np.full(20, np.nan)
    best = next(r for r in made if r.params["lr"] == 0.03)
    twin = run("broken", dict(best.params), val_loss=broken, train_loss=broken)
    (group,) = compare(undiagnosed([*made, twin])).groups
    assert group.region is not None and group.region.best["lr"] == 0.03
    assert "broken" not in [outcome.run for outcome in group.outcomes]
    assert any(note.startswith("broken: not finite from the first point on") for note in group.notes)
    # settings of which no run is sound are at fault themselves
    (group,) = compare(
        undiagnosed([*made[:2], run("lost", {**best.params, "lr": 3.0}, val_loss=broken, train_loss=broken)])
    ).groups
    assert "lost" in [outcome.run for outcome in group.outcomes]


def test_programs_that_log_other_curves_are_other_tasks() -> None:
    """A folder may hold the logs of a detector, of a language model and of a sweep."""
    made = grid(World(), (0.003, 0.03, 0.3))
    loss = np.linspace(2, 1, 30)
    others = [
        run("bert", {"lr": 0.1}, eval_ppl=loss),
        run("yolo", {"lr": 9.0}, val_box_loss=loss, mAP50=1 / loss),
    ]
    died = run("died", {"lr": 1.0}, train_loss=made[0].curves[1].values[:3])
    groups = compare(undiagnosed([*made, *others, died])).groups
    assert {outcome.run for outcome in groups[0].outcomes} <= {r.name for r in [*made, died]}
    assert len(groups[0].outcomes) >= 3
    assert groups[0].region is not None and groups[0].region.best["lr"] == 0.03


@pytest.mark.parametrize("more", [0, 1])
def test_programs_that_log_other_settings_are_other_tasks(more: int) -> None:
    """Both log a loss by the same name; a setting that one run leaves out is no other program."""
    made = [replace(r, params={"momentum": 0.9, **r.params}) for r in grid(World(), (0.003, 0.03, 0.3))]
    made[0] = replace(made[0], params={k: v for k, v in made[0].params.items() if k != "momentum"})
    tags = {curve.tag: np.full(30, 1.5 + k) for k, curve in enumerate(made[0].curves)}
    tuned = {"epochs": 3, "warmup_ratio": 0.1, "lora_rank": 16, "lr": 2e-4}
    others = [replace(run(f"lora{k}", tuned, **tags), group=made[0].group) for k in range(1 + more)]
    first = compare(undiagnosed([*made, *others])).groups[0]
    assert {outcome.run for outcome in first.outcomes} == {r.name for r in made}


def test_all_are_compared_where_the_user_says_so() -> None:
    loss = np.linspace(2, 1, 30)
    runs = [
        run("a", {"lr": 0.1}, val_loss=loss),
        run("b", {"lr": 9.0}, val_loss=loss, dev_f1=1 / loss, acc=loss),
    ]
    (group,) = compare(undiagnosed(runs), together=True).groups
    assert len(group.outcomes) == 2
