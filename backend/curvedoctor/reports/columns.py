"""How wide the columns of the terminal's table are, and which of them give way on a narrow one."""

from __future__ import annotations

from collections.abc import Sequence

from curvedoctor.reports.base import OutputStyle
from curvedoctor.reports.text import cells

HEADINGS = ("run", "state", "seen", "from", "try first")
#: columns up to which cells are aligned where nothing is cut: one long name must not push all others away
ALIGNED = 40
#: (column, least width) in the order in which columns give way: beside what to try, and where that is below
GIVING_BESIDE = ((0, 24), (2, 20))
GIVING = (*GIVING_BESIDE, (0, 16), (2, 16), (0, 8), (2, 9), (3, 4))


def widths(rows: Sequence[tuple[str, ...]], style: OutputStyle) -> tuple[list[int], bool]:
    """Columns for each cell, and whether what to try stands on lines of its own, of all runs alike.

    Beside the rest it stands where names need not be shortened much; below it leaves them more room.
    """
    need = [max(cells(cell) for cell in column) for column in zip(HEADINGS, *rows, strict=True)]
    if not style.cut:
        return [min(columns, ALIGNED) for columns in need], False
    beside = _given_way(need, GIVING_BESIDE, style.width)
    if sum(beside) + _gaps(beside) <= style.width:
        return beside, False
    return _given_way([*need[:-1], 0], GIVING, style.width), True


def _gaps(sizes: Sequence[int]) -> int:
    return 2 + 2 * (len(sizes) - 1)


def _given_way(need: Sequence[int], giving: Sequence[tuple[int, int]], width: int) -> list[int]:
    """Columns that were shortened in turn until a line has its width, or none gives way any more."""
    out = list(need)
    for index, least in giving:
        excess = sum(out) + _gaps(out) - width
        if excess > 0:
            out[index] = max(min(out[index], least), out[index] - excess)
    return out
