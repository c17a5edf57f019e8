"""Scores that never leave the value of nothing: said by name, by the condition that its loss points at."""

from __future__ import annotations

import numpy as np
import pytest

from curvedoctor import diagnose_curves
from curvedoctor.conditions.measures.shape import name
from curvedoctor.features.case import build
from curvedoctor.features.chance import guessing
from curvedoctor.intake import run_of
from curvedoctor.model import Diagnosis, Finding, Floats, ParamValue


def level(value: float, n: int, noise: float, seed: int) -> Floats:
    return np.asarray(value * np.exp(noise * np.random.default_rng(seed).standard_normal(n)))


def down(start: float, end: float, n: int, rate: float, seed: int) -> Floats:
    y = end + (start - end) * np.exp(-rate * np.arange(n) / n)
    return np.asarray(y * np.exp(0.01 * np.random.default_rng(seed).standard_normal(n)))


def judged(params: dict[str, ParamValue] | None = None, **curves: Floats) -> Diagnosis:
    named = {tag.replace("__", "/"): y for tag, y in curves.items()}
    return diagnose_curves(named, params=params, axis="epoch")


def grave(said: Diagnosis) -> dict[str, Finding]:
    return {f.condition: f for f in said.findings if f.severity != "info"}


HITS = [("val__dice", "Dice"), ("val_f1", "F1"), ("metrics__mAP50", "mAP"), ("val__mean_iou", "IoU")]


@pytest.mark.parametrize(("tag", "word"), HITS)
@pytest.mark.parametrize("most", [0.0, 3e-4, 0.5])
@pytest.mark.parametrize("n", [12, 40, 200])
@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_nothing_is_found_and_nothing_falls(tag: str, word: str, most: float, n: int, scale: float) -> None:
    score = scale * np.minimum(most * np.abs(np.random.default_rng(n).standard_normal(n)), 1.0)
    said = judged(train_loss=level(0.98, n, 0.004, 1), val_loss=level(0.985, n, 0.004, 2), **{tag: score})
    if most == 0.5:
        assert not any("nothing is found" in f.summary for f in said.findings)
    elif most * scale < 0.005:  # in percent, hundredths are none as well; here they would be shares
        assert word in grave(said)["not-learning"].summary


@pytest.mark.parametrize(("tag", "word"), HITS)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n", [15, 40, 100])
def test_a_loss_that_drops_at_once_or_goes_on(tag: str, word: str, seed: int, n: int) -> None:
    at_once, on = down(0.6, 0.05, n, 40, seed), down(0.6, 0.05, n, 5, seed)
    one_class = grave(judged(train_loss=at_once, val_loss=1.02 * at_once, **{tag: np.zeros(n)}))
    assert set(one_class) == {"class-imbalance"}
    assert word in one_class["class-imbalance"].summary
    random = np.concatenate(([0.03, 0.031], 1e-3 * np.random.default_rng(seed).random(n - 2)))
    assert set(grave(judged(train_loss=at_once, val_loss=1.02 * at_once, **{tag: random}))) == {
        "class-imbalance"
    }
    metric = grave(judged(train_loss=on, val_loss=1.02 * on, **{tag: np.zeros(n)}))
    assert "metric-bug" in metric
    assert "not-learning" not in metric
    assert word in metric["metric-bug"].summary


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n", [12, 40, 150])
@pytest.mark.parametrize("noise", [0.0, 0.005, 0.02])
def test_a_ranking_by_chance(seed: int, n: int, noise: float) -> None:
    auc = 0.5 + noise * np.random.default_rng(seed).standard_normal(n)
    flat = level(0.6935, n, 0.0005, seed)
    said = grave(judged({"loss": "bce"}, train_loss=flat, val_loss=flat, val__auc=auc))
    assert "AUC" in said["not-learning"].summary
    assert "0.5" in said["not-learning"].summary
    falls = down(0.69, 0.3, n, 4, seed)
    assert "metric-bug" in grave(judged({"loss": "bce"}, train_loss=falls, val_loss=falls, val__auc=auc))
    rises = 0.5 + 0.35 * (1 - np.exp(-4 * np.arange(n) / n))
    assert not grave(judged({"loss": "bce"}, train_loss=falls, val_loss=falls, val__auc=rises))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("units", [1.0, 1e4])
def test_no_better_than_the_mean(seed: int, units: float) -> None:
    n, rng = 50, np.random.default_rng(seed)
    r2 = -0.04 - 0.2 * np.exp(-np.arange(n) / 4) + 0.005 * rng.standard_normal(n)
    flat, falls = units * level(1.04, n, 0.01, seed), units * down(1.0, 0.1, n, 5, seed)
    said = grave(judged({"loss": "mse"}, train_loss=flat, val_loss=flat, val__r2=r2))
    assert "R²" in said["not-learning"].summary
    by_heart = grave(judged({"loss": "mse"}, train_loss=falls, val_loss=flat, val__r2=r2))["not-learning"]
    assert "training loss falls" in by_heart.summary
    assert by_heart.actions[0] == "check-split"
    on_its_way = -5 + 4.9 * np.arange(n) / n
    assert "not-learning" not in grave(
        judged({"loss": "mse"}, train_loss=falls, val_loss=falls, val__r2=on_its_way)
    )


