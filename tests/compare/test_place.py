"""Where the best lr lies, and what to try next."""

from __future__ import annotations

from math import inf as INF

import numpy as np
import pytest

from compare.grids import World, grid, run, undiagnosed
from curvedoctor.compare.analyze import compare
from curvedoctor.compare.place import Point, place
from curvedoctor.compare.types import Group, Place
from curvedoctor.model import Run

WORLD = World(best=0.03, noise=0.01)


def group(runs: list[Run]) -> Group:
    (found,) = compare(undiagnosed(runs)).groups
    return found


def lr_place(runs: list[Run]) -> Place:
    found = next(f for f in group(runs).factors if f.name == "lr").place
    assert found is not None
    return found


def test_within_and_refined_on_the_log_scale() -> None:
    found = lr_place(grid(WORLD, [0.001, 0.01, 0.03, 0.1]))
    assert found.where == "within"
    assert found.how == "refine"
    assert len(found.propose) == 2
    assert 0.01 < found.propose[0] < 0.03 < found.propose[1] < 0.1


@pytest.mark.parametrize("batches", [(32,), (16, 64)])
def test_above_is_extended_upwards(batches: tuple[int, ...]) -> None:
    found = lr_place(grid(WORLD, [0.0001, 0.0003, 0.001], batches))
    assert found.where == "above"
    assert found.how == "extend"
    assert 0.001 < found.propose[0] < found.propose[1] <= 0.1


def test_below_is_extended_downwards() -> None:
    found = lr_place(grid(World(best=0.001, sharp=1.0, breaks=1e4), [0.03, 0.1, 0.3]))
    assert found.where == "below"
    assert max(found.propose) < 0.03


def test_a_diverged_neighbour_closes_the_range() -> None:
    """The best sound lr is the highest sound one: nothing is proposed at or beyond the one that broke."""
    found = lr_place(grid(World(best=0.03, breaks=1.5), [0.003, 0.01, 0.03, 0.1]))
    assert found.where == "within"
    assert max(found.propose) < 0.1
    assert "does not stay finite" in found.why


def test_all_broken_means_below() -> None:
    found = lr_place(grid(World(best=1e-5, breaks=2.0), [0.1, 0.3, 1.0]))
    assert found.where == "below"
    assert max(found.propose) < 0.1


def test_a_fine_grid_is_left_alone() -> None:
    found = lr_place(grid(World(best=0.03, sharp=20.0, noise=0.0), [0.022, 0.026, 0.03, 0.034, 0.039]))
    assert found.where == "within"
    assert found.propose == ()


def test_nothing_learnt_and_calm_means_higher() -> None:
    t = np.linspace(0, 1, 20)
    runs = [run(f"lr{lr}", {"lr": lr}, val_loss=2.303 - 10 * lr * t) for lr in (1e-5, 1e-4, 3e-4)]
    assert lr_place(runs).where == "above"


def test_nothing_learnt_and_wild_means_lower() -> None:
    rng = np.random.default_rng(3)
    runs = [run(f"lr{lr}", {"lr": lr}, val_loss=2.31 + 0.02 * rng.random(20)) for lr in (1.0, 3.0, 10.0)]
    assert lr_place(runs).where == "below"


def test_the_best_lr_grows_with_the_batch_size() -> None:
    runs = grid(World(power=1.0, noise=0.01), [0.003 * 2.0**k for k in range(9)], (16, 64, 256))
    (move,) = group(runs).interactions
    assert move.power == pytest.approx(1.0, abs=0.2)
    assert "linear" in move.text


def test_how_the_best_lr_moves_is_not_read_off_noise() -> None:
    runs = grid(World(sharp=0.001, noise=0.02), [0.003 * 2.0**k for k in range(9)], (16, 64, 256))
    (move,) = group(runs).interactions
    assert move.power is None
    assert "not known" in move.text


def test_the_region_holds_what_cannot_be_told_from_the_best() -> None:
    found = group(grid(World(sharp=0.1, noise=0.0), [0.003, 0.03, 0.05, 3.0], (32,))).region
    assert found is not None
    assert found.best["lr"] == 0.03
    assert set(found.values["lr"]) >= {0.03, 0.05}
    assert 3.0 not in found.values["lr"]


def test_accuracy_where_no_loss_is_logged() -> None:
    t = np.linspace(0, 1, 20)
    runs = [
        run(f"lr{lr}", {"lr": lr}, val_accuracy=top * (1 - np.exp(-5 * t)))
        for lr, top in ((0.01, 0.8), (0.1, 0.95), (1.0, 0.5))
    ]
    found = group(runs)
    assert found.better == "higher"
    assert found.region is not None
    assert found.region.best["lr"] == 0.1
    assert found.region.level == pytest.approx(0.95, abs=0.02)


def test_hyperparameters_from_run_names() -> None:
    runs = [Run(r.name, r.source, r.group, r.curves, {}) for r in grid(WORLD, [0.003, 0.03, 0.3], (16, 64))]
    assert {f.name for f in group(runs).factors} == {"lr", "batch_size"}


def test_what_always_changes_together_is_not_told_apart() -> None:
    runs = [
        Run(r.name, r.source, r.group, r.curves, {**r.params, "weight_decay": float(r.params["lr"]) / 10})
        for r in grid(WORLD, [0.003, 0.03, 0.3])
    ]
    (found,) = group(runs).factors
    assert found.name == "lr"
    assert found.along == ("weight_decay",)
    assert found.place is not None
    assert found.place.where == "unknown"
    assert "weight_decay" in found.place.why


