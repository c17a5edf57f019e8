"""Which short runs are worth prolonging, and the six steps."""

from __future__ import annotations

import numpy as np

from compare.grids import World, grid, run, undiagnosed
from curvedoctor.compare.analyze import compare
from curvedoctor.compare.types import Comparison, Prolong
from curvedoctor.model import Floats, ParamValue, Run


def short(name: str, lr: float, level: Floats, epochs: int = 4) -> Run:
    """A run of a few epochs whose training loss is logged often, its validation loss per epoch."""
    at = np.linspace(0, len(level) - 1, epochs + 1).astype(int)[1:]
    return run(
        name, {"lr": lr, "epochs": epochs}, val_loss=level[at], train_loss=level[at], train_batch_loss=level
    )


def power(floor: float, height: float, exponent: float, n: int = 200, noise: float = 0.01) -> Floats:
    rng = np.random.default_rng(int(1000 * exponent))
    t = np.linspace(0.02, 1, n)
    return np.asarray(floor + height * t**-exponent + noise * rng.standard_normal(n))


def chances(*runs: Run) -> dict[str, Prolong]:
    return {p.run: p for p in compare(undiagnosed(runs)).groups[0].prolong}


def test_a_slow_starter_is_kept_and_a_stuck_run_is_not() -> None:
    """`slow` is behind at the end of epoch 4 but still falls; `early` has flattened out;
    `stuck` does nothing."""
    found = chances(
        short("early", 0.3, power(0.80, 0.002, 1.0)),
        short("slow", 0.03, power(0.10, 0.85, 0.3)),
        short("stuck", 1e-5, power(2.29, 0.001, 0.3)),
    )
    assert found["early"].level < found["slow"].level
    assert found["slow"].worth
    assert found["slow"].chance > 0.3
    assert found["slow"].crosses is not None
    assert found["slow"].crosses > 4
    assert not found["stuck"].worth
    assert found["stuck"].low <= found["stuck"].expected <= found["stuck"].high


def test_intervals_hold_what_happens() -> None:
    """80 % intervals at eight times the length hold the true level in most of many power laws."""
    held = 0
    rng = np.random.default_rng(0)
    for _ in range(30):
        floor, height, exponent = rng.uniform(0.1, 0.5), rng.uniform(0.2, 0.6), rng.uniform(0.2, 1.0)
        found = chances(
            short("a", 0.1, power(floor, height, exponent)), short("b", 0.01, power(2, 0.1, 0.1))
        )["a"]
        held += found.low <= floor + height * 8**-exponent <= found.high
    assert held >= 21


def test_long_runs_are_not_judged() -> None:
    runs = [short(f"r{lr}", lr, power(0.2, 0.5, 0.5), epochs=20) for lr in (0.1, 0.2)]
    assert chances(*runs) == {}


def steps(*runs: Run) -> tuple[dict[int, str], Comparison]:
    found = compare(undiagnosed(runs))
    return {s.number: s.state for s in found.steps}, found


CLASSES: dict[str, ParamValue] = {"loss": "cross-entropy", "n_classes": 10}


def with_params(r: Run, **params: ParamValue) -> Run:
    return Run(r.name, r.source, r.group, r.curves, {**r.params, **params})


def test_the_six_steps_of_nothing() -> None:
    states, found = steps(run("one", {}, train_loss=np.linspace(2, 1, 20)))
    assert states == {1: "unknown", 2: "missing", 3: "missing", 4: "missing", 5: "missing", 6: "missing"}
    assert found.next.startswith("Train on 5 to 10 until")


def test_an_abnormal_first_loss_comes_before_all_else() -> None:
    high = with_params(
        run("high", {"lr": 0.1}, train_batch_loss=np.geomspace(80, 2, 200), val_loss=np.geomspace(9, 2, 10)),
        **CLASSES,
    )
    states, found = steps(high)
    assert states[1] == "failed"
    assert found.next.startswith("high begins at 80")
    fine = with_params(run("fine", {"lr": 0.1}, train_batch_loss=np.geomspace(2.31, 0.5, 200)), **CLASSES)
    assert steps(fine)[0][1] == "done"


def test_an_overfit_check_is_recognized_and_not_compared() -> None:
    check = run("check", {"n_train": 8, "lr": 0.01}, train_loss=np.geomspace(2.3, 1e-4, 100))
    others = [
        run(f"lr{lr}", {"lr": lr, "n_train": 5000}, train_loss=np.geomspace(2.3, lr, 20))
        for lr in (0.1, 0.2, 0.4)
    ]
    states, found = steps(check, *others)
    assert states[2] == "done"
    assert "check" not in {o.run for g in found.groups for o in g.outcomes}


def test_all_six_steps_are_read_from_the_logs() -> None:
    """One step after the other appears in the logs, and the next one is asked for."""
    lrs = np.geomspace(1e-6, 1.0, 300)
    fall = 2.3 - 1.9 / (1 + (0.01 / lrs) ** 2) + 50 * np.maximum(lrs - 0.2, 0) ** 2
    check = run("check", {"n_train": 8, "lr": 0.01}, train_batch_loss=np.geomspace(2.3, 1e-4, 100))
    test = run("finder", {}, "probe", train_batch_loss=fall, train_lr=lrs)
    coarse = grid(World(best=0.03), (0.003, 0.01, 0.03, 0.1, 0.3), epochs=3)
    refined = grid(World(best=0.03), (0.015, 0.02, 0.03, 0.045, 0.06), epochs=20)
    logs: list[list[Run]] = [
        [],
        [check],
        [test],
        [with_params(r, **CLASSES) for r in coarse],
        [
            with_params(Run(f"fine-{r.name}", r.source, "refined", r.curves, r.params), **CLASSES)
            for r in refined
        ],
    ]
    first = with_params(run("first", {"lr": 0.1}, train_batch_loss=np.geomspace(2.31, 0.5, 200)), **CLASSES)
    seen: list[Run] = [first]
    done = []
    for more in logs:
        seen += more
        states, found = steps(*seen)
        done.append(sorted(number for number, state in states.items() if state == "done"))
    assert done == [[1], [1, 2], [1, 2, 3], [1, 2, 3, 4], [1, 2, 3, 4, 5, 6]], states
    assert "with two other seeds" in found.next or found.next.startswith("lr "), found.next
