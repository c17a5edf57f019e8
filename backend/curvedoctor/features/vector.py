"""A run as a row of numbers, for the statistical model: unit-free, NaN where the log does not say."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from curvedoctor.features.case import Case, build
from curvedoctor.features.chance import chance_error, expected_first_loss
from curvedoctor.features.rates import decades_below_usual, optimizer
from curvedoctor.features.sentences import LEAST_ERROR, LEAST_LEVEL, MEASURES
from curvedoctor.features.series import Series
from curvedoctor.model import Floats, Run

NAN = math.nan
#: of a feature
DECIMALS = 9
_LOGS = ("lr", "batch_size", "epochs", "n_train", "n_val", "width", "n_classes", "weight_decay", "max_steps")
_PLAIN = ("dropout", "depth", "momentum", "clip_norm", "warmup_ratio", "label_smoothing")
_FLAGS = {
    "optimizer": ("sgd", "momentum", "adam", "rmsprop"),
    "activation": ("relu", "sigmoid", "tanh"),
    "loss": ("cross-entropy", "bce", "mse", "hinge"),
    "schedule": ("constant", "step", "cosine", "linear", "exponential", "one-cycle"),
    "model": ("linear", "mlp", "cnn", "rnn", "transformer", "autoencoder"),
}


def vector(case: Case) -> dict[str, float]:
    """All features of one run by name."""
    row: dict[str, float] = {}
    for prefix, series in (
        ("train", case.coarsest_train),
        ("step", case.train_step),
        ("val", case.val),
        ("train_score", case.train_score),
        ("val_score", case.val_score),
        ("grad", case.grad_norm),
    ):
        row.update(_series(prefix, series))
    row.update(_between(case))
    row.update(_schedule(case))
    row.update(_params(case))
    row["judged_loss"] = float(case.judged_quantity == "loss")
    return row


@cache
def names() -> tuple[str, ...]:
    """The features' names, in the order of a row."""
    empty = build([Run(name="", source="", group="", curves=())])[0]
    return tuple(vector(empty))


def matrix(cases: list[Case]) -> Floats:
    """Rows for many cases, shape (n, len(names())).

    What a processor's way of adding up leaves behind the ninth decimal is no feature: a tree that splits
    between 0 and 1e-16 would judge by it.
    """
    keys = names()
    rows = []
    for case in cases:
        row = vector(case)
        rows.append([row[k] for k in keys])
    return np.round(np.array(rows, dtype=np.float64).reshape(len(cases), len(keys)), DECIMALS)


def ratio(a: float, b: float, floor: float) -> float:
    """log(a / b) with both kept above `floor`; sign-safe: NaN where there is no scale."""
    if not floor > 0:
        return NAN
    return math.log(max(a, floor) / max(b, floor))


def _clipped(value: float, low: float, high: float) -> float:
    """`np.clip` of one number; NaN stays."""
    return min(max(value, low), high)


def _series(prefix: str, s: Series | None) -> dict[str, float]:
    if s is None:
        return dict.fromkeys(_measures(prefix), NAN)
    t = s.stats
    shift = min(0.0, t.low)  # a curve that goes below zero is measured from its lowest point
    scale = max(abs(t.start - shift), abs(t.end - shift), 1e-300)
    floor = LEAST_LEVEL * scale
    end = max(t.end - shift, floor)
    spread = max(t.start - t.best, 1e-3 * scale)
    values = (
        math.log10(max(t.n, 1)),
        ratio(t.start - shift, end, floor),
        ratio(t.start - shift, t.best - shift, floor),
        ratio(end, t.best - shift, floor),
        ratio(t.last - shift, t.best - shift, floor),
        t.best_at,
        ratio(t.at10 - shift, end, floor),
        ratio(t.at25 - shift, end, floor),
        ratio(t.at50 - shift, end, floor),
        ratio(t.at75 - shift, end, floor),
        min(t.noise / end, 1e3),
        min(t.noise_late / end, 1e3),
        ratio(t.noise_late, t.noise_early, 1e-6 * scale),
        min(t.noise_late / spread, 1e3),
        t.smoothness,
        _clipped(t.slope_late / end, -1e3, 1e3),
        _clipped(t.slope_half / end, -1e3, 1e3),
        _clipped(t.slope_late / max(t.noise_late, 1e-6 * scale), -1e3, 1e3),
        t.t05,
        t.t50,
        t.t90,
        min(t.jump, 1e6),
        t.jumps,
        math.log1p(max(t.jump_ratio, 0.0)),
        t.gain_half,
        t.gain_double,
        t.gain_four,
        _clipped(t.drop, -10, 1),
        t.drop_at,
        t.bad,
        t.bad_at,
        t.bad_tail,
        ratio(t.first - shift, end, floor),
        ratio(t.low - shift, end, floor),
        ratio(t.start - shift, t.at10 - shift, floor),
        ratio(t.at25 - shift, t.at75 - shift, floor),
        min((t.top - t.low) / scale, 1e3),
    )
    return dict(zip(_measures(prefix), values, strict=True))


