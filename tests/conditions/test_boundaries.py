"""Two runs a hair apart on either side of every boundary: `boundaries.txt` says what each condition makes of them."""

from __future__ import annotations

import pytest

from conditions.boundaries import kept, moved
from curvedoctor.conditions.base import all_conditions

#: fewest boundaries that a condition is held by
FEWEST = 2


@pytest.mark.parametrize("condition", all_conditions())
def test_boundaries_are_where_they_were(condition: str) -> None:
    assert sum(line[0] == condition for line in kept()) >= FEWEST
    gone = list(moved(condition))
    assert not gone, "if it is meant: python -m conditions.boundaries (from tests/)\n" + "\n".join(gone)
