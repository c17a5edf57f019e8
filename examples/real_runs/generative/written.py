"""Language models of characters, pre-trained and fine-tuned: sound, broken, remedied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from curvedoctor.model import ParamValue, Prescription
from real_runs.generative import language
from real_runs.generative.kind import Draw, Fault, Kind, pick


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
_TOO_LOW = frozenset({"lr-too-low", "not-learning", "undertrained"})
_TOO_FEW = frozenset({"overfitting", "dataset-too-small"})
_FREE: Mapping[str, Any] = {"warmup": 0.0, "clip": 0.0}


def _tuned(text: int, steps: int, lr: float, **others: Any) -> language.Settings:
    return language.Settings(before=1200, text=text, steps=steps, lr=lr, **others)


def _kind(name: str, sound: Draw, **faults: tuple[Draw, frozenset[str]]) -> Kind:
    of = tuple(Fault(fault.replace("_", " "), draw, named) for fault, (draw, named) in faults.items())
    return Kind(name, language.train, sound, of, _text_params, _text_remedied, "eval/loss")


PRETRAINING = _kind(
    "language model, pre-trained",
    _sound_text,
    rate_too_high=(lambda r: language.Settings(lr=pick(r, 0.2, 0.3, 0.5), **_FREE), _TOO_HIGH),
    no_warm_up=(
        lambda r: language.Settings(lr=pick(r, 0.05, 0.1), **_FREE),
        _TOO_HIGH | {"warmup-missing", "exploding-gradient"},
    ),
    rate_too_low=(lambda r: language.Settings(lr=pick(r, 1e-5, 2e-5, 3e-5)), _TOO_LOW),
    stopped_early=(lambda r: language.Settings(steps=pick(r, 150, 200, 300)), _TOO_LOW),
    few_characters=(lambda r: language.Settings(text=pick(r, 1500, 2500), steps=2500), _TOO_FEW),
)
TUNING = _kind(
    "language model, fine-tuned",
    _sound_tuning,
    far_too_many_epochs=(
        lambda r: _tuned(pick(r, 1500, 2500, 4000), 2000, 3e-3, evaluations=10), _TOO_FEW
    ),
    rate_too_high=(lambda r: _tuned(20_000, 800, pick(r, 0.1, 0.2, 0.3), evaluations=8, **_FREE), _TOO_HIGH),
    rate_too_low=(lambda r: _tuned(20_000, 600, pick(r, 1e-7, 3e-7), evaluations=6), _TOO_LOW),
)  # fmt: skip
