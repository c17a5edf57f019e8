"""Who is asked of each run: ours by a model that never saw its task, rules of thumb, trivial answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clinic.dataset import Mask, Table, as_run
from clinic.fit import dealt, folds, hold_out, models
from clinic.habits import drawn, seen
from clinic.score import Answer
from clinic.store import ClinicRun
from curvedoctor.advice.help_probability import Model
from curvedoctor.engine import Options, diagnose_runs
from curvedoctor.model import Diagnosis, Run

#: copy of a run as somebody would have written it that none was fitted on
UNSEEN = 77

Models = Sequence[tuple[Mask, Model]]


def answer(diagnosis: Diagnosis) -> Answer:
    """A diagnosis as the score reads it."""
    said = tuple((p.action, p.confidence) for p in diagnosis.prescriptions)
    gains = tuple(p.gain for p in diagnosis.prescriptions)
    first = next(iter(diagnosis.prescriptions), None)
    rate = first.proposed if first is not None and first.parameter == "lr" else None
    return Answer(diagnosis.verdict == "sick", said, gains, rate if isinstance(rate, float) else None)


def ours(runs: Sequence[Run], model: Model | None, *, alone: bool = True) -> list[Answer]:
    """curvedoctor, as users have it but for the model."""
    return [answer(d) for d in diagnose_runs(runs, Options(alone=alone), model)]


def of_run(table: Table, mask: Mask, count: int) -> list[int]:
    """Which of the clinic's runs (the first `count` of a table) a mask of rows holds out."""
    return sorted({int(i) for i in np.unique(table.run[mask]) if i < count})


def each_by_its_own(
    runs: Sequence[Run],
    places: Sequence[int],
    table: Table,
    fitted: Models,
    total: int,
    *,
    alone: bool = True,
) -> list[Answer]:
    """Answers for runs at these places among the clinic's, each from the model that never saw its task."""
    out: dict[int, Answer] = {}
    for mask, model in fitted:
        apart = set(of_run(table, mask, total))
        at = [k for k, place in enumerate(places) if place in apart]
        out.update(zip(at, ours([runs[k] for k in at], model, alone=alone), strict=True))
    return [out[k] for k in range(len(runs))]


def kinds_apart(runs: Sequence[ClinicRun], table: Table) -> Models:
    """Models for whole kinds of data held out in turn."""
    kind = [
        runs[int(i)].modality if i < len(runs) else s for i, s in zip(table.run, table.sources, strict=True)
    ]
    masks = folds(kind, len(set(kind)))
    return models(table, hold_out(table, [m for m in masks if table.run[m].min() < len(runs)]))


def usual(table: Table) -> Models:
    """Models for tasks held out in turn, and other people's whole sources."""
    return models(table, hold_out(table, dealt(table)))


def as_people_log(runs: Sequence[ClinicRun]) -> tuple[list[ClinicRun], list[Run]]:
    """Runs with the truth of what such a log shows, and the logs."""
    habits = [drawn(run, UNSEEN) for run in runs]
    shown = [seen(run, habit) for run, habit in zip(runs, habits, strict=True)]
    return shown, [as_run(run, None, None, habit) for run, habit in zip(runs, habits, strict=True)]


def by_task(table: Table) -> Models:
    """Models for tasks held out in turn, of all sources: what is shipped has seen other tasks of each."""
    return models(table, hold_out(table, folds(table.tasks)))
