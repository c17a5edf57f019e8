"""The features of `vector` in plain words, for the reasons given with a prescription:
each a fact about the run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType

#: least share of wrong answers, and least level as share of a curve's start, that anything is divided by
LEAST_ERROR, LEAST_LEVEL = 1e-3, 1e-4
#: log of the largest fall that features tell: from there on the end is next to nothing
_ALL = -math.log(LEAST_LEVEL) - 1e-6
#: what is told against a level → the fall to it
_AGAINST = {
    **dict.fromkeys(("at10", "at25", "at50", "at75", "first"), "fall"),
    **dict.fromkeys(("rise", "last_rise"), "fall_best"),
}
_CURVES = {
    "train_score": "training error",
    "val_score": "validation error",
    "train": "training loss",
    "step": "training loss per step",
    "val": "validation loss",
    "grad": "gradient norm",
}
#: measure → (what it is about, sentence with {curve} and {value}, unit)
MEASURES = {
    "n": ("points", "the {curve} has {value} points", "power"),
    "fall": ("fall", "the {curve} fell by {value}", "fallen"),
    "fall_best": ("fall", "the {curve} fell by {value} at its best", "fallen"),
    "rise": ("rise", "the {curve} ends {value} above its best level", "above"),
    "last_rise": ("rise", "the {curve} ends {value} above its best level", "above"),
    "best_at": ("best", "the {curve} is best after {value} of the run", "share"),
    "at10": ("course", "after a tenth of the run the {curve} was {value} above its end", "above"),
    "at25": ("course", "after a quarter of the run the {curve} was {value} above its end", "above"),
    "at50": ("course", "half way the {curve} was {value} above its end", "above"),
    "at75": ("course", "after three quarters of the run the {curve} was {value} above its end", "above"),
    "noise": ("noise", "the {curve} fluctuates by ±{value}", "share"),
    "noise_late": ("noise", "the {curve} fluctuates by ±{value} at the end", "share"),
    "noise_turn": ("noise", "the {curve} fluctuates {value} times as much at the end as at the start", "exp"),
    "noise_share": ("noise", "the {curve} fluctuates by {value} of its whole fall", "share"),
    "smooth": ("smoothness", "the {curve} is {value}", "smooth"),
    "slope_late": ("slope", "the {curve} {value} over the last quarter", "slope"),
    "slope_half": ("slope", "the {curve} {value} over the second half", "slope"),
    "slope_z": ("slope", "the {curve} {value} at the end", "slope"),
    "t05": ("pace", "the first 5 % of the fall of the {curve} took {value} of the run", "share"),
    "t50": ("pace", "the first half of the fall of the {curve} took {value} of the run", "share"),
    "t90": ("pace", "nine tenths of the fall of the {curve} took {value} of the run", "share"),
    "jump": ("jumps", "the highest jump of the {curve} is {value} times its noise", "plain"),
    "jumps": ("jumps", "the {curve} jumps {value} times", "count"),
    "jump_ratio": ("jumps", "the highest jump of the {curve} is {value} above its level", "above"),
    "gain_half": ("ahead", "extrapolated, the {curve} would fall by another {value}", "share"),
    "gain_double": ("ahead", "extrapolated, the {curve} would fall by another {value}", "share"),
    "gain_four": ("ahead", "extrapolated, the {curve} would fall by another {value}", "share"),
    "drop": ("drop", "the largest sudden drop of the {curve} is {value}", "share"),
    "drop_at": ("drop", "the largest sudden drop of the {curve} comes after {value} of the run", "share"),
    "bad": ("holes", "{value} of the points of the {curve} are not finite", "share"),
    "bad_at": ("holes", "the {curve} is first not finite after {value} of the run", "share"),
    "bad_tail": ("holes", "the end of the {curve} is {value}", "lost"),
    "first": ("fall", "the {curve} began {value} above its end", "above"),
    "low": ("rise", "the {curve} ends {value} above its best value", "below"),
    "early_fall": ("pace", "the {curve} fell by {value} in the first tenth", "fallen"),
    "mid_fall": ("pace", "the {curve} fell by {value} in the middle half", "fallen"),
    "range": ("range", "the {curve} spans {value} of its level", "share"),
}
#: feature → the same
_OTHERS = {
    "gap_end": ("gap", "validation ends {value} above training", "above"),
    "gap_best": ("gap", "the best validation loss is {value} above the best training loss", "above"),
    "gap_25": ("gap", "after a quarter of the run validation is {value} above training", "above"),
    "gap_50": ("gap", "half way validation is {value} above training", "above"),
    "noise_val_train": ("noise", "validation fluctuates {value} times as much as training", "exp"),
    "val_above": ("gap", "validation is above training for {value} of the run", "share"),
    "loss_per_error": ("certainty", "the validation loss is {value} times the share of wrong answers", "exp"),
    "lr_usual": ("lr", "the learning rate is {value} times what is customary", "power"),
    "lr_last": ("schedule", "the learning rate ends at {value} of its peak", "share"),
    "lr_first": ("schedule", "the learning rate begins at {value} of its peak", "share"),
    "lr_warmup_end": ("schedule", "the warm-up takes {value} of the run", "share"),
    "lr_decay_start": ("schedule", "the learning rate decays after {value} of the run", "share"),
    "lr_dead_from": ("schedule", "the learning rate is next to zero after {value} of the run", "share"),
    "lr_zero": ("schedule", "the learning rate is zero or next to it for {value} of the run", "share"),
    "lr_restarts": ("schedule", "the learning rate restarts {value} times", "count"),
    "lr_falls": ("schedule", "the learning rate is cut {value} times", "count"),
    "lr_peak": ("lr", "the peak learning rate is {value}", "power"),
    "lr_budget": ("budget", "steps times learning rate over the customary one are {value}", "power"),
    "decay_slope": ("schedule", "the loss lost {value} of its pace when the rate decayed", "share"),
    "log_steps": ("budget", "the run has {value} steps", "power"),
    "capacity": ("capacity", "there are {value} weights per training sample", "power"),
    "log_batches": ("budget", "an epoch has {value} batches", "power"),
    "train_error_start": ("answers", "{value} of the training answers are wrong at the start", "share"),
    "train_error_end": ("answers", "{value} of the training answers are wrong at the end", "share"),
    "train_error_best": ("answers", "{value} of the training answers are wrong at best", "share"),
    "train_error_chance": ("answers", "training errors are {value} times a blind guess's", "plain"),
    "val_error_start": ("answers", "{value} of the validation answers are wrong at the start", "share"),
    "val_error_end": ("answers", "{value} of the validation answers are wrong at the end", "share"),
    "val_error_best": ("answers", "{value} of the validation answers are wrong at best", "share"),
    "val_error_chance": ("answers", "validation errors are {value} times a blind guess's", "plain"),
    "train_first_chance": ("first", "the first training loss is {value} of an untrained model's", "ratio"),
    "train_end_chance": ("chance", "the training loss ends at {value} of an untrained model's", "ratio"),
    "val_first_chance": ("first", "the first validation loss is {value} of an untrained model's", "ratio"),
    "val_end_chance": ("chance", "the validation loss ends at {value} of an untrained model's", "ratio"),
}  # fmt: skip
#: hyperparameters that are not named as they are written
_PARAMS = {
    "lr": "the learning rate is {}", "n_train": "there are {} training samples",
    "n_val": "there are {} validation samples",
    "epochs": "the run has {} epochs", "max_steps": "the run has {} steps",
    "n_classes": "there are {} classes",
    "clip_norm": "gradients are clipped at a norm of {}", "loss": "the loss function is {}",
}  # fmt: skip


def number(value: float) -> str:
    """A level as people read it: three significant digits.

    >>> number(0.0123456), number(1234.5), number(2.5e6)
    ('0.0123', '1230', '2.5e+06')
    """
    text = f"{value:.3g}"
    return f"{float(text):.0f}" if 1000 <= abs(float(text)) < 10**6 else text


def facts(
    features: Iterable[tuple[str, float]], most: int, row: Mapping[str, float] = MappingProxyType({})
) -> tuple[str, ...]:
    """At most so many sentences, none about what another one says already, none about what was not logged,
    and no multiple of what is next to nothing by the rest of the `row`."""
    sentences: dict[object, str] = {}
    for name, value in features:
        if _of_nothing(name, value, row):
            continue
        subject, sentence = _fact(name, value)
        if sentence is not None and subject not in sentences and sentence not in sentences.values():
            sentences[subject] = sentence
        if len(sentences) == most:
            break
    return tuple(sentences.values())


def _of_nothing(name: str, value: float, row: Mapping[str, float]) -> bool:
    """Whether a feature is a multiple of what was too small to divide by."""
    if name == "loss_per_error":
        return row.get("val_error_end", 1.0) <= LEAST_ERROR
    if name in ("gap_end", "gap_best"):
        fall = "fall" if name == "gap_end" else "fall_best"
        return row.get(f"train_{fall}", 0.0) >= _ALL or value + row.get(f"val_{fall}", 0.0) >= _ALL
    curve = next((known for known in _CURVES if name.startswith(f"{known}_")), "")
    return row.get(f"{curve}_{_AGAINST.get(name[len(curve) + 1 :])}", 0.0) >= _ALL


def is_ahead(feature: str) -> bool:
    """Whether a feature tells what going on would bring, the rate as it was."""
    return feature.endswith(("_gain_half", "_gain_double", "_gain_four"))


def _fact(name: str, value: float) -> tuple[object, str | None]:
    """What a feature is about, and what it says; None where it says nothing of this run."""
    if math.isnan(value) or name == "judged_loss":
        return name, None
    for prefix, curve in _CURVES.items():
        known = MEASURES.get(name[len(prefix) + 1 :]) if name.startswith(f"{prefix}_") else None
        if known is not None:
            about, sentence, unit = known
            text = _say(value, unit)
            return (prefix, about), None if text is None else sentence.format(curve=curve, value=text)
    if name in _OTHERS:
        about, sentence, unit = _OTHERS[name]
        text = _say(value, unit)
        return about, None if text is None else sentence.format(value=text)
    parameter, _, word = name.removeprefix("log_").partition("=")
    said = word or _say(value, "power" if name.startswith("log_") else "plain")
    plain = _PARAMS.get(parameter, f"the {parameter.replace('_', ' ')} is {{}}")
    return parameter, plain.format(said) if said and (value or not word) else None


def _say(value: float, unit: str) -> str | None:
    """A value in its unit; None where the sentence would say nothing."""
    if unit in ("above", "below"):
        above = math.expm1(min(value if unit == "above" else -value, 50.0))
        return (
            f"{100 * above:.0f} %" if 0.005 <= above < 10 else f"{above:.0f} times" if above >= 10 else None
        )
    if unit == "fallen":
        fallen = 100 * -math.expm1(-min(value, 50.0))
        return f"{fallen:.0f} %" if fallen >= 1 else None
    if unit == "slope":
        return "falls" if value < -0.02 else "rises" if value > 0.02 else "is flat"
    if unit == "smooth":
        return "smooth" if value > 0.5 else "jagged" if value < 0 else None
    if unit == "count":
        return f"{value:.0f}" if value >= 1 else None
    if unit == "lost":
        return "not finite" if value else None
    if unit == "ratio":
        return f"{100 * math.exp(min(value, 50.0)):.0f} %"
    if unit == "share":
        return f"{100 * value:.2g} %" if abs(value) < 0.1 else f"{100 * value:.0f} %"
    base = {"exp": math.e, "power": 10.0}.get(unit)
    return number(value if base is None else base ** min(value, 50.0))
