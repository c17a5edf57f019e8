"""High floors whose cause is logged: a handful of units before many classes, weights forgotten within twenty
steps; and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pytest

from curvedoctor import diagnose_curves
from curvedoctor.model import Diagnosis, Finding, ParamValue

Y = npt.NDArray[np.float64]


def down(n: int, start: float, end: float, seed: int = 0, noise: float = 0.003, rate: float = 14.0) -> Y:
    y = end + (start - end) * np.exp(-rate * np.linspace(0, 1, n))
    return np.asarray(y * np.exp(noise * np.random.default_rng(seed).standard_normal(n)))


def judged(params: Mapping[str, ParamValue], **curves: Y) -> Diagnosis:
    return diagnose_curves(curves, params=dict(params))


def seen(diagnosis: Diagnosis) -> dict[str, Finding]:
    return {f.condition: f for f in diagnosis.findings if f.severity != "info"}


def small(width: int, classes: int, left: float, wrong: float, n: int = 60, apart: float = 1.02) -> Diagnosis:
    """A run whose classes nobody logged: it ends at a share of ln K, with a share of answers wrong."""
    start = float(np.log(classes))
    loss, error = down(n, start, left * start), down(n, 1 - 1 / classes, wrong, 1)
    return judged(
        {"width": width, "lr": 0.003, "optimizer": "adam"},
        train_loss=loss, val_loss=apart * down(n, start, left * start, 2),
        train_accuracy=1 - error, val_accuracy=np.maximum(0.98 - error, 0.0),
    )  # fmt: skip


@pytest.mark.parametrize("n", [40, 60, 150])
@pytest.mark.parametrize(("left", "wrong"), [(0.34, 0.28), (0.48, 0.41), (0.6, 0.5)])
@pytest.mark.parametrize(("width", "classes"), [(2, 10), (3, 10), (4, 10), (3, 100), (2, 6)])
def test_units_too_few_for_their_classes_are_named(
    width: int, classes: int, left: float, wrong: float, n: int
) -> None:
    said = small(width, classes, left, wrong, n)
    assert set(seen(said)) == {"underfitting"}
    assert said.prescriptions[0].action == "bigger-model"


@pytest.mark.parametrize(
    ("width", "classes", "left", "wrong", "apart"),
    [
        (64, 10, 0.4, 0.3, 1.02),  # wide enough
        (3, 3, 0.45, 0.1, 1.02),  # as many units as classes
        (3, 10, 0.1, 0.03, 1.02),  # well learnt
        (3, 10, 0.4, 0.3, 1.6),  # training goes on, validation doesn't
    ],
)
def test_nor_is_one_that_is_not(width: int, classes: int, left: float, wrong: float, apart: float) -> None:
    assert "underfitting" not in seen(small(width, classes, left, wrong, apart=apart))


def decayed(lr: float, momentum: float | None, decay: float, left: float, gap: float) -> Diagnosis:
    loss = down(30, 1.9, 1.9 * left, rate=8)
    error = down(30, 0.6, 0.25, 1, rate=8)
    known: dict[str, ParamValue] = {"lr": lr, "weight_decay": decay, "optimizer": "sgd"}
    if momentum is not None:
        known["momentum"] = momentum
    return judged(
        known, train_loss=loss, val_loss=gap * loss, train_accuracy=1 - error, val_accuracy=1 - error
    )


@pytest.mark.parametrize("gap", [0.999, 1.0, 1.0002, 1.03])
@pytest.mark.parametrize("left", [0.65, 0.8])
@pytest.mark.parametrize(
    ("lr", "momentum", "decay"), [(0.05, 0.9, 0.1), (0.03, 0.9, 0.1), (0.004, 0.99, 0.1), (0.3, None, 0.1)]
)
def test_weights_forgotten_within_thirty_steps_explain_a_floor(
    lr: float, momentum: float | None, decay: float, left: float, gap: float
) -> None:
    """Momentum multiplies what decay takes; and no loss function is accused of what the decay does."""
    said = decayed(lr, momentum, decay, left, gap)
    assert "over-regularized" in seen(said)
    assert "wrong-loss" not in seen(said)
    assert said.prescriptions[0].action == "reduce-regularization"


@pytest.mark.parametrize(
    ("lr", "momentum", "decay"), [(0.05, None, 0.1), (0.01, 0.9, 0.05), (0.05, 0.9, 5e-4)]
)
def test_weights_that_last_longer_explain_none(lr: float, momentum: float | None, decay: float) -> None:
    assert "over-regularized" not in seen(decayed(lr, momentum, decay, 0.7, 1.0))


# --- sentences


@pytest.mark.parametrize("rest", [0.0, 1e-9])
def test_a_rate_next_to_zero_is_not_told_to_be_zero(rest: float) -> None:
    rate = np.r_[np.linspace(0.01, 0.0005, 20), np.full(30, 0.01 * rest)]
    said = judged({}, train_loss=down(50, 2, 1), val_loss=down(50, 2, 1.1, 1), lr=rate)
    (summary,) = (f.summary for f in said.findings if f.condition == "schedule-fault")
    assert ("next to zero" in summary) is (rest > 0)


@pytest.mark.parametrize("best", [3, 5, 8])
def test_what_swings_since_before_its_best_is_not_told_to_have_come_down_from_it(best: int) -> None:
    y = 0.25 * np.exp(0.3 * np.random.default_rng(best).standard_normal(30))
    y[best], y[-4:] = 0.09, (0.3, 0.2, 0.28, 0.26)
    said = judged({"lr": 0.06, "optimizer": "adam"}, train_loss=0.5 * y, val_loss=y)
    found = seen(said).get("lr-too-high")
    assert found is not None
    assert found.onset is not None
    assert "is at its last level" not in found.summary or found.onset > best


def test_a_curve_that_is_not_logged_is_told_to_be_one() -> None:
    said = judged({"lr": 0.01}, train_loss=down(50, 2, 1), val_loss=down(50, 2, 1.1, 1))
    reasons = {u.condition: u.reason for u in said.unjudged}
    assert reasons["schedule-fault"] == "no learning-rate curve is logged"


@pytest.mark.parametrize(("opens", "asks"), [(True, True), (False, False)])
@pytest.mark.parametrize("n", [25, 60])
def test_a_gap_that_is_open_at_once_asks_for_the_evaluation(opens: bool, asks: bool, n: int) -> None:
    """Stale statistics of normalization look like memorizing, but for when the gap opens."""
    train = down(n, 1.9, 0.03, rate=12)
    val = down(n, 1.97, 0.97, 1, rate=5) if opens else np.maximum(train, down(n, 1.9, 0.97, 2, rate=12))
    val[1] = (2.0 if opens else 1.05) * train[1]
    said = judged({"n_train": 1400}, train_loss=train, val_loss=val)
    found = seen(said)["dataset-too-small"]
    assert ("check-split" in found.actions) is asks
    assert said.prescriptions[0].action != "check-split"


@pytest.mark.parametrize("first", [15.0, 40.0, 300.0])
@pytest.mark.parametrize(("comes_down", "told"), [(6.0, True), (1.0, False)])
def test_answers_that_are_right_at_a_loss_far_too_high_are_not_fine(
    first: float, comes_down: float, told: bool
) -> None:
    """Inputs of thousands: four of five are right at once, the wrong ones at any price; it ends too high as
    well. A loss that is summed over a batch is as far off from beginning to end."""
    error = down(30, 0.18, 0.05, 1, rate=5)
    p, q = error[0], error[-1]
    fair = np.array([-e * np.log(e) - (1 - e) * np.log(1 - e) + e * np.log(9) for e in (p, q)])
    off = first / fair[0]
    y = down(30, first, off / comes_down * fair[1], rate=6)
    said = judged({}, train_loss=y, val_loss=1.3 * y, train_accuracy=1 - error, val_accuracy=0.98 - error)
    assert ("initial-loss-off" in seen(said)) is told


@pytest.mark.parametrize("worse", [0.0, 0.005])
@pytest.mark.parametrize("seed", range(2))
def test_samples_that_are_answered_as_well_as_those_trained_on_are_not_memorized(
    worse: float, seed: int
) -> None:
    """A few rows with absurd inputs make the loss, not memory."""
    rng = np.random.default_rng(seed)
    train = np.geomspace(2.3, 0.01, 40) * (1 + 0.01 * rng.standard_normal(40))
    val = np.r_[np.linspace(30, 1, 5), np.geomspace(1, 198, 35)]
    right = np.linspace(0.5, 0.955, 40)
    curves = {"train_loss": train, "val_loss": val, "train_accuracy": right}
    alike = diagnose_curves({**curves, "val_accuracy": right - worse}, params={"n_train": 1200})
    assert "dataset-too-small" not in [f.condition for f in alike.findings]
    behind = diagnose_curves(
        {**curves, "val_accuracy": right - 0.3 * np.linspace(0, 1, 40)}, params={"n_train": 1200}
    )
    assert "dataset-too-small" in [f.condition for f in behind.findings]


@pytest.mark.parametrize(("decades", "low"), [(0.35, False), (0.65, True)])
@pytest.mark.parametrize("seed", range(3))
def test_near_a_guess_a_rate_within_custom_is_not_called_too_low(
    decades: float, low: bool, seed: int
) -> None:
    """A task of which little can be learnt falls as slowly at any rate; Adam's custom is 0.001."""
    rng = np.random.default_rng(seed)
    fall = np.r_[np.linspace(0, 0.125, 10), np.linspace(0.1252, 0.131, 50)]
    y = np.log(10) * (1 - fall) + 0.001 * rng.standard_normal(60)
    y[-1] = y.min() - 1e-4
    known: dict[str, ParamValue] = {"loss": "cross-entropy", "n_classes": 10, "optimizer": "adam"}
    said = diagnose_curves(
        {"train_loss": y, "val_loss": y + 0.01}, params={**known, "lr": 10 ** (-3 - decades)}
    )
    assert ("lr-too-low" in [f.condition for f in said.findings if f.severity != "info"]) is low
