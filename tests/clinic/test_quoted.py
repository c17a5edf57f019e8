"""The table of kinds in the READMEs: rows measured anew replace those of their name, the others stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinic import quoted
from clinic.kinds import KINDS, called

ORDER = [called(kind, apart) for kind in KINDS for apart in (False, True)]


def test_rows_are_replaced_by_name_and_kept_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "README.md"
    place.write_text(f"before\n\n{quoted.BEGIN}\n\n{quoted.END}\n\nafter\n", encoding="utf-8")
    monkeypatch.setattr(quoted, "PLACES", (place,))
    quoted.write({ORDER[3]: f"| {ORDER[3]} | 1 |"}, ORDER)
    quoted.write({ORDER[0]: f"| {ORDER[0]} | 2 |"}, ORDER)
    quoted.write({ORDER[3]: f"| {ORDER[3]} | 3 |"}, ORDER)
    text = place.read_text(encoding="utf-8")
    assert text.startswith("before\n\n") and text.endswith("\n\nafter\n")
    assert [line for line in text.splitlines() if line.startswith(("| a", "| b"))] == [
        f"| {ORDER[0]} | 2 |",
        f"| {ORDER[3]} | 3 |",
    ]


def test_what_is_quoted_has_the_names_that_are_measured() -> None:
    for place in quoted.PLACES:
        _, _, rest = place.read_text(encoding="utf-8").partition(quoted.BEGIN)
        rows = [
            line.split("|")[1].strip() for line in rest.partition(quoted.END)[0].splitlines() if "|" in line
        ]
        assert rows[2:] == [name for name in ORDER if name in rows]
        assert len(rows) > 2
