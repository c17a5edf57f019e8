"""What holds an agent back whatever its reward has done: steps too large, a policy that stays random,
a short sight."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, number, percent, ramp
from curvedoctor.conditions.measures.returns import fall, noise_of_part, rewards
from curvedoctor.conditions.measures.signals import MIN_POINTS as SIGNS
from curvedoctor.conditions.measures.signals import Signal, entropy, median_late, signals
from curvedoctor.features import told
from curvedoctor.features.case import Case
from curvedoctor.features.rates import logged_lr
from curvedoctor.features.resample import GRID
from curvedoctor.features.series import Series
from curvedoctor.model import Floats

#: rates that no adaptive optimizer bears, and KL of a usual update, in nats, that no trust region allows
RATE, KL = (0.05, 0.1), (0.2, 0.4)
#: share of its whole range that a reward goes up and down by over the second half
SWINGS = (0.3, 0.5)
#: share of its start below which an entropy is lost to rounding,
#: and the part of the run in which no learning gets there
SATURATED, SOON = 1e-8, (0.05, 0.15)
#: nats below which a choice among several is none any more, and by which share of the run
DECIDED, EARLY = (0.15, 0.07), 0.2
#: fluctuation of the reward late in the run, as share of what it moved, of an agent that is good at its task;
#: share of its rise whose loss is another matter
CALM, LOST = (0.008, 0.02), 0.3
#: share of the highest entropy that is random still, weight of the entropy from which on it rules;
#: the custom is 0.01
RANDOM, RULES = (0.96, 0.98), (0.1, 0.3)
#: discounts below this are short of custom; steps that it looks ahead as share of an episode; the same where
#: the next step counts for less than half
CUSTOM, AHEAD, NEXT = 0.9, (0.08, 0.05), (0.3, 0.2)
#: times the largest return that a critic errs by from the start where rewards are of another scale; the same
#: where it has not learnt to err less by the end
OUT, STAYS_OUT, NO_LESS = 30.0, 10.0, 0.7
#: share of its start that a critic's error ends at where there is nothing left to learn
GONE = 0.01
_LENGTH = re.compile(r"ep(isode|isodic)?[_ /]?len(gth)?")


class Obstacle(NamedTuple):
    """What it is, how sure, and since which point of the reward beside which it is told."""

    confidence: float
    text: str
    series: Series
    at: int = 0


def thrown(case: Case) -> Obstacle | None:
    """Updates too large: a policy saturated at once, or a reward that is never held beside them."""
    s = case.reward
    assert s is not None
    known = entropy(case)
    if known is not None:
        y = known[1]
        early = y[int(SOON[0] * len(y)) : max(3, int(SOON[1] * len(y)))]
        if y[0] > 0 and max(early.max(initial=0.0), abs(float(np.median(y)))) < SATURATED * float(y[0]):
            text = (
                "The first updates saturated the policy: its entropy is gone at once, and the reward "
                f"ends at {told.last(s)}."
            )
            return Obstacle(0.85, text, s)
    lr, steps = _rate(case), signals(case).get("kl")
    by_rate = ramp(lr or 0.0, *RATE) * float("adam" in (case.word("optimizer") or ""))
    return _decided(s, known, lr, by_rate, steps) or _not_held(case, s, lr, by_rate, median_late(steps))


def _decided(
    s: Series, known: tuple[Signal, Floats] | None, lr: float | None, by_rate: float, steps: Signal | None
) -> Obstacle | None:
    """A choice among several that steps too large made once for all, before much could be learnt."""
    if known is None or float(known[1].min()) < 0 or len(known[1]) < SIGNS:
        return None
    signal, y = known
    since, until = (max(1, int(share * len(y))) for share in (SOON[0], EARLY))
    early = float(np.median(y[since : max(until, since + 2)]))
    kl = 0.0 if steps is None else float(np.median(steps.y[: max(3, int(EARLY * len(steps.y)))]))
    by_kl = ramp(kl, *KL)
    why = (
        f"a learning rate of {number(lr or 0.0)}" if by_rate >= by_kl else f"updates by a KL of {number(kl)}"
    )
    text = (
        f"The policy had stopped exploring by {signal.curve.axis} {signal.steps[until]:g}, under {why}: its "
        f"entropy is {number(early)}, and the reward ends at {told.last(s)}."
    )
    lost = fall(s)
    apart = lost is not None and lost.lost > LOST and lost.rise > 4 * noise_of_part(s)
    confidence = max(by_rate, by_kl) * ramp(early, *DECIDED) * _restless(s)
    return Obstacle(0.8 * confidence, text, s) if 0.8 * confidence >= REPORT_FROM and not apart else None


def _not_held(case: Case, s: Series, lr: float | None, by_rate: float, kl: float | None) -> Obstacle | None:
    """A reward that goes up and down by much of its range under steps too large."""
    by_kl = ramp(kl or 0.0, *KL)
    if not max(by_rate, by_kl):
        return None
    parts = s.grid.reshape(8, GRID // 8).mean(axis=1)
    swing = float(np.ptp(parts[4:])) / max(float(np.ptp(parts)), 1e-300)
    why = (
        f"the learning rate is {number(lr or 0.0)}"
        if by_rate >= by_kl
        else f"an update moves the policy by a KL of {number(kl or 0.0)}"
    )
    text = (
        f"The reward is not held: over the second half its mean swings by {percent(swing)} of "
        f"all that it ever moved, and {why}."
    )
    confidence = 0.8 * max(by_rate, by_kl) * ramp(swing, *SWINGS)
    return Obstacle(confidence, text, s, _since(case, s, lr) if by_rate >= by_kl else 0)


def _since(case: Case, s: Series, lr: float | None) -> int:
    """The first point of the reward since which the learning rate has been that high."""
    if case.lr is None or lr is None:
        return 0
    step = float(case.lr.steps[int(np.argmax(case.lr.values >= 0.5 * lr))])
    return next((i for i in range(len(s.y)) if s.step_at(i) >= step), 0)


def _rate(case: Case) -> float | None:
    """The learning rate of the last part of the run."""
    return (
        float(np.median(case.lr.values[-max(3, len(case.lr) // 5) :]))
        if case.lr is not None
        else logged_lr(case)
    )


def ruled_by_entropy(case: Case) -> Obstacle | None:
    """A policy as random at the end as an untrained one (entropy ln K),
    and a weight of the entropy that explains it."""
    known, weight, s = entropy(case), case.number("entropy_coef"), case.reward
    if known is None or weight is None or s is None:
        return None
    first, late = float(np.median(known[1][:3])), float(np.median(known[1][-max(3, len(known[1]) // 5) :]))
    most = math.log(max(2, round(math.exp(min(max(first, 0.0), 20.0)))))
    confidence = 0.85 * ramp(weight, *RULES) * ramp(late / most, *RANDOM) * ramp(first / most, 0.95, 0.98)
    text = (
        f"The policy is random still: its entropy ends at {percent(late / most)} of the "
        f"highest, which counts {number(weight)} times in the loss, and the reward ends at {told.last(s)}."
    )
    return Obstacle(confidence, text, s)


def short_sighted(case: Case) -> Obstacle | None:
    """A discount that looks ahead a small part of an episode; 0 is meant, as of bandits."""
    discount, s = case.number("discount"), case.reward
    lengths = [c.values for c in case.run.curves if _LENGTH.search(c.tag.lower()[-200:]) and len(c)]
    if not discount or discount >= CUSTOM or s is None or not lengths:
        return None
    ahead, longest = 1 / (1 - discount), max(float(np.nanmedian(y[-max(3, len(y) // 5) :])) for y in lengths)
    text = (
        f"A discount of {number(discount)} looks {number(ahead)} steps ahead, and an episode "
        f"lasts {number(longest)}: what comes later counts nothing."
    )
    short = NEXT if discount < 0.5 else AHEAD
    return Obstacle(0.85 * ramp(ahead / longest if longest > 0 else 1.0, *short) * _restless(s), text, s)


def _restless(s: Series) -> float:
    """How much of its task an agent leaves to chance: one that does as well each time, against all that it
    moved, is held back by little."""
    return ramp(s.stats.noise_late / max(float(np.ptp(s.grid)), 1e-300), *CALM)


def targets_rest(case: Case) -> str | None:
    """Whether a critic of values has nothing left to learn, in words: what it is to reach does not move."""
    critic = signals(case).get("critic")
    if critic is None or entropy(case) is not None:
        return None
    first, late = float(np.median(np.abs(critic.y[:3]))), abs(median_late(critic) or 0.0)
    return (
        f"the critic's error is gone, from {number(first)} to {number(late)}: its targets do not move"
        if late < GONE * first
        else None
    )


def out_of_scale(case: Case) -> bool:
    """Whether the critic errs from the start by far more than any return:
    it sees rewards of another scale."""
    critic = signals(case).get("critic")
    if critic is None:
        return False
    most = max(abs(s.logged(float(v))) for s in rewards(case) for v in (s.stats.top, s.stats.low))
    first, late = (math.sqrt(abs(v)) for v in (float(np.median(critic.y[:3])), median_late(critic) or 0.0))
    return first > (STAYS_OUT if late > NO_LESS * first else OUT) * most > 0
