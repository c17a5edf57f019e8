"""The trees' evaluation against a walk by hand and against LightGBM, and how odds become suspicions."""

from __future__ import annotations

from pathlib import Path

import lightgbm
import numpy as np
import pytest
from curvedoctor.advice.evidence import names
from curvedoctor.advice.odds import SICK, Model, default_model, suspect, with_odds

from clinic.dataset import OUTCOMES, Table
from clinic.fit import SETTINGS, TREES, as_boosted, as_forest, boost, grow, save
from curvedoctor import diagnose_curves
from curvedoctor.advice import odds
from curvedoctor.advice.boosted import SUREST, Boosted
from curvedoctor.advice.complete import complete
from curvedoctor.advice.forest import STEPS, Forest
from curvedoctor.features.case import build

ROWS = [(0.0, 9.0), (1.0, 9.0), (2.0, -1.0), (2.0, 1.0), (np.nan, 1.0), (2.0, np.nan)]
LEAVES = [-1.5, -1.5, 0.5, 3.0, -1.5, 0.5]


def trees() -> Boosted:
    """One tree: x ≤ 1 → −1.5, else (y ≤ 0 → 0.5, else 3); and −0.4 twice for the second outcome."""
    return Boosted(
        outcomes=("help", SICK),
        features=("x", "y"),
        feature=np.array([[0, 0, 1], [0, 0, 0], [0, 0, 0]], np.int16),
        threshold=np.array([[1, np.inf, 0], [np.inf] * 3, [np.inf] * 3], np.float32),
        value=np.array([[0, -1.5, 2, -1.5, -1.5, 0.5, 3], [-0.4] * 7, [-0.4] * 7], np.float32),
        count=np.array([1, 2], np.int32),
        slope=np.array([1, 2], np.float32),
        intercept=np.array([0, 1], np.float32),
    )


@pytest.mark.parametrize(("row", "leaf"), list(zip(ROWS, LEAVES, strict=True)))
def test_rows_reach_their_leaf_missing_values_too(row: tuple[float, float], leaf: float) -> None:
    assert trees().scores(complete(np.array([row])))[0] == pytest.approx([leaf, -0.8])


def test_log_odds_are_calibrated_within_bounds() -> None:
    score = trees().calibrated(np.array([[0.0, 0.0], [2.0, 1.0]]))
    assert score[:, 0] == pytest.approx([-1.5, 3.0])
    assert score[0, 1] == pytest.approx(2 * -0.8 + 1)


def test_contributions_add_up_to_the_way_from_root_to_leaf() -> None:
    assert trees().contributions(np.array([2.0, 1.0]), "help") == pytest.approx({"x": 2, "y": 1})
    assert trees().contributions(np.array([2.0, 1.0]), SICK) == {}


def test_only_what_raised_the_odds_is_named_strongest_first() -> None:
    assert trees().strongest(np.array([2.0, 1.0]), ["help", SICK], 3) == [[0, 1], []]
    assert trees().strongest(np.array([2.0, -1.0]), ["help"], 3) == [[0]]


def test_extreme_values_give_probabilities() -> None:
    p = model().probabilities(np.array([[1e300, -1e300], [np.inf, -np.inf]]))
    assert np.isfinite(p).all()


@pytest.mark.parametrize("n", [0, 1, 63, 64, 65, 200])
def test_blocks_give_what_single_rows_give(n: int) -> None:
    block = np.array([ROWS[k % len(ROWS)] for k in range(n)]).reshape(n, 2)
    assert trees().scores(complete(block))[:, 0].tolist() == pytest.approx(
        [LEAVES[k % len(ROWS)] for k in range(n)]
    )


def test_fitted_trees_say_what_lightgbm_says() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(400, len(names()))).round(1)
    labels = np.zeros((400, len(OUTCOMES)))
    labels[:, 0] = rows[:, 0] + rows[:, 1] * rows[:, 2] > 0.5
    labels[:100, 0] = np.nan
    table = Table(rows, labels, rng.uniform(0.5, 2, 400), ("t",) * 400, np.arange(400.0))
    keep = np.ones(400, dtype=bool)
    scores = as_boosted(boost(table, keep), [(1.0, 0.0)] * len(OUTCOMES)).scores(complete(rows))
    data = lightgbm.Dataset(rows[100:], labels[100:, 0], weight=table.weight[100:])
    theirs = lightgbm.train(dict(SETTINGS), data, TREES).predict(rows, raw_score=True)
    assert scores[:, 0] == pytest.approx(theirs, abs=1e-4)
    assert np.abs(theirs).max() > 1
    assert (scores[:, 1:] < -SUREST).all()  # never helps


