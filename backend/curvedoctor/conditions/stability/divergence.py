"""The loss climbs far above what it had reached, and stays there.

Why it matters
    What was learnt is gone: the final checkpoint is worse than one from before the onset, often no
    better than an untrained model.

How it decides
    The training loss ends far above its lowest smoothed level: more than half of what it had gained
    is lost (or, if it never fell, it has at least doubled), by many times its noise, and it is not on
    its way back at the end. Or it jumps, from one logged point to the next, to a level above everything since
    the first tenth, by 15 to 30 % and many times its noise, and stays there. Of three to five points: each
    above the one before, the last at least twice the first. A score that is still at its best contradicts it.
    A validation loss that climbs alone is overfitting; it counts here only where no training loss is
    logged and it ends at two to four times its start. Or, whatever overshoot came between and however early:
    a jump loses six tenths of all that had been gained (or leads to what a constant answer costs), from a
    level of 85 % or less, and the loss stays there, neither falling nor rising, for a tenth of the run or
    more. The onset is the first logged point of the last climb.

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

import math

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, number, ramp, too_few, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.measures.descent import only_climbs
from curvedoctor.conditions.measures.shape import (
    MIN_POINTS,
    TINY,
    error_of_mean,
    name,
    relative,
    still_best,
    why_unjudgeable,
)
from curvedoctor.conditions.stability.climb import DECADES, onset, sharpest, sudden
from curvedoctor.conditions.stability.lost_for_good import lost_for_good
from curvedoctor.features.blocks import median, medians
from curvedoctor.features.case import Case
from curvedoctor.features.rates import decades_below_usual
from curvedoctor.features.resample import GRID
from curvedoctor.features.series import Series
from curvedoctor.features.statistics import MAD_TO_SIGMA
from curvedoctor.model import Finding, Run, Unjudged

ID = "divergence"
#: fewest points that say it: rising without end
SHORT = 3
#: times the first value that a short log must end at
TWICE = 2.0
#: points that are searched for a jump, the last ones
LONGEST = 16384
#: times its start that a validation loss without a training loss has to end at
ALONE = 2.0, 4.0
#: share of the whole climb that a jump makes; share of the first value below which no level matters
JUMP_SHARE, MATTERS = 0.6, 0.05
#: a jump in units of the noise before it
FAR = 5.0
#: how sure a jump is after which nothing that had been learnt is left
LOST = 0.95


def check(case: Case) -> Finding | Unjudged | None:
    reason = why_unjudgeable(case, SHORT, of_pairs=True)
    if reason is not None:
        return unjudged(ID, reason)
    s = case.finest_train or case.primary
    if s is None or s.stats.n < SHORT:
        return unjudged(ID, "the training loss has too few points")
    few = s.stats.n < MIN_POINTS
    confidence, at = (_endless(s), 0) if few else _seen(s)
    if s is case.val:  # alone: otherwise it may be overfitted
        confidence *= ramp(relative(s.stats.end, s.stats.start), *ALONE)
    if confidence < REPORT_FROM and (lost := lost_for_good(case, s)) is not None:
        confidence, at = LOST, sharpest(s, lost)
    if still_best(case.val_score) or still_best(case.train_score):
        confidence *= 0.3
    if confidence >= REPORT_FROM:
        return _finding(case, s, confidence, at or onset(s))
    return too_few(ID, s.stats.n, MIN_POINTS) if few else None


def _seen(s: Series) -> tuple[float, int]:
    """How sure the climb or the jump is, and the index of the jump; 0 where it is no jump."""
    rule, at = _rule(s), _jump(s)
    jumped = _jumped(s, at) if at else 0.0
    return (jumped, at) if jumped >= max(rule, REPORT_FROM) else (rule, 0)


def _finding(case: Case, s: Series, confidence: float, at: int) -> Finding:
    best, end, where = float(s.y[s.best_index]), float(s.y[-1]), s.at_step(at)
    turn, other = ("jumps", "climbs") if s.ceiling is None else ("drops", "falls")
    actions, asked = _low_rate(case, s)
    move = f"{turn} at {where}" if sudden(s, at) else f"{other} from {where} on"
    return finding(
        ID, "error", confidence, s,
        f"The {name(s)} had reached {number(s.logged(best))}, {move} and ends at {number(s.logged(end))}"
        f"{asked}",
        others=(case.val,), onset=float(s.x[at]), actions=actions, ratio=relative(end, best),
        lost=_lost(s), best=s.logged(best), end=s.logged(end),
    )  # fmt: skip


def _low_rate(case: Case, s: Series) -> tuple[tuple[str, ...], str]:
    """What to try where the rate is known to be low, and what is asked: the step came from a gradient, which
    has the wrong sign where it never brings the loss down."""
    if (decades_below_usual(case) or 0.0) < 1.0:
        return (), "."
    if only_climbs(s):
        return ("overfit-one-batch", "change-loss"), ": at so low a rate, is the sign of the gradient right?"
    return ("clip-gradients", "lower-lr", "add-warmup"), "."


def _endless(s: Series) -> float:
    """Three points and more, each above the one before, the last far above the first."""
    rises = bool(np.all(np.diff(s.y) > 0))
    return 0.93 if rises and s.y[0] > 0 and float(s.y[-1]) >= TWICE * float(s.y[0]) else 0.0


def _jump(s: Series) -> int:
    """Index of the point before and after which the levels of a few points differ most."""
    y, k = s.y[-LONGEST:], min(MIN_POINTS, len(s.y) // 2)
    calm = medians(np.lib.stride_tricks.sliding_window_view(y, k))
    at = int(np.argmax(calm[k:] - calm[:-k])) + k if len(calm) > k else 0
    return sharpest(s, at + len(s.y) - len(y))


def _jumped(s: Series, at: int) -> float:
    """Within one logging interval to a level above all before, for good, however little had been gained."""
    before, after = s.y[:at], s.y[at:]
    if len(after) < SHORT or len(before) < MIN_POINTS or not float(before.max()) > 0:
        return 0.0
    level, top = median(after), float(before[len(before) // 10 :].max())
    near = median(before[-max(MIN_POINTS, len(before) // 10) :])
    sigma = MAD_TO_SIGMA * median(np.abs(np.diff(before[-64:]))) / math.sqrt(2)
    whole = level - near >= max(JUMP_SHARE * (level - s.stats.best), FAR * sigma) and sudden(s, at)
    above = level >= MATTERS * s.stats.first and float(np.quantile(after, 0.1)) > top
    third = max(1, len(after) // 3)
    back = float(np.median(after[:third]) - np.median(after[-third:]))
    returns = len(after) >= MIN_POINTS and back > 0.3 * (level - near)
    return 0.97 * ramp(relative(level, near), 1.15, 1.3) * float(whole and above and not returns)


def _lost(s: Series) -> float:
    """Share of what had been gained that is lost at the end; 1 or more if the end is above the start."""
    t = s.stats
    return relative(t.end - t.best, max(t.start - t.best, 0.05 * abs(t.best)))


def _significant(s: Series, climb: float) -> bool:
    """Whether the climb is no noise: in its own unit, or, where it spans decades, in decades."""
    if climb > 6 * error_of_mean(s, 0.05):
        return True
    if not s.stats.low > 0 or s.stats.top < DECADES * s.stats.low:
        return False
    y = np.log(s.y)
    sigma = MAD_TO_SIGMA * median(np.abs(np.diff(y))) / math.sqrt(2)
    return float(y[-3:].mean() - y.min()) > 3 * sigma


def _rule(s: Series) -> float:
    t = s.stats
    climb = t.end - t.best
    if not _significant(s, climb):
        return 0.0
    ratio = relative(t.end, max(t.best, TINY))
    # a fall after the climb: on its way back, as in a curriculum
    after = s.grid[int(t.best_at * GRID) :]
    stays = ramp(relative(t.end - t.best, float(after.max()) - t.best), 0.3, 0.7)
    if t.end >= 0.97 * t.start:
        stays = 1.0
    quarter = s.grid[-GRID // 4 :]
    back = float(quarter[: GRID // 8].mean() - quarter[GRID // 8 :].mean())
    if back > max(0.15 * climb, 4 * error_of_mean(s, 0.125)):
        stays = 0.0
    if t.best < 0.9 * t.start and t.best_at > 0.02:
        return 0.97 * ramp(_lost(s), 0.4, 0.7) * ramp(ratio, 1.25, 1.6) * stays
    return 0.97 * ramp(ratio, 1.5, 2.2) * stays


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
        "ratio": "last logged value over the lowest",
        "lost": "share of the whole fall that is lost at the end; 1 or more: above the start",
        "best": "lowest value that was logged",
        "end": "last value that was logged",
    },
    sick=(_climbs_back, _explodes),
    healthy=(*HEALTHY, _curriculum, _overfits),
)
