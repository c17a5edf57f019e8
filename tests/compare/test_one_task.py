"""Runs of several tasks are kept apart where logs tell, and nothing is sure where they don't."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from compare.grids import World, grid, run, undiagnosed
from curvedoctor.compare import summary
from curvedoctor.compare.analyze import compare
from curvedoctor.compare.place import UNSURE
from curvedoctor.compare.types import Comparison, Group
from curvedoctor.model import Floats, ParamValue, Run


def ended(end: float, first: float = 2.0, points: int = 30) -> Floats:
    return end + (first - end) * np.exp(-np.arange(points) / 4)


def logged(name: str, end: float, first: float = 2.0, scored: bool = False, **params: ParamValue) -> Run:
    y = ended(end, first)
    more = {"val_accuracy": 1 - 0.3 * y / first} if scored else {}
    return run(name, params, train_loss=0.9 * y, val_loss=y, **more)


def of(runs: Sequence[Run], *, together: bool = False) -> Comparison:
    return compare(undiagnosed(runs), together=together)


def members(found: Comparison) -> list[set[str]]:
    return [{outcome.run for outcome in group.outcomes} for group in found.groups]


def sure(group: Group) -> int:
    """How much is claimed of which value is better."""
    effects = sum(e.sure in ("clear", "likely") for f in group.factors for e in f.effects)
    return effects + sum(f.place is not None and f.place.where != "unknown" for f in group.factors)


#: what somebody logs who trains this and that: each run the settings that were thought of
ODD: tuple[tuple[str, float, dict[str, ParamValue]], ...] = (
    ("series", 0.02, {"lr": 1e-3, "batch_size": 32, "epochs": 40, "width": 48, "schedule": "cosine"}),
    ("norm", 1.0, {"lr": 2e-3, "batch_size": 64, "epochs": 25, "width": 64, "depth": 2}),
    ("norm too", 0.1, {"lr": 2e-3, "batch_size": 64, "epochs": 25, "width": 64, "weight_decay": 0.02}),
    ("chars", 3.0, {"lr": 2e-2, "batch_size": 128, "epochs": 5, "width": 96, "schedule": "exponential"}),
    ("small", 0.4, {"lr": 3e-3, "batch_size": 16, "epochs": 60, "width": 3, "dropout": 0.1}),
    ("steps", 0.06, {"lr": 6e-3, "batch_size": 8, "epochs": 30, "width": 32, "momentum": 0.9}),
)


def odd() -> list[Run]:
    return [logged(name, end, 5.0, **params) for name, end, params in ODD]


# --- kept apart


@pytest.mark.parametrize("classifiers", [2, 5])
def test_classifiers_and_regressions_are_apart_though_both_log_a_loss(classifiers: int) -> None:
    some = [logged(f"c{k}", 0.1 * (k + 1), scored=True, lr=10.0 ** -(k + 1)) for k in range(classifiers)]
    others = [logged(f"r{k}", 0.01 * (k + 1), lr=10.0 ** -(k + 1)) for k in range(3)]
    assert {frozenset(m) for m in members(of([*some, *others]))} == {
        frozenset(r.name for r in some), frozenset(r.name for r in others),
    }  # fmt: skip
    assert len(of([*some, *others], together=True).groups) == 1, "the user knows better"


@pytest.mark.parametrize("sizes", [(2000, 2300), (500, 9000), (1397, 1500)])
def test_runs_with_other_numbers_of_samples_are_of_other_data(sizes: tuple[int, int]) -> None:
    runs = [
        logged(f"{n}-{k}", 0.1 * (k + 1), lr=10.0 ** -(k + 1), n_train=n, width=w)
        for n, w in zip(sizes, (8, 16), strict=True)
        for k in range(3)
    ]
    runs = [*runs, logged("untold", 0.2, lr=0.05, width=8)]
    found = of(runs)
    assert [len(m) for m in members(found)] in ([4, 3], [3, 4])
    assert all("n_train" in group.name for group in found.groups)


def test_unless_somebody_tried_what_more_of_them_do() -> None:
    runs = [
        logged(f"{n}-{lr}", 1e3 * lr / n, lr=lr, n_train=n, steps_per_epoch=n // 32)
        for n in (500, 2000, 8000)
        for lr in (0.01, 0.1)
    ]
    (group,) = of(runs).groups
    assert {f.name for f in group.factors} == {"lr", "n_train"}


def test_folds_are_one_data_set() -> None:
    runs = [
        logged(f"{lr}-{k}", lr * (1 + 0.1 * k), lr=lr, fold=k, n_train=800 + k % 2, seed=k)
        for lr in (0.1, 0.2) for k in range(4)
    ]  # fmt: skip
    (group,) = of(runs).groups
    assert group.one_task == "known" and len(group.outcomes) == 8


@pytest.mark.parametrize("scale", [5e3, 1e6])
def test_a_run_on_other_data_by_its_begin_is_left_out(scale: float) -> None:
    sweep = [logged(f"lr{lr}w{w}", lr, lr=lr, width=w) for lr in (0.1, 0.2, 0.4) for w in (8, 16)]
    alien = logged("unscaled", 0.5 * scale, 2 * scale, lr=0.05, width=8)
    found = of([*sweep, alien])
    assert members(found) == [{r.name for r in sweep}]
    broke = logged("broke", 0.5 * scale, 2 * scale, lr=40.0, width=8)
    assert members(of([*sweep, broke])) == [{r.name for r in [*sweep, broke]}], "a high rate may do that"


# --- and how sure that is


def test_of_runs_that_differ_in_everything_no_value_is_called_better() -> None:
    (group,) = of(odd()).groups
    assert group.one_task == "unknown"
    assert sure(group) == 0
    told = " ".join(summary.of_group(group, 2))
    assert "matters" not in told and "Best:" not in told
    assert "Whether these runs are of one task is not known" in told
    assert "Next: log what each trains on" in told
    assert "4 coarse grid" not in " ".join(s.text for s in of(odd()).steps if s.state == "done")
    (sure_of_it,) = of(odd(), together=True).groups
    assert sure_of_it.one_task == "unknown" and sure(sure_of_it) > 0, (
        "the user said that they belong together"
    )


@pytest.mark.parametrize("seed", range(4))
def test_a_random_search_is_likely_one_task_and_nothing_is_surer(seed: int) -> None:
    """One program logs the same settings each time; hardly two differ in one thing."""
    rng = np.random.default_rng(seed)
    world = World(best=0.03, sharp=1.2, noise=0.01)
    runs = []
    for k in range(14):
        lr, batch = float(rng.choice([1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3])), 4 * (k + 2)
        params: dict[str, ParamValue] = {
            "lr": lr, "batch_size": batch, "width": 100 + k, "dropout": round(0.02 * k, 3),
        }  # fmt: skip
        runs.append(logged(f"r{k}", world.loss(lr, 32), **params))
    (group,) = of(runs).groups
    assert group.one_task == "likely"
    assert "clear" not in {e.sure for f in group.factors for e in f.effects}
    assert all(f.place.confidence <= UNSURE for f in group.factors if f.place)
    assert any(f.place and f.place.where != "unknown" for f in group.factors), "but it is told"


@pytest.mark.parametrize("batches", [(32,), (16, 64)])
def test_a_grid_is_known_to_be_one_task(batches: tuple[int, ...]) -> None:
    (group,) = of(grid(World(), (0.003, 0.03, 0.3), batches)).groups
    assert group.one_task == "known"
    assert any(f.place and f.place.confidence > UNSURE for f in group.factors)


# --- what is best


def test_the_best_value_is_not_one_beside_which_another_ended_clearly_lower() -> None:
    """The lowest run had no weight decay, and an easier setting besides; where only that differs, it lost."""
    runs = [
        logged("easy", 0.02, lr=0.1, width=64, weight_decay=0.0),
        *(logged(f"plain{w}", 1.0, lr=0.1, width=w, weight_decay=0.0) for w in (8, 16, 32)),
        *(logged(f"decay{w}", 0.1, lr=0.1, width=w, weight_decay=0.02) for w in (8, 16, 32)),
    ]
    (group,) = of(runs).groups
    decay = next(f for f in group.factors if f.name == "weight_decay")
    assert decay.best == 0.02
    assert [(e.value, e.ratio > 5) for e in decay.effects] == [(0.0, True)]


@pytest.mark.parametrize("seed", range(25))
def test_no_value_is_clearly_better_than_the_best(seed: int) -> None:
    rng = np.random.default_rng(seed)
    runs = [
        logged(
            f"r{k}", float(rng.uniform(0.1, 2)), lr=float(rng.choice([0.01, 0.1, 1.0])),
            width=int(rng.choice([8, 16, 32])), dropout=float(rng.choice([0.0, 0.3])),
        )
        for k in range(12)
    ]  # fmt: skip
    for group in of(runs, together=True).groups:
        for factor in group.factors:
            assert not [e for e in factor.effects if e.sure in ("clear", "likely") and e.ratio < 1]


def test_values_that_beat_each_other_in_a_circle_are_all_unclear() -> None:
    pairs = (("a", "b"), ("b", "c"), ("c", "a"))
    optimizers = {"a": "sgd", "b": "adam", "c": "adamw"}
    runs = [
        logged(f"{win}{k}{r}{w}", end, lr=0.1, width=w + 8 * k, optimizer=optimizers[opt])
        for k, (win, lose) in enumerate(pairs)
        for w in (1, 2, 3)
        for r, (opt, end) in enumerate(((win, 0.1), (lose, 0.5)))
    ]
    (group,) = of(runs).groups
    found = next(f for f in group.factors if f.name == "optimizer")
    assert {e.sure for e in found.effects} == {"not clear"}


def test_the_median_of_a_value_is_that_at_its_best_lr() -> None:
    """A row of rates that mostly break says nothing of the batch size."""
    ends = {16: (1.2, 0.16, 0.096, 0.56), 64: (1.9, 0.32, 0.11, 0.17), 256: (2.2, 1.1, 0.13, 0.14)}
    runs = [
        logged(f"{b}-{lr}", end, 2.4, lr=lr, batch_size=b)
        for b, row in ends.items()
        for lr, end in zip((1e-4, 1e-3, 1e-2, 1e-1), row, strict=True)
    ]
    (group,) = of(runs).groups
    batch = next(f for f in group.factors if f.name == "batch_size")
    assert batch.how == "each at its own best lr" and batch.best == 16
    medians = [level.median for level in batch.levels]
    assert medians == sorted(medians)  # type: ignore[type-var]
    assert medians == [level.best for level in batch.levels]
    assert all(len(group.outcomes) / 3 == level.runs for level in batch.levels)
