"""An agent's reward falls from what it had reached, and stays there.

Why it matters
    What was learnt is gone, and training goes on over the ruins: a policy that acts the same way for ever explores
    nothing that could bring it back. The checkpoint of the best evaluation is what is worth keeping.

How it decides
    By means over parts of the run, since single returns say little: the reward had risen, by many times its noise,
    and half of that rise or more is lost over the last part of the run without a way back. A reward that is
    the same to the last digit from some point on, far below what it had reached, is a policy that died. The onset is the
    point with the best logged reward among those before the fall; where the reward is frozen, the first frozen one.

What to try
    Go back to the checkpoint of the best evaluation; a lower learning rate, a smaller clip range or target KL; clip the
    gradient norm. Entropy, KL and value loss logged beside the reward tell what went first.

When it is wrong
    A task that gets harder on purpose (a curriculum, self-play), and an exploration schedule that is raised late, lower the
    reward too.

References
    Henderson et al. (2018), Deep reinforcement learning that matters. Engstrom et al. (2020), Implementation matters in
    deep RL. Nikishin et al. (2022), The primacy bias in deep reinforcement learning.
"""

from __future__ import annotations

import math

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, number, percent, ramp, unjudged
from curvedoctor.conditions.measures.still import rests_from
from curvedoctor.features.case import Case
from curvedoctor.features.resample import GRID
from curvedoctor.features.series import Series
from curvedoctor.features.statistics import MAD_TO_SIGMA
from curvedoctor.model import Curve, Finding, Floats, Role, Run, Unjudged

ID = "reward-collapse"
#: fewest points
FEWEST = 12
#: share of the rise that is lost, over at least this last part of the run
LOST, STAYS = (0.4, 0.55), 0.15
#: rise in units of the noise of a mean
CLEAR = (4.0, 8.0)
#: share of the run over which a reward stays the same to the last digit
FROZEN = 0.2


def check(case: Case) -> Finding | Unjudged | None:
    s = case.reward
    if s is None:
        return unjudged(ID, "no reward is logged")
    if s.stats.n < FEWEST:
        return unjudged(ID, f"{s.stats.n:.0f} points are too few; {FEWEST} are needed")
    since = rests_from(s.y)
    frozen = 0 < since <= (1 - FROZEN) * len(s.y)
    peak = int(np.argmin(s.grid[: max(1, int(GRID * (1 - STAYS)))]))
    best, end = float(s.grid[peak]), _end(s)
    rise = float(s.grid[0]) - best
    lost = (end - best) / rise if rise > 0 else 0.0
    confidence = (
        0.95 * ramp(lost, *LOST) * ramp(rise / max(_noise(s), 1e-300), *CLEAR) * float(_stays(s, best, rise))
    )
    if confidence < REPORT_FROM:
        return None
    at = since if frozen else _best_before(s, peak)
    return _finding(s, confidence, at, frozen=frozen, lost=lost)


def _finding(s: Series, confidence: float, at: int, *, frozen: bool, lost: float) -> Finding:
    top = int(np.argmin(s.y[: at + 1]))
    had = f"The reward had reached {number(s.logged(float(s.y[top])))} at {s.curve.axis} {s.step_at(top):g}"
    end = number(s.logged(_end(s)))
    how = (
        f"is {end} to the last digit from {s.curve.axis} {s.step_at(at):g} on"
        if frozen
        else f"loses {percent(min(lost, 1.0))} of its rise and ends at {end}"
    )
    return finding(
        ID, "error", confidence, s, f"{had}, {how}.", at=at, best=s.logged(float(s.y[top])), best_at=s.step_at(top), end=s.logged(_end(s)),
        lost=lost, frozen=frozen,
    )  # fmt: skip


def _end(s: Series) -> float:
    """Mean over the last part."""
    return float(s.grid[-max(3, int(GRID * STAYS)) :].mean())


def _noise(s: Series) -> float:
    """σ of a mean over a part of the run."""
    spread = float(np.median(np.abs(np.diff(s.grid))))
    return MAD_TO_SIGMA * spread / math.sqrt(2) + 1e-9 * float(np.abs(s.grid).max())


def _stays(s: Series, best: float, rise: float) -> bool:
    """Whether no part of the end comes back to where most of the rise was held, nor is on its way there."""
    tail = s.grid[-max(3, int(GRID * STAYS)) :]
    half = len(tail) // 2
    back = float(tail[:half].mean() - tail[half:].mean())
    return bool(tail.min() > best + LOST[0] * 0.75 * rise and back < 0.25 * rise)


def _best_before(s: Series, peak: int) -> int:
    """The best logged point within the part of the run that was best."""
    near = np.flatnonzero(np.abs(s.x - (peak + 0.5) / GRID) <= 1.5 / GRID)
    near = near if len(near) else np.arange(len(s.y))
    return int(near[np.argmin(s.y[near])])


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
    actions=("restore-checkpoint", "lower-lr", "clip-gradients"),
    check=check,
    evidence={
        "best": "best logged reward before the fall",
        "best_at": "where it was logged, on the curve's axis",
        "end": "mean reward over the last 15 % of the run",
        "lost": "share of the rise that is lost at the end",
        "frozen": "true if the reward stays the same to the last digit",
    },
    sick=(_forgets, _dies),
    healthy=(_learns, _dips, _noisy),
)
