"""An agent's reward never leaves its start.

Why it matters
    Nothing is learnt, whatever the losses do: they may fall all the while, since a critic learns to predict a
    reward that does not change. More of the same run brings nothing.

How it decides
    From 12 points on no part of the run gets better than the first one by more than a tenth of the level (a
    fifth, where the policy is seen not to move), or, from 20 points
    on, by more than its noise while the reward has no trend (Mann-Kendall). The reward of training is looked
    at as well as the evaluation's, whose greedy policy may do well by chance. A reward that is the same to
    the last digit is flat if it is zero or below, as where a sparse reward is never found; above zero it may
    be the highest that can be had, and nothing is said. Nor is anything said where the first points lie below
    all the rest (learnt at once), where a fifth of the points share the highest value, where either reward or
    a share of successes rises, where a rise was lost again (see reward-collapse), or where a curriculum gets
    harder.

    Which remedy comes first follows from the policy: an entropy that stays to a twentieth, or a KL next to
    zero, says that the steps are too small; an entropy that was gone early, a KL above 0.1, or most of each
    update clipped says that they are too large. A learning rate far from custom (3e-4) says the same. A
    critic of values whose error is gone has targets that do not move; one that errs by ten times the largest
    return, at the end as at first, sees rewards of another scale.

What to try
    A learning rate ten times higher, or lower, by what the policy did. A larger entropy coefficient where
    a sparse reward is never found. The simplest task of the kind first: if the reward stays there too, the
    code is at fault.

When it is wrong
    An agent that goes on from an earlier training, or had learnt before the first point was logged, is flat
    at its best.

References
    Henderson et al. (2018), Deep reinforcement learning that matters. Andrychowicz et al. (2021), What
    matters in on-policy reinforcement learning.
"""

from __future__ import annotations

import math

import numpy as np

from curvedoctor.conditions.agents.fallen import collapsed
from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, number, ramp, unjudged
from curvedoctor.conditions.examples import agent
from curvedoctor.conditions.measures.held_back import out_of_scale, ruled_by_entropy, targets_rest
from curvedoctor.conditions.measures.returns import (
    WANDERS,
    cannot_judge,
    gained,
    harder_task,
    noise_of_part,
    rewards,
    succeeds,
)
from curvedoctor.conditions.measures.shape import rising
from curvedoctor.conditions.measures.signals import entropy, median_late, policy_rests, signals, speaks
from curvedoctor.conditions.measures.still import rests_from
from curvedoctor.features import told
from curvedoctor.features.blocks import median
from curvedoctor.features.case import Case
from curvedoctor.features.rates import logged_lr
from curvedoctor.features.resample import GRID
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged

ID = "reward-flat"
#: fewest points of a reward whose noise hides what its level doesn't show
MIN_POINTS = 20
#: gain against the noise of an eighth of the run, where there is no trend
NOISE, TREND = 3.8, 2.3
#: share of the level within which a reward has not moved where the policy is seen not to
STILL = (0.15, 0.3)
#: share of the points that share the highest value, from which on it is a ceiling
CEILING = 0.2
#: share of its start within which an entropy has not moved; share below which it is gone;
#: by which part of the run
UNMOVED, GONE, SOON = 0.05, 0.1, 0.3
#: KL of an update that moves too much, in nats; share of ratios clipped that is too much
MUCH_KL, CLIPPED = 0.1, 0.5
#: rates that no agent is trained with
LOW_LR, HIGH_LR = 1e-6, 0.01
SMALL = ("raise-lr", "bigger-batch", "overfit-one-batch")
LARGE = ("lower-lr", "regularize", "overfit-one-batch")
RULED = ("reduce-regularization", "overfit-one-batch")
RESTING = ("fix-targets", "overfit-one-batch", "raise-lr")
RESCALED = ("fix-targets", "lower-lr", "overfit-one-batch")
SPARSE = ("regularize", "overfit-one-batch", "raise-lr")
UNKNOWN = ("raise-lr", "change-optimizer", "overfit-one-batch")
#: the policy does learn, and to get less
SINKS = ("overfit-one-batch", "lower-lr", "change-optimizer")


