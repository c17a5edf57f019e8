"""The loss jumps up at isolated points.

Why it matters
    Each spike is a step that went wrong: a batch with an outlier, a gradient that exploded, a
    denominator near zero in the optimizer. Most recover; each costs time, and one day one does not.

How it decides
    Single points stand out above the level around them: by more than six times the local noise (of
    the logarithm: batch noise is skewed) and by half of the level or more, and the loss comes back
    afterwards. The first twentieth of the run is not looked at. Only upward jumps count: a loss that drops
    when the learning rate does is fine. It is a warning where it happens three times (twice, if to four times
    the level) and takes hold: the curve is a mean over epochs, or half of the spikes last for two points or
    more, or leave the level higher than it was, or one reaches ten times the level and more than the run
    started from. Single high batches after which the level is what it was before are worth knowing, no more:
    batches differ in difficulty.

    A jump by a tenth or more, far beyond the noise, from one point to the next, of which the
    run makes good less than four fifths by its end, is a spike that did not recover. A single jump back
    to where the run began, which it makes good no sooner than in a twentieth of its length, is a warning too:
    all that had been learnt was lost, as when a run goes on without its weights.

What to try
    Clip the gradient norm at its usual level; lower the peak learning rate, or β₂ of Adam; look at
    the batches at which it happened.

When it is wrong
    Spikes at the same place of every epoch come from the data's order (uneven-batches). Warm
    restarts of the learning rate raise the loss on purpose, for longer than a spike. A
    second task that begins as high as the first looks like weights that were lost.

References
    Chowdhery et al. (2022), PaLM, section 5.1. Pascanu, Mikolov and Bengio (2013), On the difficulty of
    training recurrent neural networks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from curvedoctor.conditions.base import (
    REPORT_FROM,
    Condition,
    finding,
    number,
    ramp,
    unjudged,
)
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.measures.shape import name, why_unjudgeable
from curvedoctor.conditions.stability.recovered import ID, lost_all, recovered
from curvedoctor.conditions.stability.step_up import StepUp, step_up
from curvedoctor.features.blocks import median, medians
from curvedoctor.features.case import Case
from curvedoctor.features.resample import GRID
from curvedoctor.features.series import Series
from curvedoctor.features.statistics import MAD_TO_SIGMA
from curvedoctor.model import Finding, Floats, Ints, Run, Severity, Unjudged

Bools = npt.NDArray[np.bool_]

#: height of a spike above the local level: in local noise of its logarithm, and as share of the level
SIGMAS, SHARE = 6.0, 0.5
#: spikes that are many; height (share above the level) of which one less is;
#: and that no difficult batch explains
OFTEN, HIGH, EXTREME = 3, 3.0, 9.0
#: rise of the level after a spike that counts, in local noise of its logarithm
MOVED = 2.0
#: what undoes a jump that lasts
LASTING = ("clip-gradients", "lower-lr", "restore-checkpoint")
#: points that are looked at, the last ones
MAX_POINTS = 65536


@dataclass(frozen=True)
class Spikes:
    """Isolated upward jumps of one curve."""

    #: progress of each, rising
    at: Floats
    #: height over the local level, as a ratio, and highest value, in the curve's unit
    ratio: Floats
    peak: Floats
    #: points that each lasts for, and whether the level is higher after it than before
    lasts: Ints
    moved: Bools


def check(case: Case) -> Finding | Unjudged | None:
    reason = why_unjudgeable(case, 20)
    if reason is not None:
        return unjudged(ID, reason)
    s = case.finest_train or case.val
    if s is None or s.stats.n < 20:
        return unjudged(ID, "the training loss has too few points to see spikes; 20 are needed")
    if s.ceiling == 0.0:
        return unjudged(ID, "a score whose best possible value is not known has no level to jump from")
    jumps = spikes(s)
    if (lasting := step_up(case, s)) is not None:
        return _lasting(case, s, lasting, jumps)
    if (anew := lost_all(case, s)) is not None:
        return anew
    height = float(jumps.ratio.max(initial=0.0))
    confidence = 0.9 * ramp(height, 0.4, 1.2)
    if confidence < REPORT_FROM:
        return recovered(case, s)
    often = len(jumps.at) >= OFTEN or (len(jumps.at) == OFTEN - 1 and height > HIGH)
    severity: Severity = "warning" if often and take_hold(s, jumps) else "info"
    first = f"{s.unit or s.curve.axis} {s.axis_at(float(jumps.at[0])):g}"
    many = f"{len(jumps.at)} times from {first} on, at most" if len(jumps.at) > 1 else f"at {first}"
    return finding(
        ID, severity, confidence, s,
        f"The {name(s)} jumps up {many} to {number(1 + height)} times its level, and recovers.",
        others=(case.grad_norm,), onset=float(jumps.at[0]), until=float(jumps.at[-1]),
        spikes=len(jumps.at), height=height, last_at=float(jumps.at[-1]),
    )  # fmt: skip


def _lasting(case: Case, s: Series, jump: StepUp, jumps: Spikes) -> Finding:
    where = f"at {s.curve.axis} {s.step_at(jump.point):g}"
    return finding(
        ID, "warning", 0.9, s,
        f"The {name(s)} jumps {where}, from about {number(jump.before)} to about "
        f"{number(jump.after)}, and has not recovered at the end ({number(jump.end)}).",
        others=(case.grad_norm,), at=jump.point, actions=LASTING, spikes=len(jumps.at) + 1,
        height=jump.after / max(jump.before, 1e-300) - 1, last_at=float(s.x[jump.point]),
    )  # fmt: skip


@lru_cache(maxsize=32)
def spikes(s: Series) -> Spikes:
    """Isolated spikes of a curve: groups of at most 1 % of the points (3
    at least) above the running median."""
    y, x = s.y[-MAX_POINTS:], s.x[-MAX_POINTS:]
    n = len(y)
    none = Spikes(np.empty(0), np.empty(0), np.empty(0), np.empty(0, np.int64), np.empty(0, bool))
    if n < 20 or (s.stats.jump_ratio < SHARE and n > GRID):
        return none
    w = max(5, min(n // 8, 101)) | 1
    # below a fiftieth of the start a jump is of no consequence
    level = np.maximum(_running_median(y, w), max(0.02 * abs(s.stats.start), 1e-300))
    ratio = np.minimum(y / level - 1.0, 1e6)  # batch noise grows with the level
    if not float(ratio.max()) > SHARE:
        return none
    height = np.log(np.maximum(ratio + 1.0, 1e-12))
    sigma = MAD_TO_SIGMA * _running_median(np.abs(height), min(4 * w + 1, (n // 2) | 1))
    out = (height > SIGMAS * sigma) & (ratio > SHARE)
    out[: max(3, n // 20)] = False
    out[-2:] = False  # whether the last points recover can't be known
    where = np.flatnonzero(out)
    if not len(where):
        return none
    groups = np.split(where, np.flatnonzero(np.diff(where) > 2) + 1)
    short = [g for g in groups if len(g) <= max(3, n // 100) and _recovers(y, g)]
    return Spikes(
        np.array([x[g[0]] for g in short]),
        np.array([ratio[g].max() for g in short]),
        np.array([y[g].max() for g in short]),
        np.array([len(g) for g in short]),
        np.array([_moves(y, g, float(sigma[g[0]])) for g in short]),
    )


def take_hold(s: Series, jumps: Spikes) -> bool:
    """Whether spikes are more than single batches that are hard: they are epochs, last, leave a trace,
    or are extreme."""
    if s.curve.role.granularity == "epoch" or extreme(s, jumps):
        return True
    traces = (jumps.lasts > 1) | jumps.moved
    return 2 * int(traces.sum()) >= len(traces)


def extreme(s: Series, jumps: Spikes) -> bool:
    """Whether a spike is higher than batches that are merely difficult: ten times the level,
    and above where the run started."""
    start = max(s.stats.start, s.stats.first)
    return bool(((jumps.ratio >= EXTREME) & (jumps.peak > start)).any())


def _moves(y: Floats, group: Ints, sigma: float) -> bool:
    """Whether the five points after a spike lie higher than the five before,
    beyond the noise of their logarithm."""
    before = median(y[max(0, group[0] - 5) : group[0]])
    after = median(y[group[-1] + 1 : group[-1] + 6])
    return before > 0 and after > before * float(np.exp(MOVED * sigma))


def _recovers(y: Floats, group: Ints) -> bool:
    """Whether the level right after a group of high points is near the one before:
    a new stage of training is not."""
    before = median(y[max(0, group[0] - 5) : group[0]])
    after = median(y[group[-1] + 1 : group[-1] + 6])
    return after - before < 0.3 * (float(y[group].max()) - before)


def _running_median(y: Floats, w: int) -> Floats:
    """Centred running median over w points (odd), mirrored at the ends; every (w // 8)-th exactly,
    linear between."""
    stride = max(1, w // 8)
    padded = np.pad(y, w // 2, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, w)
    at = np.unique(np.append(np.arange(0, len(y), stride), len(y) - 1))
    return np.asarray(np.interp(np.arange(len(y)), at, medians(windows[at])))


def _spiky(rng: np.random.Generator) -> Run:
    y = falling(rng, 400, 2.3, 0.4, 8, 0.05)
    at = np.sort(rng.choice(np.arange(6, 38), 6, replace=False)) * 10
    y[at] *= rng.uniform(3, 8, 6)
    y[at + 1] *= 2.5
    return run({"lr": 0.01}, train_loss_step=y)


def _spiky_epochs(rng: np.random.Generator) -> Run:
    y = falling(rng, 80, 1.0, 0.2, 8, 0.02)
    y[[20, 41, 63]] *= 4
    return run(train_loss=y, val_loss=y)


def _curriculum(rng: np.random.Generator) -> Run:
    stages = [falling(rng, 100, top, 0.2, 6, 0.03) for top in (1.5, 1.4, 1.5)]
    return run(train_loss_step=np.concatenate(stages))


def _heavy(rng: np.random.Generator) -> Run:
    """Heavy-tailed batch noise, no isolated spikes."""
    return run(train_loss_step=falling(rng, 600, 2.3, 0.5, 10, 0.35))


CONDITION = Condition(
    id=ID,
    title="loss spikes",
    severity="warning",
    actions=("clip-gradients", "lower-lr", "clean-data"),
    check=check,
    networks_only=True,
    evidence={
        "spikes": "number of isolated upward jumps",
        "height": "highest jump above the local level, as share of it",
        "last_at": "progress 0..1 of the last one",
    },
    sick=(_spiky, _spiky_epochs),
    healthy=(*HEALTHY, _curriculum, _heavy),
)