def forest() -> Forest:
    """One tree: x ≤ 1 → 51, else (y ≤ 0 → 102, else 204); the second outcome is always 102."""
    return Forest(
        outcomes=("help", SICK),
        features=("x", "y"),
        feature=np.array([0, -1, 1, -1, -1], np.int16),
        threshold=np.array([1, 0, 0, 0, 0], np.float32),
        left=np.array([1, 0, 3, 1, 2], np.int32),
        right=np.array([2, 0, 4, 0, 0], np.int32),
        share=np.array([[51, 102], [102, 102], [204, 102]], np.uint8),
        roots=np.array([0], np.int32),
        slope=np.array([1, 2], np.float32),
        intercept=np.array([0, 1], np.float32),
    )


def test_rows_reach_their_leaf_in_the_forest() -> None:
    shares = forest().shares(complete(np.array(ROWS)))
    assert shares[:, 0] * STEPS == pytest.approx([51, 51, 102, 204, 51, 102])
    assert shares[:, 1] == pytest.approx(0.4)
    assert forest().calibrated(complete(np.array(ROWS)))[0] == pytest.approx(
        [np.log(0.25), 2 * np.log(0.4 / 0.6) + 1]
    )


def test_a_grown_forest_says_what_scikit_learn_says() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(300, len(names()))).round(1)
    labels = (rows[:, : len(OUTCOMES)] > 0.3).astype(float)
    table = Table(rows, labels, np.ones(300), ("t",) * 300, np.arange(300.0))
    grown = grow(table, np.ones(300, dtype=bool))
    shares = as_forest(grown, [(1.0, 0.0)] * len(OUTCOMES)).shares(complete(rows))
    assert shares == pytest.approx(grown.predict(complete(rows)), abs=0.5 / STEPS)


def test_both_parts_weigh_the_same() -> None:
    rows = np.array([[2.0, 1.0]])
    assert model().probabilities(rows)[0, 0] == pytest.approx(1 / (1 + np.exp(-(3 + np.log(4)) / 2)))


def test_what_is_shipped_is_what_was_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(model(0.25), tmp_path / "odds.npz")
    monkeypatch.setattr(odds, "files", lambda _: tmp_path)
    default_model.cache_clear()
    try:
        again = default_model()
    finally:
        default_model.cache_clear()
    assert again is not None
    assert (again.gate, again.least, again.share) == (0.25, 0.3, 0.6)
    assert again.probabilities(np.array(ROWS)) == pytest.approx(model().probabilities(np.array(ROWS)))


def model(gate: float = 0.5) -> Model:
    return Model(trees(), forest(), gate, least=0.3, share=0.6)


def test_nothing_is_suspected_of_a_run_that_is_probably_healthy() -> None:
    assert suspect({"a": 0.9, SICK: 0.4}, model()) == {}


def test_suspects_are_the_probable_actions_and_always_one() -> None:
    assert suspect({"a": 0.9, "b": 0.5, "c": 0.6, SICK: 0.9}, model()) == {"a": 0.9, "c": 0.6}
    assert suspect({"a": 0.1, "b": 0.05, SICK: 0.9}, model()) == {"a": 0.1}


def test_an_activation_that_neither_saturates_nor_dies_is_not_to_be_repaired() -> None:
    stuck = np.full(30, 1.386) + 1e-3 * np.sin(np.arange(30))
    known = {
        "optimizer": "sgd",
        "lr": 5e-6,
        "loss": "cross-entropy",
        "n_classes": 4,
        "depth": 12,
        "width": 768,
    }
    for activation, judged in (("sigmoid", True), ("gelu", False)):
        run = diagnose_curves(
            {"train/loss": stuck, "val/loss": stuck}, params={**known, "activation": activation}
        ).run
        (case,) = with_odds(build([run]))
        assert (case.odds["fix-activation"] > 0) == judged
