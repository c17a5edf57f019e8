"""Logs as people write them: a stored run rendered by somebody's habits.

Whoever logs decides how many points there are, whether and how often there is
a validation, in which unit, which hyperparameters are kept, and when to stop
watching. Each copy of a run is written by somebody else, the same each time.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from clinic.draw import Draw
from clinic.render import LEVELS, SOME, STYLES, Curves, loss_tags, render

if TYPE_CHECKING:
    from clinic.store import ClinicRun, Curve

#: fewest points of a curve that is thinned or cut
FEWEST = 3
#: a run that was killed had at least this share of its training behind it
EARLIEST = 0.25


@dataclass(frozen=True)
class Habit:
    """How somebody logs. The defaults: everything, as it comes."""

    style: str = "keras"
    level: str = "full"  #: of hyperparameters: full, some, none, wrong
    points: int = 0  #: at most so many points a curve; 0: all
    every: int = 1  #: validates every so-manieth epoch
    killed: float = 1.0  #: share of the training after which it was stopped from outside
    only: str = ""  #: train, validation: one of the two losses is missing; step: no value per epoch
    running: bool = False  #: step values are means since the epoch began
    unit: str = ""  #: percent, error (1 − accuracy), perplexity


def drawn(run: ClinicRun, copy: int) -> Habit:
    """The habit of whoever writes this copy of the run."""
    d = Draw(np.random.default_rng([zlib.crc32(run.id.encode()), copy]))
    kept = run.config.probe or run.config.log_fault  # what these are about must stay visible
    habit = Habit(
        style=d.pick(list(STYLES)), level=d.pick((*LEVELS, "full", "wrong")),
        points=int(d.rng.integers(FEWEST, 16)) if d.chance(0.4) else 0,
        every=d.pick((1, 1, 1, 2, 5, 10)),
        killed=round(float(d.rng.uniform(EARLIEST, 0.95)), 2) if d.chance(0.15) else 1.0,
        only=d.pick(("",) * 12 + ("train", "train", "validation", "step")), running=d.chance(0.2),
        unit=d.pick(("", "", "", "percent", "error", "perplexity")),
    )  # fmt: skip
    return replace(habit, points=0, every=1, killed=1.0, only="", running=False) if kept else habit


def written(run: ClinicRun, habit: Habit) -> tuple[Curves, dict[str, Any]]:
    """Curves and hyperparameters as this habit leaves them."""
    curves, params = render(run, habit.style, "full" if habit.level == "wrong" else habit.level)
    losses = loss_tags(habit.style, curves)
    if habit.running and "step_loss" in run.raw:
        curves = {t: _running(run, c) if _per_step(t, c, run) else c for t, c in curves.items()}
    curves = {t: _cut(c, habit.killed) for t, c in curves.items()}
    if habit.every > 1:
        curves = {t: _seldom(c, habit.every) if _validation(t) else c for t, c in curves.items()}
    curves = _left_out(run, curves, losses, habit.only)
    if habit.points:
        curves = {t: _thin(c, habit.points) for t, c in curves.items()}
    curves = _in_units(run, curves, losses, habit.unit)
    return curves, _wrong(run, params) if habit.level == "wrong" else params


def _validation(tag: str) -> bool:
    return "val" in tag.lower() or tag.startswith("metrics/")


def _per_step(tag: str, curve: Curve, run: ClinicRun) -> bool:
    return "loss" in tag.lower() and not _validation(tag) and len(curve[0]) == len(run.raw["step_loss"])


def _cut(curve: Curve, share: float) -> Curve:
    n = max(FEWEST, math.ceil(share * len(curve[0])))
    return curve[0][:n], curve[1][:n]


def _seldom(curve: Curve, every: int) -> Curve:
    """Every so-manieth point, as far as enough of them are left; the first is after that many epochs."""
    every = max(1, min(every, len(curve[0]) // FEWEST))
    return curve[0][every - 1 :: every], curve[1][every - 1 :: every]


def _thin(curve: Curve, points: int) -> Curve:
    if len(curve[0]) <= points:
        return curve
    at = np.linspace(0, len(curve[0]) - 1, points).round().astype(int)
    return curve[0][at], curve[1][at]


def _running(run: ClinicRun, curve: Curve) -> Curve:
    """Means since the epoch began (they start again with every epoch)."""
    steps, values = curve
    epoch = (steps // run.config.steps_per_epoch).astype(int)
    out = np.array(values, dtype=np.float64)
    for e in np.unique(epoch):
        inside = epoch == e
        out[inside] = np.cumsum(out[inside]) / np.arange(1, inside.sum() + 1)
    return steps, out


def _left_out(run: ClinicRun, curves: Curves, losses: tuple[str, str], only: str) -> Curves:
    if only == "train":
        return {t: c for t, c in curves.items() if not _validation(t)} or curves
    if only == "validation":
        return {t: c for t, c in curves.items() if _validation(t)} or curves
    steps = [t for t, c in curves.items() if "step_loss" in run.raw and _per_step(t, c, run)]
    if only == "step" and steps:
        return {t: c for t, c in curves.items() if t in steps or "lr" in t.lower() or "grad" in t}
    return curves


def _in_units(run: ClinicRun, curves: Curves, losses: tuple[str, str], unit: str) -> Curves:
    entropy = str(run.facts.get("loss_name")) in ("cross_entropy", "bce")
    out: Curves = {}
    for tag, (steps, values) in curves.items():
        low = tag.lower()
        if unit in ("percent", "error") and "acc" in low:
            error = unit == "error"
            name = _renamed(tag, ("accuracy", "Accuracy", "acc"), "error") if error else tag
            out[name] = steps, 1 - values if error else 100 * values
        elif unit == "perplexity" and entropy and tag in losses:
            with np.errstate(over="ignore"):
                out[_renamed(tag, ("loss", "Loss"), "perplexity")] = steps, np.exp(values)
        else:
            out[tag] = steps, values
    return out


def _renamed(tag: str, old: tuple[str, ...], new: str) -> str:
    found = next((o for o in old if o in tag), None)
    return tag.replace(found, new) if found else tag


def _wrong(run: ClinicRun, params: dict[str, Any]) -> dict[str, Any]:
    """A file that was copied from another project and never kept up to date."""
    d = Draw(np.random.default_rng([zlib.crc32(run.id.encode()), 99]))
    stale = {"lr": d.log(1e-5, 0.1), "batch_size": d.pick((8, 32, 128, 512)),
        "epochs": d.pick((3, 50, 100, 500)),
             "optimizer": d.pick(("sgd", "adam", "adamw")),
             "weight_decay": d.pick((0.0, 1e-4, 0.01))}  # fmt: skip
    wrong = set(d.rng.permutation([k for k in (*SOME, "weight_decay") if k in params])[:2])
    return params | {k: v for k, v in stale.items() if k in wrong}


def seen(run: ClinicRun, habit: Habit) -> ClinicRun:
    """The run with the truth of what this log shows: one that was killed has its rest still before it."""
    if habit.killed >= 1.0 or "val_loss" not in run.raw or not run.verdicts:
        return run
    values = run.raw["val_loss"].astype(np.float64)
    at = max(FEWEST, math.ceil(habit.killed * len(values)))
    if at >= len(values) or not np.isfinite(values).all():
        return run
    now, end, best = values[at - 1], values[-1], values[:at].min()
    verdicts = run.verdicts | {
        "train-longer": _worth(now, end, run.verdicts.get("train-longer", False)),
        "stop-early": _worth(now, best, False),
    }
    sick = any(v is True for v in verdicts.values())
    return replace(run, verdicts=verdicts, healthy=False if sick else run.healthy)


def _worth(now: float, then: float, otherwise: bool | None) -> bool | None:
    """Whether going from one loss to the other is a help; in between, nothing is said."""
    gain = 1 - then / now if now > 0 else 0.0
    return True if gain >= 0.1 else otherwise if gain < 0.05 else None
