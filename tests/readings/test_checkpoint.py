"""Which checkpoint to keep: of the files beside the run and of the evaluations,
the one within noise of the best."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curvedoctor.conditions.examples import agent, run
from curvedoctor.features.case import Case, build
from curvedoctor.model import Checkpoint, Floats, ParamValue
from curvedoctor.readings.checkpoint import read
from curvedoctor.reports.phrases import kept


def told(y: Floats, *found: Checkpoint, every: int = 100, score: bool = False) -> dict[str, object]:
    made = run(**{"val_accuracy" if score else "val_loss": y})
    curve = made.curves[0]
    curve.steps[:] = every * np.arange(1, len(y) + 1)
    curves = (replace(curve, axis="step"),)
    reading = read(build([replace(made, curves=curves, checkpoints=found)])[0])
    assert reading is not None
    assert kept(reading).endswith(".")
    return dict(reading)


def at_step(*steps: int) -> list[Checkpoint]:
    return [Checkpoint(f"checkpoint-{step}", number=step) for step in steps]


def valley(rng: np.random.Generator, noise: float = 0.004, n: int = 60) -> Floats:
    t = np.linspace(-1, 1, n)
    return 0.5 + 0.4 * t * t + noise * rng.standard_normal(n)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("noise", [0.002, 0.01])
def test_the_one_within_noise_of_the_best(seed: int, noise: float) -> None:
    y = valley(np.random.default_rng(seed), noise)
    reading = told(y, *at_step(500, 1500, 3000, 4500, 6000))
    assert reading["keep"] == "checkpoint-3000"
    assert reading["by"] == "evaluation"
    assert (reading["at"], reading["value"]) == (3000.0, pytest.approx(y[29]))
    low, high = reading["band"]
    assert low == reading["best"] == pytest.approx(y.min())
    assert 0.5 * noise < high - low < 6 * noise
    assert reading["within_noise"] is bool(y[29] <= high)
    assert reading["on_disk"] == 5


@pytest.mark.parametrize("seed", range(4))
def test_none_on_disk_gives_the_stretch_that_is_as_good(seed: int) -> None:
    y = valley(np.random.default_rng(seed))
    reading = told(y)
    assert reading["keep"] is None
    assert 2000 < reading["as_good_from"] <= reading["best_at"] <= reading["as_good_to"] < 4000
    assert "keep one of these" in kept(reading)


def test_all_that_are_left_may_be_worse() -> None:
    reading = told(valley(np.random.default_rng(0)), *at_step(5500, 6000))
    assert (reading["keep"], reading["within_noise"], reading["as_good"]) == ("checkpoint-5500", False, [])
    assert "beyond noise" in kept(reading)


def test_one_called_best_is_taken_where_no_other_is_as_good() -> None:
    best = Checkpoint("weights/best.pt", word="best")
    y = valley(np.random.default_rng(0))
    assert told(y, best, *at_step(6000))["keep"] == "weights/best.pt"
    assert told(y, best, *at_step(6000))["by"] == "name"
    assert told(y, best, *at_step(3000))["keep"] == "checkpoint-3000"
    assert told(y, Checkpoint("last.pt", word="last"))["keep"] is None


@pytest.mark.parametrize("seed", range(4))
def test_scores_rise(seed: int) -> None:
    y = 1 - valley(np.random.default_rng(seed))
    reading = told(y, *at_step(1000, 3000, 6000), score=True)
    assert reading["keep"] == "checkpoint-3000"
    low, high = reading["band"]
    assert high == reading["best"] == pytest.approx(y.max())
    assert low < high


@pytest.mark.parametrize(("numbers", "expected"), [(range(10), 4), (range(1, 11), 5)])
def test_epochs_may_count_from_one(numbers: range, expected: int) -> None:
    """Keras names files from 1 and logs from 0; Lightning does both from 0."""
    y = np.abs(np.arange(10) - 4.0) + 1
    made = run(val_loss=y)
    found = tuple(Checkpoint(f"epoch={n}.ckpt", epoch=n) for n in numbers)
    curves = (replace(made.curves[0], axis="epoch"),)
    made.curves[0].steps[:] = np.arange(10)
    reading = read(build([replace(made, curves=curves, checkpoints=found)])[0])
    assert reading is not None
    assert (reading["keep"], reading["at"]) == (f"epoch={expected}.ckpt", 4.0)


def wrecked(rng: np.random.Generator, where: str, size: float) -> Floats:
    """Calm around its best (σ = 0.004), thrown about somewhere else."""
    y = valley(rng)
    if where == "late":
        y = 0.5 + 0.016 * np.maximum(25 - np.arange(60), 0) + 0.004 * rng.standard_normal(60)
    wild = 0.2 + np.exp(size * rng.standard_normal(60))
    place = np.arange(60)
    there = {"early": place < 20, "both ends": np.abs(place - 29.5) > 10, "late": place >= 25}[where]
    return np.where(there, y + wild, y)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("where", ["early", "both ends", "late"])
@pytest.mark.parametrize("size", [1.0, 3.0])
def test_what_goes_on_elsewhere_is_no_noise_of_the_best(seed: int, where: str, size: float) -> None:
    reading = told(wrecked(np.random.default_rng(seed), where, size))
    assert reading["reason"] is None
    low, high = reading["band"]
    assert high - low < 6 * 0.004
    assert "keep" in kept(reading)


@pytest.mark.parametrize("spikes", [1, 3, 8])
@pytest.mark.parametrize("height", [1.0, 40.0])
def test_spikes_are_no_noise(spikes: int, height: float) -> None:
    rng = np.random.default_rng(spikes)
    y = valley(rng)
    y[rng.choice(np.r_[:26, 34:60], spikes, replace=False)] += height
    low, high = told(y)["band"]
    assert high - low < 6 * 0.004


@pytest.mark.parametrize("y", [[30.0, 5.0, 0.53, 0.9, 1.5], [100.0, 30.0, 5.0, 0.53, 0.56, 0.6]])
def test_a_steep_start_is_no_noise(y: list[float]) -> None:
    reading = told(np.array(y))
    low, high = reading["band"]
    assert reading["reason"] is None
    assert high < 2 * low


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("n", [20, 60, 300])
def test_where_noise_is_as_large_as_what_was_gained_no_band_is_told(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    y = np.exp(0.6 * rng.standard_normal(n)) * np.linspace(1.5, 1.0, n)
    (case,) = build([run({}, train_loss=np.geomspace(2, 0.1, n), val_loss=y)])
    assert "luck" in reason(case) or "never better" in reason(case)


@pytest.mark.parametrize("rise", [0.5, 3.0])
@pytest.mark.parametrize("params", [{}, {"loss": "cross-entropy", "n_classes": 10}])
def test_the_start_is_no_checkpoint_to_keep(rise: float, params: dict[str, ParamValue]) -> None:
    y = 2.31 + rise * np.linspace(0, 1, 40)
    (case,) = build([run(params, train_loss=np.geomspace(2.3, 0.1, 40), val_loss=y)])
    assert "never better than at its first evaluation" in reason(case)


def test_checkpoints_far_from_any_evaluation_are_not_judged() -> None:
    reading = told(valley(np.random.default_rng(0)), *at_step(100_000), Checkpoint("e", epoch=3))
    assert (reading["keep"], reading["on_disk"]) == (None, 2)


def test_nothing_evaluated_gives_no_reading() -> None:
    assert read(build([run(train_loss=np.geomspace(2, 1, 30))])[0]) is None
    assert read(build([run(val_loss=np.array([1.0, 0.5]))])[0]) is None


def reason(case: Case) -> str:
    reading = read(case)
    assert reading is not None
    assert (reading["keep"], reading["as_good"]) == (None, [])
    assert kept(reading).startswith("None stands out: ")
    return str(reading["reason"])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("level", [2.303, 0.0])
def test_where_all_are_alike_there_is_nothing_to_choose(seed: int, level: float) -> None:
    """At chance from first to last, or thrown about by noise that hides any best."""
    rng = np.random.default_rng(seed)
    y = level + 0.01 * rng.standard_normal(150) if level else np.exp(3 * rng.standard_normal(150))
    (case,) = build([run({}, train_loss=y, val_loss=y)])
    assert any(word in reason(case) for word in ("nothing was learnt", "luck"))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("noise", [0.1, 0.3])
def test_a_band_over_most_of_the_run_says_nothing(seed: int, noise: float) -> None:
    """Learnt in the first tenth, thrown about since."""
    rng = np.random.default_rng(seed)
    y = 0.3 * np.exp(noise * rng.standard_normal(60)) + 2 * np.exp(-np.arange(60) / 2)
    (case,) = build([run({}, train_loss=y, val_loss=y)])
    assert "luck" in reason(case)


@pytest.mark.parametrize("seed", range(5))
def test_what_an_agent_got_in_training_is_no_evaluation(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rises = 500 * (1 - np.exp(-np.arange(100) / 20)) + 20 * rng.standard_normal(100)
    (case,) = build([agent(rises)])
    assert "no evaluation" in reason(case)
    curve = agent(rises).curves[0]
    evaluated = replace(
        curve, id="eval/mean_reward", tag="eval/mean_reward", role=replace(curve.role, split="val")
    )
    (case,) = build([replace(agent(rises), curves=(evaluated,))])
    found = read(case)
    assert found is not None
    assert found["curve"] == "eval/mean_reward"


@pytest.mark.parametrize("rest", [0.3, 0.4])
@pytest.mark.parametrize("noise", [0.0, 1e-7])
def test_a_curve_that_no_longer_changes_does_not_fluctuate(rest: float, noise: float) -> None:
    n = 40
    at = round(n * rest)
    y = 0.15 + 1.4 * np.exp(-np.arange(n) / 5)
    y[at:] = y[at]
    y *= 1 + noise * np.random.default_rng(0).standard_normal(n)
    reason = str(told(y)["reason"])
    assert f"from step {100 * (at + 1)} on val/loss no longer changes" in reason
    assert "fluctuates" not in reason
