"""The gradient hardly reaches the early layers: saturated units or too much depth choke it.

Why it matters
    The loss falls fast at first, then crawls, or does not start at all: later updates are tiny. No
    learning rate mends it.

How it decides
    The logged gradient norm falls to a thousandth of its start while the loss is still above a third
    of its own; or sigmoid or tanh units three layers deep or more, and a loss that starts with a
    plateau or ends above half of it.

What to try
    ReLU (with He initialization) instead of sigmoid or tanh; normalization layers or residual
    connections if the network is deep; gates (LSTM, GRU) in recurrent ones. Where the loss never moves, first
    what is asked of any run that learns nothing: overfit one batch.

When it is wrong
    The gradient of a model that has converged vanishes as well: then the loss is low. Weight decay
    towards zero shrinks gradients too.

References
    Hochreiter (1998), The vanishing gradient problem. Glorot and Bengio (2010), Understanding the
    difficulty of training deep feedforward networks. He et al. (2016), Deep residual learning.
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, number, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.measures.shape import course, name, relative, stays, why_unjudgeable
from curvedoctor.conditions.progress.explained import STUCK, actions
from curvedoctor.conditions.progress.plateau import never_left, plateau
from curvedoctor.features import told
from curvedoctor.features.blocks import median
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged

ID = "vanishing-gradient"
#: share of its start at which the loss of a deep network that saturates has hardly fallen
HARDLY = (0.45, 0.6)
SATURATES = {"sigmoid", "tanh", "softsign", "hard_sigmoid", "logistic"}


def check(case: Case) -> Finding | Unjudged | None:
    reason = why_unjudgeable(case)
    if reason is not None:
        return unjudged(ID, reason)
    activation, depth = case.word("activation"), case.number("depth")
    if case.grad_norm is None and activation is None:
        return unjudged(ID, "neither the gradient norm nor the activation is logged")
    s = case.coarsest_train or case.val
    assert s is not None
    share = _grad_share(case.grad_norm)
    rule = max(_by_norm(share, s), _by_design(activation, depth, s))
    confidence, still = rule, never_left(s)
    if confidence < REPORT_FROM:
        return None
    if share is not None and _by_norm(share, s) >= 0.2:
        summary = (
            f"The gradient norm falls to {number(share)} of its start while the {name(s)} is still "
            f"at {told.last(s)}."
        )
    else:
        deep = f" {depth:g} layers deep" if depth else ""
        rests = "the gradient vanishes on its way, and nothing is learnt"
        why = rests if still else "they saturate and pass next to no gradient"
        went = stays(s) if still else course(s)
        summary = f"{went} with {activation} units{deep}: {why}."
    return finding(
        ID, "warning", confidence, s, summary, others=(case.grad_norm,), onset=0.0,
        actions=(CONDITION.actions[0], *(actions(case, s) or STUCK)) if still else (),
        grad_share=share, activation=activation, depth=depth, plateau=plateau(s),
    )  # fmt: skip


def _grad_share(grad: Series | None) -> float | None:
    """Gradient norm at the end over that of the first tenth; None where it is zero: nothing is trained,
    see not-learning."""
    if grad is None or grad.stats.n < 6 or grad.stats.low < 0:
        return None
    start, end = median(grad.grid[:6]), median(grad.grid[-6:])
    return relative(end, start) if start > 0 and end > 0 else None


def _by_norm(share: float | None, s: Series) -> float:
    if share is None:
        return 0.0
    high = ramp(relative(s.stats.end, s.stats.start), 0.3, 0.5)
    return 0.8 * ramp(np.log10(max(share, 1e-12)), -2.0, -3.2) * high


def _by_design(activation: str | None, depth: float | None, s: Series) -> float:
    if activation not in SATURATES or depth is None:
        return 0.0
    slow = max(ramp(plateau(s), 0.05, 0.2), ramp(relative(s.stats.end, s.stats.start), *HARDLY))
    return (0.8 if activation == "sigmoid" else 0.6) * ramp(depth, 1.5, 4.0) * slow


def _norm_dies(rng: np.random.Generator) -> Run:
    y = falling(rng, 80, 2.3, 1.3, 10)
    return run(
        train_loss=y, val_loss=y, grad_norm=np.geomspace(1, 1e-5, 80) * np.exp(0.1 * rng.standard_normal(80))
    )


def _deep_sigmoid(rng: np.random.Generator) -> Run:
    y = 2.3 - 0.1 * np.linspace(0, 1, 60) + 0.003 * rng.standard_normal(60)
    return run({"activation": "sigmoid", "depth": 6}, train_loss=y, val_loss=y)


def _converged(rng: np.random.Generator) -> Run:
    """The gradient vanishes because there is nothing left to learn."""
    return run(train_loss=falling(rng, 80, 2.3, 1e-3, 10), grad_norm=falling(rng, 80, 3.0, 1e-3, 9))


def _shallow(rng: np.random.Generator) -> Run:
    return run({"activation": "tanh", "depth": 2}, train_loss=falling(rng))


CONDITION = Condition(
    id=ID,
    title="vanishing gradient",
    severity="warning",
    actions=("fix-activation", "fix-init", "raise-lr"),
    check=check,
    networks_only=True,
    evidence={
        "grad_share": "gradient norm at the end over that at the start; null if not logged",
        "activation": "the hidden units' activation; null if not logged",
        "depth": "layers; null if not logged",
        "plateau": "progress 0..1 up to which the loss stays at its start",
    },
    sick=(_norm_dies, _deep_sigmoid),
    healthy=(*HEALTHY, _converged, _shallow),
)
