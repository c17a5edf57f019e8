"""Two runs a hair apart on either side of every boundary (`boundaries.txt`),
and variants of every example (`variants.txt`)."""

from __future__ import annotations

import pytest

from conditions import variants
from conditions.boundaries import examples, kept, moved
from curvedoctor.conditions.base import all_conditions

#: fewest boundaries that a condition is held by
FEWEST = 2


@pytest.mark.parametrize("condition", all_conditions())
def test_boundaries_are_where_they_were(condition: str) -> None:
    assert sum(line[0] == condition for line in kept()) >= FEWEST
    gone = list(moved(condition))
    assert not gone, "if it is meant: python -m conditions.boundaries (from tests/)\n" + "\n".join(gone)


@pytest.mark.parametrize("condition", all_conditions())
def test_of_variants_is_said_what_was(condition: str) -> None:
    assert {name for of, name in variants.kept() if of == condition} == set(
        examples(all_conditions()[condition])
    )
    changed = list(variants.changed(condition))
    assert not changed, "if it is meant: python -m conditions.variants (from tests/)\n" + "\n".join(changed)
