"""The learning rate is so low that the run ends far from where it could be.

Why it matters
    The run looks healthy, smooth and falling, but a learning rate 3 to 30 times higher ends clearly
    lower for the same budget. It is among the most frequent and most expensive of faults.

How it decides
    Either the rate alone: decades below what is customary for the optimizer, and a loss that has hardly
    moved. Or the curve: validation falls smoothly to the very end, nine tenths of the fall took more than a
    third of the run, and the logged rate is below custom; thirty times below it, noise is no excuse: what
    falls beyond its noise to the end will do. Where no rate is logged, a fifth of the fall must be in
    the second half. Or the level: the loss falls to the end, beyond its noise, and is still above four fifths
    of what a guess costs, while the rate, where it is logged, is three times below custom or more; or above
    what its right answers cost a model that knows how sure it may be, at a rate not above custom. Boosted
    trees: a round corrects at most the rate's share of what is left, so that t rounds leave (1 - rate)^t of
    it; below a rate of 0.04, with a curve best at its end, what is left must be worth 7 to 12 % or more.
    Agents: fifteen times below 3e-4 or more, while the reward rises to the end (Mann-Kendall) and no update
    moves the policy by a KL of 0.003.

What to try
    Raise the learning rate tenfold; a range test over 100 to 500 steps finds the right region. Boosted trees:
    0.1, with early stopping.

When it is wrong
    A batch that is too large, a schedule that decayed too early, unscaled inputs and a run that was
    simply stopped too early look alike: the learning rate's size against the custom tells them apart. Where
    nothing can be learnt, the loss does not move at any rate.

References
    Friedman (2001), Greedy function approximation (shrinkage). Smith (2017), Cyclical learning rates. Godbole
    et al. (2023), Deep learning tuning playbook.
"""

from __future__ import annotations

import math

import numpy as np

from curvedoctor.conditions.base import (
    REPORT_FROM,
    Condition,
    finding,
    number,
    percent,
    ramp,
    times,
    too_few,
    unjudged,
)
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.learning_rate.crawl import blown_up, crawl
from curvedoctor.conditions.learning_rate.faint import faint
from curvedoctor.conditions.measures.returns import cannot_judge
from curvedoctor.conditions.measures.rounds import CUSTOMARY as CUSTOMARY_OF_TREES
from curvedoctor.conditions.measures.rounds import too_small
from curvedoctor.conditions.measures.shape import error_of_mean, goes, lately, name, relative, why_unjudgeable
from curvedoctor.features.case import Case
from curvedoctor.features.rates import decades_below, decades_below_usual, logged_lr
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged

ID = "lr-too-low"
#: decades below custom at which a loss that has hardly moved needs no other cause, and what that is:
#: share of its start
DECADES, HARDLY = (1.6, 2.3), (0.15, 0.08)
#: a rate from which on it is nowhere low
CUSTOMARY = 3e-4
#: decades below custom from which on a descent that does not end is due to the rate
BELOW = (0.0, 0.3)
#: the same of one that is too noisy to be smooth; it keeps so much of its start, over so many points
FAR_BELOW, KEEPS, MANY = (1.4, 1.7), 0.2, 8
#: share of the fall in the second half that tells a crawl where no rate is logged
SECOND = (0.14, 0.22)
#: progress at which nine tenths of a slow descent are done, and the smoothness of its changes
LATE, SMOOTH = (0.33, 0.4), (0.5, 0.62)
#: below this share of the start the run has arrived
ARRIVED = (0.1, 0.2)
#: a loss that ends above its start by this factor has moved
CLIMBS = 1.2
#: share of its start below which nobody sees a loss move
SEEN = 5e-4
#: fewest points of a descent
MIN_POINTS = 5


def check(case: Case) -> Finding | Unjudged | None:
    reason = cannot_judge(case) if case.agent else why_unjudgeable(case, 3)
    if reason is not None:
        return unjudged(ID, reason)
    if case.agent:
        found = faint(case)
        return None if found is None else _say(case, found.series, 0.92, found.text, found.decades)
    below = decades_below_usual(case)
    s = case.outcome
    if s is not None and s.stats.n < MIN_POINTS:
        s = case.finest_train or s  # a few evaluations of a fine-tuning hide what its steps show
    assert s is not None
    if s.stats.n < MIN_POINTS:
        return too_few(ID, s.stats.n, MIN_POINTS)
    if case.boosting:
        confidence, summary = too_small(case, s)
        return _say(case, s, confidence, summary, math.log10(CUSTOMARY_OF_TREES / (logged_lr(case) or 1.0)))
    if s.stats.end > CLIMBS * s.stats.start > 0 or blown_up(case):
        return None  # whatever the rate is, the weights do move
    slow = crawl(case, s, below)
    hardly = 0.97 * ramp(_moved(s), *HARDLY)
    if below is None:
        rate = logged_lr(case) or 1.0
        low = logged_lr(case) is None or rate < CUSTOMARY
        crawls = 0.8 * _slow(s) * ramp(_second_half(s), *SECOND) * float(low)
        confidence = max(crawls, hardly * ramp(decades_below(case) or 0.0, *DECADES))
    else:
        far = 0.9 * ramp(below, *FAR_BELOW) * float(_falls_on(s))
        confidence = max(hardly * ramp(below, *DECADES), 0.92 * ramp(below, *BELOW) * _slow(s), far)
    summary = _summary(case, s, below)
    if confidence < REPORT_FROM and slow is not None:
        confidence, summary = 0.75, slow
    return _say(case, s, confidence, summary, below)


