"""Logs of real small runs (`examples/real_runs/generative`, seed 0) are diagnosed as what they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from curvedoctor import diagnose_curves
from curvedoctor.model import ParamValue

LOGS = Path(__file__).parent.parent / "data" / "generative"
#: log → what it was trained with, and the conditions of which one must be named; none: sound
RUNS: dict[str, tuple[dict[str, ParamValue], set[str]]] = {
    "adversarial-pair-sound-0": ({"optimizer": "adam"}, set()),
    "adversarial-pair-discriminator-wins-0": ({"optimizer": "adam"}, {"adversary-dominates"}),
    "adversarial-pair-generator-wins-0": ({"optimizer": "adam"}, {"adversary-dominates"}),
    "variational-autoencoder-sound-0": ({"optimizer": "adam", "lr": 2e-3}, set()),
    "variational-autoencoder-posterior-collapse-0": ({"optimizer": "adam", "lr": 2e-3}, {"over-regularized"}),
    "variational-autoencoder-rate-too-high-0": ({"optimizer": "adam", "lr": 0.1},
        {"lr-too-high", "divergence"}),
    "language-model-pre-trained-sound-0": ({"optimizer": "adamw"}, set()),
    "language-model-pre-trained-rate-too-high-0": ({"optimizer": "adamw"}, {"lr-too-high"}),
    "language-model-pre-trained-rate-too-low-0": ({"optimizer": "adamw"}, {"lr-too-low"}),
    "language-model-fine-tuned-sound-0": ({"optimizer": "adamw", "init": "pretrained"}, set()),
    "language-model-fine-tuned-far-too-many-epochs-0": ({"optimizer": "adamw", "init": "pretrained"},
        {"overfitting"}),
    "language-model-fine-tuned-rate-too-low-0": ({"optimizer": "adamw", "init": "pretrained"},
        {"lr-too-low"}),
}  # fmt: skip


@pytest.mark.parametrize("log", RUNS)
def test_real_runs(log: str) -> None:
    params, named = RUNS[log]
    diagnosis = diagnose_curves(str(LOGS / f"{log}.csv"), params=params)
    sick = {f.condition for f in diagnosis.findings if f.severity != "info"}
    if not named:
        assert diagnosis.verdict == "healthy", (sick, diagnosis.reason)
    else:
        # a discriminator that wins is information while the KID that was logged is still at its best
        assert {f.condition for f in diagnosis.findings} & named
        assert sick & named or log == "adversarial-pair-discriminator-wins-0"


def test_every_log_is_asked_for() -> None:
    assert {path.stem for path in LOGS.glob("*.csv")} == set(RUNS)
