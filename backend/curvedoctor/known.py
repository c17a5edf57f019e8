"""Findings that the user knows: muted, accepted, or in a baseline,
so that a CI gate fires on new ones only."""

from __future__ import annotations

import datetime as dt
import fnmatch
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from curvedoctor.errors import UsageError
from curvedoctor.model import SEVERITIES, Diagnosis, Finding, Severity, Unjudged
from curvedoctor.reports.phrases import identifier
from curvedoctor.settings import Rule

BASELINE = "curvedoctor.baseline/1"


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that is known, and how it changes a diagnosis."""

    rules: tuple[Rule, ...] = ()
    #: (run, condition) → the severity that it had
    baseline: Mapping[tuple[str, str], Severity] = field(default_factory=dict)
    today: dt.date = field(default_factory=dt.date.today)

    def rule_for(self, diagnosis: Diagnosis, finding: Finding) -> Rule | None:
        """The first rule in force that covers a finding."""
        name = diagnosis.run.name
        for rule in self.rules:
            matches = _same(rule.condition, finding.condition) and fnmatch.fnmatchcase(name, rule.run)
            if matches and rule.holds(self.today):
                return rule
        before = self.baseline.get((name, finding.condition))
        if before is not None and SEVERITIES.index(finding.severity) >= SEVERITIES.index(before):
            return Rule("accept", finding.condition, "it is in the baseline")
        return None

    def apply(self, diagnosis: Diagnosis) -> Diagnosis:
        """`diagnosis` with muted findings gone (and said to be), accepted ones as mere information.

        A run whose weighty findings are all known is no longer sick.
        """
        if not self.rules and not self.baseline:
            return diagnosis
        kept: list[Finding] = []
        accepted: list[Finding] = []
        muted: dict[str, Unjudged] = {}
        for finding in diagnosis.findings:
            rule = self.rule_for(diagnosis, finding)
            if rule is None:
                kept.append(finding)
            elif rule.kind == "mute":
                muted[finding.condition] = Unjudged(
                    finding.condition, f"muted in the settings: {rule.reason}"
                )
            else:
                summary = f"{finding.summary} (Accepted: {rule.reason}.)"
                accepted.append(replace(finding, severity="info", summary=summary))
        if not muted and not accepted:
            return diagnosis
        sick = any(finding.severity != "info" for finding in kept)
        return replace(
            diagnosis,
            findings=(*kept, *accepted),
            verdict=diagnosis.verdict if sick or diagnosis.verdict != "sick" else "healthy",
            prescriptions=tuple(
                p for p in diagnosis.prescriptions if not p.treats or not set(p.treats) <= muted.keys()
            ),
            unjudged=(*diagnosis.unjudged, *muted.values()),
        )


def _same(named: str, condition: str) -> bool:
    """Whether a rule speaks of a condition, by its id or its title."""
    return named in {condition, "*"} or identifier(named) == condition


def read_baseline(path: Path) -> dict[tuple[str, str], Severity]:
    """The findings in a baseline file. Raises `UsageError` if there is none or it is no such file."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["schema"] != BASELINE:
            raise UsageError(
                f"{path}: schema is {data['schema']!r}, not {BASELINE!r}: write it anew with --write-baseline"
            )
        entries = [
            (str(entry["run"]), str(entry["condition"]), entry["severity"]) for entry in data["findings"]
        ]
    except OSError as error:
        raise UsageError(
            f"{path}: the baseline can't be read ({error.strerror}): make one with --write-baseline"
        ) from None
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{path}: this is no baseline: make one with --write-baseline") from None
    return {(run, condition): severity for run, condition, severity in entries if severity in SEVERITIES}


def remembered(diagnosis: Diagnosis) -> set[tuple[str, str, Severity]]:
    """What a baseline holds of a run: run, condition, severity."""
    return {(diagnosis.run.name, finding.condition, finding.severity) for finding in diagnosis.findings}


def write_baseline(path: Path, rows: Iterable[tuple[str, str, Severity]]) -> None:
    """Write findings (run, condition, severity) as known. Raises `OSError`."""
    entries = [
        {"run": run, "condition": condition, "severity": severity}
        for run, condition, severity in sorted(rows)
    ]
    path.write_text(json.dumps({"schema": BASELINE, "findings": entries}, indent=1) + "\n", encoding="utf-8")
