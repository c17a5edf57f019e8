"""`--format json` and the plain data that every machine-readable surface shares.

The shape is public: `schema.json` beside this module describes it, and a test holds the two together.
JSON has no NaN and no infinity: such numbers become null, so that every parser can read the output.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from curvedoctor.model import Curve, Diagnosis, Finding, Prescription, Problem
from curvedoctor.reports.base import OutputStyle
from curvedoctor.version import __version__

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

SCHEMA = "curvedoctor.diagnosis/1"
#: a float up to here holds every integer exactly
EXACT = 2.0**53


def text(value: str) -> str:
    """`value` without lone surrogates (undecodable file names), which strict parsers refuse."""
    return value.encode("utf-8", "backslashreplace").decode("utf-8")


def plain(value: object) -> Json:
    """`value` as strict JSON data: numpy scalars and arrays unpacked, NaN and ±Inf as None."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {text(str(key)): plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):  # a numpy array or scalar
        return plain(value.tolist())
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    return text(str(value))


def position(value: float | None) -> int | float | None:
    """A place on a curve's axis: whole numbers without a decimal point."""
    if value is None or not math.isfinite(value):
        return None
    value = float(value)
    return int(value) if value.is_integer() and abs(value) <= EXACT else value


def of_finding(finding: Finding) -> dict[str, Json]:
    """One entry of `findings`."""
    return {
        "condition": finding.condition,
        "severity": finding.severity,
        "confidence": plain(float(finding.confidence)),
        "curves": [text(curve) for curve in finding.curves],
        "onset": position(finding.onset),
        "span": None if finding.span is None else [position(end) for end in finding.span],
        "axis": finding.axis,
        "summary": text(finding.summary),
        "evidence": plain(finding.evidence),
    }


def of_prescription(prescription: Prescription) -> dict[str, Json]:
    """One entry of `prescriptions`."""
    return {
        "action": prescription.action,
        "parameter": plain(prescription.parameter),
        "current": plain(prescription.current),
        "proposed": plain(prescription.proposed),
        "factor": plain(prescription.factor),
        "step": position(prescription.step),
        "confidence": plain(float(prescription.confidence)),
        "gain": plain(prescription.gain),
        "basis": prescription.basis,
        "for": list(prescription.treats),
        "text": text(prescription.text),
        "because": [text(reason) for reason in prescription.because],
    }


def of_problem(problem: Problem) -> dict[str, Json]:
    """One entry of `problems`."""
    return {"where": text(problem.where), "offset": problem.offset, "what": text(problem.what)}


def of_curve(curve: Curve) -> dict[str, Json]:
    """One entry of `curves`: what it measures, not its points."""
    role = curve.role
    return {
        "id": text(curve.id),
        "tag": text(curve.tag),
        "split": role.split,
        "quantity": role.quantity,
        "better": role.better,
        "granularity": role.granularity,
        "points": len(curve),
    }


def problems_of(diagnosis: Diagnosis) -> tuple[Problem, ...]:
    """What could not be read of the run, each once."""
    return tuple(dict.fromkeys((*diagnosis.run.problems, *diagnosis.problems)))


def to_dict(diagnosis: Diagnosis) -> dict[str, Json]:
    """One entry of `runs`, strict JSON data."""
    run = diagnosis.run
    return {
        "run": text(run.name),
        "run_id": plain(run.run_id),
        "status": plain(run.status),
        "source": text(run.source),
        "group": text(run.group),
        "verdict": diagnosis.verdict,
        "reason": None if diagnosis.reason is None else text(diagnosis.reason),
        "findings": [of_finding(finding) for finding in diagnosis.findings],
        "prescriptions": [of_prescription(prescription) for prescription in diagnosis.prescriptions],
        "readings": plain(diagnosis.readings),
        "unjudged": [
            {"condition": unjudged.condition, "reason": text(unjudged.reason)}
            for unjudged in diagnosis.unjudged
        ],
        "problems": [of_problem(problem) for problem in problems_of(diagnosis)],
        "curves": [of_curve(curve) for curve in run.curves],
        "params": plain(run.params),
    }


def document(diagnoses: Sequence[Diagnosis], problems: Sequence[Problem] = ()) -> dict[str, Json]:
    """The whole object that `--format json` prints."""
    return {
        "schema": SCHEMA,
        "version": __version__,
        "problems": [of_problem(problem) for problem in problems],
        "runs": [to_dict(diagnosis) for diagnosis in diagnoses],
    }


def dumps(value: object, indent: int | None = None) -> str:
    """Strict JSON in ASCII: what a log may hide in a name (escapes,
    bidi marks) stays harmless on a terminal."""
    return json.dumps(value, indent=indent, ensure_ascii=True, allow_nan=False)


def render(results: Iterable[Diagnosis | Problem], style: OutputStyle) -> Iterator[str]:
    """One object: each run as soon as it is judged, then what could not be read."""
    problems: list[Json] = []
    yield f'{{\n  "schema": {dumps(SCHEMA)},\n  "version": {dumps(__version__)},\n  "runs": ['
    before = "\n"
    for result in results:
        if isinstance(result, Diagnosis):
            yield before + indented(to_dict(result), "    ")
            before = ",\n"
        else:
            problems.append(of_problem(result))
    yield f'\n  ],\n  "problems": {indented(problems, "  ").lstrip()}\n}}\n'


def indented(value: object, margin: str) -> str:
    """`value` as lines that begin with `margin`. Strings hold no line break: JSON spells it out."""
    return "\n".join(margin + line for line in dumps(value, indent=2).split("\n"))
