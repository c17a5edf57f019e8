"""Train a sample of the stored runs again and compare with what is stored."""

from __future__ import annotations

import random
import sys

import numpy as np

from clinic.curves import logged
from clinic.store import ClinicRun, load
from clinic.truth import level

#: largest accepted difference of log-levels of the final loss (other CPUs round differently)
TOLERANCE = 0.05
#: runs whose training is chaotic (large lr) amplify rounding: compared over their first epochs only
EARLY = 2


def _differs(run: ClinicRun, curves: dict[str, object], truth: float) -> str | None:
    """What does not agree, or None."""
    n = EARLY if run.sick else min(8, len(run.raw["train_loss"]))
    old, new = run.raw["train_loss"][:n], np.asarray(curves["train_loss"], float)[:n]
    both = np.isfinite(old) & np.isfinite(new)
    if (np.isfinite(old) != np.isfinite(new)).any():
        return f"train loss is finite at other epochs than the stored one: {old} / {new}"
    if both.any() and not np.allclose(old[both], new[both], rtol=0.05, atol=1e-3):
        return f"train loss of the first epochs: stored {old}, now {new}"
    chance, stored = run.facts["chance"], run.facts["truth"][0]
    if run.healthy and abs(level(stored, chance) - level(truth, chance)) > TOLERANCE:
        return f"final validation loss: stored {stored}, now {truth}"
    return None


def verify(
    sample: int, tasks: list[str] | None = None, seed: int = 0, stored: list[ClinicRun] | None = None
) -> int:
    """Re-train `sample` stored calibration runs (or those given); prints differences,
    returns the exit code."""
    from clinic.programs import WIDEST
    from clinic.train import train_many

    runs = [r for r in (stored or load(final=False)) if tasks is None or r.task in tasks]
    runs = [r for r in runs if r.config.width <= WIDEST[r.family]]  # programs were once compiled wider
    chosen = random.Random(seed).sample(runs, min(sample, len(runs)))
    bad = 0
    for run in chosen:
        result = train_many([run.config])[run.config]
        problem = _differs(run, dict(logged(run.config, result)), result.truth[0])
        print(f"{run.id:<24} {run.fault:<22} {'agrees' if problem is None else problem}")
        bad += problem is not None
    print(f"{len(chosen) - bad} of {len(chosen)} agree", file=sys.stderr)
    return 1 if bad or not chosen else 0
