"""Two runs a hair apart on either side of every boundary: `boundaries.txt` says what each condition makes of them."""

from __future__ import annotations

import pytest

from conditions.boundaries import HAIR, PATH, example, sides, ways
from curvedoctor.conditions.base import all_conditions

KEPT = [line.split(" | ") for line in PATH.read_text(encoding="utf-8").splitlines()[1:]]
#: fewest boundaries that a condition is held by
FEWEST = 2


@pytest.mark.parametrize("condition", all_conditions())
def test_boundaries_are_where_they_were(condition: str) -> None:
    kept = [line for line in KEPT if line[0] == condition]
    assert len(kept) >= FEWEST
    moved = []
    for _, name, change, before, after, at in kept:
        way = next(w for w in ways(example(condition, name)) if w.name == change)
        told = sides(all_conditions()[condition], way, float(at))
        if told != [before, after]:
            moved.append(f"{name}, {change}: {before} → {after} at {at} ± {HAIR}, now {' → '.join(told)}")
    assert not moved, "if it is meant: python -m conditions.boundaries (from tests/)\n" + "\n".join(moved)
