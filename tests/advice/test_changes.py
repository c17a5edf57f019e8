"""A prescription's numbers: from what to what, by which factor, at which step,
and the sentence that carries them."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from curvedoctor import diagnose_curves
from curvedoctor.actions import ACTIONS
from curvedoctor.advice.changes import LARGE, STRIDE, change
from curvedoctor.conditions.examples import cosine_lr, falling, run
from curvedoctor.features.case import Case, build
from curvedoctor.model import Axis, Finding, Floats, ParamValue


def case(**params: ParamValue) -> Case:
    y = np.linspace(2.3, 1.9, 30)
    return build([run(params, train_loss=y, val_loss=y)])[0]


# --- a value that a sibling has proved


@pytest.mark.parametrize(
    ("lr", "sibling", "gain", "taken"),
    [
        (0.001, 0.01, 0.2, True),
        (1e-3, 1e-3 * STRIDE * 1.1, LARGE * 1.1, True),
        (1e-3, 1e-3 * STRIDE * 1.1, LARGE * 0.9, False),  # the best lies rather in between
        (1e-3, 1e-3 * STRIDE * 0.9, LARGE * 0.9, True),
        (1e-1, 1e-1 / STRIDE / 1.1, LARGE * 0.9, False),
        (1e-1, 1e-1 / STRIDE * 1.1, LARGE * 0.9, True),
    ],
)
def test_a_learning_rate_that_a_sibling_proved(lr: float, sibling: float, gain: float, taken: bool) -> None:
    action = "raise-lr" if sibling > lr else "lower-lr"
    found = change(case(lr=lr), action, (), {action: ("lr", sibling, gain, "")})
    assert found.proposed == pytest.approx(sibling if taken else lr * (10 if sibling > lr else 0.1))
    assert found.factor == pytest.approx(float(found.proposed or 0) / lr, rel=1e-2)
    assert (f"as a sibling did that ended {100 * gain:.0f} % lower" in found.text) == taken
    assert found.text.startswith("Raise" if sibling > lr else "Lower")


def test_a_number_other_than_the_rate_is_taken_over_however_far() -> None:
    found = change(case(n_train=100), "more-data", (), {"more-data": ("n_train", 100_000, 0.2, "")})
    assert (found.current, found.proposed, found.factor) == (100, 100_000, 1000.0)
    assert (
        found.text
        == "Raise the number of training samples from 100 to 100000, as a sibling did that ended 20 % lower."
    )


def test_a_word_and_a_value_that_is_not_logged() -> None:
    proven = {"fix-activation": ("activation", "relu", 0.32, ""), "more-data": ("n_train", 4000, 0.5, "")}
    found = change(case(lr=0.01, activation="sigmoid"), "fix-activation", (), proven)
    assert (found.parameter, found.current, found.proposed) == ("activation", "sigmoid", "relu")
    assert found.text == "Change the activation from sigmoid to relu, as a sibling did that ended 32 % lower."
    found = change(case(lr=0.01), "more-data", (), proven)
    assert (found.current, found.proposed, found.factor) == (None, 4000, None)
    assert found.text == "Set the number of training samples to 4000, as a sibling did that ended 50 % lower."


def test_from_zero_there_is_no_factor() -> None:
    found = change(case(dropout=0.0), "regularize", (), {"regularize": ("dropout", 0.3, 0.2, "")})
    assert (found.current, found.proposed, found.factor) == (0.0, 0.3, None)


# --- the usual change


@pytest.mark.parametrize(
    ("action", "params", "current", "proposed", "factor"),
    [
        ("lower-lr", {"lr": 0.3}, 0.3, 0.03, 0.1),
        ("raise-lr", {"lr": 0.003}, 0.003, 0.03, 10.0),
        ("lower-lr", {"lr": 0.0}, None, None, 0.1),
        ("lower-lr", {}, None, None, 0.1),
        ("train-longer", {"epochs": 30}, 30, 60, 2.0),
        ("train-longer", {}, None, None, 2.0),
        ("bigger-batch", {"batch_size": 32}, 32, 128, 4.0),
        ("bigger-batch", {}, None, None, 4.0),
        ("bigger-model", {"width": 3}, 3, 12, 4.0),
        ("smaller-model", {"width": 10}, 10, 2, 0.25),
        ("smaller-model", {"width": 1}, 1, 1, 0.25),
        ("bigger-model", {}, None, None, 4.0),
        ("more-data", {"n_train": 500}, 500, 2000, 4.0),
        ("more-validation-data", {"n_val": 20}, 20, 200, 10.0),
        ("regularize", {}, None, 0.3, None),
        ("regularize", {"weight_decay": 1e-4}, None, 0.3, None),
        ("regularize", {"weight_decay": 1e-4, "dropout": 0.3}, 1e-4, 3e-3, 30.0),
        ("regularize", {"optimizer": "adamw"}, None, 0.1, None),
        ("regularize", {"optimizer": "adamw", "weight_decay": 1e-3}, 1e-3, 0.1, 100.0),
        ("regularize", {"optimizer": "adamw", "weight_decay": 0.01, "dropout": 0.3}, 0.01, 0.1, 10.0),
        ("regularize", {"optimizer": "adamw", "weight_decay": 0.05}, None, 0.3, None),
        ("regularize", {"optimizer": "adamw", "weight_decay": 0.1, "dropout": 0.1}, 0.1, 0.3, 3.0),
        ("regularize", {"optimizer": "adamw", "weight_decay": 0.1, "dropout": 0.2}, 0.1, 1.0, 10.0),
        ("regularize", {"optimizer": "sgd"}, None, 3e-3, None),
        ("regularize", {"optimizer": "momentum", "weight_decay": 1e-4}, 1e-4, 3e-3, 30.0),
        ("regularize", {"optimizer": "sgd", "max_steps": 90_000}, None, 5e-4, None),
        ("regularize", {"optimizer": "sgd", "weight_decay": 3e-3}, None, 0.3, None),
        ("regularize", {"optimizer": "adam"}, None, 3e-3, None),
        ("regularize", {"optimizer": "adam", "dropout": 0.3}, None, 3e-3, None),
        ("regularize", {"optimizer": "adam", "weight_decay": 3e-3, "dropout": 0.5}, 3e-3, 0.03, 10.0),
        ("reduce-regularization", {"weight_decay": 0.1}, 0.1, 0.01, 0.1),
        ("reduce-regularization", {"weight_decay": 1}, 1, 0.1, 0.1),
        ("reduce-regularization", {"dropout": 0.2}, 0.2, 0.05, 0.25),
        ("reduce-regularization", {"dropout": 0.4, "weight_decay": 0.1}, 0.4, 0.1, 0.25),
        ("reduce-regularization", {"dropout": 0.39, "weight_decay": 0.1}, 0.1, 0.01, 0.1),
        ("reduce-regularization", {"dropout": 0.0, "weight_decay": 0.1}, 0.1, 0.01, 0.1),
        ("change-optimizer", {"optimizer": "adam"}, "adam", "sgd", None),
        ("change-optimizer", {"optimizer": "rmsprop"}, "rmsprop", "sgd", None),
        ("change-optimizer", {"optimizer": "sgd"}, "sgd", "adam", None),
        ("change-optimizer", {}, None, "adam", None),
        ("change-optimizer", {"optimizer": "sgd", "model": "transformer"}, "sgd", "adamw", None),
        ("decay-lr", {"schedule": "constant"}, "constant", "cosine", None),
        ("shuffle", {"shuffle": False}, False, "true", None),
    ],
)  # fmt: skip
def test_numbers_of_the_usual_change(
    action: str, params: dict[str, ParamValue], current: object, proposed: object, factor: float | None
) -> None:
    found = change(case(**params), action, ())
    assert found.current == current
    assert found.proposed == pytest.approx(proposed)
    assert found.factor == factor
    for number in (current, proposed):
        if isinstance(number, (int, float)) and current is not None and not isinstance(number, bool):
            assert f"{number:.4g}" in found.text


@pytest.mark.parametrize("optimizer", ["adamw", "lion", "sgd", "momentum", "adam", "rmsprop", None])
@pytest.mark.parametrize("decay", [None, 0.0, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1.0])
@pytest.mark.parametrize("drop", [None, 0.0, 0.05, 0.2, 0.5])
def test_what_regularizes_differs_enough_to_matter(
    optimizer: str | None, decay: float | None, drop: float | None
) -> None:
    """And never in the other direction, nor is it next to nothing under the optimizer."""
    given = {"optimizer": optimizer, "weight_decay": decay, "dropout": drop}
    found = change(
        case(**{name: value for name, value in given.items() if value is not None}), "regularize", ()
    )
    if found.parameter is None:
        assert (decay or 0.0) == 0.0 and optimizer is None
        return
    assert isinstance(found.proposed, float)
    current = {"weight_decay": decay, "dropout": drop}[found.parameter] or 0.0
    assert found.proposed >= 2.9 * current
    if found.parameter == "weight_decay":
        assert found.proposed >= (0.1 if optimizer in ("adamw", "lion") else 3e-3)
    named = [float(value) for value in re.findall(r"decay(?: \(L2\))?:? (?:to )?([0-9.e-]*\d)", found.text)]
    assert all(value >= 3e-3 for value in named), "nor is the alternative"


@pytest.mark.parametrize("decay", [0.0, 1e-5, 1e-4])
@pytest.mark.parametrize("steps", [None, 2000, 200_000])
def test_decay_is_named_for_each_optimizer_where_none_is_known(decay: float, steps: int | None) -> None:
    known: dict[str, ParamValue] = {"weight_decay": decay} | ({} if steps is None else {"max_steps": steps})
    penalty = 5e-4 if steps == 200_000 else 3e-3
    assert change(case(**known), "regularize", ()).text == (
        f"Add dropout 0.3, or weight decay: 0.1 under AdamW, {penalty} (L2) under others."
    )


@pytest.mark.parametrize(
    "action", [a for a, known in ACTIONS.items() if known.parameter is None and a != "restore-checkpoint"]
)
def test_what_has_no_number_is_said_in_words(action: str) -> None:
    found = change(case(lr=0.1), action, ())
    assert (found.text, found.parameter, found.proposed) == (ACTIONS[action].text, None, None)


def test_the_rate_is_that_of_the_curve_where_none_is_configured() -> None:
    (one,) = build([run(train_loss=falling(np.random.default_rng(0)), lr=cosine_lr(peak=0.25))])
    assert change(one, "lower-lr", ()).text == "Lower the learning rate from 0.25 to 0.025."


@pytest.mark.parametrize("configured", [0.25, 1e-3, 2.4e-4, 5e-2])
@pytest.mark.parametrize("steps", [20, 40, 300])
def test_a_curve_that_began_to_decay_before_its_first_point_names_the_number_that_was_configured(
    configured: float, steps: int
) -> None:
    decayed = configured * (1 + np.cos(np.pi * np.arange(1, steps + 1) / steps)) / 2
    (one,) = build([run(train_loss=falling(np.random.default_rng(0)), lr=decayed)])
    found = change(one, "lower-lr", ())
    assert found.current == configured
    assert f"from {configured:.4g} to {configured / 10:.4g}" in found.text


@pytest.mark.parametrize("peak", [1.234e-3, 0.0115, 0.105])
def test_a_peak_that_no_number_of_two_digits_comes_near_stays_what_was_logged(peak: float) -> None:
    (one,) = build([run(train_loss=falling(np.random.default_rng(0)), lr=cosine_lr(peak=peak))])
    assert change(one, "lower-lr", ()).current == pytest.approx(peak)


# --- where to stop, how long to go on


@pytest.mark.parametrize("at", [0, 7, 31])
@pytest.mark.parametrize("validation", [True, False])
def test_stop_at_the_best_point_that_was_logged(at: int, validation: bool) -> None:
    y = 0.4 + 0.01 * np.abs(np.arange(40) - at)
    curves = {"val_loss": y, "train_loss": np.geomspace(2, 0.1, 40)} if validation else {"train_loss": y}
    (one,) = build([run({"epochs": 40}, **curves)])
    found = change(one, "stop-early", ())
    assert (found.step, found.proposed, found.current) == (at, at + 1, 40), (
        "counted from zero, it is the epoch after"
    )
    assert found.text.startswith(f"Stop at epoch {at}")
    assert ("validation" in found.text) == validation


def test_a_place_in_steps_is_no_number_of_epochs() -> None:
    y = np.concatenate((np.linspace(2, 0.5, 20), np.linspace(0.5, 1, 20)))
    (one,) = build([run({"epochs": 4}, train_loss_step=y)])
    found = change(one, "stop-early", ())
    assert (found.step, found.proposed) == (float(np.argmin(y)), None)


def power(n: int, floor: float) -> Floats:
    return np.asarray(floor + 2.0 * (1 + np.arange(n)) ** -0.4)


def test_what_going_on_is_expected_to_bring_is_said_where_it_is_something() -> None:
    (falls,) = build([run({"epochs": 80}, train_loss=power(80, 0.0), val_loss=power(80, 0.0))])
    (flat,) = build(
        [run({"epochs": 80}, train_loss=power(80, 0.0), val_loss=np.geomspace(2, 1, 80) ** 0.001)]
    )
    said = change(falls, "train-longer", ()).text
    assert said.startswith(
        "Train for 160 epochs instead of 80, and stretch the schedule with it. Extrapolation "
        "expects the loss to fall by "
    )
    share = int(said.rsplit(" ", 2)[1])
    assert 100 * (1 - 2**-0.4) - 9 <= share <= 100 * (1 - 2**-0.4) + 4
    assert "Extrapolation" not in change(flat, "train-longer", ()).text


# --- levels that the log tells


def test_gradients_are_clipped_at_their_usual_level() -> None:
    norm = np.full(40, 3.21)
    norm[[5, 25]] = 80.0
    (one,) = build(
        [run({"clip_norm": 9.0}, train_loss=falling(np.random.default_rng(0), 40), grad_norm=norm)]
    )
    found = change(one, "clip-gradients", ())
    assert (found.current, found.proposed) == (9.0, 3.2)
    assert change(case(), "clip-gradients", ()).proposed == 1.0


def misfit(severity: str) -> Finding:
    return Finding("not-learning", severity, 0.9, ("train/loss",), "", actions=("fix-activation",))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("last", "finding", "proposed"),
    [
        ("softmax", misfit("error"), "sigmoid"),
        ("tanh", misfit("error"), "linear"),
        ("tanh", misfit("warning"), None),
    ],
)
def test_where_the_output_is_what_does_not_fit_it_changes(
    last: str, finding: Finding, proposed: str | None
) -> None:
    found = change(case(last_activation=last, activation="relu"), "fix-activation", (finding,))
    assert found.proposed == proposed
    assert found.parameter == ("last_activation" if proposed else "activation")
    assert (f"from {last} to" in found.text) == (proposed is not None)


@pytest.mark.parametrize(
    ("optimizer", "lr", "proposed"),
    [("sgd", 1e-5, 0.01), ("sgd", 4e-4, 0.01), ("momentum", 1e-5, 0.0055), ("adam", 1e-6, 0.001)],
)
def test_where_nothing_bounds_a_step_a_rate_is_raised_halfway(
    optimizer: str, lr: float, proposed: float
) -> None:
    """From far below the custom straight to it,
    one in two runs with plain gradient steps was lost (DeepOBS)."""
    assert change(case(lr=lr, optimizer=optimizer), "raise-lr", ()).proposed == pytest.approx(proposed)


@pytest.mark.parametrize(
    ("status", "epochs", "to_its_end"),
    [
        ("killed", 200, True),
        ("failed", 30, True),
        (None, 40, True),
        ("finished", 40, True),
        (None, 32, False),
        ("finished", 30, False),
    ],
)
def test_a_run_that_was_cut_short_is_first_run_to_its_end(
    status: str | None, epochs: int, to_its_end: bool
) -> None:
    """30 epochs are logged."""
    made = replace(case(epochs=epochs).run, status=status)
    found = change(build([made])[0], "train-longer", (), {})
    assert (found.proposed, found.factor) == ((epochs, None) if to_its_end else (2 * epochs, 2.0))
    assert found.text.startswith(
        f"Run it to its end: {epochs} epochs" if to_its_end else f"Train for {2 * epochs}"
    )


@pytest.mark.parametrize(("axis", "parameter"), [("epoch", "epochs"), ("step", "max_steps")])
def test_a_run_that_left_its_schedule_is_run_to_its_end_or_given_a_shorter_one(
    axis: Axis, parameter: str
) -> None:
    n = 37
    lr = 0.05 * (1 + np.cos(np.pi * np.arange(n) / 100))
    y = 0.5 + np.exp(-np.arange(n) / 4)
    said = diagnose_curves({"train/loss": y, "val/loss": 1.1 * y, "lr": lr}, axis=axis)
    first = next(p for p in said.prescriptions if p.action == "train-longer")
    assert (first.parameter, first.proposed, first.current) == (parameter, 100, None)
    assert f"100 {axis}s" in first.text
    assert "schedule" in first.text


@pytest.mark.parametrize("floor", [0.0, 0.1])
@pytest.mark.parametrize("n", [8, 40])
def test_a_schedule_that_has_ended_promises_nothing_for_going_on(floor: float, n: int) -> None:
    lr = floor + (1 - floor) * 0.5 * (1 + np.cos(np.pi * np.arange(n) / n))
    y = 0.2 + 2 * np.exp(-2 * np.arange(n) / n)
    made = run({"epochs": n}, train_loss=y, val_loss=1.05 * y, lr=lr)
    found = change(build([made])[0], "train-longer", (), {})
    assert "Extrapolation" not in found.text
    assert (
        "Extrapolation"
        in change(build([run({"epochs": n}, train_loss=y, val_loss=y)])[0], "train-longer", (), {}).text
    )
    said = diagnose_curves({"loss": y, "val_loss": 1.05 * y, "lr": lr}, axis="epoch")
    assert not any("extrapolated" in fact for p in said.prescriptions for fact in p.because)


# --- what is said of another optimizer, and of gradients that are gone


@pytest.mark.parametrize(
    ("params", "lowered", "said"),
    [
        ({"optimizer": "sgd"}, None, "from sgd to Adam with lr 0.001."),
        ({"optimizer": "sgd"}, 1e-4, "from sgd to Adam with lr 0.0001."),
        ({"optimizer": "sgd"}, 0.1, "from sgd to Adam with lr 0.001."),
        ({"optimizer": "adam"}, None, "from adam to SGD with momentum 0.9 and lr 0.03."),
        ({"optimizer": "rmsprop"}, 1e-4, "from rmsprop to SGD with momentum 0.9 and lr 0.001."),
        ({}, None, "to Adam with lr 0.001, if it is another."),
    ],
)
def test_another_optimizer_has_its_rate(
    params: dict[str, ParamValue], lowered: float | None, said: str
) -> None:
    found = change(case(lr=0.01, **params), "change-optimizer", (), lowered=lowered)
    assert found.text == f"Change the optimizer {said}"


@pytest.mark.parametrize(
    ("optimizer", "lr", "proposed"),
    [
        ("adam", 1e-3, 1e-2), ("adam", 4e-3, 1e-2), ("sgd", 0.03, 0.3), ("sgd", 0.4, 1.0),
        (None, 0.003, 0.03), ("adamw", 1e-5, 1e-3),
    ],
)  # fmt: skip
def test_a_rate_is_raised_no_further_than_is_customary(
    optimizer: str | None, lr: float, proposed: float
) -> None:
    known: dict[str, ParamValue] = {} if optimizer is None else {"optimizer": optimizer}
    found = change(case(lr=lr, model="mlp", **known), "raise-lr", ())
    assert found.proposed == pytest.approx(proposed)
    assert ("the highest that is customary" in found.text) is (proposed < 9.9 * lr)


@pytest.mark.parametrize("params", [{"init": "pretrained"}, {"optimizer": "adamw"}])
@pytest.mark.parametrize("lr", [1e-6, 5e-6, 2e-5])
def test_what_was_trained_before_is_not_destroyed(params: dict[str, ParamValue], lr: float) -> None:
    found = change(case(lr=lr, **{"optimizer": "adam", "model": "transformer", **params}), "raise-lr", ())
    assert isinstance(found.proposed, float)
    assert lr < found.proposed <= 5e-5


@pytest.mark.parametrize("scale", [1.0, 1e-8, 1e6])
@pytest.mark.parametrize("left", [0.5, 1e-2, 1e-9])
def test_gradients_that_are_gone_are_not_clipped_at_what_is_left(scale: float, left: float) -> None:
    norm = scale * np.concatenate((np.full(4, 1.0), np.full(36, left)))
    made = run(train_loss=np.linspace(2.3, 1.9, 40), grad_norm=norm)
    found = change(build([made])[0], "clip-gradients", ())
    assert ("its usual level" in found.text) is (left > 1e-4)


@pytest.mark.parametrize(("broke", "usual"), [(0.3, 0.4), (0.7, 0.4), (0.01, 12.0)])
def test_the_usual_norm_is_that_of_learning_not_of_the_wreck(broke: float, usual: float) -> None:
    """A norm that jumps where the loss does; too early to have been usual, the whole run's counts."""
    t = np.linspace(0, 1, 200)
    loss, norm = np.where(t < broke, 3 - t, 7.0), np.where(t < broke, 0.4, 12.0)
    found = change(build([run(train_loss_step=loss, grad_norm=norm)])[0], "clip-gradients", ())
    assert found.proposed == pytest.approx(usual)


@pytest.mark.parametrize(("n", "told"), [(499, False), (500, True), (60_000, True), (None, True)])
def test_a_tenth_of_the_data_is_tried_where_it_would_be_enough(n: int | None, told: bool) -> None:
    known: dict[str, ParamValue] = {} if n is None else {"n_train": n}
    assert ("a tenth of the data" in change(case(**known), "more-data", (), {}).text) is told
