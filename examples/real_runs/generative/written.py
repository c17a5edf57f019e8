"""Language models of characters, pre-trained and fine-tuned: sound, broken, remedied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from curvedoctor.model import ParamValue, Prescription
from real_runs.generative import language
from real_runs.generative.kind import Fault, Kind, pick


def _sound_text(r: np.random.Generator) -> language.Settings:
    return language.Settings(
        lr=pick(r, 2e-3, 3e-3, 5e-3), warmup=pick(r, 0.05, 0.1), hidden=pick(r, 64, 96), steps=2500
    )


def _sound_tuning(r: np.random.Generator) -> language.Settings:
    return language.Settings(
        before=1200,
        text=pick(r, 20_000, 40_000),
        steps=pick(r, 800, 1200),
        lr=pick(r, 2e-3, 3e-3),
        warmup=0.1,
        evaluations=pick(r, 6, 10),
    )


def _text_remedied(of: language.Settings, first: Prescription) -> language.Settings | None:
    if first.action in ("lower-lr", "raise-lr") and isinstance(first.proposed, float):
        return replace(of, lr=first.proposed)
    changed: Mapping[str, dict[str, Any]] = {
        "train-longer": {"steps": 2 * of.steps}, "clip-gradients": {"clip": first.proposed or 1.0},
        "regularize": {"decay": 0.1}, "more-data": {"text": 4 * of.text}, "add-warmup": {"warmup": 0.1},
    }  # fmt: skip
    return replace(of, **changed[first.action]) if first.action in changed else None


def _text_params(of: language.Settings) -> Mapping[str, ParamValue]:
    known: dict[str, ParamValue] = {
        "lr": of.lr,
        "optimizer": "adamw",
        "batch_size": language.BATCH,
        "max_steps": of.steps,
    }
    return {**known, "init": "pretrained"} if of.before else known


_TOO_HIGH = frozenset({"lr-too-high", "divergence", "loss-spikes", "collapsed", "non-finite"})
PRETRAINING = Kind(
    "language model, pre-trained",
    language.train,
    _sound_text,
    (
        Fault(
            "rate too high",
            lambda r: language.Settings(lr=pick(r, 0.2, 0.3, 0.5), warmup=0.0, clip=0.0),
            _TOO_HIGH,
        ),
        Fault(
            "rate too low",
            lambda r: language.Settings(lr=pick(r, 1e-5, 2e-5, 3e-5)),
            frozenset({"lr-too-low", "not-learning", "undertrained"}),
        ),
    ),
    _text_params,
    _text_remedied,
    "eval/loss",
)
TUNING = Kind(
    "language model, fine-tuned",
    language.train,
    _sound_tuning,
    (
        Fault(
            "far too many epochs",
            lambda r: language.Settings(
                before=1200, text=pick(r, 1500, 2500, 4000), steps=2000, lr=3e-3, evaluations=10
            ),
            frozenset({"overfitting", "dataset-too-small"}),
        ),
        Fault(
            "rate too low",
            lambda r: language.Settings(
                before=1200, text=20_000, steps=600, lr=pick(r, 1e-7, 3e-7), evaluations=6
            ),
            frozenset({"lr-too-low", "not-learning"}),
        ),
    ),
    _text_params,
    _text_remedied,
    "eval/loss",
)
