"""Boosted trees are told from networks, and given no remedy that only a network can take."""

from __future__ import annotations

import numpy as np
import pytest

from curvedoctor.actions import NETWORKS_ONLY
from curvedoctor.engine import Options, diagnose_runs
from curvedoctor.features.case import build
from curvedoctor.model import Curve, Run
from curvedoctor.roles import assign


def run(tag: str, valid: str, values: np.ndarray, **params: str) -> Run:
    steps = np.arange(len(values))
    nan = np.full(len(steps), np.nan)
    curves = [Curve(t, t, steps, v, nan) for t, v in ((tag, values), (valid, values * 1.1))]
    return Run("r", "r", "g", tuple(assign(curves)), params)


FALLING = 0.2 + np.exp(-np.arange(60) / 20)


@pytest.mark.parametrize(
    ("tag", "valid"),
    [
        ("l2.train", "l2.valid"),
        ("training-l2", "valid_0-l2"),
        ("train-mlogloss", "eval-mlogloss"),
        ("validation_0-logloss", "validation_1-logloss"),
        ("train_binary_logloss", "valid_binary_logloss"),
    ],
)
def test_names_of_lightgbm_and_xgboost(tag: str, valid: str) -> None:
    (case,) = build([run(tag, valid, FALLING)])
    assert case.boosting


@pytest.mark.parametrize(
    ("tag", "valid"),
    [
        ("loss", "val_loss"),
        ("train/l1_loss", "val/l1_loss"),
        ("train/logloss", "val/logloss"),
        ("train/l2", "val/l2"),
    ],
)
def test_networks(tag: str, valid: str) -> None:
    (case,) = build([run(tag, valid, FALLING)])
    assert not case.boosting


def test_what_the_run_says_of_itself_counts() -> None:
    assert build([run("loss", "val_loss", FALLING, model="tree")])[0].boosting
    assert not build([run("train-mlogloss", "eval-mlogloss", FALLING, model="mlp")])[0].boosting


@pytest.mark.parametrize(
    "values", [FALLING, 1 - 1e-4 * np.arange(60.0), np.r_[FALLING[:20], np.linspace(0.5, 3, 40)]]
)
def test_no_remedy_that_only_a_network_can_take(values: np.ndarray) -> None:
    (diagnosis,) = diagnose_runs([run("train-mlogloss", "eval-mlogloss", values)], Options())
    assert not {p.action for p in diagnosis.prescriptions} & NETWORKS_ONLY