def check(case: Case) -> Finding | Unjudged | None:
    reason = cannot_judge(case)
    if reason is not None:
        return unjudged(ID, reason)
    known = rewards(case)
    actions, why = _what(case, constant=all(rests_from(s.y) == 0 for s in known))
    still = actions is SMALL and why is not None
    # a policy that does not move may have done well by chance when it was evaluated
    telling = [s for s in known if s.curve.role.split == "train"] if still else []
    near = STILL if still else WANDERS
    if succeeds(case) or harder_task(case) or any(_rises(s, near[1]) for s in telling or known):
        return None
    if collapsed(case) is not None:
        return None  # it had left its start, and lost what it had
    confidence, s = max(((_flat(s, near), s) for s in telling or known), key=lambda pair: pair[0])
    return None if confidence < REPORT_FROM else _finding(s, confidence, actions, why)


def _rises(s: Series, share: float) -> bool:
    """Whether the reward ends above its start by more than a share of its level, and than its noise."""
    gain = gained(s)
    return gain > share * abs(median(s.grid)) and gain > 3 * noise_of_part(s)


def _flat(s: Series, near: tuple[float, float]) -> float:
    if rests_from(s.y) == 0:
        return 0.9 if s.logged(float(s.y[-1])) <= 0 else 0.0  # above zero it may be all that there is to get
    if _at_ceiling(s) or (near is WANDERS and _learnt_at_once(s)):
        return 0.0
    eighths = s.grid.reshape(8, GRID // 8).mean(axis=1)
    gain = float(eighths[0] - eighths[1:].min())
    level_stays = ramp(gain / max(abs(median(s.grid)), 1e-300), *reversed(near))
    sigma = max(s.stats.noise, s.stats.noise_late) / math.sqrt(len(s.y) / 8)
    trendless = len(s.y) >= MIN_POINTS and abs(rising(s, 0.0)) < TREND and gain < NOISE * sigma
    return 0.75 * max(level_stays, float(trendless))


def _at_ceiling(s: Series) -> bool:
    return float(np.mean(s.y <= s.y.min() + 1e-6 * abs(float(s.y.min())))) >= CEILING


def _learnt_at_once(s: Series) -> bool:
    """Whether the first point or two lie below all but the lowest of the rest, beyond their spread."""
    rest = s.y[2:]
    worst, spread = float(np.quantile(rest, 0.9)), float(np.subtract(*np.quantile(rest, (0.9, 0.1))))
    return float(s.y[0]) > worst + spread


def _finding(s: Series, confidence: float, actions: tuple[str, ...], why: str | None) -> Finding:
    constant = rests_from(s.y) == 0
    first, end = s.logged(s.stats.start), s.logged(s.stats.end)
    sinks = s.stats.end - s.stats.start > WANDERS[1] * abs(s.stats.start) + 3 * noise_of_part(s)
    how = (
        f"The reward is {number(end)} at all of its {len(s.y)} points"
        if constant
        else f"The reward {'only falls from' if sinks else 'never leaves'} its start: "
        f"{told.first(s)} at first, {told.last(s)} at the end of {len(s.y)} points"
    )
    if sinks and actions is UNKNOWN:
        actions, how = SINKS, f"{how}: the policy learns to get less, as where the sign of its loss is turned"
    text, confidence = f"{how}, and {why}." if why else f"{how}.", min(0.95, confidence + 0.1 * bool(why))
    return finding(
        ID, "warning", confidence, s, text, actions=actions, start=first, end=end,
        constant=constant, policy=why,
    )  # fmt: skip


def _what(case: Case, *, constant: bool) -> tuple[tuple[str, ...], str | None]:
    """What to try, most promising first, and what the policy did, in words."""
    lr, ruled = logged_lr(case), ruled_by_entropy(case)
    if ruled is not None and ruled.confidence >= REPORT_FROM:
        return RULED, "the weight of its entropy keeps the policy random"
    if lr is not None and not LOW_LR * (0.1 if speaks(case) else 1.0) < lr < HIGH_LR:
        what, far = (LARGE, "above") if lr >= HIGH_LR else (SMALL, "below")
        return what, f"the learning rate, {number(lr)}, is far {far} what agents are trained with"
    diagnostics, known = signals(case), entropy(case)
    kl, clipped = median_late(diagnostics.get("kl")), median_late(diagnostics.get("clipped"))
    if known is not None:
        _, y = known
        first, soon = median(y[:3]), median(y[: max(3, int(SOON * len(y)))][-3:])
        if first > 0 and soon < GONE * first:
            return LARGE, f"the policy's entropy is gone early, from {number(first)} to {number(soon)}"
    if (kl is not None and kl > MUCH_KL) or (clipped is not None and clipped > CLIPPED):
        size = f"a KL of {number(kl)}" if kl is not None else f"{number(clipped or 0)} of the ratios clipped"
        return LARGE, f"each update moves the policy far, by {size}"
    if constant:
        return SPARSE, None
    if known is not None and float(np.ptp(known[1])) <= UNMOVED * abs(float(known[1][0])):
        return SMALL, f"the policy does not move: its entropy stays at {number(float(known[1][-1]))}"
    if kl is not None and policy_rests(case):
        return SMALL, f"the policy does not move: a KL of {number(kl)} per update"
    if out_of_scale(case):
        return RESCALED, "the critic errs by many times any return: it sees rewards of another scale"
    if (rest := targets_rest(case)) is not None:
        return RESTING, rest
    return UNKNOWN, None


def _noise(rng: np.random.Generator) -> Run:
    """Returns of single episodes that go nowhere."""
    return agent(-180 + 40 * rng.standard_normal(300))


def _too_slow(rng: np.random.Generator) -> Run:
    """A running mean over many episodes; the policy does not move."""
    wander = np.convolve(rng.standard_normal(160), np.ones(60) / 60, mode="valid")
    return agent(22 + 4 * wander, train__entropy_loss=-0.693 + 1e-4 * rng.random(len(wander)))


def _never_found(rng: np.random.Generator) -> Run:
    return agent(np.zeros(40), train__entropy_loss=-1.1 + 0.1 * rng.random(40))


def _learns(rng: np.random.Generator) -> Run:
    return agent(200 * (1 - np.exp(-4 * np.linspace(0, 1, 200))) + 8 * rng.standard_normal(200))


def _slowly(rng: np.random.Generator) -> Run:
    """A rise of three times its noise."""
    return agent(-200 + 120 * np.linspace(0, 1, 300) + 40 * rng.standard_normal(300))


def _solved_at_once(rng: np.random.Generator) -> Run:
    y = np.concatenate(([22.0, 160.0], 480 + 10 * rng.standard_normal(60)))
    return agent(np.minimum(y, 500.0))


def _from_a_checkpoint(rng: np.random.Generator) -> Run:
    """At the highest that can be had, from the first point on."""
    return agent(np.where(rng.random(60) < 0.7, 500.0, 495.0))


CONDITION = Condition(
    id=ID,
    title="reward never rises",
    severity="warning",
    actions=(
        "raise-lr",
        "change-optimizer",
        "overfit-one-batch",
        "lower-lr",
        "regularize",
        "bigger-batch",
        "reduce-regularization",
        "fix-targets",
    ),
    check=check,
    evidence={
        "start": "mean reward at the start, as logged",
        "end": "mean reward at the end, as logged",
        "constant": "true if the reward is the same to the last digit throughout",
        "policy": "what the policy's entropy, KL or learning rate says, in words; null if nothing does",
    },
    sick=(_noise, _too_slow, _never_found),
    special=True,
    healthy=(_learns, _slowly, _solved_at_once, _from_a_checkpoint),
)
