"""Pictures of a learning rate far above custom: what it is configured to, and what its first steps did."""

from __future__ import annotations

import math

from curvedoctor.conditions.base import REPORT_FROM, finding, number, ramp, unjudged
from curvedoctor.conditions.measures.codes import far_out
from curvedoctor.conditions.measures.first_steps import NO_START, after_first
from curvedoctor.conditions.measures.held_back import thrown
from curvedoctor.conditions.measures.returns import cannot_judge
from curvedoctor.conditions.measures.rounds import unshrunk
from curvedoctor.conditions.measures.shape import flat, mean, name, relative
from curvedoctor.conditions.measures.swing import roughness, told_above
from curvedoctor.features import told
from curvedoctor.features.case import Case
from curvedoctor.features.chance import expected_first_loss
from curvedoctor.features.rates import decades_below_usual, highest, logged_lr, tuned
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Unjudged

ID = "lr-too-high"
#: training and validation that both end this share above their best
LOST = (0.25, 0.35)
#: first epoch's mean as a multiple of an untrained model's loss, and of validation after it,
#: at so many decades above custom
UNTRAINED, AFTER, ABOVE = 6.0, 12.0, (0.5, 0.8)
#: decades above custom that no task asks for, and beside a loss that ends at an untrained model's or above it
DECADES, GUESS = (1.9, 2.3), (1.75, 2.0)
#: the same where validation ends far above its best, over so many points
ABOVE_BEST, POINTS = (1.4, 1.6), 5
#: decades above the highest rate that transformers are trained at, share of its start that the loss keeps,
#: and the part of the run since which it rests there
TENDER, HIGH_UP, RESTS = (0.85, 1.0), (0.65, 0.75), 0.33
#: share of its level at validation's best that training which memorizes comes down to
HALVED = 0.5


def picture_of(
    case: Case,
    s: Series,
    confidence: float,
    picture: str,
    summary: str,
    *,
    at: int = 0,
    actions: tuple[str, ...] = (),
) -> Finding | None:
    if confidence < REPORT_FROM:
        return None
    below = decades_below_usual(case)
    return finding(
        ID, "error" if picture == "configured" else "warning", confidence, s, summary,
        others=tuple(o for o in (case.val, case.finest_train) if o is not s), at=at, picture=picture,
        noise=roughness(s), best=s.logged(s.stats.low), end=s.logged(s.stats.end),
        decades_above_usual=None if below is None else -below, actions=actions,
    )  # fmt: skip


def at_rate(case: Case) -> str:
    lr = case.number("lr")
    return f" at a learning rate of {number(lr)}" if lr else ""


def configured(case: Case) -> Finding | None:
    """A rate that no task asks for, and a loss that ends no better than halfway to its start."""
    s, below = case.primary, decades_below_usual(case)
    assert s is not None
    above = 0.0 if below is None else -below
    start = max(s.stats.start, s.stats.first)
    confidence = 0.97 * ramp(above, *DECADES) * ramp(relative(s.stats.end, start), 0.4, 0.6)
    confidence = max(confidence, _tender(case, s, start))
    expected = expected_first_loss(case) if case.judged_quantity == "loss" else None
    if expected is not None and case.val is not None:
        no_better = ramp(relative(case.val.stats.end, min(start, expected)), 0.85, 0.95)
        confidence = max(confidence, 0.9 * ramp(above, *GUESS) * no_better)
    summary = (
        f"The learning rate is {number(10 ** min(above, 9.0))} times what is customary for "
        f"{case.word('optimizer')}, and the {name(s)} ends at {told.last(s)}."
    )
    val = case.val
    if val is not None and val.stats.n >= POINTS and val.stats.low > 0 and case.judged_quantity == "loss":
        rise = relative(val.stats.end - val.stats.low, val.stats.low)
        worse = 0.9 * ramp(above, *ABOVE_BEST) * ramp(rise, *LOST) * float(not _memorizes(case, val))
        if worse > confidence:
            confidence, s = worse, val
            summary = (
                f"The learning rate is {number(10 ** min(above, 9.0))} times what is customary for "
                f"{case.word('optimizer')}, and the {name(val)} ends {told_above(val, val.stats.low)} above "
                f"its best, {number(val.stats.low)}."
            )
    return picture_of(case, s, confidence, "configured", summary)