def test_random_search_is_read_by_half_decades() -> None:
    rng = np.random.default_rng(0)
    runs = [r for _ in range(30) for r in grid(WORLD, [float(10 ** rng.uniform(-4, 0))], rng=rng)]
    found = lr_place(runs)
    assert found.where == "within"
    best = next(f for f in group(runs).factors if f.name == "lr").best
    assert best in (0.01, 0.032, 0.1)


def test_a_run_that_logs_little_is_no_other_setting() -> None:
    """Of three siblings one logs its lr only: optimizer and width are those of the others,
    as far as anybody knows."""
    full = {"optimizer": "adam", "width": 32, "depth": 2, "dropout": 0.1, "epochs": 20, "batch_size": 32}
    runs = [
        Run(r.name, r.source, r.group, r.curves, {"lr": r.params["lr"], **(full if i else {})})
        for i, r in enumerate(grid(WORLD, [0.003, 0.03, 0.3]))
    ]
    (found,) = group(runs).factors
    assert found.name == "lr"
    assert found.along == ()
    assert all(e.pairs == 1 for e in found.effects)


@pytest.mark.parametrize(
    ("points", "where"),
    [
        # a run that stayed finite by luck among those that broke: the best lies below all of them
        ([(0.1, INF, 0.0, 0.0), (0.3, 2.2, 0.0, 9.0), (1.0, INF, 0.0, 0.0)], "below"),
        ([(0.1, INF, 0.0, 0.0), (0.3, 1.0, 0.8, 90.0)], "below"),
        # the best of three that learnt nothing is chance
        ([(0.1, 2.4, 0.0, 9.0), (0.3, 2.2, 0.05, 9.0), (1.0, 2.6, 0.0, 9.0)], "unknown"),
        ([(0.1, 2.4, 0.0, 1.0), (0.3, 2.2, 0.05, 1.0)], "unknown"),
        ([(0.01, 0.9, 0.8, 90.0), (0.1, 0.2, 0.9, 90.0), (1.0, 0.9, 0.7, 90.0)], "within"),
    ],
)
def test_chance_is_no_optimum(points: list[tuple[float, float, float, float]], where: str) -> None:
    assert place([Point(*point) for point in points], 0.02).where == where


@pytest.mark.parametrize("seed", range(3))
def test_what_is_only_likely_is_not_called_sure(seed: int) -> None:
    """Two neighbours that end higher by no more than their noise don't close a range."""
    rng = np.random.default_rng(seed)
    near = [Point(lr, 0.3 + 0.001 * rng.random(), 0.9, 90.0) for lr in (0.01, 0.02)]
    found = place([near[0], Point(0.014, 0.299, 0.9, 90.0), near[1]], 0.05)
    assert found.where == "within" and found.confidence < 0.9


# --- what is proposed


def ends(scores: list[float], beside: list[float] | None = None, step: float = 10.0) -> list[Point]:
    besides: list[float | None] = [None] * len(scores) if beside is None else list(beside)
    return [Point(1e-4 * step**k, s, beside=b) for k, (s, b) in enumerate(zip(scores, besides, strict=True))]


@pytest.mark.parametrize("step", [3.0, 10.0])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("rise", [0.1, 0.4, 1.0])
def test_a_value_that_must_end_higher_is_not_proposed(step: float, mirrored: bool, rise: float) -> None:
    """Steeply up on one side, hardly on the other: the lowest lies on the other side."""
    scores = [-2.3 + rise, -2.34, -2.34 + 4 * rise]
    found = place(ends([0.0, *(scores[::-1] if mirrored else scores), 0.5], step=step))
    assert found.where == "within" and found.how == "refine"
    best = 1e-4 * step**2
    assert len(found.propose) == 1
    assert (found.propose[0] > best) == mirrored


def test_values_beside_the_best_setting_count_where_they_were_tried() -> None:
    """In a large batch a high rate is hardly worse; with the batch that is best it is."""
    scores = [0.6, -1.85, -2.34, -1.95]
    assert max(place(ends(scores)).propose) > 0.01
    assert max(place(ends(scores, [0.6, -1.85, -2.34, -0.58])).propose) < 0.01


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("third", [-2.3, -1.5])
def test_what_lies_within_is_not_sought_outside(mirrored: bool, third: float) -> None:
    """The best value is the last that was tried, and the loss levels off there."""
    scores = [-2.34, -2.32, third]
    points = ends(scores[::-1] if mirrored else scores, step=4.0)
    found = place(points)
    assert found.where == "within"
    assert all(points[0].value < v < points[-1].value for v in found.propose)


def test_what_comes_next_does_not_contradict_the_region() -> None:
    """lr x batch size as somebody ran it: at the best batch size a rate above the best ends far higher."""
    rows = {16: (1.18, 0.156, 0.095, 0.47), 64: (1.92, 0.31, 0.106, 0.17), 256: (2.2, 1.1, 0.132, 0.144)}
    t = np.exp(-np.arange(20) / 4)
    runs = [
        run(f"{b}-{lr}", {"lr": lr, "batch_size": b}, val_loss=end + (2.4 - end) * t)
        for b, row in rows.items()
        for lr, end in zip((1e-4, 1e-3, 1e-2, 1e-1), row, strict=True)
    ]
    found = group(runs)
    assert found.region is not None and found.region.best == {"lr": 0.01, "batch_size": 16}
    (proposed,) = next(f.place for f in found.factors if f.name == "lr" and f.place).propose
    assert 0.001 < proposed < 0.01
    batch = next(f.place for f in found.factors if f.name == "batch_size")
    assert batch is not None and batch.where == "within" and min(batch.propose) > 16
    (move,) = found.interactions
    assert move.text.startswith("lr 0.01 is among the best at every batch size")
