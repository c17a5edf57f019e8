"""How good answers are: prescriptions held against the remedies that were really tried."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import sqrt

import numpy as np

from clinic.store import ClinicRun
from curvedoctor.actions import ACTIONS


@dataclass(frozen=True)
class Answer:
    """What a tool says of one run: its actions in order with their confidence; none if it raises no alarm."""

    alarm: bool
    actions: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Score:
    """One row of the table. Rates 0..1, macro-averaged over interventions where not said otherwise."""

    helps: float
    useless: float
    missed: float
    top3: float
    false_alarms: float
    calibration: float
    #: share of first prescriptions that help, over all sick runs in which that is scored, whatever the verdict
    forced: float
    sick: int
    healthy: int
    #: fault → (runs, first helps, one of three helps, missed)
    faults: dict[str, tuple[int, float, float, float]] = field(default_factory=dict)
    #: action → (precision among first prescriptions, their number, recall among first three, runs it helps)
    actions: dict[str, tuple[float, int, float, int]] = field(default_factory=dict)


def score(runs: Sequence[ClinicRun], answers: Sequence[Answer]) -> Score:
    """Hold answers against outcomes."""
    faults: dict[str, list[tuple[bool, bool, bool]]] = defaultdict(list)
    sure: list[tuple[float, bool]] = []
    alarms = healthy = sick = 0
    for run, answer in zip(runs, answers, strict=True):
        if run.healthy:
            healthy += 1
            alarms += answer.alarm
        if not run.sick:
            continue
        sick += 1
        said = answer.actions if answer.alarm else ()
        first = bool(said) and run.helps(said[0][0]) is True
        three = any(run.helps(action) is True for action, _ in said[:3])
        faults[run.fault].append((first, three, not said))
    for run, answer in zip(runs, answers, strict=True):
        for action, confidence in answer.actions[:3]:
            truth = run.helps(action)
            if truth is not None:
                sure.append((confidence, truth is True))
    per_fault = {
        fault: (len(rows), *(float(np.mean([r[k] for r in rows])) for k in range(3)))
        for fault, rows in faults.items()
    }
    macro = np.array([v[1:] for v in per_fault.values()]).mean(axis=0) if per_fault else np.zeros(3)
    return Score(
        helps=float(macro[0]),
        useless=float(1 - macro[0] - macro[2]),
        missed=float(macro[2]),
        top3=float(macro[1]),
        false_alarms=alarms / max(healthy, 1),
        calibration=calibration_error(sure),
        forced=_forced(runs, answers),
        sick=sick,
        healthy=healthy,
        faults=dict(sorted(per_fault.items())),  # type: ignore[arg-type]
        actions=_per_action(runs, answers),
    )


def _forced(runs: Sequence[ClinicRun], answers: Sequence[Answer]) -> float:
    firsts = [
        run.helps(answer.actions[0][0])
        for run, answer in zip(runs, answers, strict=True)
        if run.sick and answer.actions
    ]
    scored = [helped is True for helped in firsts if helped is not None]
    return float(np.mean(scored)) if scored else 0.0


def calibration_error(sure: Sequence[tuple[float, bool]], bins: int = 10) -> float:
    """Expected calibration error over equally wide bins of confidence (Naeini et al. 2015)."""
    if not sure:
        return 0.0
    p = np.array([s[0] for s in sure])
    y = np.array([s[1] for s in sure], float)
    at = np.minimum((p * bins).astype(int), bins - 1)
    gaps = [
        abs(p[at == k].mean() - y[at == k].mean()) * np.mean(at == k) for k in range(bins) if (at == k).any()
    ]
    return float(sum(gaps))


def wilson(share: float, n: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's interval for a share of n."""
    if n == 0:
        return 0.0, 1.0
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def _per_action(
    runs: Sequence[ClinicRun], answers: Sequence[Answer]
) -> dict[str, tuple[float, int, float, int]]:
    given: dict[str, list[bool]] = defaultdict(list)
    found: dict[str, list[bool]] = defaultdict(list)
    for run, answer in zip(runs, answers, strict=True):
        said = [a for a, _ in answer.actions[:3]] if answer.alarm else []
        if said and run.helps(said[0]) is not None:
            given[said[0]].append(run.helps(said[0]) is True)
        for action in ACTIONS:
            if run.helps(action):
                found[action].append(action in said)
    names = sorted(set(given) | set(found))
    return {
        a: (
            float(np.mean(given[a])) if given[a] else float("nan"), len(given[a]),
            float(np.mean(found[a])) if found[a] else float("nan"), len(found[a]),
        )
        for a in names
    }  # fmt: skip
