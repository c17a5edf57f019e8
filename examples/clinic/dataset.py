"""Clinic runs as the engine sees them: rendered, with roles and recognized parameters, as feature rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clinic.render import random_style, render
from clinic.store import ClinicRun
from curvedoctor.actions import ACTIONS
from curvedoctor.features.case import build
from curvedoctor.features.vector import matrix
from curvedoctor.model import Axis, Curve, Floats, Run
from curvedoctor.params import recognize
from curvedoctor.roles import assign

#: outcomes the model is fitted for: every action whose worth is measured by trying, and "some remedy helps"
OUTCOMES = (*(a for a, action in ACTIONS.items() if action.training), "sick")


def as_run(clinic: ClinicRun, style: object | None = None) -> Run:
    """One stored training as somebody would have logged it (its own style unless given)."""
    curves, raw = render(clinic, style)
    made = []
    for tag, (steps, values) in curves.items():
        axis: Axis = "step"
        steps = np.asarray(steps, dtype=np.int64)
        made.append(Curve(tag, tag, steps, np.asarray(values, np.float64), np.full(len(steps), np.nan), axis=axis))
    return Run(clinic.id, f"clinic/{clinic.id}", clinic.group or clinic.id, tuple(assign(made)), recognize(raw))


@dataclass(frozen=True, eq=False)
class Table:
    """Feature rows and outcomes. Several rows stem from one run, logged in different ways."""

    rows: Floats  #: (n, features)
    labels: Floats  #: (n, len(OUTCOMES)); 1 helps, 0 does not, NaN not scored
    weight: Floats  #: (n,)
    tasks: tuple[str, ...]
    run: Floats  #: (n,) index of the run a row stems from


def labels(run: ClinicRun) -> list[float]:
    """1 helps, 0 does not, NaN in between or not tried."""
    out = []
    for action in OUTCOMES[:-1]:
        helps = run.helps(action)
        tried = action in run.outcomes
        out.append(float(helps) if helps is not None else (float("nan") if tried else 0.0))
    any_helps = any(v == 1.0 for v in out)
    out.append(1.0 if any_helps else 0.0 if run.healthy else float("nan"))
    return out


def table(runs: Sequence[ClinicRun], copies: int, seed: int = 0) -> Table:
    """Rows for runs: each in its own style first, then in `copies − 1` random ones."""
    rng = np.random.default_rng(seed)
    made: list[Run] = []
    owner: list[int] = []
    for i, run in enumerate(runs):
        for k in range(copies):
            made.append(as_run(run, None if k == 0 else random_style(rng)))
            owner.append(i)
    rows = np.vstack([matrix(build(made[at : at + 256])) for at in range(0, len(made), 256)])
    seen: dict[tuple[str, bool], int] = {}
    for run in runs:
        seen[run.fault, run.healthy] = seen.get((run.fault, run.healthy), 0) + 1
    weight = np.array([1.0 / np.sqrt(seen[runs[i].fault, runs[i].healthy]) for i in owner])
    truth = np.array([labels(run) for run in runs])[owner]
    return Table(rows, truth, weight / weight.mean(), tuple(runs[i].task for i in owner), np.array(owner, float))
