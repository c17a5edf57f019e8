"""Where conditions flip: an example changed little by little until what is said of it changes.

`python -m conditions.boundaries` (from tests/) writes the places anew: read the difference before you commit
it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from conditions.ways import Way, further, ways
from curvedoctor.conditions.base import Condition, Example, all_conditions
from curvedoctor.features.case import build
from curvedoctor.model import Finding, Run

PATH = Path(__file__).with_name("boundaries.txt")
HEAD = "condition | example | change | what is said before | after | at which share of the change"
#: the two runs beside a boundary are so far from it, as share of the whole change
HAIR = 0.008
#: boundaries of a condition of which the change and what is said are the same
ALIKE = 2
#: points of the search for a boundary, round by round
ROUNDS = (13, 8, 7)
#: relative noise under which a boundary that is kept stays where it is
SHAKEN = 1e-6


def said(condition: Condition, runs: Sequence[Run]) -> list[str]:
    """The severity of what a condition finds in each run; "-" where it finds nothing."""
    results = [condition.check(case) for case in build(runs)]
    return [r.severity if isinstance(r, Finding) else "-" for r in results]


def found(
    condition: Condition, way: Way, low: float = 0.0, high: float = 1.0, rounds: Sequence[int] = ROUNDS
) -> Iterator[tuple[str, str, float]]:
    """What is said before and after, and the place between, wherever it changes."""
    places = np.linspace(low, high, rounds[0]).tolist()
    told = said(condition, [way.run(p) for p in places])
    for k in (k for k in range(len(places) - 1) if told[k] != told[k + 1]):
        if rounds[1:]:
            yield from found(condition, way, places[k], places[k + 1], rounds[1:])
        else:
            yield told[k], told[k + 1], (places[k] + places[k + 1]) / 2


def examples(condition: Condition) -> dict[str, Example]:
    return {e.__name__.strip("_"): e for e in (*condition.sick, *condition.healthy)}


@cache
def example(condition: str, name: str) -> Run:
    return examples(all_conditions()[condition])[name](np.random.default_rng(1))


def sides(condition: Condition, way: Way, at: float) -> list[str]:
    """What is said a hair before a place and a hair after it."""
    return said(condition, [way.run(at - HAIR), way.run(at + HAIR)])


def _all(made: Run) -> Iterator[Way]:
    yield from ways(made)
    yield from further(made)


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
    """The boundaries of one condition that hold when values move by next to nothing, some of each kind."""
    known = Counter[tuple[str, str, str]]()
    for name in examples(condition):
        for way in _all(example(condition.id, name)):
            held = [way, *(_shake(way, seed) for seed in range(3))]
            for before, after, place in found(condition, way):
                at = round(place, 3)
                kind = way.kind, before, after
                if known[kind] == ALIKE or not HAIR < at < 1 - HAIR:
                    continue
                if all(sides(condition, w, at) == [before, after] for w in held):
                    known[kind] += 1
                    yield f"{condition.id} | {name} | {way.name} | {before} | {after} | {at:.3f}"


@cache
def kept() -> list[list[str]]:
    """The table's lines, in their fields."""
    return [line.split(" | ") for line in PATH.read_text(encoding="utf-8").splitlines()[1:]]


def moved(condition: str) -> Iterator[str]:
    """The boundaries of a condition that are no longer where they are kept."""
    for _, name, change, before, after, at in (line for line in kept() if line[0] == condition):
        way = next(w for w in _all(example(condition, name)) if w.name == change)
        told = sides(all_conditions()[condition], way, float(at))
        if told != [before, after]:
            yield f"{name}, {change}: {before} → {after} at {at} ± {HAIR}, now {' → '.join(told)}"


if __name__ == "__main__":
    told = [line for condition in all_conditions().values() for line in lines(condition)]
    PATH.write_text("\n".join([HEAD, *told]) + "\n", encoding="utf-8")
