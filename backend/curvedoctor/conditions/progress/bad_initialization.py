"""The weights start in a bad place: the loss sits on a plateau before it falls, or starts far too high.

Why it matters
    Zero or tiny weights are a saddle point: every unit sees the same gradient, next to none. Huge ones
    saturate the units and start with a loss that takes long to work off.

How it decides
    The loss is flat over the first sixth of the run or longer and then falls clearly, though the
    learning rate was not low at the time; or the configured initialization is zero, constant or far
    from the custom.

What to try
    He initialization for ReLU, Xavier (Glorot) for tanh and sigmoid, zero biases; pre-trained weights.

When it is wrong
    A warm-up makes a plateau of its own. Some tasks have plateaus at any initialization (symmetries,
    the first word of a language model).

References
    Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward networks.
    He et al. (2015), Delving deep into rectifiers.
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, percent, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.measures.proportions import proportion, warranted
from curvedoctor.conditions.measures.shape import course, fall, name, why_unjudgeable
from curvedoctor.conditions.progress.plateau import plateau
from curvedoctor.features import told
from curvedoctor.features.case import Case
from curvedoctor.features.chance import expected_first_loss
from curvedoctor.features.rates import trained_before
from curvedoctor.features.resample import progress
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged

ID = "bad-initialization"
#: initializations that no layer wants for its weights
UNUSUAL = {"zeros", "ones", "constant", "large", "small"}


#: units that saturate: then the activation is the first suspect
SATURATES = {"sigmoid", "tanh", "softsign"}
#: times an untrained model's loss that a plateau may cost; its noise as share of the later fall;
#: and where it has to end
ABOVE, QUIET, LATEST = 1.3, 0.1, 0.75
#: classes where their number is not known
CLASSES = 100.0


def check(case: Case) -> Finding | Unjudged | None:
    reason = why_unjudgeable(case, 10)
    if reason is not None:
        return unjudged(ID, reason)
    if trained_before(case):
        return unjudged(ID, "the weights were trained before")
    s = case.coarsest_train or case.val
    assert s is not None
    until = plateau(s)
    named = case.word("init")
    odd = named in UNUSUAL
    confidence = 0.6 * ramp(until, 0.1, 0.25) if _calm(case, s, until) else 0.0
    if odd:
        confidence = max(0.5 * (1 - ramp(fall(s), 0.7, 0.9)), min(0.65, confidence + 0.25))
    if confidence < REPORT_FROM:
        return None
    summary = f"{course(s)} from an unusual initialization ({named})."
    if until >= 0.1:
        summary = (
            f"The {name(s)} stays at {told.first(s)} over the first "
            f"{percent(until)} of the run, then falls to {told.last(s)}."
        )
    actions = (
        ("fix-activation", "fix-init", "raise-lr") if case.word("activation") in SATURATES and not odd else ()
    )
    return finding(
        ID, "warning", confidence, s, summary, others=(case.val,), onset=0.0, until=max(until, 0.02),
        actions=actions,
        plateau=until, fall=fall(s), first=s.stats.first, init=named,
    )  # fmt: skip


def _calm(case: Case, s: Series, until: float) -> bool:
    """Whether the plateau is that of an untrained model: calm, at its level, at a full learning rate,
    and left in time."""
    t, expected = s.stats, expected_first_loss(case)
    if expected is None and (error := proportion(case, "train") or proportion(case, "val")) is not None:
        expected = warranted(
            error.stats.start, CLASSES
        )  # a plateau of answers that are right already is no start
    at_level = expected is None or case.judged_quantity != "loss" or t.start <= ABOVE * expected
    calm = t.noise_early <= QUIET * (t.start - t.best)
    return at_level and calm and until <= LATEST and _lr_low_until(case) < 0.5 * until


def _lr_low_until(case: Case) -> float:
    """Progress up to which the lr is below half of its peak from the start on; 0 without an lr."""
    if case.lr is None or case.schedule is None:
        return 0.0
    finite = np.isfinite(case.lr.values)
    y = case.lr.values[finite]
    x = progress(case.lr.steps[finite], float(case.lr.steps.min()), float(case.lr.steps.max()))
    high = np.flatnonzero(y >= 0.5 * case.schedule.peak)
    return float(x[high[0]]) if len(high) else 0.0


def _flat_then_drop(rng: np.random.Generator) -> Run:
    t = np.linspace(0, 1, 80)
    y = (0.2 + 2.1 / (1 + np.exp((t - 0.4) / 0.03))) * np.exp(0.01 * rng.standard_normal(80))
    return run({"lr": 0.1, "optimizer": "sgd"}, train_loss=y, val_loss=y * 1.02)


def _zero_weights(rng: np.random.Generator) -> Run:
    t = np.linspace(0, 1, 400)
    y = (0.1 + 0.59 / (1 + np.exp((t - 0.3) / 0.04))) * np.exp(0.04 * rng.standard_normal(400))
    return run({"init": "zeros"}, train_loss_step=y)


def _warmup(rng: np.random.Generator) -> Run:
    """A plateau during a warm-up of the learning rate."""
    t = np.linspace(0, 1, 100)
    y = np.where(t < 0.2, 2.3, 0.3 + 2.0 * np.exp(-10 * (t - 0.2))) * np.exp(0.01 * rng.standard_normal(100))
    lr = np.where(t < 0.2, 0.1 * (t / 0.2) ** 2, 0.1)
    return run(train_loss=y, lr=lr)


def _false_plateau(rng: np.random.Generator) -> Run:
    """Falls, is flat for five epochs, then drops twentyfold."""
    y = np.concatenate((np.linspace(3, 1, 10), np.full(5, 1.0), np.geomspace(1, 0.05, 5), np.full(20, 0.05)))
    return run(train_loss=y * np.exp(0.01 * rng.standard_normal(40)))


def _fast(rng: np.random.Generator) -> Run:
    return run({"init": "he"}, train_loss=falling(rng, 100, 5.0, 0.2, 20, 0.05))


CONDITION = Condition(
    id=ID,
    title="bad initialization",
    severity="warning",
    actions=("fix-init", "raise-lr", "fix-activation"),
    check=check,
    networks_only=True,
    evidence={
        "plateau": "progress 0..1 up to which the loss stays at its start",
        "fall": "share of its start by which the loss falls over the run",
        "first": "first value of the loss, in its unit",
        "init": "the configured initialization; null if not logged",
    },
    sick=(_flat_then_drop, _zero_weights),
    healthy=(*HEALTHY, _warmup, _false_plateau, _fast),
)
