"""Boosted trees by the real libraries (`examples/boosting` made the logs): healthy ones are fine,
broken ones named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import curvedoctor
from curvedoctor.actions import NETWORKS_ONLY
from curvedoctor.conditions.base import all_conditions
from curvedoctor.engine import Options, diagnose_runs
from curvedoctor.features.case import build
from curvedoctor.model import Curve, Diagnosis, Run
from curvedoctor.roles import assign

KEPT = Path(__file__).parents[1] / "data" / "boosting"
#: what was done → the finding that leads, and what to try first
BROKEN = {
    "lr_too_high": ("overfitting", "lower-lr"),
    "lr_too_low": ("lr-too-low", "raise-lr"),
    "too_many_rounds": ("overfitting", "stop-early"),
    "too_few_rounds": ("undertrained", "train-longer"),
    "too_deep": ("overfitting", "stop-early"),
}
LIBRARIES = ("lightgbm", "xgboost", "sklearn")
#: its validation loss is never lower than a guess's by more than a fiftieth: no round of it is worth keeping
IN_VAIN = {("lightgbm", "too_deep"): "smaller-model"}
#: its validation loss rises by less than a tenth: nobody can see it in the curves
UNSEEN = ("xgboost", "too_deep")
SEEN = [(library, kind) for library in LIBRARIES for kind in BROKEN if (library, kind) != UNSEEN]


def kept(*place: str) -> Diagnosis:
    (said,) = curvedoctor.diagnose(KEPT.joinpath(*place))
    return said


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("kind", ["healthy", "healthy_stopped_early"])
def test_healthy_ones_are_healthy(library: str, kind: str) -> None:
    assert kept(library, kind).verdict == "healthy"


@pytest.mark.parametrize(("library", "kind"), SEEN)
def test_broken_ones_are_named_and_treated(library: str, kind: str) -> None:
    said = kept(library, kind)
    condition, action = BROKEN[kind]
    assert condition in [f.condition for f in said.findings if f.severity != "info"]
    assert said.prescriptions[0].action == IN_VAIN.get((library, kind), action)
    assert not {p.action for p in said.prescriptions} & NETWORKS_ONLY


def test_a_rise_below_a_tenth_is_told_and_no_sickness() -> None:
    said = kept(*UNSEEN)
    assert said.verdict == "healthy"
    assert [f.condition for f in said.findings] == ["overfitting"]


@pytest.mark.parametrize(
    ("kind", "first"), [("healthy", None), ("lr_too_low", "raise-lr"), ("too_many_rounds", "lower-lr")]
)
def test_the_console_of_catboost(kind: str, first: str | None) -> None:
    said = kept("catboost", kind, "train.log")
    assert said.run.params["library"] == "catboost"
    assert (said.prescriptions[0].action if said.prescriptions else None) == first


def test_words_are_those_of_trees() -> None:
    for library in LIBRARIES:
        for kind in BROKEN:
            for cure in kept(library, kind).prescriptions:
                words = cure.text.lower()
                assert not any(
                    w in words for w in ("dropout", "weight decay", "augment", "batch", "checkpoint")
                )


def grown(
    rate: float, rounds: int, *, rise: float = 0.0, floor: float = 0.3, logged: bool = True, seed: int = 0
) -> Diagnosis:
    """A squared loss as shrinkage makes it: each round leaves 1 − rate of what can be explained."""
    rng = np.random.default_rng(seed)
    t = np.arange(1, rounds + 1)
    fit = (1 - rate) ** (0.6 * t)
    train = 0.02 + fit
    val = floor + (1 - floor) * fit + rise * t / rounds + 0.001 * rng.standard_normal(rounds)
    nan = np.full(rounds, np.nan)
    curves = [Curve(n, n, t - 1, y, nan) for n, y in (("training-l2", train), ("valid_1-l2", val))]
    params = {"lr": rate, "model": "tree"} if logged else {}
    (said,) = diagnose_runs([Run("r", "r", "g", tuple(assign(curves)), params)], Options())
    return said


def named(said: Diagnosis) -> set[str]:
    return {f.condition for f in said.findings if f.severity != "info"}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("rate", "rounds"), [(0.05, 120), (0.1, 80), (0.1, 150), (0.3, 40)])
def test_enough_rounds_at_a_customary_rate_are_fine(rate: float, rounds: int, seed: int) -> None:
    assert grown(rate, rounds, seed=seed).verdict == "healthy"


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("rate", "rounds"), [(0.001, 100), (0.005, 60), (0.01, 50)])
def test_a_rate_too_low_for_its_rounds(rate: float, rounds: int, seed: int) -> None:
    said = grown(rate, rounds, seed=seed)
    assert "lr-too-low" in named(said)
    cure = said.prescriptions[0]
    assert (cure.action, cure.parameter, cure.current) == ("raise-lr", "lr", rate)
    assert cure.proposed == 0.1


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("rate", "rounds"), [(0.1, 8), (0.05, 20)])
def test_too_few_rounds(rate: float, rounds: int, seed: int) -> None:
    said = grown(rate, rounds, seed=seed)
    assert named(said) == {"undertrained"}
    assert said.prescriptions[0].parameter == "max_steps"
    assert said.prescriptions[0].proposed == max(3 * rounds, round(10 / rate))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rate", [0.8, 0.9, 1.0 - 1e-9])
def test_no_shrinkage(rate: float, seed: int) -> None:
    """Settled within a few rounds, far above training."""
    said = grown(rate, 60, seed=seed)
    assert "lr-too-high" in named(said)
    assert said.prescriptions[0].action == "lower-lr"
    assert said.prescriptions[0].proposed == 0.1


@pytest.mark.parametrize("logged", [True, False])
def test_rounds_without_gain_are_told_with_the_round(logged: bool) -> None:
    said = grown(0.2, 300, logged=logged)
    (wasted,) = [f for f in said.findings if f.condition == "wasted-training"]
    assert said.verdict == "healthy"
    assert wasted.onset is not None
    assert f"since round {wasted.onset:g}" in wasted.summary
    assert 5 < wasted.onset < 100


@pytest.mark.parametrize("at", [0.2, 0.5])
def test_overfitting_is_stopped_at_the_best_round(at: float) -> None:
    said = grown(0.1, 400, rise=at)
    (found,) = [f for f in said.findings if f.condition == "overfitting"]
    first = said.prescriptions[0]
    assert first.action == "stop-early"
    assert first.step == found.onset
    assert first.proposed == found.onset + 1  # rounds are counted from 0 here
    assert f"round {found.onset:g}" in first.text


def test_what_concerns_networks_only_is_not_judged() -> None:
    said = grown(0.1, 80)
    left_out = {u.condition for u in said.unjudged if "networks only" in u.reason}
    assert left_out == {c.id for c in all_conditions().values() if c.networks_only}
    assert {"warmup-missing", "exploding-gradient", "noisy-batches", "bad-initialization"} <= left_out


@pytest.mark.parametrize(
    ("tags", "library"),
    [
        (("train-rmse", "eval-rmse"), "xgboost"),
        (("train-auc", "test-auc"), "xgboost"),
        (("validation_0-logloss",), "xgboost"),
        (("training/l2", "valid_1/l2"), "lightgbm"),
        (("learn", "test"), "catboost"),
        (("learn/Logloss", "validation/Logloss"), "catboost"),
        (("Train Loss", "OOB Improve"), "sklearn"),
        (("train loss", "val loss", "max depth"), "sklearn"),
        (("train-loss", "eval-rmse"), None),
        (("train/rmse", "val/rmse"), None),
        (("loss", "val_loss"), None),
    ],
)
def test_libraries_are_told_by_their_names(tags: tuple[str, ...], library: str | None) -> None:
    nan = np.full(20, np.nan)
    curves = [Curve(t, t, np.arange(20), np.geomspace(1, 0.1, 20), nan) for t in tags]
    (case,) = build([Run("r", "r", "g", tuple(assign(curves)), {})])
    assert case.library == library
    assert case.boosting is (library is not None)


@pytest.mark.parametrize(
    "sets", [("training_rmse", "valid_rmse"), ("training auc", "valid auc"), ("training_mae", "valid_mae")]
)
@pytest.mark.parametrize("seed", range(3))
def test_lightgbm_in_a_table_of_ones_own(sets: tuple[str, str], seed: int) -> None:
    """ "training" falls with every round, as each tree fits better what is learnt from;
    an epoch on batches does not."""
    rng = np.random.default_rng(seed)
    t, nan = np.arange(1, 301), np.full(300, np.nan)
    train, val = (
        2 * 0.95**t + 0.3 * np.exp(-t / 200),
        2 * 0.95**t + 0.55 + 7e-4 * t + 2e-3 * rng.standard_normal(300),
    )
    if "auc" in sets[0]:
        train, val = 0.99 - 0.2 * train, 0.99 - 0.2 * val
    for noise, library in ((0.0, "lightgbm"), (0.02, None)):
        shaken = train * np.exp(noise * rng.standard_normal(300))
        curves = [Curve(n, n, t, y, nan) for n, y in zip(sets, (shaken, val), strict=True)]
        (case,) = build([Run("r", "r", "g", assign(curves))])
        assert (case.library, case.boosting) == (library, library is not None)


@pytest.mark.parametrize("logged", [True, False])
def test_a_library_s_default_is_no_logged_value(logged: bool) -> None:
    curves = {"training_rmse": 2 * 0.95 ** np.arange(300.0), "valid_rmse": 1 + np.linspace(-1, 1.5, 300) ** 2}
    told = curvedoctor.diagnose_curves(curves, params={"num_leaves": 63} if logged else {}).prescriptions
    (cure,) = [p for p in told if p.action == "smaller-model"]
    assert (cure.current, cure.proposed) == ((63, 15) if logged else (None, 7))
    assert ("from 63 to 15" if logged else "to 7 (default 31)") in cure.text
