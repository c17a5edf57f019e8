"""Detection and segmentation: the score that the checkpoint is chosen by decides; loss terms are evidence."""

from __future__ import annotations

import numpy as np
import pytest

from curvedoctor import diagnose_curves
from curvedoctor.model import Diagnosis, Floats
from curvedoctor.reports.phrases import kept

SEEDS = range(8)


def fall(
    rng: np.random.Generator, n: int, start: float, end: float, speed: float, noise: float = 0.01
) -> Floats:
    return np.asarray(
        (end + (start - end) * np.exp(-speed * np.linspace(0, 1, n))) * np.exp(noise * rng.standard_normal(n))
    )


def detector(
    seed: int,
    rise: tuple[float, float, float] = (0.0, 0.0, 0.0),
    lost: float = 0.0,
    sway: float = 0.008,
    losses: float = 0.02,
    training: float = 0.01,
) -> Diagnosis:
    """Ultralytics' columns: three loss terms of either split, four scores."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(60, 160))
    t = np.linspace(0, 1, n)
    up = np.clip(t - 0.4, 0, None) / 0.6
    level = 0.62 * (1 - np.exp(-7 * t)) - lost * up
    scores = {
        "precision(B)": level + 0.15,
        "recall(B)": level + 0.05,
        "mAP50(B)": level + 0.1,
        "mAP50-95(B)": 0.7 * level,
    }
    terms = (("box", 1.8, 0.8), ("cls", 3.0, 0.5), ("dfl", 1.6, 1.0))
    curves = {
        f"metrics/{name}": np.clip(y + sway * rng.standard_normal(n), 0, 1) for name, y in scores.items()
    }
    for (term, start, end), r in zip(terms, rise, strict=True):
        curves[f"train/{term}_loss"] = fall(rng, n, start, end, 5, training)
        curves[f"val/{term}_loss"] = fall(rng, n, 1.05 * start, 1.3 * end, 7, losses) * (1 + r * up)
    return diagnose_curves(curves, params={"optimizer": "sgd", "lr": 0.01, "epochs": n, "batch_size": 16})


def grave(diagnosis: Diagnosis) -> list[str]:
    return [f.condition for f in diagnosis.findings if f.severity != "info"]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rise", [(0, 0, 0), (0.4, 0, 0), (0, 0.8, 0), (0, 0, 0.5), (0.4, 0.8, 0.4)])
def test_terms_that_rise_while_map_holds_are_information(seed: int, rise: tuple[float, float, float]) -> None:
    diagnosis = detector(seed, rise)
    assert not grave(diagnosis)
    assert not any(p.action == "stop-early" and p.treats for p in diagnosis.prescriptions)
    if any(rise):
        assert "overfitting" in [f.condition for f in diagnosis.findings]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rise", [(0, 0, 0), (0.4, 0.8, 0.4)])
def test_map_that_falls_is_overfitting_whatever_the_terms_do(
    seed: int, rise: tuple[float, float, float]
) -> None:
    diagnosis = detector(seed, rise, lost=0.2)
    found = diagnosis.findings[0]
    assert found.condition == "overfitting" and found.curves[0] == "metrics/mAP50-95(B)"
    stop = next(p for p in diagnosis.prescriptions if p.action == "stop-early")
    assert stop.step == found.onset


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("sway", "losses"), [(0.1, 0.05), (0.1, 0.4), (0.2, 0.1)])
def test_few_validation_pictures(seed: int, sway: float, losses: float) -> None:
    found = grave(detector(seed, sway=sway, losses=losses))
    assert "validation-too-small" in found and "noisy-batches" not in found


@pytest.mark.parametrize("seed", SEEDS)
def test_where_training_is_as_rough_the_set_is_not_to_blame(seed: int) -> None:
    assert "validation-too-small" not in grave(detector(seed, sway=0.1, losses=0.3, training=0.25))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("lost", "says"), [(0.0, False), (0.2, True)])
def test_nnunet_whose_losses_are_below_zero(seed: int, lost: float, says: bool) -> None:
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, 200)
    up = np.clip(t - 0.3, 0, None) / 0.7
    dice = 0.86 * (1 - np.exp(-9 * t)) - lost * up
    diagnosis = diagnose_curves(
        {
            "train_losses": -0.9 * (1 - np.exp(-7 * t)) + 0.01 * rng.standard_normal(200),
            "val_losses": -0.8 * (1 - np.exp(-9 * t)) + 0.15 * up + 0.012 * rng.standard_normal(200),
            "mean_fg_dice": np.clip(dice + 0.008 * rng.standard_normal(200), 0, 1),
            "ema_fg_dice": dice,
        }
    )
    assert ("overfitting" in grave(diagnosis)) == says


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("score", ["coco/bbox_mAP", "bbox/AP", "val_dice", "val_iou", "mIoU"])
def test_a_score_without_a_validation_loss(seed: int, score: str) -> None:
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, 80)
    curves = {"loss": fall(rng, 80, 1.2, 0.1, 5), "loss_cls": fall(rng, 80, 0.7, 0.06, 5)}
    sound = 0.45 * (1 - np.exp(-8 * t)) + 0.004 * rng.standard_normal(80)
    assert not grave(diagnose_curves({**curves, score: sound}))
    assert "overfitting" in grave(
        diagnose_curves({**curves, score: sound - 0.15 * np.clip(t - 0.4, 0, None) / 0.6})
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_the_checkpoint_is_kept_by_map_and_not_by_a_loss(seed: int) -> None:
    """The box loss turns at two fifths of the run, mAP50-95 falls only little from a later place on."""
    diagnosis = detector(seed, rise=(0.4, 0, 0), lost=0.05)
    reading = diagnosis.readings["checkpoint"]
    assert reading["curve"] == "metrics/mAP50-95(B)"
    (score,) = [curve for curve in diagnosis.run.curves if curve.id == reading["curve"]]
    assert reading["best_at"] == score.steps[np.argmax(score.values)]
    assert "by metrics/mAP50-95(B)" in kept(reading)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("score", "gradual", "says"), [(0.0, False, True), (0.3, False, False), (0.0, True, False)]
)
def test_a_detector_that_finds_nothing_any_more_has_no_loss(
    seed: int, score: float, gradual: bool, says: bool
) -> None:
    """Losses of nothing at once beside a score of zero; not beside one that holds, nor where training has
    fitted its samples little by little and the score is computed wrongly."""
    rng = np.random.default_rng(seed)
    n, at = int(rng.integers(20, 80)), int(rng.integers(3, 9))
    loss = np.where(np.arange(n) < at, 4 * np.exp(0.2 * rng.standard_normal(n)), rng.choice([0.0, 1e-9]))
    if gradual:
        loss = 4 * np.geomspace(1, 1e-12, n)
    said = diagnose_curves(
        {"train/box_loss": loss, "val/box_loss": loss, "metrics/mAP50(B)": np.full(n, score)},
        params={"lr": 0.5},
    )
    assert ("collapsed" in {f.condition for f in said.findings}) == says
