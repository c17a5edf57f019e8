"""What names, directories, neighbours and values say of a curve, case by case."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from curvedoctor.model import Curve
from curvedoctor.roles import assign, infer, is_proportion

Array = npt.NDArray[np.float64]


def curve(
    tag: str, values: Array | None = None, folder: str = "", steps: npt.NDArray[np.int64] | None = None
) -> Curve:
    """A curve of the run, in a sub-directory if one is given."""
    values = np.linspace(1.0, 0.1, 20) if values is None else values
    steps = np.arange(len(values), dtype=np.int64) if steps is None else steps
    return Curve(folder + tag, tag, steps, values, np.full(len(values), np.nan))


def roles(*curves: Curve) -> dict[str, str]:
    """Every curve's role as split:quantity:better:granularity."""
    return {
        c.id: f"{c.role.split}:{c.role.quantity}:{c.role.better}:{c.role.granularity}" for c in assign(curves)
    }


def test_directories_name_the_split() -> None:
    found = roles(
        curve("epoch_loss", folder="train/"),
        curve("epoch_loss", folder="validation/"),
        curve("Logloss", folder="learn/"),
    )
    assert found["train/epoch_loss"] == "train:loss:lower:epoch"
    assert found["validation/epoch_loss"] == "val:loss:lower:epoch"
    assert found["learn/Logloss"].startswith("train:loss:lower")


def test_a_directory_that_its_tags_contradict_is_no_split() -> None:
    found = roles(
        *(curve(t, folder="detect/train/") for t in ("val/box_loss", "train/box_loss", "metrics/mAP50(B)"))
    )
    assert [
        found[f"detect/train/{t}"].split(":")[0]
        for t in ("val/box_loss", "train/box_loss", "metrics/mAP50(B)")
    ] == [
        "val",
        "train",
        "val",
    ]


def test_a_bare_name_beside_a_held_out_one_is_of_training() -> None:
    found = roles(
        curve("loss"),
        curve("val_loss"),
        curve("acc", np.linspace(0, 1, 20)),
        curve("val_acc", np.linspace(0, 1, 20)),
    )
    assert found["loss"] == "train:loss:lower:epoch"
    assert found["acc"] == "train:accuracy:higher:epoch"
    assert roles(curve("loss"), curve("val_loss"), curve("train_loss"))["loss"].startswith("none:")
    assert roles(curve("loss"))["loss"].startswith("none:loss:lower")


def test_reinforcement_learning_has_no_loss_to_minimise() -> None:
    run = (
        curve("train/loss"),
        curve("rollout/ep_rew_mean"),
        curve("eval/success_rate", np.linspace(0, 1, 20)),
    )
    assert roles(*run)["train/loss"].startswith("train:loss:none")
    assert roles(*run, curve("val/loss"))["train/loss"].startswith("train:loss:lower")


def test_values_correct_names() -> None:
    below = np.linspace(1.0, -3.0, 20)
    assert roles(curve("loss", below))["loss"].startswith("none:loss:none")
    assert roles(curve("nll_loss", below))["nll_loss"].startswith("none:loss:lower")
    assert roles(curve("loss", below), curve("accuracy", np.linspace(0.1, 0.9, 20)))["loss"].startswith(
        "none:loss:lower"
    )
    assert roles(curve("train/acc", np.linspace(-9.8, 9.8, 20)))["train/acc"].startswith("train:other:none")
    assert roles(curve("train/acc", np.linspace(10.0, 97.0, 20)))["train/acc"].startswith(
        "train:accuracy:higher"
    )
    assert roles(curve("hp_metric", np.array([-1.0, -1.0])))["hp_metric"].startswith("none:other:none")


