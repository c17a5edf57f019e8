"""An agent's reward falls from what it had reached, and stays there.

Why it matters
    What was learnt is gone, and training goes on over the ruins: a policy that acts the same way for ever
    explores nothing that could bring it back. The checkpoint of the best evaluation is what is worth keeping.

How it decides
    By means over parts of the run, since single returns say little: a third of what the reward had risen by,
    or more, is lost over the last part of the run without a way back, or it ends far below the start that it
    had held for a sixth of the run; both by many times its noise.
    What follows the fall must be longer than any time before at which it had been so low: an agent that goes
    up and down has not collapsed. The onset is the logged point at which the fall begins: the line through
    its first half, followed back to the level before; where one step makes the fall, the first point after
    it. The evaluation's reward is judged where it has points enough, and what training got where the
    evaluation has lost as much but is too noisy to tell. A share of successes that is still at its best
    contradicts it, and so do a reward of training that has not fallen, updates that move nothing, and a
    curriculum that gets harder.

    The cause is what left its level before the reward did: a KL of one update far above the usual one, or
    above 0.1 as a habit, or most of each update clipped; a value loss or gradient norm ten times its usual
    level; a learning rate of 0.01 or more; an entropy that was gone, or had grown by half.

What to try
    Go back to the checkpoint of the best evaluation. A lower learning rate; where KL ran away, a smaller clip
    range or a target KL; where the entropy was gone, a larger entropy coefficient; where critic or gradient
    blew up, a clipped gradient norm.

When it is wrong
    A task that gets harder on purpose without a curve that says so, self-play (the reward tells who wins),
    and an exploration schedule that is raised late lower the reward too.

References
    Henderson et al. (2018), Deep reinforcement learning that matters. Engstrom et al. (2020), Implementation
    matters in deep RL. Nikishin et al. (2022), The primacy bias in deep reinforcement learning. Dohare et al.
    (2023), Overcoming policy collapse in deep reinforcement learning.
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.agents.fallen import FROZEN, collapsed
from curvedoctor.conditions.base import Condition, finding, number, percent, unjudged
from curvedoctor.conditions.measures.causes import Cause, cause
from curvedoctor.conditions.measures.returns import (
    Fall,
    cannot_judge,
)
from curvedoctor.conditions.measures.still import rests_from
from curvedoctor.features import told
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.model import Curve, Finding, Floats, Role, Run, Unjudged

ID = "reward-collapse"


def check(case: Case) -> Finding | Unjudged | None:
    reason = cannot_judge(case)
    if reason is not None:
        return unjudged(ID, reason)
    lost = collapsed(case)
    return None if lost is None else _finding(case, *lost)


def _finding(case: Case, s: Series, found: Fall, confidence: float) -> Finding:
    since, axis = rests_from(s.y), s.curve.axis
    frozen = 0 < since <= (1 - FROZEN) * len(s.y)
    top = int(np.argmin(s.y[: found.at + 1]))
    why = cause(case, s, found.at)
    end, lost = told.last(s, found.end, over=float(s.y[top])), min(found.lost, 1.0)
    how = f"it falls from {axis} {s.step_at(found.at):g} on and " + (
        f"stays at {number(s.logged(float(s.y[-1])))} to the last digit from {axis} {s.step_at(since):g} on"
        if frozen
        else f"ends at {end}, below its start"
        if found.lost > 1
        else f"loses {percent(lost)} of its rise, to {end}"
    )
    return finding(
        ID, "error", confidence, s,
        f"The reward had reached {number(s.logged(float(s.y[top])))} at {axis} "
        f"{s.step_at(top):g}; {how}{_because(why)}.",
        at=found.at, actions=("restore-checkpoint",
            *(why.actions if why else ("lower-lr", "clip-gradients"))),
        best=s.logged(float(s.y[top])), best_at=int(s.step_at(top)), end=s.logged(found.end), lost=lost,
        frozen=frozen,
        cause=why.what if why else None, cause_curve=why.curve if why else None,
        cause_at=int(why.at) if why else None,
    )  # fmt: skip


def _because(why: Cause | None) -> str:
    return "" if why is None else f"; {why.text}"


def _agent(values: Floats) -> Run:
    steps = 1000 * np.arange(1, len(values) + 1)
    role = Role("train", "reward", "higher", "step")
    curve = Curve(
        "rollout/ep_rew_mean", "rollout/ep_rew_mean", steps, values, np.full(len(values), np.nan), role
    )
    return Run("agent", "agent", "agents", (curve,))


def _forgets(rng: np.random.Generator) -> Run:
    x = np.linspace(0, 1, 300)
    return _agent(np.where(x < 0.25, 5 + 176 * x, 49 - 58 * (x - 0.25)) + 2 * rng.standard_normal(300))


def _dies(rng: np.random.Generator) -> Run:
    x = np.linspace(0, 1, 200)
    return _agent(np.where(x < 0.4, 300 * x + 4 * rng.standard_normal(200), -1.0))


def _learns(rng: np.random.Generator) -> Run:
    x = np.linspace(0, 1, 200)
    return _agent(200 * (1 - np.exp(-4 * x)) + 8 * rng.standard_normal(200))


def _dips(rng: np.random.Generator) -> Run:
    """A fall half way that is made good."""
    x = np.linspace(0, 1, 300)
    dip = 120 * np.exp(-(((x - 0.5) / 0.06) ** 2))
    return _agent(200 * (1 - np.exp(-5 * x)) - dip + 6 * rng.standard_normal(300))


def _noisy(rng: np.random.Generator) -> Run:
    """Returns of single episodes around a slow rise."""
    return _agent(20 * np.linspace(0, 1, 400) + 40 * rng.standard_normal(400))


CONDITION = Condition(
    id=ID,
    title="reward collapsed",
    severity="error",
    actions=("restore-checkpoint", "lower-lr", "clip-gradients", "regularize", "reduce-regularization"),
    check=check,
    evidence={
        "best": "best logged reward before the fall",
        "best_at": "where it was logged, on the curve's axis",
        "end": "level of the reward at the end of the run",
        "lost": "share of the rise that is lost at the end",
        "frozen": "true if the reward stays the same to the last digit",
        "cause": "what left its level before: kl, critic, gradient, rate, entropy gone, entropy grew; "
        "null if none is seen",
        "cause_curve": "the curve that tells the cause; null if none does",
        "cause_at": "where on that curve's axis; null if none does",
    },
    sick=(_forgets, _dies),
    special=True,
    healthy=(_learns, _dips, _noisy),
)
