"""Runs whose diagnoses are kept: stored trainings of the clinic, logs of agents, pairs and trees that other
libraries trained, the numbers of public questions, and every condition's examples."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from clinic.dataset import as_run
from clinic.store import load
from curvedoctor import diagnose, diagnose_curves
from curvedoctor.conditions.base import all_conditions
from curvedoctor.model import Diagnosis, Run

QUESTIONS = Path(__file__).with_name("questions")
TRAINED = Path(__file__).parents[1] / "data"
#: stored trainings of each fault
EACH = 8
#: relative noise that must change no line that is kept: far more than processors differ by
SHAKEN = 1e-6


def clinic() -> Iterator[Run]:
    """Some stored trainings of every fault, of as many tasks and styles of logging as there are."""
    by_fault: dict[str, list[Run]] = defaultdict(list)
    told: set[tuple[str, str]] = set()
    for stored in sorted((run for run in load() if not run.final), key=lambda run: run.id[::-1]):
        if len(by_fault[stored.fault]) < EACH and (stored.fault, stored.task) not in told:
            told.add((stored.fault, stored.task))
            run = as_run(stored)
            by_fault[stored.fault].append(replace(run, name=f"{stored.fault} {stored.id} {stored.style}"))
    for fault in sorted(by_fault):
        yield from by_fault[fault]


def examples() -> Iterator[Run]:
    """One run of each example of each condition."""
    for condition in all_conditions().values():
        for kind, made in (("sick", condition.sick), ("healthy", condition.healthy)):
            for example in made:
                run = example(np.random.default_rng(1))
                yield replace(
                    run, name=f"{condition.id} {kind} {example.__name__.strip('_')}", group=condition.id
                )


def questions() -> Iterator[Run]:
    """What people pasted into public threads, with the settings that they stated."""
    for folder in sorted(QUESTIONS.iterdir()):
        params = json.loads((folder / "params.json").read_text())
        diagnosis = diagnose_curves(str(folder / "log.csv"), params=params)
        yield replace(diagnosis.run, name=f"question {folder.name}", group="questions")


def trained() -> Iterator[Run]:
    """Logs of agents, adversarial pairs, autoencoders, language models and boosted trees."""
    for kind in ("agents", "boosting", "generative"):
        for diagnosis in diagnose(str(TRAINED / kind)):
            yield replace(diagnosis.run, name=f"{kind} {diagnosis.run.name}")


def shaken(run: Run, seed: int) -> Run:
    """The run with its values moved by next to nothing; what is constant stays so."""
    rng = np.random.default_rng(seed)
    curves = []
    for curve in run.curves:
        finite = curve.values[np.isfinite(curve.values)]
        still = len(finite) < 2 or bool(finite.max() == finite.min())
        moved = curve.values * (1 + SHAKEN * rng.standard_normal(len(curve)))
        curves.append(curve if still or curve.role.quantity == "lr" else replace(curve, values=moved))
    return replace(run, curves=tuple(curves))


def told(diagnosis: Diagnosis) -> list[str]:
    """What a reader is told of one run: a line with what leads, then the sentences."""
    found = [
        f"{f.condition}{ {'error': '', 'info': '.'}.get(f.severity, '!') }@{_place(f.onset)}"
        for f in diagnosis.findings
    ]
    first = diagnosis.prescriptions[0].action if diagnosis.prescriptions else "-"
    return [
        f"{diagnosis.run.name} | {diagnosis.verdict} | {' '.join(found) or '-'} | {first}",
        *(f"  {f.condition} {f.confidence:.0%}: {f.summary}" for f in diagnosis.findings),
        *(f"  to try: {p.text}" for p in diagnosis.prescriptions if p.treats),
    ]


def _place(onset: float | None) -> str:
    return "-" if onset is None else f"{onset:g}"
