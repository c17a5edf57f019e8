"""Pictures of steps that are too large, whatever the rate is configured to."""

from __future__ import annotations

from collections.abc import Callable

from curvedoctor.conditions.base import number, percent, ramp, too_few, unjudged
from curvedoctor.conditions.learning_rate.far_above import (
    ID,
    LOST,
    at_rate,
    blown_up,
    codes_far_out,
    configured,
    of_agent,
    of_trees,
    picture_of,
)
from curvedoctor.conditions.measurement.held_out import badly_held
from curvedoctor.conditions.measures.first_steps import far_below
from curvedoctor.conditions.measures.learns_on import late, late_above_best, learns_on
from curvedoctor.conditions.measures.shape import name, relative, why_unjudgeable
from curvedoctor.conditions.measures.swing import (
    above_best,
    at_rest,
    begins,
    beyond_noise,
    fluctuates,
    roughness,
    score_holds,
    settled,
    swings_from,
    told_above,
)
from curvedoctor.features import told
from curvedoctor.features.blocks import median, of_three
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Unjudged

#: a validation loss that ends this share above its best, while training is this rough, is unstable
THROWN = (0.10, 0.18)
ROUGH = (0.015, 0.03)
#: a validation loss that never came below this multiple of where training began was never evaluated rightly
EVALUATED = 1.2
#: fluctuation of a mean over an epoch, as share of its level, that no batch explains
BOUNCE = (0.33, 0.55)
#: share of its start by which training must have climbed
REGAINED = 0.02
#: fewest points of which a few can be told to fluctuate; fewest that show a bounce
MIN_POINTS, MIN_BOUNCE_POINTS = 4, 10


def too_large(case: Case) -> Finding | Unjudged | None:
    """The surest of the pictures, as lr-too-high tells it."""
    if case.agent:
        return of_agent(case)
    reason = why_unjudgeable(case, 2)
    if reason is not None:
        return unjudged(ID, reason)
    assert case.primary is not None
    if far_below(case) and not case.boosting:
        return None  # what swings at such a rate has inputs or weights that are far too large
    pictures: tuple[Callable[[Case], Finding | None], ...] = (
        blown_up,
        configured,
        codes_far_out,
        _unstable,
        _lost,
        _bounces,
        _shoots,
    )
    if case.boosting:
        pictures = (of_trees, _unstable, _lost)
    some = pictures if case.primary.stats.n >= 3 else pictures[:1]
    seen = [found for picture in some if (found := picture(case)) is not None]
    if seen:
        return max(seen, key=lambda found: found.confidence)
    longest = max(s.stats.n for s in case.series.values())
    return None if longest >= MIN_POINTS else too_few(ID, longest, MIN_POINTS)


def _unstable(case: Case) -> Finding | None:
    """Validation fluctuates and ends above its best; training fluctuates with it."""
    s = case.outcome
    assert s is not None
    train, rise = case.coarsest_train, above_best(s)
    rough = ROUGH[1] if train is None else roughness(train)
    confidence = 0.9 * ramp(rise, *THROWN) * ramp(rough, *ROUGH) * float(s is case.val and _swings(case, s))
    confidence *= float(not learns_on(case))
    at, since = s.best_index, swings_from(s)
    end = (
        f"at {told.last(s, over=s.stats.low)}, below" if s.ceiling else f"{told_above(s, s.stats.low)} above"
    )
    summary = (
        f"From {s.at_step(since)} on the {name(s)} is unstable{at_rate(case)}: it ends {end} its best, "
        f"{number(s.logged(s.stats.low))} at "
        f"{s.at_step(at)}, and the training loss fluctuates by ±{percent(rough)}."
    )
    return picture_of(case, s, confidence, "unstable", summary, at=since)


def _swings(case: Case, val: Series) -> bool:
    """Whether validation fluctuates, was once good (else evaluation is at fault), and its score suffers."""
    train = case.coarsest_train
    once_good = train is None or val.stats.low <= EVALUATED * max(train.stats.first, train.stats.start)
    quiet = at_rest(case) or not beyond_noise(val) or badly_held(case) is not None
    return (
        fluctuates(val)
        and val.stats.n >= MIN_POINTS
        and once_good
        and not quiet
        and not score_holds(case.val_score)
    )


def _bounces(case: Case) -> Finding | None:
    """The training loss per epoch bounces and no longer improves."""
    s = case.train or case.primary
    assert s is not None
    rough = roughness(s)
    per_epoch = s is case.train and s.curve.role.granularity == "epoch"
    apart = not per_epoch or s.stats.n < MIN_BOUNCE_POINTS or s.stats.end < 0.05 * s.stats.start
    both = 1.0 if case.val is None else ramp(roughness(case.val), 0.3 * BOUNCE[0], BOUNCE[0])
    confidence = 0.0 if apart else 0.9 * ramp(rough, *BOUNCE) * both * float(settled(s))
    since = swings_from(s)
    summary = (
        f"From {s.at_step(since)} on the {name(s)} bounces by ±{percent(rough)} of its level{at_rate(case)}, "
        "and no longer improves."
    )
    return picture_of(case, s, confidence, "bounces", summary, at=since)


def _shoots(case: Case) -> Finding | None:
    """A jump within the first tenth to a multiple of the first value, and an end no better than the start."""
    s = case.finest_train or case.primary
    assert s is not None
    y = s.y[: max(5, len(s.y) // 10)]
    calm = of_three(y) if len(y) >= 3 else y
    top, begin = float(calm.max()), median(s.y[:2])
    apart = s is not case.finest_train or s.stats.n < 2 * MIN_BOUNCE_POINTS
    confidence = (
        0.0
        if apart
        else 0.8 * ramp(relative(top, begin), 4.0, 7.0) * ramp(relative(s.stats.end, begin), 0.5, 0.8)
    )
    summary = (
        f"The {name(s)} shoots up from {number(begin)} to {number(top)} at the "
        f"start{at_rate(case)} and ends at {told.last(s)}."
    )
    return picture_of(case, s, confidence, "shoots up", summary)


def _lost(case: Case) -> Finding | None:
    """Training and validation both end far above what they had reached."""
    s, train = case.outcome, case.coarsest_train
    assert s is not None
    apart = train is None or s is not case.val or score_holds(case.val_score) or badly_held(case) is not None
    apart = apart or learns_on(case)
    again = 0.0 if train is None else max(0.0, late_above_best(train))
    # a training loss next to nothing may double
    little = train is None or late(train) * again / (1 + again) < REGAINED * begins(train)
    rise = 0.0 if apart or little else min(above_best(s), again)
    best, since = s.best_index, swings_from(s)
    is_ = "is at" if since > best else "swings about"
    trained = "" if train is None else told_above(train, train.stats.low, late(train))
    summary = (
        f"The {name(s)} ends {told_above(s, s.stats.low)} above its best, {number(s.logged(s.stats.low))} at "
        f"{s.at_step(best)}{at_rate(case)}, and training {trained} above its own: validation {is_} its last "
        f"level, {told.last(s)}, from {s.at_step(since)} on."
    )
    return picture_of(case, s, 0.92 * ramp(rise, *LOST), "lost", summary, at=since)
