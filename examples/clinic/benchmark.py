"""The benchmark: whole tasks held out, first prescriptions held against remedies that were really tried."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from clinic.dataset import as_run, table
from clinic.fit import fit, folds
from clinic.score import Answer, Score, score, wilson
from clinic.store import ClinicRun
from curvedoctor.differential.odds import Model
from curvedoctor.engine import Options, diagnose_runs
from curvedoctor.model import Diagnosis

#: ways each training is logged for the fit
COPIES = 4


def answer(diagnosis: Diagnosis) -> Answer:
    """A diagnosis as the score reads it."""
    said = tuple((p.action, p.confidence) for p in diagnosis.prescriptions)
    return Answer(diagnosis.verdict == "sick", said)


def held_out(runs: Sequence[ClinicRun], judge: Callable[[list[ClinicRun], Model], list[Answer]]) -> list[Answer]:
    """Answers for every run from models that never saw its task."""
    data = table(runs, COPIES)
    owner = data.run.astype(int)
    out: list[Answer | None] = [None] * len(runs)
    for mask in folds([run.task for run in runs]):
        model = fit(data, ~mask[owner])
        chosen = np.flatnonzero(mask)
        for i, given in zip(chosen, judge([runs[i] for i in chosen], model), strict=True):
            out[i] = given
    return [a for a in out if a is not None]


def ours(alone: bool, level: str | None = None) -> Callable[[list[ClinicRun], Model], list[Answer]]:
    """curvedoctor as a judge. `level` of hyperparameters: as logged, or full, some, none."""

    def judge(runs: list[ClinicRun], model: Model) -> list[Answer]:
        made = [as_run(run, None, level) for run in runs]
        return [answer(d) for d in diagnose_runs(made, Options(alone=alone), model)]

    return judge


def always(action: str | None) -> Callable[[list[ClinicRun], Model], list[Answer]]:
    """The trivial answers."""
    given = Answer(action is not None, ((action, 0.5),) if action else ())
    return lambda runs, model: [given] * len(runs)


def line(name: str, s: Score) -> str:
    """One row of the Markdown table."""
    low, high = wilson(s.helps, s.sick)
    alarm_low, alarm_high = wilson(s.false_alarms, s.healthy)
    return (
        f"| {name} | {_p(s.helps)} ({_p(low)}–{_p(high)}) | {_p(s.useless)} | {_p(s.missed)} | {_p(s.top3)} "
        f"| {_p(s.false_alarms)} ({_p(alarm_low)}–{_p(alarm_high)}) | {s.calibration:.3f} |"
    )


HEAD = (
    "| tool | first helps | useless | missed | one of three | false alarms | calibration error |\n"
    "| --- | --- | --- | --- | --- | --- | --- |"
)


def _p(share: float) -> str:
    return f"{100 * share:.0f} %"


def details(s: Score) -> str:
    """Per fault and per action, as Markdown."""
    rows = ["", "| injected fault | sick runs | first helps | one of three | missed |", "| --- | --- | --- | --- | --- |"]
    rows += [f"| {f} | {n} | {_p(a)} | {_p(b)} | {_p(c)} |" for f, (n, a, b, c) in s.faults.items()]
    rows += ["", "| action | precision as first | given first | recall among three | helps in |", "| --- | --- | --- | --- | --- |"]
    rows += [
        f"| {a} | {'–' if np.isnan(p) else _p(p)} | {n} | {'–' if np.isnan(r) else _p(r)} | {m} |"
        for a, (p, n, r, m) in s.actions.items()
    ]
    return "\n".join(rows)


def evaluate(runs: Sequence[ClinicRun], answers: Sequence[Answer]) -> Score:
    """Shorthand for the command line."""
    return score(runs, answers)


def write(path: Path, text: str) -> None:
    """Keep a table."""
    path.write_text(text, encoding="utf-8")
