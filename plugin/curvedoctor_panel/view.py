"""The one view model of all surfaces: a diagnosis as plain data for the tab, the MLflow page and the report.

`run_view` says all of one run, `overview` compares many. Both return strict JSON data (no NaN) in
which every text is clipped and free of control characters; renderers enter it as text, never as HTML.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from curvedoctor.model import Diagnosis, Finding, ParamValue, Prescription, Problem
from curvedoctor.reports import phrases
from curvedoctor.reports.asides import asides, look
from curvedoctor_panel import charts, manual
from curvedoctor_panel.decimate import POINTS
from curvedoctor_panel.marks import marks
from curvedoctor_panel.overview import combine, row
from curvedoctor_panel.plain import TEXT_LIMIT, Json, clip, number, plain

SCHEMA = "curvedoctor.view/1"
#: readings that stand as sentences beside the state
BESIDE = ("so-far", "unlike", "look")
#: problems of one run that are listed; a shredded file can have thousands
PROBLEMS = 50


def run_view(
    diagnosis: Diagnosis, *, limit: int = POINTS, pages: bool = True, times: bool = True
) -> dict[str, Json]:
    """All that a surface shows of one run.

    `limit` is the greatest number of points sent per curve; without `pages` the manual pages of the
    findings are left out (a surface that can fetch them does so on demand), without `times` when each
    point was logged.
    """
    run = diagnosis.run
    sent = charts.chosen(diagnosis)
    place = {index: rank for rank, index in enumerate(sent)}
    drawn = charts.group(diagnosis, sent)
    started = charts.started(run.curves[index] for index in sent)
    problems = list(dict.fromkeys((*run.problems, *diagnosis.problems)))
    unread = [item for item in problems if item.kind != "note"]
    notes = [item for item in problems if item.kind == "note"]
    return {
        "schema": SCHEMA,
        "run": clip(run.name, 400),
        "source": clip(run.source, 400),
        "group": clip(run.group, 400),
        "verdict": diagnosis.verdict,
        "state": diagnosis.state,
        "headline": headline(diagnosis),
        "asides": [clip(aside, 400) for aside in asides(diagnosis)],
        "heads": {"seen": phrases.SEEN, "suggested": phrases.advice(diagnosis), "unjudged": phrases.UNJUDGED},
        "findings": [_finding(finding) for finding in diagnosis.findings],
        "prescriptions": [_prescription(diagnosis, item, place) for item, place in phrases.told(diagnosis)],
        "look": clip(look(diagnosis), 800),
        "readings": [
            _reading(name, value) for name, value in diagnosis.readings.items() if name not in BESIDE
        ],
        "unjudged": [
            {"reason": clip(why, 400), "conditions": [_title(name) for name in names]}
            for why, names in phrases.grouped(diagnosis.unjudged)
        ],
        "problems": [problem(item) for item in (*unread[:PROBLEMS], *notes[:PROBLEMS])],
        "problem_count": len(unread),
        "params": [[clip(str(name)), _value(value)] for name, value in run.params.items()],
        "started": started if times else None,
        "epochs": charts.epochs(run.curves) if times else None,
        "curves": [charts.points(run.curves[index], limit, started if times else None) for index in sent],
        "others": [charts.listed(curve) for index, curve in enumerate(run.curves) if index not in place][
            :200
        ],
        "charts": [_chart(diagnosis, chart, place) for chart in drawn],
        "pages": _pages(diagnosis) if pages else {},
        "sampled": None,
    }


def overview(diagnoses: Iterable[Diagnosis], problems: Sequence[Problem] = ()) -> dict[str, Json]:
    """Many runs side by side: rows (sick first), counts, conditions × runs, what siblings differ in."""
    return combine([row(diagnosis) for diagnosis in diagnoses], [problem(item) for item in problems])


def headline(diagnosis: Diagnosis) -> str:
    """The diagnosis in one sentence: what is seen."""
    return clip(phrases.headline(diagnosis), 400)


def problem(item: Problem) -> dict[str, Json]:
    """Something that could not be read, or a note of how it was."""
    return {
        "where": clip(item.where, 300),
        "what": clip(item.what, 400),
        "offset": item.offset,
        "note": item.kind == "note",
    }


def _finding(finding: Finding) -> dict[str, Json]:
    return {
        "condition": clip(finding.condition),
        "title": _title(finding.condition),
        "severity": finding.severity,
        "confidence": plain(finding.confidence),
        "summary": clip(finding.summary, TEXT_LIMIT),
        "curves": [clip(name) for name in finding.curves],
        "onset": plain(finding.onset),
        "span": plain(finding.span),
        "axis": finding.axis,
        "evidence": [
            [
                clip(str(key).replace("_", " ")),
                _value(value),
                clip(manual.meaning(finding.condition, str(key)), 300),
            ]
            for key, value in finding.evidence.items()
        ],
    }


def _prescription(diagnosis: Diagnosis, item: Prescription, place: str) -> dict[str, Json]:
    return {
        "basis": item.basis,
        "chance": phrases.chance(item),
        "gain": phrases.gain(item),
        "place": place,
        "action": clip(item.action),
        "title": _title(item.action),
        "text": clip(item.text, TEXT_LIMIT),
        "confidence": plain(item.confidence),
        "treats": [clip(name) for name in item.treats],
        "because": [clip(reason, 400) for reason in item.because],
        "parameter": None if item.parameter is None else clip(item.parameter),
        "change": change(item, _axis(item, diagnosis.findings)),
    }


def _axis(item: Prescription, findings: Sequence[Finding]) -> str:
    """What a prescription's step counts: the axis of the finding that it treats."""
    return next((str(f.axis) for f in findings if f.axis is not None and f.condition in item.treats), "step")


