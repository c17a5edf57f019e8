"""Diagnoses as rows for analysis: one per finding, and one for a run without any. CSV,
Parquet and pandas share it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from curvedoctor.model import Diagnosis
from curvedoctor.reports.as_json import plain, text
from curvedoctor.reports.phrases import reason

Cell: TypeAlias = str | float | None
Row: TypeAlias = dict[str, Cell]

#: column → whether it holds numbers
COLUMNS = {
    "run": False,
    "source": False,
    "group": False,
    "verdict": False,
    "state": False,
    "reason": False,
    "condition": False,
    "severity": False,
    "confidence": True,
    "curve": False,
    "onset": True,
    "axis": False,
    "summary": False,
    "action": False,
    "parameter": False,
    "current": False,
    "proposed": False,
    "factor": True,
    "step": True,
    "prescription_confidence": True,
    "basis": False,
    "gain_low": True,
    "gain": True,
    "gain_high": True,
    "prescription": False,
}


def word(value: object) -> str | None:
    """A parameter's value as text: they are of mixed types."""
    return None if value is None else str(plain(value))


def rows(diagnosis: Diagnosis) -> Iterator[dict[str, Cell]]:
    """The rows of one run; the prescription columns hold the first prescription of the run."""
    base: dict[str, Cell] = dict.fromkeys(COLUMNS)
    run = diagnosis.run
    base |= {
        "run": text(run.name),
        "source": text(run.source),
        "group": text(run.group),
        "verdict": diagnosis.verdict,
        "state": diagnosis.state,
        "reason": text(reason(diagnosis)) if diagnosis.verdict == "undetermined" else None,
    }
    if diagnosis.prescriptions:
        first = diagnosis.prescriptions[0]
        base |= {
            "action": first.action,
            "parameter": first.parameter,
            "current": word(first.current),
            "proposed": word(first.proposed),
            "factor": first.factor,
            "step": first.step,
            "prescription_confidence": first.confidence,
            "basis": first.basis,
            **dict(zip(("gain_low", "gain", "gain_high"), first.gain or (None,) * 3, strict=True)),
            "prescription": text(first.text),
        }
    if not diagnosis.findings:
        yield base
    for finding in diagnosis.findings:
        yield base | {
            "condition": finding.condition,
            "severity": finding.severity,
            "confidence": finding.confidence,
            "curve": text(finding.curves[0]) if finding.curves else None,
            "onset": finding.onset,
            "axis": finding.axis,
            "summary": text(finding.summary),
        }
