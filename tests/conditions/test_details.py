"""Details of single conditions that no example shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curvedoctor.conditions.base import all_conditions
from curvedoctor.conditions.examples import run
from curvedoctor.conditions.generalization import overfitting
from curvedoctor.conditions.learning_rate import schedule_fault
from curvedoctor.conditions.measurement import held_out, initial_loss_off
from curvedoctor.conditions.measures import proportions, staircase
from curvedoctor.conditions.progress import not_learning, undertrained, vanishing_gradient
from curvedoctor.conditions.stability import spikes
from curvedoctor.features.case import build
from curvedoctor.model import Curve, Finding, Quantity, Role, Run, Split


@pytest.mark.parametrize(
    ("n", "lasting", "short"), [(400, 3, True), (400, 5, False), (1200, 11, True), (1200, 14, False)]
)
def test_how_long_a_spike_lasts(n: int, lasting: int, short: bool) -> None:
    """Three points, or a hundredth of the run."""
    y = 1 + 0.01 * np.random.default_rng(0).standard_normal(n)
    for at in range(n // 10, n - 50, n // 6):
        y[at : at + lasting] = 9.0
    s = build([run(train_loss_step=y)])[0].train_step
    assert s is not None
    assert (len(spikes.spikes(s).at) > 0) is short


@pytest.mark.parametrize(("quantity", "paired"), [("loss", True), ("error", False)])
def test_losses_are_compared_with_losses_of_their_name(quantity: Quantity, paired: bool) -> None:
    def curve(tag: str, split: Split, of: Quantity) -> Curve:
        y = np.geomspace(2, 1, 40)
        return Curve(
            tag, tag, np.arange(40), y, np.full(40, np.nan), Role(split, of, "lower", "epoch"), "epoch"
        )

    (case,) = build([Run("r", "r", "g", (
        curve("train/loss", "train", "loss"), curve("val/loss", "val", "loss"),
        curve("train/obj", "train", "loss"), curve("val/obj", "val", quantity),
    ))])  # fmt: skip
    assert case.val is not None
    assert [(a.curve.id, b.curve.id) for a, b in overfitting._pairs(case, case.val)] == [
        ("val/obj", "train/obj")
    ] * paired


@pytest.mark.parametrize(("points", "told"), [(5, False), (6, True)])
def test_how_many_gradients_tell_that_they_vanish(points: int, told: bool) -> None:
    norm = build([run(train_loss=np.geomspace(2, 1, points), grad_norm=np.geomspace(1, 0.1, points))])[
        0
    ].grad_norm
    share = vanishing_gradient._grad_share(norm)
    assert (share is not None) is told


@pytest.mark.parametrize(("noise", "calm"), [(0.17, True), (0.24, False)])
def test_how_calm_training_is_beside_validation_that_explodes(noise: float, calm: bool) -> None:
    sigma = 1.4826 * 4 / 6**0.5
    train = np.linspace(1.0, 0.42, 61) + noise / sigma * np.tile([1.0, -1.0], 31)[:61]
    (case,) = build([run(train_loss=train, val_loss=np.full(61, 100.0))])
    assert (held_out.exploding(case) is not None) is calm


@pytest.mark.parametrize(
    ("points", "fires"), [(schedule_fault.MIN_POINTS - 1, True), (schedule_fault.MIN_POINTS, False)]
)
def test_a_schedule_is_wrong_where_that_of_every_group_is(points: int, fires: bool) -> None:
    """Beside it a second group's rate that is constant; too few points of it say nothing."""
    made = schedule_fault.CONDITION.sick[0](np.random.default_rng(1))
    lr = next(c for c in made.curves if c.role.quantity == "lr")
    half = np.full(points, 0.5 * lr.values.max())
    other = replace(
        lr, id="lr/1", tag="lr/1", steps=lr.steps[:points], values=half, wall_times=lr.wall_times[:points]
    )
    (case,) = build([replace(made, curves=(*made.curves, other))])
    assert isinstance(schedule_fault.check(case), Finding) is fires


def said(condition: str, made: Run) -> Finding | None:
    result = all_conditions()[condition].check(build([made])[0])
    return result if isinstance(result, Finding) else None


def sick(condition: str, name: str) -> Run:
    """An example of a condition, by its function's name."""
    (example,) = (e for e in all_conditions()[condition].sick if e.__name__ == f"_{name}")
    return example(np.random.default_rng(1))


@pytest.mark.parametrize("score", [0.95, 0.52])
def test_flat_losses_beside_good_answers_are_no_dead_weights(score: float) -> None:
    frozen = sick("not-learning", "frozen")
    answers = run(val_accuracy=np.full(50, score) + 1e-3 * np.tile([0.0, 1.0], 25))
    (case,) = build([replace(frozen, curves=(*frozen.curves, *answers.curves))])
    assert not_learning._all_flat(case) is (score < 0.9)


@pytest.mark.parametrize("validated", [False, True])
def test_spikes_of_validation_are_shown_beside_those_of_training(validated: bool) -> None:
    made = sick("dirty-data", "outliers")
    curves = [c for c in made.curves if c.role.split == "train" and c.role.quantity == "loss"]
    beside = run(val_loss=np.geomspace(2.3, 0.4, 30)).curves if validated else ()
    found = said("dirty-data", replace(made, curves=(*curves, *beside)))
    assert found is not None
    assert ("val/loss" in found.curves) is validated


