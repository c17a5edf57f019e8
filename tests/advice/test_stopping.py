"""Where to stop: text, table and JSON name one logged point; and where stopping is no advice."""

from __future__ import annotations

import numpy as np
import pytest

from curvedoctor import diagnose_curves
from curvedoctor.conditions.base import all_conditions
from curvedoctor.model import Axis, Diagnosis, Floats, ParamValue, Prescription
from curvedoctor.reports.phrases import kept
from curvedoctor.reports.text import change

N = 30
TRAIN = 2.3 * 0.9 ** np.arange(N) + 0.02
CLASSES: dict[str, ParamValue] = {"loss": "cross-entropy", "n_classes": 10}


def valley(at: int, low: float = 0.7, rise: float = 0.06) -> Floats:
    """Falls to its best point, and climbs from there."""
    place = np.arange(N) - at
    return np.where(place < 0, low - 0.1 * place, low + rise * place)


def told(
    val: Floats,
    score: Floats | None = None,
    *,
    axis: Axis = "epoch",
    first: int = 0,
    **params: ParamValue,
) -> Diagnosis:
    steps = first + np.arange(N)
    curves = {"train_loss": (steps, TRAIN), "val_loss": (steps, val)}
    if score is not None:
        curves["val_accuracy"] = (steps, score)
    return diagnose_curves(curves, params=params, axis=axis)


def stop(diagnosis: Diagnosis) -> Prescription | None:
    return next((p for p in diagnosis.prescriptions if p.action == "stop-early"), None)


# --- one point, in whatever words


@pytest.mark.parametrize("at", [3, 8])
@pytest.mark.parametrize("axis", ["epoch", "step"])
@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("epochs", [N, 100, None])
def test_text_table_and_json_name_one_point(at: int, axis: Axis, first: int, epochs: int | None) -> None:
    known: dict[str, ParamValue] = {} if epochs is None else {"epochs": epochs}
    made = stop(told(valley(at), axis=axis, first=first, **known))
    assert made is not None
    step, after = first + at, at + 1
    assert made.step == step
    assert change(made) == f"stop-early at {step}"
    counted = f" (counted from 0: after {after} epochs)" if (axis, first) == ("epoch", 0) else ""
    assert made.text == (
        f"Stop at {axis} {step}{counted}, where the validation loss is best, and keep that checkpoint."
    )
    assert made.proposed == (after if axis == "epoch" else None)


@pytest.mark.parametrize("at", [3, 8])
def test_an_evaluation_before_training_shifts_no_epoch(at: int) -> None:
    """Epochs 0 to 29 of 29: the first one was before any."""
    made = stop(told(valley(at), epochs=N - 1))
    assert made is not None
    assert (made.step, made.proposed) == (at, at)
    assert "counted" not in made.text


# --- nothing to go back to


@pytest.mark.parametrize("level", [0.8, 2.31, 40.0])
@pytest.mark.parametrize("rise", [0.01, 0.05, 0.3])
@pytest.mark.parametrize("axis", ["epoch", "step"])
def test_nobody_is_sent_back_to_the_start(level: float, rise: float, axis: Axis) -> None:
    """The first evaluation is the best, and nothing tells that it was better than an untrained model."""
    diagnosis = told(valley(0, level, rise * level), axis=axis)
    assert stop(diagnosis) is None
    assert len(diagnosis.prescriptions) >= 2
    reading = diagnosis.readings["checkpoint"]
    assert kept(reading).startswith("None stands out: val_loss was never better than at its first evaluation")


@pytest.mark.parametrize("at", [0, 2, 8])
@pytest.mark.parametrize("params", [CLASSES, {"loss": "bce"}])
def test_what_was_never_better_than_chance_is_not_kept(at: int, params: dict[str, ParamValue]) -> None:
    guess = np.log(10) if params is CLASSES else np.log(2)
    assert stop(told(valley(at, 0.99 * guess), **params)) is None
    learnt = stop(told(valley(max(at, 1), 0.5 * guess), **params))
    assert learnt is not None


def test_what_the_first_epoch_is_known_to_have_learnt_is_kept() -> None:
    made = stop(told(valley(0, 1.0), epochs=N, **CLASSES))
    assert made is not None
    assert made.treats
    assert made.text.startswith("Stop at epoch 0 (counted from 0: after 1 epoch),")


# --- a score that is as good at the end


@pytest.mark.parametrize("rise", [0.002, 0.06, 0.2])
@pytest.mark.parametrize("at", [3, 8])
@pytest.mark.parametrize("score", ["rises", "holds", "falls"])
def test_where_only_the_loss_climbs_the_manual_and_the_prescriptions_agree(
    rise: float, at: int, score: str
) -> None:
    place = np.arange(N)
    way = {"rises": 0.008, "holds": 0.0, "falls": -0.008}[score]
    right = np.where(place < at, 0.6 - 0.03 * (at - place), 0.6 + way * (place - at))
    made = stop(told(valley(at, rise=rise), right))
    if score != "falls":
        assert made is None
    elif rise > 0.01:
        assert made is not None
    manual = " ".join(all_conditions()["overfitting"].manual.split())
    assert "accuracy holds or rises. Then stopping early is not among the remedies" in manual


def test_no_odds_send_anyone_to_the_best_of_many_that_are_as_good() -> None:
    """Validation has settled and fluctuates: where no checkpoint stands out, the advice agrees."""
    agreed = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        diagnosis = told((0.6 + 1.6 * np.exp(-np.arange(N) / 2)) * (1 + 0.03 * rng.standard_normal(N)))
        grave = any(f.condition == "overfitting" and f.severity != "info" for f in diagnosis.findings)
        if "None stands out" in kept(diagnosis.readings["checkpoint"]) and not grave:
            assert stop(diagnosis) is None
            agreed += 1
    assert agreed >= 10
