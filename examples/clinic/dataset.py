"""Clinic runs as the engine sees them: rendered, with roles and recognized parameters, as feature rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clinic.habits import Habit, drawn, seen, written
from clinic.render import LEVELS, STYLES, render
from clinic.store import ClinicRun
from clinic.truth import TRAINING
from curvedoctor.actions import ACTIONS
from curvedoctor.features.case import build
from curvedoctor.features.vector import matrix
from curvedoctor.model import Curve, Floats, Run
from curvedoctor.params import recognize
from curvedoctor.roles import assign

#: copies of each run that odds are fitted on: in frameworks' styles, and by people's habits
STYLED, HABITUAL = 3, 2
#: outcomes the model may be fitted for: every action but the range test (an experiment), and "some remedy helps"
OUTCOMES = (*(a for a in ACTIONS if a != "run-lr-range-test"), "sick")


def as_run(
    clinic: ClinicRun, style: str | None = None, level: str | None = None, habit: Habit | None = None
) -> Run:
    """One stored training as somebody would have logged it (its own style and level unless given).

    A `habit` decides of everything, also of how many points there are.
    """
    curves, raw = written(clinic, habit) if habit else render(clinic, style, level)
    made = []
    for tag, (steps, values) in curves.items():
        at = np.asarray(steps).astype(np.int64)
        made.append(Curve(tag, tag, at, np.asarray(values, np.float64), np.full(len(at), np.nan)))
    return Run(
        clinic.id, f"clinic/{clinic.id}", clinic.group or clinic.id, tuple(assign(made)), recognize(raw)
    )


@dataclass(frozen=True, eq=False)
class Table:
    """Feature rows and outcomes. Several rows stem from one run, logged in different ways."""

    rows: Floats  #: (n, features)
    labels: Floats  #: (n, len(OUTCOMES)); 1 helps, 0 does not, NaN not scored
    gains: Floats  #: (n, len(OUTCOMES)); share of the loss that the action saved at best, NaN not tried
    weight: Floats  #: (n,)
    tasks: tuple[str, ...]
    run: Floats  #: (n,) index of the run a row stems from


def features_of(runs: Sequence[Run]) -> Floats:
    """Feature rows, shape (n, features), made in blocks."""
    return np.vstack([matrix(build(runs[at : at + 256])) for at in range(0, len(runs), 256)])


def labels(run: ClinicRun) -> list[float]:
    """1 helps, 0 does not, NaN in between or not tried."""
    verdicts = [run.helps(action) for action in OUTCOMES[:-1]]
    known = [float("nan") if helps is None else float(helps) for helps in verdicts]
    return [*known, 1.0 if any(v is True for v in verdicts) else 0.0 if run.healthy else float("nan")]


def gains(run: ClinicRun) -> list[float]:
    """What each action saved at best; 0 where it changes nothing, NaN where it was not tried or is no training."""
    out = []
    for action in OUTCOMES:
        tried = [v["gain"] for v in run.outcomes.get(action, ()) if v.get("gain") is not None]
        nothing = 0.0 if action in TRAINING and run.helps(action) is False else float("nan")
        out.append(max(tried) if tried else nothing)
    return out


def learnt_from(runs: Sequence[ClinicRun]) -> Table:
    """What odds are fitted on: each run in three of the frameworks' styles, and twice as somebody would have written it."""
    styled, written_down = table(runs, STYLED), table(runs, HABITUAL, seed=1, habits=True)
    return Table(
        np.vstack([styled.rows, written_down.rows]),
        np.vstack([styled.labels, written_down.labels]),
        np.vstack([styled.gains, written_down.gains]),
        np.concatenate([styled.weight, written_down.weight]),
        styled.tasks + written_down.tasks,
        np.concatenate([styled.run, written_down.run]),
    )


def table(runs: Sequence[ClinicRun], copies: int, seed: int = 0, *, habits: bool = False) -> Table:
    """Rows for runs: each in its own style first, then in `copies − 1` random ones.

    With `habits` every copy is a log as somebody would have written it (see `habits`).
    """
    rng = np.random.default_rng(seed)
    made: list[Run] = []
    owner: list[int] = []
    shown: list[ClinicRun] = []
    for i, run in enumerate(runs):
        for k in range(copies):
            habit = drawn(run, k + copies * seed) if habits else None
            style = None if k == 0 or habit else str(rng.choice(list(STYLES)))
            level = None if k == 0 or habit else str(rng.choice(LEVELS))
            made.append(as_run(run, style, level, habit))
            shown.append(seen(run, habit) if habit else run)
            owner.append(i)
    rows = features_of(made)
    faults = Counter((run.fault, bool(run.healthy)) for run in runs)
    tasks = Counter(run.task for run in runs)
    each = [1.0 / np.sqrt(faults[run.fault, bool(run.healthy)] * tasks[run.task]) for run in runs]
    weight = np.array([each[i] for i in owner])
    truth = np.array([labels(run) for run in shown])
    gained = np.array([gains(run) for run in runs])[owner]
    return Table(
        rows,
        truth,
        gained,
        weight / weight.mean(),
        tuple(runs[i].task for i in owner),
        np.array(owner, float),
    )
