"""Learning curves that others ran and published, as one common record (`record.Outside`).

A loader each: `algoperf`, `deepobs`, `taskset`, `lcbench`. Each has a
`load(folder)`, takes a folder that its user has filled, and says where the
public data are. The data are no part of this repository.
"""

from __future__ import annotations

from pathlib import Path

from clinic.outside.record import Outside

SOURCES = ("algoperf", "deepobs", "taskset", "lcbench")


def load(folder: Path, sources: tuple[str, ...] = SOURCES) -> list[Outside]:
    """The runs of all these sources in a folder; a source whose files are missing is left out."""
    from importlib import import_module

    runs: list[Outside] = []
    for name in sources:
        source = import_module(f"clinic.outside.{name}")
        if all((folder / file).exists() for file in source.FILES):
            runs += source.load(folder)
    return runs
