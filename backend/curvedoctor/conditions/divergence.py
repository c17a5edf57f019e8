"""The loss climbs far above what it had reached, and stays there.

Why it matters
    What was learnt is gone: the final checkpoint is worse than one from before the onset, often no
    better than an untrained model.

How it decides
    The training loss ends far above its lowest smoothed level: more than half of what it had gained
    is lost (or, if it never fell, it has at least doubled), by many times its noise, and it is not on
    its way back at the end. A score that is still at its best contradicts it. A validation loss that
    climbs alone is overfitting; it counts here only where no training loss is logged and it ends
    above where it started.

What to try
    Lower the learning rate to a tenth; warm it up; clip the gradient norm.

When it is wrong
    A curriculum or an annealed penalty raises the loss on purpose: it comes down again after each
    step, which is looked for, but a run that ends right after a step looks lost. A change of the
    loss's weights in the middle of a run looks the same.

References
    Goodfellow, Bengio and Courville (2016), Deep Learning, ch. 8. Zhang et al. (2021), AutoTrainer.
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import FIRES, Condition, finding, number, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.shape import TINY, cannot, error_of_mean, name, relative, still_best
from curvedoctor.features.case import Case
from curvedoctor.features.resample import GRID
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Run, Unjudged

ID = "divergence"


def check(case: Case) -> Finding | Unjudged | None:
    reason = cannot(case)
    if reason is not None:
        return unjudged(ID, reason)
    s = case.training or case.main
    if s is None or s.stats.n < 6:
        return unjudged(ID, "the training loss has too few points")
    t = s.stats
    sure = _rule(s, alone=s is case.val)
    if still_best(case.val_score) or still_best(case.train_score):
        sure *= 0.3
    if sure < FIRES:
        return None
    climb = relative(t.end, t.best)
    onset = _onset(s)
    return finding(
        ID, "error", sure, s,
        f"The {name(s)} had reached {number(s.logged(t.best))}, climbs from {s.curve.axis} "
        f"{s.axis_at(onset):g} on and ends at {number(s.logged(t.end))}.",
        others=(case.val,), onset=onset, ratio=climb, lost=_lost(s), best=s.logged(t.best), end=s.logged(t.end),
    )  # fmt: skip


def _lost(s: Series) -> float:
    """Share of what had been gained that is lost at the end; 1 or more if the end is above the start."""
    t = s.stats
    return relative(t.end - t.best, max(t.start - t.best, 0.05 * abs(t.best)))


def _rule(s: Series, alone: bool) -> float:
    t = s.stats
    climb = t.end - t.best
    if climb <= 6 * error_of_mean(s, 0.05):
        return 0.0
    ratio = relative(t.end, max(t.best, TINY))
    # a fall after the climb: on its way back, as in a curriculum
    after = s.grid[int(t.best_at * GRID) :]
    stays = ramp(relative(t.end - t.best, float(after.max()) - t.best), 0.3, 0.7)
    if t.end >= 0.97 * t.start:
        stays = 1.0
    quarter = s.grid[-GRID // 4 :]
    half = len(quarter) // 2
    back = float(quarter[:half].mean() - quarter[half:].mean())
    recovering = back > 0.15 * climb and back > 4 * error_of_mean(s, 0.125)
    if recovering:
        stays = 0.0
    fell = t.best < 0.9 * t.start and t.best_at > 0.02
    need = ramp(_lost(s), 0.4, 0.7) * ramp(ratio, 1.25, 1.6) if fell else ramp(ratio, 1.5, 2.2)
    if alone:
        need *= ramp(relative(t.end, t.start), 1.2, 2.0)
    return 0.97 * need * stays


def _onset(s: Series) -> float:
    """Where the last climb starts: the last place at which the level was within a tenth of the climb of its best."""
    t = s.stats
    near = np.flatnonzero(s.grid <= t.best + 0.1 * (t.end - t.best))
    return (float(near[-1]) + 0.5) / GRID if len(near) else 0.0


def _climbs_back(rng: np.random.Generator) -> Run:
    y = falling(rng, 80)
    y[40:] = 2.4 * np.exp(0.03 * rng.standard_normal(40))
    return run({"lr": 0.5, "optimizer": "sgd"}, train_loss=y, val_loss=y * 1.02)


def _explodes(rng: np.random.Generator) -> Run:
    t = np.arange(50)
    y = 1.0 * 1.15**t * np.exp(0.1 * rng.standard_normal(50))
    return run({"lr": 1.0}, train_loss=y)


def _curriculum(rng: np.random.Generator) -> Run:
    """The task gets harder twice: the loss is raised on purpose and comes down again."""
    stages = [falling(rng, 40, top, floor, 6, 0.02) for top, floor in ((1.5, 0.2), (1.4, 0.3), (1.5, 0.4))]
    return run(train_loss=np.concatenate(stages))


def _overfits(rng: np.random.Generator) -> Run:
    val = falling(rng, 60, 2.3, 0.8) + 1.5 * np.linspace(0, 1, 60)
    return run(train_loss=falling(rng, 60, 2.3, 0.01), val_loss=val)


CONDITION = Condition(
    id=ID,
    title="divergence",
    severity="error",
    actions=("lower-lr", "add-warmup", "clip-gradients"),
    check=check,
    evidence={
        "ratio": "final loss over its lowest smoothed level",
        "lost": "share of the whole fall that is lost at the end; 1 or more: above the start",
        "best": "lowest smoothed level, as logged",
        "end": "final level, as logged",
    },
    sick=(_climbs_back, _explodes),
    healthy=(*HEALTHY, _curriculum, _overfits),
)
