"""What runs of one setting say: repeats tell the noise, and where they differ by more than that, what is
missing from the log."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from curvedoctor.compare.grid import Grid
from curvedoctor.compare.types import Outcome
from curvedoctor.compare.wording import ALIKE, REPEATED, UNLOGGED, value
from curvedoctor.params.repeats import REPEATS, middle_half

#: ratio of two ends beyond which seeds are not what differs
APART = 1.5


def notes(g: Grid, logarithmic: bool) -> Iterator[str]:
    """What is to be told of runs that differ in nothing logged."""
    if not g.varied and len(g.outcomes) > 1:
        yield _repeats(g.outcomes) or (
            f"{ALIKE} between these runs: log them (add_hparams, log_params), "
            "or put them into the run names as lr=0.1_bs=32."
        )
    if logarithmic and (widest := apart(g)) is not None:
        gap, (low, high) = widest
        yield (
            f"{UNLOGGED}: {high} ended at {math.exp(gap):.2g} times the loss of {low}, with the same "
            "settings. Log what it is (code, data, checkpoint) before trusting smaller differences."
        )


def apart(g: Grid) -> tuple[float, tuple[str, str]] | None:
    """How far runs of one setting end apart (log-ratio), and which two; None where as seeds do."""
    widest = max(map(_widest, g.cells(g.varied).values()), key=lambda pair: pair[0], default=None)
    return widest if widest is not None and math.log(APART) < widest[0] < math.inf else None


def _repeats(outcomes: Sequence[Outcome]) -> str:
    """One setting, repeated over folds or seeds: where it ends."""
    named = [name for name in sorted(REPEATS) if len({o.params.get(name) for o in outcomes}) > 1]
    levels = sorted(o.level for o in outcomes if o.level is not None)
    if not named or not levels:
        return ""
    which = " and ".join(f"{name} {_range(outcomes, name)}" for name in named)
    mean = sum(levels) / len(levels)
    return (
        f"{REPEATED} ({which}): {mean:.4g} on average, {levels[0]:.4g} to {levels[-1]:.4g}. "
        "Repeats tell how much is noise, not what to change."
    )


def _range(outcomes: Sequence[Outcome], name: str) -> str:
    known = sorted({v for o in outcomes if isinstance(v := o.params.get(name), (int, float))})
    return f"{value(known[0])} … {value(known[-1])}" if len(known) > 2 else " and ".join(map(value, known))


def _widest(members: Sequence[Outcome]) -> tuple[float, tuple[str, str]]:
    """How far the middle half of the repeats end apart, those of one fold each, and which two do."""
    folds: dict[object, list[Outcome]] = {}
    for outcome in members:
        folds.setdefault(outcome.params.get("fold"), []).append(outcome)
    apart = []
    for same in folds.values():
        ranked = sorted((o for o in same if o.bad is None), key=lambda o: o.score)
        if ranked:
            low, high = middle_half(ranked)
            apart.append((high.score - low.score, (low.run, high.run)))
    return max(apart, default=(0.0, ("", "")))