def _tender(case: Case, s: Series, start: float) -> float:
    """How sure it is of a transformer, which bears less: far above the highest custom, it rests high up."""
    most, lr = highest(case), logged_lr(case)
    if case.word("model") != "transformer" or most is None or lr is None or not flat(s, RESTS):
        return 0.0
    above, stays = math.log10(lr / most), relative(s.stats.end, start)
    return 0.8 * ramp(above, *TENDER) * ramp(stays, *HIGH_UP)


def _memorizes(case: Case, val: Series) -> bool:
    """Whether a fine-tuning's training has halved since validation was best: few samples do that, steps too
    large don't; and the custom is that of large models."""
    s, best = case.coarsest_train, val.x[val.best_index]
    return tuned(case) is not None and s is not None and s.stats.end < HALVED * mean(s, best, best + 0.1)


def blown_up(case: Case) -> Finding | None:
    """The first steps were far too large, at a rate above the custom: the first epoch's mean tells."""
    s = case.train or case.primary
    assert s is not None
    expected = expected_first_loss(case) if case.judged_quantity == "loss" else None
    times = relative(s.stats.first, expected) / UNTRAINED if expected else 0.0
    after = after_first(case)
    above = -(decades_below_usual(case) or 0.0)
    rate = ramp(above, *ABOVE)
    confidence = max(ramp(max(times, after / AFTER), 0.8, 1.0) * rate, ramp(after / NO_START, 0.8, 1.0))
    custom = f", {number(10 ** min(above, 9.0))} times what is customary" if rate else ""
    summary = (
        f"The {name(s)} of the first {s.curve.axis} is "
        f"{number(s.stats.first)}{at_rate(case)}{custom}: the first steps were far too large."
    )
    actions = () if rate else ("lower-lr", "normalize-input", "fix-init", "add-warmup")
    return picture_of(
        case, s, 0.9 * confidence * float(s is case.train), "blown up", summary, actions=actions
    )


def codes_far_out(case: Case) -> Finding | None:
    """A variational autoencoder whose codes the first steps took far out."""
    found = far_out(case)
    if found is None:
        return None
    kl, recon, confidence = found
    summary = (
        f"The first steps{at_rate(case)} were far too large: the KL term, next to nothing in an untrained "
        f"encoder, begins at {number(float(kl.y[0]))} and ends at {told.last(kl)}, beside a "
        f"reconstruction of {told.last(recon)}."
    )
    return picture_of(case, kl, 0.9 * confidence, "blown up", summary, actions=("lower-lr", "add-warmup"))


def of_agent(case: Case) -> Finding | Unjudged | None:
    """An agent whose updates are too large by what its policy and its reward did."""
    if (reason := cannot_judge(case)) is not None:
        return unjudged(ID, reason)
    held = thrown(case)
    if held is None:
        return None
    return picture_of(case, held.series, held.confidence, "updates too large", held.text, at=held.at)


def of_trees(case: Case) -> Finding | None:
    """Boosted trees that each correct nearly the whole error of those before them."""
    s = case.outcome
    assert s is not None
    summary = (
        f"At a learning rate of {number(logged_lr(case) or 0.0)} each tree corrects nearly the "
        "whole error of those before it: "
        f"the {name(s)} is best ({number(s.logged(s.stats.low))}) at {s.at_step(s.best_index)} and ends at "
        f"{told.last(s, over=s.stats.low)}, far above training."
    )
    return picture_of(case, s, 0.85 * unshrunk(case, s), "unshrunk", summary, at=s.best_index)
