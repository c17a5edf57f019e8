"""What a chart shows a remedy to gain is told with that gain; what goes on is told to go on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from curvedoctor import diagnose_curves
from curvedoctor.advice.shown import SURE
from curvedoctor.model import Diagnosis, ParamValue

Y = npt.NDArray[np.float64]


def turned(n: int, at: int, end: float) -> Diagnosis:
    """Validation is best at one evaluation, and ends at so many times that."""
    val = np.r_[np.linspace(3.3, 3.0, at + 1), np.linspace(3.05, 3.0 * end, n - at - 1)]
    train = 3.0 * np.exp(-np.linspace(0, 3.1, n))
    return diagnose_curves({"train_loss": train, "val_loss": val}, params={"n_train": 1500, "lr": 0.001})


@pytest.mark.parametrize("n", [20, 40])
@pytest.mark.parametrize("end", [1.5, 1.8, 3.0])
def test_stopping_at_once_gains_what_the_chart_shows(n: int, end: float) -> None:
    told = turned(n, 0, end).prescriptions
    at, stops = next((k, p) for k, p in enumerate(told) if p.action == "stop-early")
    assert stops.confidence >= SURE
    assert stops.gain is not None
    assert stops.gain[1] == pytest.approx(1 - 1 / end, abs=0.05)
    assert at <= 1
    assert told[0].confidence >= SURE


@pytest.mark.parametrize(("at", "end"), [(0, 1.15), (10, 1.8)])
def test_elsewhere_the_odds_tell(at: int, end: float) -> None:
    gains = [p.gain for p in turned(20, at, end).prescriptions if p.action == "stop-early"]
    assert all(gain is None or gain[0] < gain[2] for gain in gains)


@pytest.mark.parametrize("n", [3, 4, 6])
@pytest.mark.parametrize("width", [None, 64])
def test_a_few_epochs_that_still_fall_are_to_go_on(n: int, width: int | None) -> None:
    y = 0.27 * np.exp(-0.35 * np.arange(n)) + 0.03
    known: dict[str, ParamValue] = {"epochs": n, **({} if width is None else {"width": width})}
    said = diagnose_curves({"train_loss": y, "val_loss": 1.1 * y}, params=known)
    actions = [p.action for p in said.prescriptions]
    assert "train-longer" in actions
    assert "bigger-model" not in actions


def test_what_a_finding_names_first_is_not_crowded_out_by_odds() -> None:
    """Weights ten times too large, of ReLU units that die: nothing but the curves is logged."""
    n = 30
    y = 3.2 + 300 * np.exp(-0.35 * np.arange(n))
    right = 0.85 - 0.73 * np.exp(-0.3 * np.arange(n))
    said = diagnose_curves(
        {"train_loss": y, "val_loss": 1.5 * y, "train_accuracy": right, "val_accuracy": right - 0.02}
    )
    assert "initial-loss-off" in {f.condition for f in said.findings}
    assert {"normalize-input", "fix-init"} <= {p.action for p in said.prescriptions}
