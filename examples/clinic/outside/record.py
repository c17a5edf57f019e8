"""One run of somebody else's: its curves, its settings, and what siblings say of each action."""

from __future__ import annotations

import json
import lzma
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clinic.truth import any_helps, compare, verdict

if TYPE_CHECKING:
    from curvedoctor.model import Run

#: how far from a learning rate that is wanted the nearest one tried may be (natural logarithm)
NEAR = 0.3

Floats = NDArray[np.float64]
Curve = tuple[Floats, Floats]
#: an action tried: log-levels of the run with it, one for each repeat
Tries = Mapping[str, Sequence[Sequence[float]]]


@dataclass(frozen=True)
class Outside:
    """A run with what is known of its remedies; `helps` of an action that nobody tried is None."""

    id: str
    source: str
    task: str
    group: str  #: siblings: same task, same code
    curves: dict[str, Curve] = field(repr=False)  #: tag → (steps, values)
    params: dict[str, Any]
    verdicts: dict[str, bool | None]
    gains: dict[str, float]  #: largest fraction of the loss that the action saved
    healthy: bool | None = None
    #: whether other learning rates help that were really tried
    at_rate: dict[float, bool | None] = field(default_factory=dict, repr=False)

    def helps(self, action: str) -> bool | None:
        """True, False, or None: not known."""
        return self.verdicts.get(action)

    def saved(self, action: str) -> float | None:
        """Largest share of the loss that the action saved; None: not known."""
        return self.gains.get(action)

    def helps_at(self, rate: float) -> bool | None:
        """Whether this learning rate helps, to the nearest that was tried; None where none was so near."""
        nearest = min(self.at_rate, key=lambda tried: abs(math.log(tried / rate)), default=None)
        return self.at_rate[nearest] if nearest and abs(math.log(nearest / rate)) <= NEAR else None

    @property
    def sick(self) -> bool:
        """Whether any action is known to help."""
        return any(v is True for v in self.verdicts.values())


def judged(own: Sequence[float], tries: Tries) -> tuple[dict[str, bool | None], dict[str, float]]:
    """Verdict and largest gain of every action, by the rules of `truth`; repeats are not paired."""
    verdicts: dict[str, bool | None] = {}
    gains: dict[str, float] = {}
    for action, variants in tries.items():
        found = [_gain(own, levels) for levels in variants if len(levels)]
        if found:
            verdicts[action] = any_helps([verdict(*f) for f in found])
            gains[action] = round(max(f[0] for f in found), 3)
    return verdicts, gains


def _gain(own: Sequence[float], other: Sequence[float]) -> tuple[float, float]:
    """Gain between means, and the standard error of its logarithm where there are repeats."""
    gain, _ = compare([float(np.mean(own))], [float(np.mean(other))])
    spread = [np.var(v, ddof=1) / len(v) for v in (own, other) if len(v) > 1]
    return gain, float(np.sqrt(sum(spread)))


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of an xz-compressed file with one JSON object a line."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def by_task(path: Path) -> dict[str, list[dict[str, Any]]]:
    """task → its `rows`."""
    tasks: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows(path):
        tasks[row["task"]].append(row)
    return tasks


def floats(values: Sequence[float | None]) -> Floats:
    """Values with NaN for null."""
    return np.array([np.nan if v is None else v for v in values], np.float64)


def last(values: Floats) -> float | None:
    """The last value; None if the run was lost by then."""
    return float(values[-1]) if len(values) and np.isfinite(values[-1]) else None


def as_run(outside: Outside) -> Run:
    """As curvedoctor would read it from a log."""
    from curvedoctor.model import Curve as Read
    from curvedoctor.model import Run
    from curvedoctor.params import recognize
    from curvedoctor.roles import assign

    made = [
        Read(tag, tag, steps.astype(np.int64), values, np.full(len(steps), np.nan))
        for tag, (steps, values) in outside.curves.items()
    ]
    name = f"{outside.source}/{outside.id}"
    return Run(outside.id, name, outside.group, tuple(assign(made)), recognize(outside.params))
