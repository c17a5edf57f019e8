"""Other people's runs: what is suggested of them.

By models that saw nothing of their source, with and without siblings; and by models that saw its other tasks,
as what is shipped has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from clinic import judges
from clinic.dataset import Table
from clinic.experience import others
from clinic.outside.record import Outside, as_run
from clinic.score import Answer, direction, percent, score, tried

HEAD = (
    "\n| other people's curves | sick runs | first helps | one of three | calibration "
    "error | wrong way | the rate it names helps | tried: help / hurt |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- |"
)


def asked(
    found: Sequence[Outside], source: str, table: Table, fitted: judges.Models, *, alone: bool
) -> list[Answer]:
    """Answers for all runs of a source, each from the model that never saw its task."""
    rows = np.flatnonzero([held == source for held in table.sources])
    out: dict[int, Answer] = {}
    for mask, model in fitted:
        at = np.flatnonzero(mask[rows]).tolist()
        out.update(zip(at, judges.ours([as_run(found[k]) for k in at], model, alone=alone), strict=True))
    return [out[k] for k in range(len(found))]


def row(name: str, found: Sequence[Outside], said: Sequence[Answer]) -> str:
    """One line of Markdown."""
    s, (right, wrong), (helped, hurt) = score(found, said), direction(found, said), tried(found, said)
    named = [
        helps
        for run, answer in zip(found, said, strict=True)
        if run.sick and answer.rate and (helps := run.helps_at(answer.rate)) is not None
    ]
    return (
        f"| {name} | {s.sick} | {percent(s.first)} of {s.scored} | {percent(s.three)} "
        f"| {s.calibration:.3f} | {wrong} of {right + wrong} | {sum(named)} of {len(named)} "
        f"| {helped} / {hurt} |"
    )


def strangers(folder: Path, table: Table, fitted: judges.Models) -> Iterator[str]:
    """All lines; `fitted` are the models for whole sources held out."""
    yield HEAD
    by_task = judges.by_task(table)
    for source in sorted({s for s in table.sources if s != "clinic"}):
        found = others(folder, source)
        yield row(f"{source}, nothing of it seen", found, asked(found, source, table, fitted, alone=True))
        if len({run.group for run in found}) < len(found):
            yield row("the same, with siblings", found, asked(found, source, table, fitted, alone=False))
        yield row("its other tasks seen", found, asked(found, source, table, by_task, alone=True))
