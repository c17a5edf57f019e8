"""A number of classes that nobody logged is told as a guess, one that is configured as a fact."""

from __future__ import annotations

import re

import numpy as np
import pytest

from curvedoctor import diagnose_curves
from curvedoctor.model import Floats, ParamValue

N = 40
#: how a sentence speaks of a level that follows from a number of classes
LEVEL = "untrained model|(than|of a|blind|close to) guess|constant answer"
#: finding → curves of k classes in which a guess's level decides
PICTURES = ("not-learning", "unrelated", "worse", "train-val-mismatch", "below", "collapsed", "answers")


def curves(picture: str, k: int, seed: int = 0) -> dict[str, Floats]:
    rng = np.random.default_rng(seed)
    guess, flat = np.log(k), np.log(k) * (1 + 0.001 * rng.standard_normal(N))
    right, falls = 1 / k + 0.002 * rng.standard_normal(N), np.log(k) * 0.9 ** np.arange(N)
    learns = 1 - (1 - 1 / k) * 0.9 ** np.arange(N)
    climbs = guess * (1.001 + 0.02 * np.arange(N))
    all_curves = {
        "not-learning": {"train_loss": flat, "val_loss": flat, "val_accuracy": right},
        "unrelated": {"train_loss": falls, "val_loss": climbs},
        "worse": {"train_loss": 1.05 * climbs, "val_loss": climbs, "val_accuracy": right},
        "train-val-mismatch": {
            "train_loss": falls, "val_loss": climbs, "train_accuracy": learns, "val_accuracy": right,
        },
        "below": {
            "train_loss": falls, "val_loss": climbs, "train_accuracy": learns,
            "val_accuracy": np.full(N, 0.004) + 0.001 * (np.arange(N) % 3),
        },
        "collapsed": {"train_loss": np.r_[guess - 0.1 * rng.random(5), np.full(N - 5, guess)]},
        "answers": {
            "train_loss": guess - 0.02 * rng.random(N), "val_loss": guess - 0.02 * rng.random(N),
            "val_accuracy": right,
        },
    }  # fmt: skip
    return {name: np.asarray(y) for name, y in all_curves[picture].items()}


def said(picture: str, k: int, **params: ParamValue) -> list[str]:
    """The sentences that speak of a guess, or of an untrained model."""
    findings = diagnose_curves(curves(picture, k), params=params).findings
    return [f.summary for f in findings if re.search(LEVEL, f.summary)]


@pytest.mark.parametrize("k", [2, 3, 10, 11, 100])
@pytest.mark.parametrize("picture", PICTURES)
def test_what_was_guessed_is_told_as_a_guess(picture: str, k: int) -> None:
    sentences = said(picture, k)
    assert sentences or k > 10 or picture == "answers"
    for sentence in sentences:
        assert re.search(rf" if there are ({k}|fewer than 50) classes", sentence), sentence
        assert "among" not in sentence


@pytest.mark.parametrize("k", [2, 3, 10, 11, 100])
@pytest.mark.parametrize("picture", PICTURES)
def test_what_is_configured_is_told_as_a_fact(picture: str, k: int) -> None:
    params: list[dict[str, ParamValue]] = [{"n_classes": k}, {"n_classes": k, "loss": "cross-entropy"}]
    for known in [*params, {"loss": "bce"}] if k == 2 else params:
        assert not any("if there are" in sentence for sentence in said(picture, k, **known))


@pytest.mark.parametrize("k", [2, 10, 11])
def test_beside_an_accuracy_a_guess_is_an_accuracy(k: int) -> None:
    right = 1 / k + 0.002 * np.random.default_rng(0).standard_normal(N)
    (found,) = diagnose_curves({"val_accuracy": right}, params={"n_classes": k}).findings
    assert f"the level of an untrained model ({1 / k:.3g})" in found.summary
    assert found.evidence["chance"] == pytest.approx(1 / k, abs=1e-4)
