"""Whether the runs of a group are of one task, told by how they end:
only then is one's end a trial for another."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

from curvedoctor.features.summary import Summary
from curvedoctor.params.repeats import REPEATS

#: a sibling that ends this much lower shows that the change helps; below the second it does not
HELPS, HELPS_NOT = 0.10, 0.05
#: how far the other value must be for its trial to answer for the action: lr ×3, others ×1.5
FAR: Mapping[str, float] = {"lr": 2.5}
NEAR = 1.45
#: of at least so many pairs of nearer runs, more than a quarter end apart by over a third:
#: not all are of one task
MIN_PAIRS, MIXED, APART = 3, 0.25, 0.33
#: a learning rate this many times lower hardly moves the weights
HARDLY = 30.0
#: fewest runs whose order tells one task
VALLEY = 6
#: what acts on no first epoch: runs that differ in nothing else begin within this ratio
LATE = frozenset({"epochs", "max_steps", "patience"})
AS_SEEDS = 1.5
#: what may make a run begin anywhere; of all else within this ratio, or a lower learning rate within as many
#: times as the first point is the mean of batches (this many where that is not known)
FREE = frozenset({
    "optimizer", "momentum", "init", "init_scale", "input_scaling", "activation", "norm", "loss",
    "batch_size", "precision", "class_weights", "label_smoothing",
})  # fmt: skip
ELSEWHERE, BATCHES = 20.0, 1000.0
#: settings that tell the data or the task: where two or more are equal, chance is not why
OF_TASK = frozenset({"dataset", "loss", "n_classes", "n_features", "n_outputs", "n_train", "n_val", "n_test"})
TELLING = 2

#: (what differs, all the rest, the curve that tells how a run ended) → its value → runs
Buckets = dict[tuple[str, object, object], dict[str, list[Summary]]]


def saved_by(own: Summary, other: Summary) -> float:
    """Share by which the sibling ended lower, less what noise may have given it."""
    assert own.end is not None
    assert other.end is not None
    scale = max(abs(own.end), 1e-300)
    saved = (own.end - other.end) / scale
    slack = (own.noise + other.noise) / scale / 2
    return saved - min(slack, max(saved, 0.0))


def close_pairs(buckets: Buckets) -> tuple[int, int]:
    """(pairs of runs that differ by next to nothing, how many of them end far apart)."""
    pairs = apart = 0
    for (name, _, _), tried in buckets.items():
        runs = [
            (str(s.params.get("fold")), number, s)
            for same in tried.values()
            for s in same
            if (number := number_of(s, name)) is not None
        ]
        runs.sort(key=lambda run: (*run[:2], run[2].run))
        far = FAR.get(name, NEAR)
        for (fold, low, a), (same_fold, high, b) in itertools.pairwise(runs):
            if fold == same_fold and (low == high or (low > 0 and high / low < far)):
                pairs += 1
                apart += max(saved_by(a, b), saved_by(b, a)) > APART
    return pairs, apart


def one_valley(runs: Sequence[Summary], name: str) -> bool:
    """Whether the ends of so many runs fall to one lowest and rise after it, as those of unlike tasks hardly
    would (of n ends in random order 2^(n-1)/n! do: 4 % of 6)."""
    points = [(number, end_of(s)) for s in runs if (number := number_of(s, name)) is not None]
    ends = [end for _, end in sorted(points)]
    best = min(range(len(ends)), key=ends.__getitem__, default=0)
    falls = all(a >= b * (1 - HELPS_NOT) for a, b in itertools.pairwise(ends[: best + 1]))
    rises = all(a <= b * (1 + HELPS_NOT) for a, b in itertools.pairwise(ends[best:]))
    return len(ends) >= VALLEY and falls and rises


def begun_apart(own: Summary, other: Summary) -> bool:
    """Whether two runs begin so far apart that what they differ in can't be why:
    then neither is a trial for the other."""
    names = {n for n in {*own.params, *other.params} - REPEATS if own.params.get(n) != other.params.get(n)}
    ratios = {
        split: math.log(a / b)
        for split, a, b in zip(("train", "val"), own.begun, other.begun, strict=True)
        if a and b and min(a, b) > 0
    }
    if not ratios or not FREE.isdisjoint(names):
        return False
    if LATE.issuperset(names):
        return max(map(abs, ratios.values())) > math.log(AS_SEEDS)
    mine, its = number_of(own, "lr"), number_of(other, "lr")
    if "lr" not in names or not mine or not its:
        return min(map(abs, ratios.values())) > math.log(ELSEWHERE)
    # at the higher rate a run may begin far above, by breaking; at the lower one as far as it has learnt less
    bounds = {"train": _batches(own if mine > its else other), "val": ELSEWHERE}
    return all((-r if mine > its else r) > math.log(bounds[split]) for split, r in ratios.items())


def _batches(s: Summary) -> float:
    """Batches in an epoch, at least `ELSEWHERE`."""
    samples, size = number_of(s, "n_train"), number_of(s, "batch_size")
    return max(ELSEWHERE, samples / size) if samples and size else BATCHES


def designed(buckets: Buckets, runs: int) -> bool:
    """Whether at least half of so many runs differ from another in one thing, and not in their data: somebody
    tried one change after the other, or a grid. Tasks that share a folder hardly look like that."""
    changed = {
        id(s)
        for (name, _, _), tried in buckets.items()
        if name not in OF_TASK and len(tried) > 1
        for same in tried.values()
        for s in same
    }
    return 2 * len(changed) >= runs


def named_for(s: Summary, name: str) -> bool:
    """Whether a run's name tells its value: `lr0.01`, `bs=64/adam`."""
    value = s.params.get(name)
    written = {str(value), f"{value:g}", f"{value:e}"} if isinstance(value, (int, float)) else {str(value)}
    return any(text in s.run for text in written)


def number_of(s: Summary, name: str) -> float | None:
    value = s.params.get(name)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def end_of(s: Summary) -> float:
    assert s.end is not None
    return s.end


def too_far(name: str, own: Summary, other: Summary) -> bool:
    """A learning rate hundreds of times away that did not help says nothing of those between."""
    a, b = own.params.get(name), other.params.get(name)
    if name != "lr" or not isinstance(a, (int, float)) or not isinstance(b, (int, float)) or min(a, b) <= 0:
        return False
    return max(a / b, b / a) > 100


def hardly_moved(own: Summary, other: Summary) -> bool:
    """Whether a sibling's rate is so much lower that nothing it did tells of the run's."""
    mine, its = own.params.get("lr"), other.params.get("lr")
    return isinstance(mine, (int, float)) and isinstance(its, (int, float)) and mine > HARDLY * its