def test_granularity_from_the_other_curves() -> None:
    epochs = np.arange(1, 11) * 100
    run = (
        curve("train_loss", np.linspace(2, 1, 1000)),
        curve("val_loss", np.linspace(2, 1, 10), steps=epochs),
        curve("epoch", np.repeat(np.arange(10.0), 100)),
    )
    found = roles(*run)
    assert found["train_loss"].endswith(":step")
    assert found["val_loss"].endswith(":epoch")
    assert roles(curve("train_loss"), curve("val_loss"))["train_loss"].endswith(":epoch")
    assert roles(curve("train_loss", steps=np.arange(20) * 50))["train_loss"].endswith(":step")
    assert roles(curve("train_loss"))["train_loss"].endswith(":unknown")


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("Loss/learning_rate", "lr"),
        ("loss/entropy", "other"),
        ("value_loss", "loss"),
        ("rew_dof_acc", "reward"),
        ("lr-SGD-momentum", "other"),
        ("loss_scale", "other"),
        ("gradient_penalty", "loss"),
        ("lm loss validation ppl", "error"),
    ],
)
def test_names_that_lie(tag: str, expected: str) -> None:
    role = infer(tag)
    assert role.quantity == expected
    assert role.why


@pytest.mark.parametrize(
    "tag", ["val/accuracy", "test_acc", "eval_top1", "val_top5_acc", "rollout/success_rate", "error_rate"]
)
def test_proportions(tag: str) -> None:
    (judged,) = assign([curve(tag, np.linspace(0.1, 0.9, 20))])
    assert is_proportion(judged)


@pytest.mark.parametrize(
    "tag",
    [
        "val/r2",
        "bbox/AP",
        "val_auc",
        "val_f1",
        "val/bleu",
        "train_loss",
        "val_rmse",
        "balanced_accuracy",
        "val/precision",
    ],
)
def test_scores_without_binomial_noise(tag: str) -> None:
    (judged,) = assign([curve(tag, np.linspace(0.1, 0.9, 20))])
    assert not is_proportion(judged)


def test_directories_of_add_scalars() -> None:
    both = "Training vs. Validation Loss"
    found = roles(
        curve("Loss", folder="Loss_train/"),
        curve("Loss", folder="Loss_val/"),
        curve(both, folder=f"{both}_Training/"),
        curve(both, folder=f"{both}_Validation/"),
        curve("train", folder="accuracy/"),
    )
    assert [role.split(":")[0] for role in found.values()] == ["train", "val", "train", "val", "train"]
    assert found["accuracy/train"].startswith("train:accuracy:higher")


@pytest.mark.parametrize(
    "folder", ["my_test_run/", "exp_train_lr0.1/", "latest_training/", "validation_of_concept/"]
)
def test_the_name_of_an_experiment_is_no_split(folder: str) -> None:
    assert roles(curve("loss", folder=folder))[f"{folder}loss"].startswith("none:")


@pytest.mark.parametrize(
    "folder",
    ["train/", "log/train/", "20220101-train/", "train_inner/", "train_summaries/", "TRAIN/x/../train/"],
)
def test_the_names_of_split_directories(folder: str) -> None:
    assert roles(curve("loss", folder=folder))[f"{folder}loss"].startswith("train:")


def test_a_bound_that_rises_is_to_be_maximised() -> None:
    assert roles(curve("elbo", np.linspace(-900.0, -90.0, 20)))["elbo"].split(":")[2] == "higher"
    assert roles(curve("elbo", np.linspace(900.0, 90.0, 20)))["elbo"].split(":")[2] == "lower"
    assert roles(curve("neg_elbo", np.linspace(-900.0, -90.0, 20)))["neg_elbo"].split(":")[2] == "lower"


def _one(tag: str, value: float = 0.5) -> Curve:
    return curve(tag, np.array([value]))


@pytest.mark.parametrize("points", [3, 30, 500])
@pytest.mark.parametrize(("bare", "held"), [("loss", "eval_loss"), ("nll", "val_nll"), ("loss", "test/loss")])
def test_a_closing_mean_of_training_unseats_no_curve(points: int, bare: str, held: str) -> None:
    """HF ends every finished log with one `train_loss`: `loss` is the training loss all the same."""
    y = np.linspace(2, 1, points)
    run = (curve(bare, y), curve(held, y))
    assert roles(*run)[bare] == roles(*run, _one(f"train_{bare}"))[bare]
    assert roles(*run, _one(f"train_{bare}"))[bare].startswith("train:loss:lower")
    assert roles(*run, curve(f"train_{bare}", y))[bare].startswith("none:")


