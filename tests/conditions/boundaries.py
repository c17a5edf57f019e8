"""Where conditions flip: an example changed little by little until what is said of it changes.

`python -m conditions.boundaries` (from tests/) writes the places anew: read the difference before you commit
it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from curvedoctor.conditions.base import Condition, Example, all_conditions
from curvedoctor.features.case import build
from curvedoctor.model import Curve, Finding, Floats, Run

PATH = Path(__file__).with_name("boundaries.txt")
HEAD = "condition | example | change | what is said before | after | at which share of the change"
#: the two runs beside a boundary are so far from it, as share of the whole change
HAIR = 0.008
#: points of the search for a boundary, round by round
ROUNDS = (13, 8, 7)
#: relative noise under which a boundary that is kept stays where it is
SHAKEN = 1e-6

#: values and a share 0..1 → values
Shaping = Callable[[Floats, float], Floats]


def _time(y: Floats) -> Floats:
    return np.linspace(0.0, 1.0, len(y))


def _noise(y: Floats) -> Floats:
    return np.random.default_rng(7).standard_normal(len(y))


def _smooth(y: Floats) -> Floats:
    width = max(1, len(y) // 6)
    padded = np.pad(y, width, mode="edge")
    return np.array([padded[k : k + 2 * width + 1].mean() for k in range(len(y))])


#: what may become of a loss; a score is shaped as its distance from one, a reward as that from its best
SHAPES: dict[str, Shaping] = {
    "flattened": lambda y, p: y[-1] + (1 - p) * (y - y[-1]),
    "smoothed": lambda y, p: (1 - p) * y + p * _smooth(y),
    "shaken": lambda y, p: y * np.exp(0.6 * p * _noise(y)),
    "lifted": lambda y, p: y + 4 * p**2 * np.abs(y).max(),
    "lowered": lambda y, p: y - p * y.min(),
    "falling": lambda y, p: y * (1 - 0.95 * p * _time(y)),
    "rising": lambda y, p: y * (1 + 3 * p**2 * _time(y)),
    "scaled up": lambda y, p: y * 10 ** (3 * p),
    "scaled down": lambda y, p: y * 10 ** (-3 * p),
}
WHOLE = ("shortened", "begun later")
FACTORS = {"up": 4.0, "down": -4.0}


@dataclass(frozen=True)
class Way:
    """A change, little by little: of all curves of a kind, or of one hyperparameter."""

    name: str
    run: Callable[[float], Run]


def ways(made: Run) -> Iterator[Way]:
    """All ways to change a run."""
    for name in WHOLE:
        yield Way(name, lambda p, name=name: _cut(made, name, p))  # type: ignore[misc]
    for split in ("train", "val"):
        if any(_shapeable(c, split) for c in made.curves):
            for name in SHAPES:
                yield Way(f"{split} {name}", lambda p, split=split, name=name: _shaped(made, split, name, p))  # type: ignore[misc]
    for key, value in made.params.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0:
            for name in FACTORS:
                yield Way(f"{key} {name}", lambda p, key=key, name=name: _set(made, key, name, p))  # type: ignore[misc]


def _shapeable(curve: Curve, split: str) -> bool:
    role = curve.role
    judged = role.quantity in ("loss", "error", "accuracy", "reward") and role.split == split
    return judged and len(curve) > 2 and bool(np.isfinite(curve.values).all())


def _shaped(made: Run, split: str, name: str, p: float) -> Run:
    def of(c: Curve) -> Curve:
        if not _shapeable(c, split):
            return c
        if c.role.quantity == "accuracy":
            return replace(c, values=np.clip(1 - SHAPES[name](1 - c.values, p), 0, 1))
        if c.role.quantity == "reward":
            return replace(c, values=c.values.max() - SHAPES[name](c.values.max() - c.values, p))
        return replace(c, values=SHAPES[name](c.values, p))

    return replace(made, curves=tuple(map(of, made.curves)))


def _cut(made: Run, name: str, p: float) -> Run:
    def of(c: Curve) -> Curve:
        n = round(0.97 * p * len(c))
        kept = slice(0, len(c) - n) if name == "shortened" else slice(n, None)
        return replace(c, steps=c.steps[kept], values=c.values[kept], wall_times=c.wall_times[kept])

    return replace(made, curves=tuple(map(of, made.curves)))


def _set(made: Run, key: str, name: str, p: float) -> Run:
    value = float(made.params[key]) * 10 ** (FACTORS[name] * p)
    whole = isinstance(made.params[key], int)
    return replace(made, params={**made.params, key: max(1, round(value)) if whole else value})


def said(condition: Condition, runs: Sequence[Run]) -> list[str]:
    """The severity of what a condition finds in each run; "-" where it finds nothing."""
    results = [condition.check(case) for case in build(runs)]
    return [r.severity if isinstance(r, Finding) else "-" for r in results]


def boundary(condition: Condition, way: Way) -> tuple[str, str, float] | None:
    """What is said before and after, and the place between; None where it never changes,
    or more than once."""
    low, high, before, after = 0.0, 1.0, "", ""
    for points in ROUNDS:
        places = np.linspace(low, high, points).tolist()
        told = said(condition, [way.run(p) for p in places])
        turns = [k for k in range(points - 1) if told[k] != told[k + 1]]
        if len(turns) != 1:
            return None
        low, high, before, after = places[turns[0]], places[turns[0] + 1], told[turns[0]], told[turns[0] + 1]
    return before, after, (low + high) / 2


def examples(condition: Condition) -> dict[str, Example]:
    return {e.__name__.strip("_"): e for e in (*condition.sick, *condition.healthy)}


@cache
def example(condition: str, name: str) -> Run:
    return examples(all_conditions()[condition])[name](np.random.default_rng(1))


def sides(condition: Condition, way: Way, at: float) -> list[str]:
    """What is said a hair before a place and a hair after it."""
    return said(condition, [way.run(at - HAIR), way.run(at + HAIR)])


def _shake(way: Way, seed: int) -> Way:
    def run(p: float) -> Run:
        rng = np.random.default_rng(seed)
        moved = [
            replace(c, values=c.values * (1 + SHAKEN * rng.standard_normal(len(c))))
            for c in way.run(p).curves
        ]
        return replace(way.run(p), curves=tuple(moved))

    return Way(way.name, run)


def lines(condition: Condition) -> Iterator[str]:
    """The boundaries of one condition that hold when values move by next to nothing."""
    for name in examples(condition):
        for way in ways(example(condition.id, name)):
            found = boundary(condition, way)
            if found is None:
                continue
            before, after, at = found
            held = [way, *(_shake(way, seed) for seed in range(3))]
            if HAIR < at < 1 - HAIR and all(sides(condition, w, at) == [before, after] for w in held):
                yield f"{condition.id} | {name} | {way.name} | {before} | {after} | {at:.3f}"


@cache
def kept() -> list[list[str]]:
    """The table's lines, in their fields."""
    return [line.split(" | ") for line in PATH.read_text(encoding="utf-8").splitlines()[1:]]


def moved(condition: str) -> Iterator[str]:
    """The boundaries of a condition that are no longer where they are kept."""
    for _, name, change, before, after, at in (line for line in kept() if line[0] == condition):
        way = next(w for w in ways(example(condition, name)) if w.name == change)
        told = sides(all_conditions()[condition], way, float(at))
        if told != [before, after]:
            yield f"{name}, {change}: {before} → {after} at {at} ± {HAIR}, now {' → '.join(told)}"


if __name__ == "__main__":
    told = [line for condition in all_conditions().values() for line in lines(condition)]
    PATH.write_text("\n".join([HEAD, *told]) + "\n", encoding="utf-8")
