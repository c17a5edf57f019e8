"""The learning rate is so high that the run ends far above where it could be.

Why it matters
    The optimizer leaps over the valley instead of descending into it. Accuracy swings, the loss stays
    high or jumps, and a rate 3 to 30 times lower ends clearly better.

How it decides
    One of three pictures. The validation loss fluctuates and ends 15 % or more above the best it had
    already reached, while the training loss fluctuates with it: both are unstable. Without validation,
    the training loss per epoch bounces by a third of its level or more without improving over the second
    half. Or the configured rate is decades above what is customary for the optimizer (Adam at 1.0) and the
    run ends no better than halfway to where it began; or some seventy times above it, and validation ends at
    an untrained model's loss. Or the training loss of the first epoch is a hundred times what validation is
    after it (twelve times, at a rate far above custom): the first steps were far too large. Fluctuation
    between batches alone proves nothing, and below a fiftieth of the start nothing is judged.
    Of boosted trees: at a rate of 0.55 to 0.8 or more, which hardly shrinks them, validation settles within
    the first third to half of the rounds and ends 1.3 to 2 times above training or more.
    Of a variational autoencoder: the KL term begins twenty times above the reconstruction's end and its own.
    Of an agent: its policy is saturated at once (no entropy is left after the first updates). Or, beside a
    rate of 0.1 of an adaptive optimizer or updates that each move the policy by a KL of 0.3 or more, its
    reward goes up and down by a third of all that it ever moved over the second half; or nothing is left to
    choose within a fifth of the run (an entropy below 0.1 nats) and the reward is unsteady to the last.

What to try
    Lower the learning rate to a tenth; a schedule that decays helps late in the run; a range test
    over 100 to 500 steps finds the right region.

When it is wrong
    Tiny batches and a tiny validation set make curves bounce too: then training is smooth where
    validation jumps, or the bounce shrinks with the batch. A broken model is high and flat at any
    learning rate.

References
    Smith (2017), Cyclical learning rates. Godbole et al. (2023), Deep learning tuning playbook.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from curvedoctor.conditions.base import Condition, number, percent, ramp, too_few, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
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
from curvedoctor.conditions.measures.shape import name, relative, why_unjudgeable
from curvedoctor.conditions.measures.swing import (
    above_best,
    at_rest,
    begins,
    beyond_noise,
    fluctuates,
    mean_above_best,
    roughness,
    score_holds,
    settled,
    swings_from,
)
from curvedoctor.features.blocks import median, of_three
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged

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


def check(case: Case) -> Finding | Unjudged | None:
    if case.agent:
        return of_agent(case)
    reason = why_unjudgeable(case, 2)
    if reason is not None:
        return unjudged(ID, reason)
    assert case.primary is not None
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
    at, since = s.best_index, swings_from(s)
    end = f"at {number(s.logged(s.stats.end))}, below" if s.ceiling else f"{percent(rise)} above"
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
        f"start{at_rate(case)} and ends at {number(s.stats.end)}."
    )
    return picture_of(case, s, confidence, "shoots up", summary)


def _lost(case: Case) -> Finding | None:
    """Training and validation both end far above what they had reached."""
    s, train = case.outcome, case.coarsest_train
    assert s is not None
    apart = train is None or s is not case.val or score_holds(case.val_score) or badly_held(case) is not None
    again = 0.0 if train is None else max(0.0, mean_above_best(train))
    # a training loss next to nothing may double
    little = train is None or train.stats.end * again / (1 + again) < REGAINED * begins(train)
    rise = 0.0 if apart or little else min(above_best(s), again)
    since = swings_from(s)
    summary = (
        f"Training and validation both end {percent(rise)} or more above their best: the "
        f"{name(s)} had reached {number(s.logged(s.stats.low))} at {s.at_step(s.best_index)}{at_rate(case)}, "
        f"and is at its last level from {s.at_step(since)} on."
    )
    return picture_of(case, s, 0.92 * ramp(rise, *LOST), "lost", summary, at=since)


def _bouncing(rng: np.random.Generator) -> Run:
    y = 0.8 * np.exp(0.9 * rng.standard_normal(80)) + 1.6 * np.exp(-np.linspace(0, 12, 80))
    return run(
        {"lr": 1.0, "optimizer": "sgd", "batch_size": 64},
        train_loss=y,
        val_loss=y * np.exp(0.4 * rng.standard_normal(80)),
    )


def _high_flat(rng: np.random.Generator) -> Run:
    y = 2.4 * np.exp(0.03 * rng.standard_normal(40))
    acc = 0.1 + 0.01 * rng.standard_normal(40)
    return run({"lr": 1.0, "optimizer": "adam", "n_classes": 10}, train_loss=y, val_loss=y, val_accuracy=acc)


def _thrown_about(rng: np.random.Generator) -> Run:
    y = falling(rng, 40, 2.3, 0.5, 20) * np.exp(0.12 * rng.standard_normal(40))
    y[12] = 0.3  # the best that was reached
    return run({"lr": 0.3, "optimizer": "sgd"}, train_loss=y, val_loss=1.1 * y)


def _shooting(rng: np.random.Generator) -> Run:
    y = np.concatenate(([0.7, 1.5, 6.0, 9.0, 8.0, 6.0], np.full(114, 1.2))) * np.exp(
        0.05 * rng.standard_normal(120)
    )
    return run({"lr": 0.1, "optimizer": "adam"}, train_loss_step=y)


def _noisy_validation(rng: np.random.Generator) -> Run:
    """Validation bounces, training does not: a small validation set, not the learning rate."""
    return run({"lr": 0.1, "optimizer": "sgd"}, train_loss=falling(rng), val_loss=falling(rng, noise=0.4))


CONDITION = Condition(
    id=ID,
    title="learning rate too high",
    severity="warning",
    actions=("lower-lr", "decay-lr", "clip-gradients"),
    check=check,
    evidence={
        "picture": "unshrunk (boosted trees), configured, unstable, lost, bounces, shoots up, or blown up",
        "noise": "σ of the fluctuation over the last third, relative to the end level",
        "best": "best logged value",
        "end": "final level, as logged",
        "decades_above_usual": "log10(lr / customary lr of the optimizer); null if not logged",
    },
    sick=(_bouncing, _high_flat, _shooting, _thrown_about),
    healthy=(*HEALTHY, _noisy_validation),
)