def _say(case: Case, s: Series, confidence: float, summary: str, below: float | None) -> Finding | None:
    if confidence < REPORT_FROM:
        return None
    return finding(
        ID, "warning", confidence, s, summary, others=(case.finest_train,), at=0,
        decades_below_usual=below, moved=_moved(s), second_half_share=_second_half(s), t90=s.stats.t90,
    )  # fmt: skip


def _moved(s: Series) -> float:
    return relative(s.stats.start - s.stats.best, s.stats.start)


def _summary(case: Case, s: Series, below: float | None) -> str:
    moved = _moved(s)
    second, rate = percent(_second_half(s)), logged_lr(case) or 1.0
    at, hardly = f"At a learning rate of {number(rate)}", _hardly_moved(s, moved)
    if below is not None:
        far = f"{times(10**below)} times below what is customary"
        if moved < HARDLY[0]:
            return f"{at}, {far}, {hardly}"
        way = f"{second} of its way in the second half, {at[0].lower()}{at[1:]}, {far}"
        return f"The {name(s)} still {goes(s)} steadily at the end, {way}."
    if moved < HARDLY[0] and (decades_below(case) or 0.0) > DECADES[0]:
        return f"{at}, below what anything is trained with, {hardly}"
    slow = f"The {name(s)} {goes(s)} so slowly that {second} of its way is in the second half"
    return f"{slow}, and it has not settled at the end."


def _hardly_moved(s: Series, moved: float) -> str:
    return f"the {name(s)} has {f'moved by {percent(moved)} only' if moved >= SEEN else 'not moved'}."


def _second_half(s: Series) -> float:
    """Share of the whole fall that happened in the second half of the run."""
    done = s.stats.start - s.stats.end
    return (s.stats.at50 - s.stats.end) / done if done > 0 else 0.0


def _slow(s: Series) -> float:
    """A smooth descent that goes on to the end, where the curve is at its best."""
    t = s.stats
    at_best = ramp(relative(t.last, t.low), 1.006, 1.002) * ramp(relative(lately(s), t.end), 0.002, 0.006)
    return (
        ramp(t.t90, *LATE) * ramp(t.smoothness, *SMOOTH) * at_best * ramp(relative(t.end, t.start), *ARRIVED)
    )


def _falls_on(s: Series) -> bool:
    """Whether a curve of whatever noise took a third of the run for most of its fall, and falls on."""
    t = s.stats
    unfinished = t.n >= MANY and t.t90 >= LATE[0] and relative(t.end, t.start) > KEEPS
    return unfinished and _second_half(s) >= SECOND[0] and lately(s) > 3 * error_of_mean(s, 0.25)


def _crawling(rng: np.random.Generator) -> Run:
    t = np.linspace(0, 1, 80)
    y = 2.3 - 0.7 * t + 0.0005 * rng.standard_normal(80)
    return run({"lr": 1e-5, "optimizer": "adam"}, train_loss=y, val_loss=y + 0.01)


def _noisy_crawl(rng: np.random.Generator) -> Run:
    """Batches differ by a tenth, and at a rate of 2e-6 the loss falls by a third until the end."""
    y = (2.3 - 0.9 * np.linspace(0, 1, 200)) * np.exp(0.1 * rng.standard_normal(200))
    return run({"lr": 2e-6, "optimizer": "adam"}, train_loss=y)


def _near_a_guess(rng: np.random.Generator) -> Run:
    """Nothing is known of the rate, and after 60 epochs little is learnt of ten classes."""
    y = math.log(10) * (1 - 0.15 * np.linspace(0, 1, 60)) + 0.002 * rng.standard_normal(60)
    return run({"loss": "cross-entropy", "n_classes": 10}, train_loss=y, val_loss=y + 0.01)


def _hardly_moves(rng: np.random.Generator) -> Run:
    y = 0.69 - 0.02 * np.linspace(0, 1, 50) + 0.004 * rng.standard_normal(50)
    return run({"lr": 1e-9, "optimizer": "adamw"}, train_loss=y, val_loss=y + 0.005)


def _fast(rng: np.random.Generator) -> Run:
    """A low rate by the optimizer's custom, and the descent has long ended."""
    y = falling(rng, 80, 2.3, 0.3, 15)
    return run({"lr": 1e-4, "optimizer": "adam"}, train_loss=y, val_loss=y * 1.05)


def _drops_late(rng: np.random.Generator) -> Run:
    """Half of the fall comes where the rate is cut: a step schedule, not a crawl."""
    y = np.where(np.arange(80) < 50, falling(rng, 80, 2.3, 0.9, 20), 0.4) * np.exp(
        0.02 * rng.standard_normal(80)
    )
    return run({"lr": 0.1, "optimizer": "sgd"}, train_loss=y, val_loss=y * 1.02)


CONDITION = Condition(
    id=ID,
    title="learning rate too low",
    severity="warning",
    actions=("raise-lr", "train-longer"),
    check=check,
    extrapolates=True,
    evidence={
        "decades_below_usual": "log10(customary lr of the optimizer / lr); null where either is unknown",
        "moved": "share of its start by which the loss has fallen at its best level",
        "second_half_share": "share of the whole fall that happened in the second half of the run, 0..1",
        "t90": "progress 0..1 at which nine tenths of the fall were done",
    },
    sick=(_crawling, _hardly_moves, _noisy_crawl, _near_a_guess),
    healthy=(*HEALTHY, _fast, _drops_late),
    scale_free=False,
)
