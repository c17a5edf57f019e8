"""The gradient is so noisy that the loss swings from point to point: batches are too small for the step size.

Why it matters
    The loss swings from step to step and the weights with it: a batch several times larger settles
    lower, or allows a larger learning rate.

How it decides
    The validation loss swings from point to point by 12 % of its best value or more at the end of the
    run, ends at least 10 % above that value, and the swing is no matter of too few validation samples:
    which checkpoint is kept is chance. Or the training loss per step fluctuates by half of its
    level or more around a flat tail, without rhythm, the logged batch size is 4 or less, and what
    validation is logged has stopped improving. A swing below 1 % of an untrained model's loss is of no
    consequence, nor one while 95 % of the answers are right.

What to try
    A batch four times larger, or gradients accumulated over four, or a lower learning rate: both shrink
    the noise. Where batches are not small already, the rate comes first; decaying it calms the end.

When it is wrong
    Fluctuation of the loss that is logged per step is in part the samples' own difficulty, and
    harmless: most sound runs with small batches look like this. Noise that
    shrinks with 1/√batch from run to run proves it.

References
    McCandlish et al. (2018), An empirical model of large-batch training. Keskar et al. (2017), On
    large-batch training for deep learning.
"""

from __future__ import annotations

import math

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, number, percent, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.measurement.few_samples import few_samples
from curvedoctor.conditions.measurement.held_out import badly_held
from curvedoctor.conditions.measures.shape import flat, mean, name, relative, why_unjudgeable
from curvedoctor.conditions.measures.sways import swayed_by_few
from curvedoctor.conditions.measures.swing import at_rest, swings_from
from curvedoctor.conditions.measures.turn import serves, untrained
from curvedoctor.features import told
from curvedoctor.features.blocks import median
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged

ID = "noisy-batches"


#: swing of validation that matters, as share of its best value, and how far it must end above that
SWING, ABOVE = 0.12, 0.1
#: and as share of the level it swings around at the end: a curve that has climbed swings little
SWING_OF_END = 0.06
#: swings below this share of an untrained model's loss (of a score: of all answers) are of no consequence
MATTERS, POINTS = 0.01, 0.02
#: points from which on a swing can be told
MIN_POINTS = 5
#: batches up to this size are what to change first
SMALL = 16
#: fluctuation per step, relative to its level, and batch sizes that explain it
STEP_NOISE, TINY = (0.3, 0.5), (8.0, 4.0)


def check(case: Case) -> Finding | Unjudged | None:
    reason = why_unjudgeable(case, MIN_POINTS)
    if reason is not None:
        return unjudged(ID, reason)
    size, val = case.number("batch_size"), case.val
    swings = _swings(case, val, size) if val is not None and val.stats.n >= MIN_POINTS else None
    if swings is not None:
        return swings
    if size is None:
        return unjudged(ID, "the batch size is not logged")
    return _steps(case, size)


def _swings(case: Case, val: Series, size: float | None) -> Finding | None:
    swing, k, m = val.stats.noise_late, val.best_index, max(1, len(val.y) // 10)
    best, end = float(val.y[k]), median(val.y[-m:])
    if not k or end - best < ABOVE * abs(best) or swing < max(SWING * abs(best), SWING_OF_END * abs(end)):
        return None
    least = POINTS if val.ceiling is not None else MATTERS * untrained(case, val)
    if (
        swing < least
        or serves(case)
        or at_rest(case)
        or badly_held(case)
        or isinstance(few_samples(case), Finding)
        or swayed_by_few(case) >= REPORT_FROM
    ):
        return None
    share, since = relative(swing, best), swings_from(val)
    small = size is not None and size <= SMALL
    of = f" with batches of {size:g}" if size else ""
    return finding(
        ID, "warning", 0.75 + 0.2 * ramp(share, SWING, 3 * SWING), val,
        f"From {val.at_step(since)} on the {name(val)} swings by ±{number(swing * val.scale)}{of} and ends "
        f"at {told.last(val, end, over=best)}; its best is {number(val.logged(best))}.",
        at=since, others=(case.coarsest_train,),
        actions=("bigger-batch", "lower-lr", "decay-lr") if small else ("lower-lr", "bigger-batch",
            "decay-lr"),
        noise=share, batch_size=size,
    )  # fmt: skip


def _steps(case: Case, size: float) -> Finding | None:
    s = case.train_step
    if s is None or _improves(case.val):
        return None
    noise = relative(s.stats.noise_late, mean(s, 0.67, 1.0))
    confidence = 0.8 * ramp(math.log2(max(size, 1)), *map(math.log2, TINY)) * ramp(noise, *STEP_NOISE)
    confidence *= float(flat(s, 0.6, 0.1)) * ramp(s.stats.smoothness, 0.0, -0.3)
    if confidence < REPORT_FROM:
        return None
    return finding(
        ID, "warning", confidence, s,
        f"The {name(s)} fluctuates by ±{percent(noise)} of its level from point to point in "
        f"batches of {size:g}.",
        others=(case.val,), onset=0.0, noise=noise, batch_size=size,
    )  # fmt: skip


def _improves(val: Series | None) -> bool:
    """Whether validation ends at its best value."""
    return val is not None and val.best_index == len(val.y) - 1


def _tiny(rng: np.random.Generator) -> Run:
    return run({"batch_size": 2}, train_loss_step=falling(rng, 600, 2.3, 0.8, 10, 0.7))


def _one_by_one(rng: np.random.Generator) -> Run:
    return run({"batch_size": 1, "lr": 0.01}, train_loss_step=falling(rng, 1000, 2.3, 0.8, 10, 0.7))


def _swinging(rng: np.random.Generator) -> Run:
    """No two checkpoints alike, and the last is not among the best."""
    val = falling(rng, 24, 2.3, 0.8, 8, 0.25)
    val[[12, -3, -2, -1]] = 0.5, 0.7, 1.1, 0.9
    return run({"lr": 0.3, "n_val": 3000}, train_loss=falling(rng, 24, 2.3, 0.7, 8, 0.15), val_loss=val)


def _usual(rng: np.random.Generator) -> Run:
    return run(
        {"batch_size": 64}, train_loss_step=falling(rng, 600, 2.3, 0.8, 10, 0.35), val_loss=falling(rng, 30)
    )


CONDITION = Condition(
    id=ID,
    title="noisy steps: batches too small",
    severity="warning",
    actions=("bigger-batch", "lower-lr", "decay-lr"),
    check=check,
    networks_only=True,
    evidence={
        "noise": "σ from point to point over the last third, relative to the level (of validation: to "
        "its best value)",
        "batch_size": "samples per batch; null if not logged",
    },
    sick=(_tiny, _one_by_one, _swinging),
    healthy=(*HEALTHY, _usual),
)