@pytest.mark.parametrize(("lr", "fires"), [(3e-3, True), (1e-7, False)])
def test_decay_that_the_rate_makes_inert_is_not_strong(lr: float, fires: bool) -> None:
    made = sick("over-regularized", "decayed")
    made = replace(made, params={**made.params, "optimizer": "adamw", "weight_decay": 30.0, "lr": lr})
    assert (said("over-regularized", made) is not None) is fires


@pytest.mark.parametrize(("points", "confidence"), [(1, 0.92), (2, 0.99), (3, 0.99)])
def test_how_sure_one_and_two_lost_points_are(points: int, confidence: float) -> None:
    found = said("non-finite", run(train_loss=np.r_[np.geomspace(2, 1, 20), np.full(points, np.nan)]))
    assert found is not None
    assert found.confidence == pytest.approx(confidence)
    assert found.evidence["points_lost"] == points


@pytest.mark.parametrize("other", [0.0, 0.4])
def test_a_loss_at_zero_beside_another_that_is_not_is_a_part_switched_off(other: float) -> None:
    made = sick("impossible-value", "nothing")
    beside = replace(
        made.curves[0], id="aux/loss", tag="aux/loss", values=np.full(len(made.curves[0]), other)
    )
    found = said("impossible-value", replace(made, curves=(*made.curves, beside)))
    assert (found is not None) is (other == 0.0)


@pytest.mark.parametrize(("init", "fires"), [("pretrained", False), ("default", True)])
def test_a_fine_tuned_model_may_start_low(init: str, fires: bool) -> None:
    params = {"loss": "cross-entropy", "n_classes": 10, "init": init}
    (case,) = build([run(params, train_loss_step=np.geomspace(0.4, 0.2, 40))])
    assert (initial_loss_off._first(case, 0.2)[0] > 0) is fires


@pytest.mark.parametrize(("kind", "steps"), [("stairs", 3), ("slope", None), ("saw", None)])
def test_a_staircase_falls_between_epochs_not_within(kind: str, steps: int | None) -> None:
    """Four epochs: level and each half of the one before, falling evenly,
    or falling within and back up between."""
    t = np.arange(160)
    level = {"stairs": 0.5 ** (t // 40), "slope": 2.0 - t / 100, "saw": 2.0 - 0.02 * (t % 40)}[kind]
    noise = np.exp(0.005 * np.random.default_rng(0).standard_normal(160))
    found = staircase.staircase(build([run({"epochs": 4}, train_loss_step=level * noise)])[0])
    assert (found and found.steps) == steps


@pytest.mark.parametrize("speed", [1.5, 2.0, 2.5])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("batches_matter", [False, True])
def test_a_schedule_ends_a_fall_only_where_batches_do_not_make_the_floor(
    speed: float, seed: int, batches_matter: bool
) -> None:
    """The rate decays by a cosine. The loss falls with its sum, or its floor with the rate alone."""
    n, rng = 60, np.random.default_rng(seed)
    lr = np.cos(np.linspace(0, np.pi / 2, n)) ** 2
    way = np.cumsum(lr) / lr.sum()
    loss = 0.8 + 0.6 * lr if batches_matter else 0.2 + 2 * np.exp(-speed * way)
    loss = loss * np.exp(0.002 * rng.standard_normal(n))
    (case,) = build([run({"optimizer": "sgd", "epochs": n}, train_loss=loss, val_loss=1.05 * loss, lr=lr)])
    found = undertrained.check(case)
    told = isinstance(found, Finding) and "against the sum of the rates" in found.summary
    assert told is not batches_matter


@pytest.mark.parametrize("n", [4, 7, 30, 353, 4999])
def test_shares_reveal_on_how_many_samples_they_rest(n: int) -> None:
    """Not where they may have been rounded: whole tenths, hundredths …"""
    right = np.unique(np.linspace(1, n - 1, 40).round()) / n
    (case,) = build([run(val_accuracy=right)])
    score = case.val_score or case.val
    assert score is not None
    assert proportions.sample_size(score) == n
    (rounded,) = build([run(val_accuracy=np.array([0.61, 0.72, 0.83, 0.97]))])
    assert proportions.sample_size(rounded.val_score or rounded.val) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(("samples", "moves"), [(1000, False), (1e300, True)])
def test_steps_that_stand_still_and_samples_without_number_are_no_rhythm(samples: float, moves: bool) -> None:
    y = 1 + 0.1 * np.random.default_rng(0).standard_normal(300)
    made = run({"n_train": samples, "batch_size": 10}, train_loss_step=y)
    curve = replace(made.curves[0], steps=np.arange(300) if moves else np.zeros(300, np.int64))
    assert said("uneven-batches", replace(made, curves=(curve,))) is None


@pytest.mark.parametrize(("init", "confidence"), [("default", 0.6), ("zeros", 0.65)])
def test_how_sure_a_plateau_is_with_and_without_an_odd_initialization(init: str, confidence: float) -> None:
    made = sick("bad-initialization", "flat_then_drop")
    found = said("bad-initialization", replace(made, params={**made.params, "init": init}))
    assert found is not None
    assert found.confidence == pytest.approx(confidence)