def change(item: Prescription, axis: str = "step") -> str | None:
    """The numbers of a prescription on one line: `lr 0.5 → 0.05 (×0.1)`, `at step 18`."""
    parts: list[str] = []
    if item.proposed is not None:
        before = "" if item.current is None else f"{_value(item.current)} → "
        parts.append(f"{clip(item.parameter or '')} {before}{_value(item.proposed)}".strip())
    if item.factor is not None:
        factor = f"×{number(float(item.factor), 3)}"
        parts.append(f"({factor})" if parts else f"{clip(item.parameter or '')} {factor}".strip())
    if item.step is not None:
        parts.append(f"at {axis} {number(float(item.step))}")
    return " ".join(parts) or None


def _value(value: ParamValue | None) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return number(float(value))
    return clip(str(value), 200)


def _title(identifier: str) -> str:
    return clip(phrases.title(identifier))


def _reading(name: str, value: Mapping[str, object]) -> dict[str, Json]:
    if name == "checkpoint":
        return {"name": name, "title": phrases.KEEP, "facts": _kept(value)}
    facts = [[clip(str(key).replace("_", " ")), _fact(item)] for key, item in value.items()]
    return {"name": clip(str(name)), "title": _title(str(name)), "facts": facts}


def _kept(value: Mapping[str, object]) -> list[list[str]]:
    """The reading `checkpoint`: the sentence that every surface has (nameless), and which are as good."""
    facts = [["", clip(phrases.kept(value), TEXT_LIMIT)], ["curve", _fact(value["curve"])]]
    if value["on_disk"]:
        facts += [
            ["as good", _fact(value["as_good"]) or "–"],
            ["checkpoints beside the run", _fact(value["on_disk"])],
        ]
    return facts


def _fact(value: object) -> str:
    if isinstance(value, (str, int, float, bool)) or value is None:
        return _value(value)
    if isinstance(value, (list, tuple)):
        return clip(", ".join(_fact(item) for item in value[:12]), 400)
    if isinstance(value, Mapping):
        return clip(", ".join(f"{key}: {_fact(item)}" for key, item in list(value.items())[:12]), 400)
    return clip(str(value), 400)


def _chart(diagnosis: Diagnosis, chart: charts.Chart, place: Mapping[int, int]) -> dict[str, Json]:
    return {
        "title": chart.title,
        "quantity": chart.quantity,
        "axis": chart.axis,
        "log": chart.log,
        "curves": [place[index] for index in chart.members],
        "findings": chart.findings,
        "marks": marks(diagnosis, chart),
    }


def _pages(diagnosis: Diagnosis) -> dict[str, Json]:
    pages = {finding.condition: manual.page(finding.condition) for finding in diagnosis.findings}
    return {name: page for name, page in pages.items() if page is not None}