@pytest.mark.parametrize("folder", ["validation", "eval", "test", "Valid", "dev"])
def test_a_directory_of_held_out_data_alone_names_the_split(folder: str) -> None:
    split = "test" if folder == "test" else "val"
    found = {c.id: c.role.split for c in assign([curve("loss"), curve("exact_match")], within=folder)}
    assert found == {"loss": split, "exact_match": split}
    trained = assign([curve("loss"), curve("lr")], within=folder)
    assert trained[0].role.split == "none", (
        "who logs a learning rate trains, whatever the directory is called"
    )
    both = assign([curve("loss"), curve("val_loss")], within=folder)
    assert both[0].role.split == "train"


@pytest.mark.parametrize("folder", ["run", "validated_model", "test_lr_3", "latest"])
def test_other_directories_name_no_split(folder: str) -> None:
    assert assign([curve("loss")], within=folder)[0].role.split == "none"


@pytest.mark.parametrize("valid", ["valid_loss", "val_loss"])
def test_scores_beside_losses_that_name_both_splits(valid: str) -> None:
    steps = np.arange(100, 1100, 100)
    few = np.linspace(0.1, 0.9, 10)
    run = (curve("train_loss", np.linspace(2, 1, 1000)), curve(valid, few[::-1].copy(), steps=steps))
    assert roles(*run, curve("accuracy", few, steps=steps))["accuracy"].startswith("val:accuracy")
    assert roles(*run, curve("accuracy", np.linspace(0, 1, 1000)))["accuracy"].startswith("train:accuracy")
    assert roles(*run, curve("accuracy", few, steps=steps + 1))["accuracy"].startswith("none:accuracy")
    keras = (curve("loss"), curve(valid), curve("accuracy"))
    assert roles(*keras)["accuracy"].startswith("none:"), (
        "a bare loss is of training: a bare score may be too"
    )


def test_quarters_of_a_diffusions_loss_are_parts_of_it() -> None:
    found = roles(*(curve(tag) for tag in ("loss", "loss_q0", "loss_q1", "loss_q2", "loss_q3")))
    assert all(role.startswith("train:loss:lower") for role in found.values())
    twins = roles(*(curve(tag) for tag in ("loss_q1", "loss_q2", "reward")))
    assert all(twins[tag].startswith("train:loss:none") for tag in ("loss_q1", "loss_q2")), "twin critics"


@pytest.mark.parametrize("name", ["wall", "train", "person", "traffic light", "step, stair", "box", "sign"])
@pytest.mark.parametrize(
    "tag",
    ["sem_seg/IoU-{}", "sem_seg/ACC-{}", "bbox/AP-{}", "segm/AP-{}", "sem_seg/BoundaryIoU-{}", "IoU.{}"],
)
def test_a_class_says_nothing_of_the_score_it_is_told_for(tag: str, name: str) -> None:
    role = infer(tag.format(name))
    assert (role.split, role.quantity, role.better) == ("val", "accuracy", "higher")


@pytest.mark.parametrize("error", ["mse", "mae", "error", "rmse"])
@pytest.mark.parametrize("player", ["disc", "gen", "discriminator", "generator"])
def test_errors_of_two_players_have_no_direction(player: str, error: str) -> None:
    letter = player[0]
    for tag in (
        f"{error}_{player}",
        f"{player}_{error}",
        f"GAN/{error}_{player}",
        f"{error}_{letter}",
        f"{letter}_{error}",
    ):
        role = infer(tag)
        assert (role.split, role.quantity, role.better) == ("train", "loss", "none")
    for tag in (f"{player}_accuracy", f"acc_{player}", f"{letter}_acc", f"{player}/acc_real"):
        assert infer(tag).better == "none"


@pytest.mark.parametrize("parameter", ["encoder.weight", "_text_field_embedder.bias", "layer1.0.conv"])
@pytest.mark.parametrize("statistic", ["mean", "std", "max"])
def test_statistics_of_one_tensors_gradient_are_no_norm(statistic: str, parameter: str) -> None:
    for section in (f"gradient_{statistic}/{parameter}", f"grads/{parameter}_{statistic}"):
        assert infer(section).quantity == "other"
    assert infer(f"grad_norm/{parameter}").quantity == "grad_norm"
    assert infer("gradient_norm").quantity == "grad_norm"