@pytest.mark.parametrize("seed", range(3))
def test_no_word_is_right(seed: int) -> None:
    blank = down(6.0, 2.88, 40, 50, seed)
    wer = 1 - 0.005 * np.random.default_rng(seed).random(40)
    said = grave(judged(train__ctc_loss=blank, val__ctc_loss=blank, val__wer=wer))
    assert "WER" in said["not-learning"].summary
    learns = down(3.0, 0.3, 40, 8, seed)
    assert not grave(judged(train__ctc_loss=learns, val__ctc_loss=learns, val__wer=learns / 3))


@pytest.mark.parametrize("kind", ["mse", "cross-entropy"])
@pytest.mark.parametrize("share", [0.101, 0.3417, 0.5])
def test_one_share_of_right_answers_for_ever(kind: str, share: float) -> None:
    flat = level(0.25 if kind == "mse" else -np.log(share), 30, 0.003, 0)
    said = grave(judged({"loss": kind}, train_loss=flat, val_loss=flat, val_accuracy=np.full(30, share)))
    assert any(f"accuracy is {share:.3g}" in f.summary or f"{share:.3g}" in f.summary for f in said.values())
    assert "not-learning" in said


def test_a_rare_class_that_is_never_found_beside_others_that_are() -> None:
    loss = down(1.0, 0.2, 40, 6, 0)
    found = 0.8 * (1 - np.exp(-np.arange(40) / 8))
    said = judged(train_loss=loss, val_loss=loss, val__iou=found, val__iou_class_7=np.zeros(40))
    assert "not-learning" not in grave(said)
    assert "class-imbalance" not in grave(said)


@pytest.mark.parametrize(
    ("params", "loss", "right", "told"),
    [
        ({"n_classes": 10}, 2.6, 0.101, "among 10"),
        ({}, 2.6, 0.101, "close to guessing if there are 10 classes (0.101)"),
        ({}, 2.3026, 0.101, "no better than guessing if there are 10 classes"),
        ({}, 2.3026, 0.148, "close to guessing if there are 7 classes"),
        ({"loss": "bce"}, 0.69, 0.52, "among 2"),
    ],
)
def test_how_many_classes_is_said_where_it_is_known(
    params: dict[str, ParamValue], loss: float, right: float, told: str
) -> None:
    curves = {"val/loss": loss * np.ones(20), "val/accuracy": np.full(20, right)}
    case = build([run_of(curves, params, "run", "epoch")])[0]
    assert told in guessing(case, right)
    assert case.val_score is not None
    assert name(case.val_score) == "validation accuracy"


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("classes", [5, 10, 40])
@pytest.mark.parametrize(("right", "says"), [(0.7, True), (0.45, True), (0.0, False)])
def test_labels_that_have_nothing_to_do_with_their_inputs(
    seed: int, classes: int, right: float, says: bool
) -> None:
    """Training learns them one by one, the share of right answers in validation stays a guess's."""
    rng, guess, t = np.random.default_rng(seed), 1 / classes, np.linspace(0, 1, 60)
    loss = np.log(classes) * (1 - 0.8 * right * t)
    said = grave(
        judged(
            {"n_classes": classes, "loss": "cross-entropy"},
            train_loss=loss,
            val_loss=np.log(classes) * (1.0 + 0.3 * t) * np.exp(0.01 * rng.standard_normal(60)),
            train_accuracy=guess + (right - guess if right else 0.0) * t + 0.002 * rng.standard_normal(60),
            val_accuracy=guess * np.exp(0.15 * rng.standard_normal(60)),
        )
    )["not-learning"]
    assert (said.actions[:2] == ("clean-data", "check-split")) is says
    assert ("do labels belong to their inputs?" in said.summary) is says


@pytest.mark.parametrize("n", [12, 40, 100])
@pytest.mark.parametrize("named", ["val_auc", "val_auroc", "validation/roc_auc"])
@pytest.mark.parametrize(("first", "last", "told"), [(0.5, 0.12, True), (0.3, 0.3, True), (0.3, 0.39, False)])
def test_a_ranking_the_wrong_way_round_is_the_metrics_fault(
    n: int, named: str, first: float, last: float, told: bool
) -> None:
    """It gets worse than chance, or stays there, while the loss of the same split learns; one that rises
    only began below."""
    noise = np.random.default_rng(n)
    x = np.linspace(0, 1, n)
    loss = (0.2 + 0.5 * np.exp(-3 * x)) * np.exp(0.003 * noise.standard_normal(n))
    auc = last + (first - last) * np.exp(-4 * x) + 0.002 * noise.standard_normal(n)
    said = diagnose_curves({"train_loss": loss, "val_loss": 1.05 * loss, named: auc})
    found = [f for f in said.findings if f.condition == "metric-bug"]
    assert bool(found) is told
    assert all("worse than chance" in f.summary for f in found)
