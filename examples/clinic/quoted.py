"""The table of kinds where two READMEs quote it: rows measured anew replace those that stand there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from clinic.tally import HEAD

ROOT = Path(__file__).parents[2]
PLACES = (ROOT / "README.md", ROOT / "examples" / "clinic" / "README.md")
BEGIN, END = "<!-- python -m clinic.kinds --write -->", "<!-- end -->"


def write(rows: Mapping[str, str], order: Sequence[str]) -> None:
    """Replace or add rows, by their names, in the order of all of them."""
    for place in PLACES:
        before, _, rest = place.read_text(encoding="utf-8").partition(BEGIN)
        quoted, _, after = rest.partition(END)
        known = {line.split("|")[1].strip(): line for line in quoted.splitlines() if line.startswith("|")}
        known |= rows
        kept = [known[name] for name in order if name in known]
        block = "\n\n".join(("", "\n".join((HEAD, *kept)), ""))
        place.write_text(f"{before}{BEGIN}{block}{END}{after}", encoding="utf-8")
