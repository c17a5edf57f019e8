"""Which checkpoint to keep: of those logged and of those on disk, the one within noise of the best.

The best of many noisy evaluations is partly luck: the difference of two equally good ones has a σ of √2 times
that of one, so evaluations within 2 σ above the best can't be told from it: of the noise around the best, not
of what goes on elsewhere. Of the checkpoints whose
evaluation lies in that band the one evaluated best is kept; where no file is known, the band says which steps
are as good. Detection and segmentation go by their score (mAP50-95, Dice), all else by the validation loss,
where one is logged. None is chosen where nothing was learnt, where half of the run is as good or the noise as
large as what was gained, or by what an agent got in training: then the reading says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from curvedoctor.features.case import Case
from curvedoctor.features.learnt import learnt
from curvedoctor.features.selects import selects
from curvedoctor.features.series import Series
from curvedoctor.features.statistics import FLOAT, noise_sigma
from curvedoctor.model import Checkpoint

#: width of the band above the best, in σ of one evaluation
BAND = 2.0
#: evaluations without which nothing is chosen
MIN_EVALUATIONS = 3
#: how far from its evaluation a checkpoint may have been saved, as share of the distance of two evaluations
APART = 0.75
#: share of the run that the band may reach over where it reaches to the end, and where it does not;
#: beyond, there is nothing to choose
ALIKE, NEARLY_ALL = 0.5, 0.7
#: evaluations before, around or after the best that tell its noise, and no fewer; of so few in all a course
#: can't be told from noise, and where it bends least counts
BESIDE, LEAST, FEW = 24, 12, 8
#: noise of the whole run over that around the best from which on the run was thrown about elsewhere
ELSEWHERE = 3.0
#: share of what the run gained that the band may be wide
WIDE = 0.5
#: share of its start by which an evaluation must have got better for anything to have been learnt
LEARNT = 0.01
#: names of files in the band that are listed
LISTED = 12


@lru_cache(maxsize=8)  # the advice to stop asks for the same
def read(case: Case) -> Mapping[str, object] | None:
    """The checkpoint to keep, the best logged evaluation, and the band;
    None where there is nothing to choose."""
    s = selects(case) or case.val or case.val_score or case.reward
    if s is None or s.stats.n < MIN_EVALUATIONS or s.curve.role.better == "none":
        return None
    best = float(s.y[s.best_index])
    limit = best + max(BAND * _noise_around(s), FLOAT * abs(best))
    inside = np.flatnonzero(s.y <= limit)
    reason = _none(case, s, limit, int(inside[0]), int(inside[-1]))
    saved = [] if reason is not None else _evaluated(s, case.run.checkpoints)
    as_good = [(float(s.y[i]), one) for one, i in saved if s.y[i] <= limit]
    kept = min(as_good or [(float(s.y[i]), one) for one, i in saved], key=lambda pair: pair[0], default=None)
    named = next((one for one in case.run.checkpoints if one.word == "best" and reason is None), None)
    by_name = not as_good and named is not None
    places = {one.name: i for one, i in saved}
    keep = named if by_name else kept[1] if kept is not None else None
    at = None if keep is None or by_name else places[keep.name]
    return {
        "keep": None if keep is None else keep.name,
        "by": None if keep is None else "name" if by_name else "evaluation",
        "within_noise": None if keep is None or by_name else bool(as_good),
        "at": None if at is None else _step_of(s, at),
        "value": None if at is None else s.logged(float(s.y[at])),
        "curve": s.curve.id,
        "axis": s.unit or s.curve.axis,
        "best": s.logged(best),
        "best_at": _step_of(s, s.best_index),
        "band": sorted((s.logged(best), s.logged(limit))),
        "as_good_from": _step_of(s, int(inside[0])),
        "as_good_to": _step_of(s, int(inside[-1])),
        "as_good": [one.name for _, one in as_good][:LISTED],
        "on_disk": len(case.run.checkpoints),
        "reason": reason,
    }


def _noise_around(s: Series) -> float:
    """σ of the evaluations around the best: a spike, a steep start or a wreck elsewhere don't count."""
    if len(s.y) < MIN_EVALUATIONS:
        return s.stats.noise
    if len(s.y) < FEW:
        bends = np.abs(np.diff(s.y, n=2))
        beside = float(noise_sigma(np.array([[bends.min()] * 2]))[0])
    else:
        starts = (s.best_index - BESIDE, s.best_index - BESIDE // 2, s.best_index)
        parts = [s.y[max(0, at) : max(0, at + BESIDE + 1)] for at in starts]
        enough = min(LEAST, len(s.y))
        beside = min(float(noise_sigma(np.diff(y, n=2)[None])[0]) for y in parts if len(y) >= enough)
    return s.stats.noise if s.stats.noise <= ELSEWHERE * beside else beside


def _none(case: Case, s: Series, limit: float, first: int, last: int) -> str | None:
    """Why none is chosen, in words; None where one is."""
    if s is case.reward and s.curve.role.split not in ("val", "test"):
        return "no evaluation is logged, and a good episode of training is luck"
    known = [each for each in (s, case.val, case.coarsest_train) if each is not None]
    if not any(_improved(each) for each in known):
        return f"nothing was learnt: {s.curve.tag} is never better than at its start, beyond its noise"
    unit = s.unit or s.curve.axis
    if s.best_index == 0 and not learnt(case, s):
        return f"{s.curve.tag} was never better than at its first evaluation, at {unit} {_step_of(s, 0)}"
    if limit - s.stats.low >= WIDE * (max(float(s.y[0]), s.stats.last) - s.stats.low):
        return f"{s.curve.tag} fluctuates around its best by as much as it ever got better: that one is luck"
    if last - first < (ALIKE if last == len(s.y) - 1 else NEARLY_ALL) * s.stats.n:
        return None
    rests = _rests_from(s)
    if rests < len(s.y) - 1 and len(s.y) - rests >= ALIKE * (len(s.y) - first):
        return f"from {unit} {_step_of(s, rests)} on {s.curve.tag} no longer changes: any of these is as good"
    as_good = "; the last is as good" if last == len(s.y) - 1 else ""
    return (
        f"from {unit} {_step_of(s, first)} on {s.curve.tag} fluctuates by as much as it gets better, and the "
        f"best of so many is luck{as_good}"
    )


def _rests_from(s: Series) -> int:
    """The point from which on all evaluations are the last one, to float noise."""
    moved = np.flatnonzero(np.abs(s.y - s.y[-1]) > FLOAT * abs(s.stats.last))
    return int(moved[-1]) + 1 if len(moved) else 0


def _improved(s: Series) -> bool:
    """Whether a curve was ever better than at its start, beyond its noise."""
    start = float(min(s.y[: 1 if len(s.y) < FEW else 2]))
    return start - s.stats.best > max(LEARNT * abs(start), BAND * _noise_around(s))


def _step_of(s: Series, index: int) -> int:
    """Where a finite point is, on the curve's own axis."""
    return int(s.step_at(index))


def _evaluated(s: Series, checkpoints: Sequence[Checkpoint]) -> list[tuple[Checkpoint, int]]:
    """Checkpoints with the place of the evaluation that was made when they were saved."""
    counts = [(one, count) for one in checkpoints if (count := _count(s, one)) is not None]
    if not counts:
        return []
    steps = np.array([s.step_at(i) for i in range(len(s.y))])
    apart = float(np.median(np.diff(steps))) if len(steps) > 1 else 1.0
    shift = _shift([count for _, count in counts], steps)
    placed = []
    for one, count in counts:
        i = int(np.argmin(np.abs(steps - (count - shift))))
        if abs(steps[i] - (count - shift)) <= APART * max(apart, 1e-12) or apart == 0:
            placed.append((one, i))
    return placed


def _count(s: Series, one: Checkpoint) -> float | None:
    """What the name counts, on the axis of the curve; None where it counts something else."""
    count = {"step": one.step, "epoch": one.epoch}.get(s.curve.axis)
    if count is None:
        count = one.number
    if count is None and s.curve.axis == "step" and s.curve.role.granularity == "epoch":
        count = one.epoch  # a point per epoch, counted in steps of one
        count = count if count is not None and _by_ones(s) else None
    return None if count is None else float(count)


def _by_ones(s: Series) -> bool:
    steps = s.curve.steps
    return len(steps) > 1 and int(steps[-1] - steps[0]) == len(steps) - 1


def _shift(counts: Sequence[float], steps: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """1 where files count from one and the log from zero:
    the last file lies one beyond the last evaluation."""
    apart = float(np.median(np.diff(steps))) if len(steps) > 1 else 0.0
    return float(steps[0] == 0 and apart == 1 and min(counts) >= 1 and max(counts) == steps[-1] + 1)
