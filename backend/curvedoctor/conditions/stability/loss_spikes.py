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
    run makes good less than four fifths by its end, is a spike that did not recover; one that leaves little
    of what had been learnt, to the end, is none (divergence). A single jump back
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

import numpy as np

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
from curvedoctor.conditions.stability.lost_for_good import lost_for_good
from curvedoctor.conditions.stability.recovered import ID, lost_all, recovered
from curvedoctor.conditions.stability.spikes import HIGH, OFTEN, Spikes, spikes, take_hold
from curvedoctor.conditions.stability.step_up import StepUp, step_up
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Severity, Unjudged

#: what undoes a jump that lasts
LASTING = ("clip-gradients", "lower-lr", "restore-checkpoint")


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
    for_good = lost_for_good(case, s) is not None  # that is no spike: see divergence
    if not for_good and (lasting := step_up(case, s)) is not None:
        return _lasting(case, s, lasting, jumps)
    if not for_good and (anew := lost_all(case, s)) is not None:
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
