"""Every condition's file is complete: manual page, actions, evidence, examples; and the list is the contract's."""

from __future__ import annotations

import re

import pytest

from curvedoctor.actions import ACTIONS
from curvedoctor.conditions.base import HEADINGS, Condition, all_conditions
from curvedoctor.conditions.examples import HEALTHY

CONDITIONS = list(all_conditions().values())
CONTRACT = {
    "non-finite", "divergence", "loss-spikes", "lr-too-high", "lr-too-low", "warmup-missing", "lr-decayed-too-early",
    "lr-never-decayed", "schedule-fault", "bad-initialization", "not-learning", "vanishing-gradient", "exploding-gradient",
    "overfitting", "generalization-gap", "dataset-too-small", "underfitting", "over-regularized", "undertrained", "stalled",
    "wasted-training", "noisy-batches", "uneven-batches", "inputs-unscaled", "dirty-data", "class-imbalance", "wrong-loss",
    "validation-too-small", "metric-bug", "train-val-mismatch", "initial-loss-off", "overfit-check-failed", "log-fault",
    "collapsed", "impossible-value", "precision-fault", "reward-collapse", "adversary-dominates",
}  # fmt: skip
FIRST = {
    "reward-collapse": "restore-checkpoint", "adversary-dominates": "lower-lr",
    "non-finite": "lower-lr", "divergence": "lower-lr", "loss-spikes": "clip-gradients", "lr-too-high": "lower-lr",
    "lr-too-low": "raise-lr", "warmup-missing": "add-warmup", "lr-decayed-too-early": "decay-later",
    "lr-never-decayed": "decay-lr", "schedule-fault": "fix-schedule", "bad-initialization": "fix-init",
    "not-learning": "overfit-one-batch", "vanishing-gradient": "fix-activation", "exploding-gradient": "clip-gradients",
    "overfitting": "stop-early", "generalization-gap": "regularize", "dataset-too-small": "more-data",
    "underfitting": "bigger-model", "over-regularized": "reduce-regularization", "undertrained": "train-longer",
    "stalled": "change-optimizer", "wasted-training": "stop-early", "noisy-batches": "bigger-batch",
    "uneven-batches": "shuffle", "inputs-unscaled": "normalize-input", "dirty-data": "clean-data",
    "class-imbalance": "rebalance-classes", "wrong-loss": "change-loss", "validation-too-small": "more-validation-data",
    "metric-bug": "fix-metric", "train-val-mismatch": "check-split", "initial-loss-off": "fix-init",
    "overfit-check-failed": "bigger-model", "log-fault": "fix-logging", "collapsed": "lower-lr",
    "impossible-value": "fix-targets", "precision-fault": "fix-precision",
}  # fmt: skip


def test_the_list_is_the_contracts() -> None:
    assert {c.id for c in CONDITIONS} == CONTRACT


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda c: c.id)
def test_file(condition: Condition) -> None:
    assert condition.check.__module__.rsplit(".", 1)[-1] == condition.id.replace("-", "_")
    assert condition.actions[0] == FIRST[condition.id]
    assert set(condition.actions) <= ACTIONS.keys()
    assert len(set(condition.actions)) == len(condition.actions)
    assert condition.evidence
    assert all(len(meaning) > 8 for meaning in condition.evidence.values())
    assert len(condition.sick) >= 2
    assert set(condition.healthy) - set(HEALTHY), "a near miss of its own is missing"
    assert condition.id not in ("wasted-training", "generalization-gap") or condition.severity == "info"


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda c: c.id)
def test_manual_page(condition: Condition) -> None:
    page = condition.manual
    headings = [line for line in page.splitlines() if line and not line.startswith(" ")][1:]
    assert tuple(headings) == HEADINGS
    parts = re.split("^(?:" + "|".join(HEADINGS) + ")$", page, flags=re.MULTILINE)
    assert all(len(part.strip()) > 40 for part in parts[1:])
    assert re.search(r"\((19|20)\d\d\)", parts[-1]), "a reference with its year"
    assert page.splitlines()[0].endswith(".")
