"""mmengine's `scalars.json`: rows of training and of validation in one file, with different counters.

A row of training holds its iteration twice, as `iter` and as `step`; a row of validation only a `step`, which
counts epochs where training does. Nothing else tells them apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

_TRAINING = frozenset({"step", "iter"})


def by_split(rows: Iterable[Mapping[str, object]]) -> Iterator[Mapping[str, object]]:
    """The rows; those of validation with `val/` before their names, at the last training step before them."""
    last: object = None
    for row in rows:
        if row.keys() >= _TRAINING:
            last = row["step"]
            yield row
        elif last is not None and "step" in row and "iter" not in row:
            named = {_held_out(name): value for name, value in row.items() if name != "step"}
            yield {**named, "step": last}
        else:
            yield row


def _held_out(name: str) -> str:
    return name if name.startswith(("val/", "test/")) else f"val/{name}"