@cache
def _measures(prefix: str) -> tuple[str, ...]:
    return tuple(f"{prefix}_{k}" for k in MEASURES)


def _between(case: Case) -> dict[str, float]:
    """Training against validation, loss against accuracy, loss against chance."""
    train, val = case.coarsest_train, case.val
    out = dict.fromkeys(("gap_end", "gap_best", "gap_25", "gap_50", "noise_val_train", "val_above"), NAN)
    if train is not None and val is not None:
        a, b = train.stats, val.stats
        floor = LEAST_LEVEL * max(abs(a.start), abs(b.start), 1e-300)
        out["gap_end"] = ratio(b.end, a.end, floor)
        out["gap_best"] = ratio(b.best, a.best, floor)
        out["gap_25"] = ratio(b.at25, a.at25, floor)
        out["gap_50"] = ratio(b.at50, a.at50, floor)
        out["noise_val_train"] = ratio(b.noise, a.noise, 1e-2 * floor)
        out["val_above"] = float(np.mean(val.grid > train.grid))
    for name, s in (("train_error", case.train_score), ("val_error", case.val_score)):
        out[f"{name}_start"] = NAN if s is None else s.stats.start
        out[f"{name}_end"] = NAN if s is None else s.stats.end
        out[f"{name}_best"] = NAN if s is None else s.stats.best
        chance = chance_error(case)
        out[f"{name}_chance"] = NAN if s is None or chance is None else s.stats.end / chance
    first = expected_first_loss(case)
    for name, s in (("train", train), ("val", val)):
        known = s is not None and first is not None
        out[f"{name}_first_chance"] = (
            ratio(s.stats.first, first, 1e-3 * first) if known and s and first else NAN
        )
        out[f"{name}_end_chance"] = ratio(s.stats.end, first, 1e-3 * first) if known and s and first else NAN
    score = case.val_score
    both = val is not None and score is not None
    out["loss_per_error"] = (
        ratio(val.stats.end, score.stats.end, LEAST_ERROR) if both and val and score else NAN
    )
    return out


def _schedule(case: Case) -> dict[str, float]:
    keys = (
        "lr_last lr_first lr_warmup_end lr_decay_start lr_dead_from lr_zero lr_restarts "
        "lr_falls lr_peak decay_slope"
    )
    out = dict.fromkeys(keys.split(), NAN)
    schedule = case.schedule
    if schedule is None:
        return out
    out.update(
        lr_last=max(schedule.last / schedule.peak, 1e-6),
        lr_first=max(schedule.first / schedule.peak, 1e-6),
        lr_warmup_end=schedule.warmup_end,
        lr_decay_start=schedule.decay_start,
        lr_dead_from=schedule.dead_from,
        lr_zero=schedule.zero,
        lr_restarts=float(schedule.restarts),
        lr_falls=float(len(schedule.falls)),
        lr_peak=math.log10(schedule.peak),
    )
    s = case.primary
    if s is not None and 0.05 < schedule.decay_start < 0.9:
        cut = int(schedule.decay_start * len(s.grid))
        width = max(2, cut // 2)
        before = float(s.grid[max(0, cut - width)] - s.grid[cut])
        after = float(s.grid[cut] - s.grid[min(len(s.grid) - 1, cut + width)])
        scale = max(abs(float(s.grid[cut])), 1e-300)
        out["decay_slope"] = float(np.clip((before - after) / scale, -10, 10))
    return out


def _params(case: Case) -> dict[str, float]:
    out: dict[str, float] = {}
    for name in _LOGS:
        value = case.number(name)
        out[f"log_{name}"] = math.log10(max(value, 1e-8)) if value is not None and value >= 0 else NAN
    for name in _PLAIN:
        value = case.number(name)
        out[name] = value if value is not None else NAN
    for name, words in _FLAGS.items():
        word = optimizer(case) if name == "optimizer" else case.word(name)
        for known in words:
            out[f"{name}={known}"] = NAN if word is None else float(word == known or known == _family(word))
    below = decades_below_usual(case)
    out["lr_usual"] = NAN if below is None else -below
    epochs, n, batch = case.number("epochs"), case.number("n_train"), case.number("batch_size")
    out["log_steps"] = math.log10(max(epochs * n / batch, 1)) if epochs and n and batch else NAN
    steps, width, depth = out["log_steps"], case.number("width"), case.number("depth")
    out["lr_budget"] = out["lr_usual"] + steps
    out["capacity"] = math.log10(max(width, 1) ** 2 * max(depth or 1, 1) / n) if width and n else NAN
    out["log_batches"] = math.log10(max(n / batch, 1e-3)) if n and batch else NAN
    return out


def _family(word: str) -> str:
    """adamw, nadam, radam … behave as adam here."""
    return "adam" if "adam" in word else word
