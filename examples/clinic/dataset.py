"""Clinic runs as the engine sees them: rendered, with roles and recognized parameters, as feature rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from clinic.habits import Habit, drawn, seen, written
from clinic.outside.record import Outside
from clinic.outside.record import as_run as outside_run
from clinic.render import LEVELS, STYLES, render
from clinic.store import ClinicRun
from curvedoctor.actions import ACTIONS
from curvedoctor.features.case import build
from curvedoctor.features.vector import matrix, names
from curvedoctor.model import Curve, Floats, Run
from curvedoctor.params import recognize
from curvedoctor.roles import assign

Mask = npt.NDArray[np.bool_]
#: what was tried by lot stands for at most so many runs
MOST = 5.0
#: copies of each run that odds are fitted on: in frameworks' styles, and by people's habits
STYLED, HABITUAL = 3, 2
#: outcomes the model may be fitted for: every action but the range test (an experiment),
#: and "some remedy helps"
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
    weight: Floats  #: (n, len(OUTCOMES)); what was tried by lot counts for those on which it was not
    tasks: tuple[str, ...]
    run: Floats  #: (n,) index of the run a row stems from
    sources: tuple[str, ...]  #: clinic, or whose curves these are

    def part(self, keep: Mask) -> Table:
        """The rows of `keep`."""
        at = np.flatnonzero(keep).tolist()
        return Table(self.rows[keep], self.labels[keep], self.gains[keep], self.weight[keep],
                     tuple(self.tasks[i] for i in at), self.run[keep],
                     tuple(self.sources[i] for i in at))  # fmt: skip


def joined(tables: Sequence[Table]) -> Table:
    """Tables below each other; their runs are different ones."""
    offsets = np.cumsum([0, *(t.run.max(initial=-1) + 1 for t in tables)])
    return Table(
        *(
            np.concatenate([getattr(t, name) for t in tables])
            for name in ("rows", "labels", "gains", "weight")
        ),
        tuple(task for t in tables for task in t.tasks),
        np.concatenate([t.run + offset for t, offset in zip(tables, offsets, strict=False)]),
        tuple(source for t in tables for source in t.sources),
    )


def features_of(runs: Sequence[Run]) -> Floats:
    """Feature rows, shape (n, features), made in blocks."""
    blocks = [matrix(build(runs[at : at + 256])) for at in range(0, len(runs), 256)]
    return np.vstack(blocks) if blocks else np.empty((0, len(names())))


def labels(run: ClinicRun) -> list[float]:
    """1 helps, 0 does not, NaN in between or not tried."""
    verdicts = [run.helps(action) for action in OUTCOMES[:-1]]
    return [
        *map(_number, verdicts),
        1.0 if any(v is True for v in verdicts) else 0.0 if run.healthy else float("nan"),
    ]


def learnt_from(runs: Sequence[ClinicRun], styled: int = STYLED, habitual: int = HABITUAL) -> Table:
    """What odds are fitted on: each run in so many of the frameworks' styles,
    and so often as somebody would have written it."""
    both = [table(runs, styled), table(runs, habitual, seed=1, habits=True)]
    whole = joined(both)
    return replace(whole, run=np.concatenate([t.run for t in both]))


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
    faults = Counter((run.fault, bool(run.healthy)) for run in runs)
    tasks = Counter(run.task for run in runs)
    each = [1.0 / np.sqrt(faults[run.fault, bool(run.healthy)] * tasks[run.task]) for run in runs]
    weight = np.array([each[i] for i in owner])
    return Table(
        features_of(made),
        np.array([labels(run) for run in shown]),
        np.array([_saved(run) for run in runs])[owner],
        (weight / weight.mean())[:, None] * np.array([_stands_for(run) for run in runs])[owner],
        tuple(runs[i].task for i in owner),
        np.array(owner, float),
        ("clinic",) * len(owner),
    )


def _stands_for(run: ClinicRun) -> list[float]:
    """For each outcome how many like runs this one stands for:
    what was tried on one of three counts three times."""
    return [min(1.0 / run.tried.get(action, 1.0), MOST) for action in OUTCOMES]


def of_others(runs: Sequence[Outside]) -> Table:
    """Other people's runs as they logged them. What nobody tried is not known."""
    tasks = Counter(run.task for run in runs)
    weight = np.array([1.0 / np.sqrt(tasks[run.task]) for run in runs])
    known = np.array([[_number(run.helps(action)) for action in OUTCOMES[:-1]] for run in runs])
    known = known.reshape(len(runs), len(OUTCOMES) - 1)
    sick = [1.0 if run.sick else 0.0 if run.healthy else np.nan for run in runs]
    return Table(
        features_of([outside_run(run) for run in runs]),
        np.column_stack([known, sick]),
        np.array([_saved(run) for run in runs]).reshape(len(runs), len(OUTCOMES)),
        np.repeat(weight[:, None], len(OUTCOMES), axis=1),
        tuple(run.task for run in runs),
        np.arange(len(runs), dtype=float),
        tuple(run.source for run in runs),
    )


def _saved(run: ClinicRun | Outside) -> list[float]:
    """What each action saved at best; NaN where that is not known."""
    return [float("nan") if (gain := run.saved(action)) is None else gain for action in OUTCOMES]


def _number(helps: bool | None) -> float:
    return float("nan") if helps is None else float(helps)
