"""The features of `vector` in plain words, for the reasons given with a prescription."""

from __future__ import annotations

import math

_CURVES = {
    "train_score": "the training score's",
    "val_score": "the validation score's",
    "train": "the training loss's",
    "step": "the per-step training loss's",
    "val": "the validation loss's",
    "grad": "the gradient norm's",
}
MEASURES = {
    "n": ("number of points is", "power"),
    "fall": ("fall over the run is a factor", "exp"),
    "fall_best": ("fall to its best is a factor", "exp"),
    "rise": ("end over its best is a factor", "exp"),
    "last_rise": ("last value over its best is a factor", "exp"),
    "best_at": ("best level is at", "share"),
    "at10": ("level after 10 % over its end is a factor", "exp"),
    "at25": ("level after 25 % over its end is a factor", "exp"),
    "at50": ("level half way over its end is a factor", "exp"),
    "at75": ("level after 75 % over its end is a factor", "exp"),
    "noise": ("noise is", "share"),
    "noise_late": ("noise at the end is", "share"),
    "noise_turn": ("noise at the end over that at the start is a factor", "exp"),
    "noise_share": ("noise as a share of its whole fall is", "share"),
    "smooth": ("correlation of successive changes is", "plain"),
    "slope_late": ("slope over the last quarter is", "plain"),
    "slope_half": ("slope over the second half is", "plain"),
    "slope_z": ("slope at the end in units of noise is", "plain"),
    "t05": ("first 5 % of its fall took", "share"),
    "t50": ("first half of its fall took", "share"),
    "t90": ("first 90 % of its fall took", "share"),
    "jump": ("highest jump in units of noise is", "plain"),
    "jumps": ("number of jumps is", "plain"),
    "jump_ratio": ("highest jump over its level is a factor", "exp"),
    "gain_half": ("extrapolated gain of running half as long again is", "share"),
    "gain_double": ("extrapolated gain of running twice as long is", "share"),
    "gain_four": ("extrapolated gain of running four times as long is", "share"),
    "drop": ("largest sudden drop is", "share"),
    "drop_at": ("largest sudden drop is at", "share"),
    "bad": ("share of non-finite points is", "share"),
    "bad_at": ("first non-finite point is at", "share"),
    "bad_tail": ("end is not finite:", "plain"),
    "first": ("first value over its end is a factor", "exp"),
    "low": ("lowest value over its end is a factor", "exp"),
    "early_fall": ("fall over the first tenth is a factor", "exp"),
    "mid_fall": ("fall between a quarter and three quarters is a factor", "exp"),
    "range": ("range as a share of its level is", "share"),
}
_OTHERS = {
    "gap_end": ("validation over training loss at the end is a factor", "exp"),
    "gap_best": ("best validation over best training loss is a factor", "exp"),
    "gap_25": ("validation over training loss after a quarter is a factor", "exp"),
    "gap_50": ("validation over training loss half way is a factor", "exp"),
    "noise_val_train": ("noise of validation over that of training is a factor", "exp"),
    "val_above": ("share of the run with validation above training is", "share"),
    "loss_per_error": ("validation loss per share of errors is a factor", "exp"),
    "lr_usual": ("the lr over what is customary for the optimizer is a factor", "power"),
    "lr_last": ("final over peak lr is", "plain"),
    "lr_first": ("first over peak lr is", "plain"),
    "lr_warmup_end": ("the warm-up lasts", "share"),
    "lr_decay_start": ("the lr starts to decay at", "share"),
    "lr_dead_from": ("the lr is below 1 % of its peak from", "share"),
    "lr_zero": ("the lr is zero for", "share"),
    "lr_restarts": ("restarts of the lr:", "plain"),
    "lr_falls": ("sudden falls of the lr:", "plain"),
    "lr_peak": ("the peak lr is", "power"),
    "decay_slope": ("progress lost at the decay is", "plain"),
    "log_steps": ("the number of steps is", "power"),
    "lr_budget": ("steps times the lr over what is customary are", "power"),
    "capacity": ("squared width times depth over training samples is", "power"),
    "log_batches": ("batches per epoch are", "power"),
}


def in_words(name: str, value: float) -> str:
    """A feature and its value as a reader understands it: `the lr over … is a factor 0.01`."""
    for prefix in ("train_score", "val_score", "train", "step", "val", "grad"):
        measure = MEASURES.get(name[len(prefix) + 1 :]) if name.startswith(f"{prefix}_") else None
        if measure is not None:
            phrase, unit = measure
            return f"{_CURVES[prefix]} {phrase} {_say(value, unit)}"
    if name in _OTHERS:
        phrase, unit = _OTHERS[name]
        return f"{phrase} {_say(value, unit)}"
    if name.startswith("log_"):
        return f"{name[4:]} is {_say(value, 'power')}"
    if "=" in name:
        parameter, word = name.split("=", 1)
        return f"{parameter} is {'not known' if math.isnan(value) else word if value else 'not ' + word}"
    return f"{name.replace('_', ' ')} is {_say(value, 'plain')}"


def _say(value: float, unit: str) -> str:
    if math.isnan(value):
        return "not logged"
    if unit == "exp":
        return f"{math.exp(min(value, 50.0)):.3g}"
    if unit == "power":
        return f"{10 ** min(value, 50.0):.3g}"
    if unit == "share":
        return f"{100 * value:.0f} %"
    return f"{value:.3g}"
