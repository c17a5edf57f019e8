"""The run was stopped while it was still clearly improving.

Why it matters
    Everything is right but the budget: training on ends clearly better, with no other change. It is what
    practitioners overlook most: a run that was killed, or given a round number of epochs.

How it decides
    By the gain to expect from going on as long again, with its interval: power laws and exponentials that
    describe the last two thirds of the validation loss (training loss where none is logged) about equally
    well are continued, and the least of them counts. A warning where even that is 10 % of the level or more,
    and at least a fifth of what was gained so far (in logarithms); information where only the more hopeful
    ones promise as much. The fall over the last quarter must be beyond its noise, must not speed up and must
    not be a drop or two with nothing between them, and the curve must end at its best.
    Of two or three points, validation must be 10 % lower at the last one than at the one before, and training
    must fall with it. Of five to twelve points each may be lower than the one before by more than that one
    was (but for one, from seven points on): a fall that gets ever faster has only begun. A learning rate that
    has gone to zero, or a schedule that ends here, ends it; unless the curve is smooth and still falls
    against the sum of the rates, by 10 % or more for as long again: then it was ended on its way. So was a
    run, falling or not, at 30 % of its peak rate or more, whose cosine or line, continued, ends half as far
    ahead again or further: unless validation has turned or patience is at its end; or one whose rate rises to
    its very end; where no rate is logged, the configured schedule and epochs tell. To be killed before two
    thirds of the epochs is information. Boosted trees also by what their rounds have left to do, (1 -
    rate)^rounds of what they could explain.

    Of an agent the reward is judged, from 12 points on, and gains count against what it had risen by: a
    warning from 45 % on (it hardly slows), information from 15 %, where the last quarter brought a tenth of
    the rise and the run ends at its best level. What training got is asked beside an evaluation of few points
    that rises with it, and must promise to double.

What to try
    Train twice as long and stretch the schedule with it: running on at a learning rate that has
    decayed to zero brings nothing. On very large data, count passes: few of them is normal.

When it is wrong
    A learning rate that is too low looks the same, and raising it is cheaper. A validation loss that
    is about to turn (overfitting) can't be foreseen by any extrapolation. Where no learning rate is logged,
    the last part of a decay looks like an endless descent.

References
    Domhan, Springenberg and Hutter (2015), Extrapolation of learning curves. Hestness et al. (2017),
    Deep learning scaling is predictable, empirically.
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, lowered, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, cosine_lr, falling, run
from curvedoctor.conditions.measures.descent import falls_to_the_end, part
from curvedoctor.conditions.measures.returns import cannot_judge
from curvedoctor.conditions.measures.rounds import WORTH as WORTH_ROUNDS
from curvedoctor.conditions.measures.rounds import to_come
from curvedoctor.conditions.measures.shape import (
    goes,
    lately,
    name,
    relative,
    why_unjudgeable,
)
from curvedoctor.conditions.measures.travelled import travelled
from curvedoctor.conditions.measures.unfinished import rate_ended, stopped
from curvedoctor.conditions.progress.few_epochs import MIN_POINTS, few_epochs
from curvedoctor.conditions.progress.on_its_way import ID, of_an_agent, stopped_on_its_way
from curvedoctor.features.case import Case
from curvedoctor.features.extrapolate import gain_interval
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Severity, Unjudged

#: gain from running as long again, as share of the end level, that is worth the time
WORTH = (0.05, 0.09)
#: the same against what was gained so far, in logarithms
PART = (0.17, 0.26)
#: gain from going on as long again that is worth stretching a schedule for, up to where it is believed
#: (no longer schedule that was tried brought more), and how far its estimates may lie apart
FURTHER, AGREE = (0.15, 0.6), 2.0
STILL = "still {way} where the run ends, at {place}: going on as long again is"
ON_ITS_WAY = (
    "levels off up to {place} as the learning rate decays, and still {way} against the sum of the rates: a "
    "run twice as long, its schedule stretched, is"
)


def check(case: Case) -> Finding | Unjudged | None:
    reason = cannot_judge(case) if case.agent else why_unjudgeable(case, 2, of_pairs=True)
    if reason is not None:
        return unjudged(ID, reason)
    if case.run.status in ("running", "scheduled"):
        return unjudged(ID, "the run is still going on")
    if case.agent and case.reward is not None:
        return of_an_agent(case, case.reward)
    if (short := few_epochs(case)) is not None:
        return short
    reason = why_unjudgeable(case, MIN_POINTS, of_pairs=True)
    if reason is not None:
        return unjudged(ID, reason)
    s = case.val if case.val is not None and case.val.stats.n >= MIN_POINTS else case.primary
    assert s is not None
    way = stopped(case, s)
    if way is not None and way.severity == "warning":
        return stopped_on_its_way(case, s, way)
    least, most = _to_come(s, s)
    open_ended = 0.0 if rate_ended(case) else falls_to_the_end(s)
    severity: Severity = "warning"
    confidence, how = 0.93 * open_ended * ramp(part(s, least), *PART) * ramp(least, *WORTH), STILL
    if confidence < REPORT_FROM and (further := _ended_on_its_way(case, s)) is not None:
        (least, most), confidence, how = further, 0.8, ON_ITS_WAY
    elif confidence < REPORT_FROM:
        confidence, severity = 0.6 * open_ended * ramp(part(s, most), *PART) * ramp(most, *WORTH), "info"
    rounds = to_come(case, s)
    if 0.9 * ramp(rounds, *WORTH_ROUNDS) > confidence or (severity == "info" and rounds > WORTH_ROUNDS[1]):
        confidence, severity, least, most = 0.9 * ramp(rounds, *WORTH_ROUNDS), "warning", rounds, rounds
    if confidence < REPORT_FROM:
        return None if way is None else stopped_on_its_way(case, s, way)
    last, least, most = len(s.y) - 1, min(least, 1.0), min(most, 1.0)
    how, what = how.format(way=goes(s), place=s.at_step(last)), "it" if s.ceiling is None else "what it lacks"
    return finding(
        ID, severity, confidence, s,
        f"The {name(s)} {how} expected to lower {what} {lowered(least, most)}.",
        others=(case.train,) if s is case.val else (), at=last, gain_least=least, gain_most=most,
        last_quarter=relative(lately(s), s.stats.end), planned_end=None,
    )  # fmt: skip


def _to_come(s: Series, along: Series) -> tuple[float, float]:
    """Least and greatest gain to expect from going as far again, as shares of the end level."""
    least, most = gain_interval(along.grid, s.stats.n)
    return relative(least, s.stats.end), relative(most, s.stats.end)


def _ended_on_its_way(case: Case, s: Series) -> tuple[float, float] | None:
    """What a longer schedule brings where the loss still falls against the way that the rate let it go;
    None where it does not."""
    along = travelled(case, s)
    if along is None or s.ceiling is not None:
        return None
    least, most = _to_come(s, along)
    credible = FURTHER[0] <= least < FURTHER[1] and most <= AGREE * least and part(s, least) >= WORTH[0]
    return (least, most) if credible and falls_to_the_end(along) >= REPORT_FROM else None


def _stopped(rng: np.random.Generator) -> Run:
    y = falling(rng, 20, 2.3, 0.1, 1.8, 0.01)
    return run({"epochs": 20, "lr": 1e-3, "optimizer": "adam"}, train_loss=y, val_loss=y * 1.03)


def _two_epochs(rng: np.random.Generator) -> Run:
    val = np.array([1.9, 1.3]) * np.exp(0.01 * rng.standard_normal(2))
    return run(train_loss=np.array([2.1, 1.5]), val_loss=val)


def _slow_power(rng: np.random.Generator) -> Run:
    y = 4.0 * (30 + np.arange(200.0)) ** -0.5 * np.exp(0.01 * rng.standard_normal(200))
    return run({"epochs": 200}, train_loss=y)


def _score_only(rng: np.random.Generator) -> Run:
    return run(val_accuracy=0.2 + 0.5 * np.linspace(0, 1, 30) ** 0.9 + 0.003 * rng.standard_normal(30))


def _left_its_schedule(rng: np.random.Generator) -> Run:
    """Level, at two thirds of the peak: what the decay brings is still to come."""
    n = int(rng.integers(30, 45))
    y = falling(rng, n, 2.3, 0.6, 9, 0.02)
    return run(train_loss=y, val_loss=y * 1.1, lr=cosine_lr(100)[:n])


def _turned_in_its_schedule(rng: np.random.Generator) -> Run:
    """Stopped early, since validation had turned."""
    n, x = 40, np.linspace(0, 1, 40)
    val = falling(rng, n, 2.3, 0.6, 12) + 0.3 * np.clip(x - 0.4, 0, None)
    return run(train_loss=falling(rng, n, 2.3, 0.2, 5), val_loss=val, lr=np.linspace(1e-4, 6e-5, n))


def _finished(rng: np.random.Generator) -> Run:
    y = falling(rng, 80, 2.3, 0.4, 9, 0.01)
    return run(train_loss=y, val_loss=y * 1.1, lr=cosine_lr(80))


def _turns(rng: np.random.Generator) -> Run:
    """Training still falls, validation has turned."""
    t = np.linspace(0, 1, 60)
    return run(train_loss=falling(rng, 60, 2.3, 0.05, 2), val_loss=falling(rng, 60, 2.3, 0.6, 9) + 0.3 * t)


CONDITION = Condition(
    id=ID,
    title="stopped too early",
    severity="warning",
    actions=("train-longer", "raise-lr"),
    check=check,
    extrapolates=True,
    evidence={
        "gain_least": "least gain to expect from running as long again, share of the end level (of an agent: "
        "of its rise); null of a handful of points, of a run that was stopped on its way, and of a reward "
        "that would rise by half as much again or more",
        "gain_most": "greatest gain to expect from running as long again; null as well",
        "last_quarter": "fall over the last quarter (of a handful of points: at the last one), share of the "
        "level",
        "planned_end": "where schedule or configuration end, in steps or epochs of the learning rate's axis; "
        "null unless the run was stopped on its way there, and where the rate still rose",
    },
    sick=(_stopped, _slow_power, _score_only, _two_epochs, _left_its_schedule),
    healthy=(*HEALTHY, _finished, _turns, _turned_in_its_schedule),
)
