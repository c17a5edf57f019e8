"""How each run ended, on a scale on which runs can be compared.

The outcome is the final level of the validation loss (mean over the last twentieth of the run; the
training loss or a score where no validation loss is logged), or its lowest smoothed level. Scores
are turned round (1 − accuracy), so that lower is better, and compared by ratios: `score` is the
logarithm. What is told of a run (`level`) is its last logged value where that speaks for the level
(`features.told`), or its best. A run that did not stay finite has score +inf: it counts as worse than
any other.
"""

from __future__ import annotations

import fnmatch
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from curvedoctor.compare.types import Outcome
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.features.told import last_value
from curvedoctor.model import Curve, ParamValue

#: a finite run counts as diverged if it ended this many times above where it started
DIVERGED = 1.5
#: levels below this share of the typical one are not told apart (an accuracy of exactly 1 has no logarithm)
FLOOR = 1e-3
#: a blown-up loss counts at most this far above the typical one, so that it spoils no average
CEILING = 1e6
#: share of the run (in grid cells) that the final level is the mean of: 3 of 64
LAST = 3
Kind = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Ended:
    """Outcomes of one group, and the scale they are on."""

    outcomes: tuple[Outcome, ...]
    #: "val loss", "train accuracy" …
    metric: str
    better: str
    #: scores are logarithms; else differences over the typical level
    logarithmic: bool
    #: runs that log nothing comparable
    left_out: tuple[str, ...]
    #: runs without a finite value from the first point on
    never: tuple[str, ...] = ()


def ended(
    cases: Sequence[Case],
    params: Sequence[Mapping[str, ParamValue]],
    final: bool = True,
    metric: str | None = None,
) -> Ended:
    """The outcomes of `cases` by the kind of curve that most of them log.

    `metric` is a shell-style pattern on curve ids that overrides the choice. `params` are the
    hyperparameters of each case.
    """
    chosen = [_series(case, metric) for case in cases]
    kinds = Counter(k for case, s in zip(cases, chosen, strict=True) if (k := _logged(case, s)) is not None)
    kind = max(kinds, key=lambda k: (kinds[k], k[0] == "val", k[1] == "loss"), default=("val", "loss"))
    members = [
        (case, s, p)
        for case, s, p in zip(cases, chosen, params, strict=True)
        if s is not None and _kind(s.curve) == kind
    ]
    kept = {id(case) for case, _, _ in members}
    lost = [
        (case, curve, p)
        for case, p in zip(cases, params, strict=True)
        if id(case) not in kept and (curve := _never_finite(case, kind)) is not None
    ]
    kept |= {id(case) for case, _, _ in lost}
    left_out = tuple(case.run.name for case in cases if id(case) not in kept)
    levels = [s.stats.end if final else s.stats.best for _, s, _ in members]
    sound = [
        y for y, (_, s, _) in zip(levels, members, strict=True) if not s.stats.bad_tail and math.isfinite(y)
    ]
    typical = float(np.median(np.abs(sound))) if sound else 1.0
    logarithmic = all(y >= 0 for y in sound)
    made = tuple(
        _outcome(case, s, y, params=p, typical=typical or 1.0, logarithmic=logarithmic, final=final)
        for y, (case, s, p) in zip(levels, members, strict=True)
    )
    made += tuple(_never(*row) for row in lost)
    better = members[0][1].curve.role.better if members else "lower"
    never = tuple(case.run.name for case, _, _ in lost)
    return Ended(made, " ".join(kind), better, logarithmic, left_out, never)


def _series(case: Case, metric: str | None) -> Series | None:
    if metric is not None:
        matching = sorted(name for name in case.series if fnmatch.fnmatchcase(name, metric))
        if matching:
            return case.series[matching[0]]
    return case.outcome


def _logged(case: Case, s: Series | None) -> Kind | None:
    """The kind of curve that the run is to be judged by:
    its validation loss even if that was never finite."""
    if case.val is None and case.judged_quantity == "loss":
        for curve in case.run.curves:
            if curve.role.split == "val" and curve.role.quantity == "loss" and len(curve):
                return _kind(curve)
    return None if s is None else _kind(s.curve)


def _kind(curve: Curve) -> Kind:
    split = {"none": "train", "test": "val"}.get(curve.role.split, curve.role.split)
    return split, curve.role.quantity


def _outcome(
    case: Case,
    s: Series,
    y: float,
    *,
    params: Mapping[str, ParamValue],
    typical: float,
    logarithmic: bool,
    final: bool,
) -> Outcome:
    t = s.stats
    bad = None
    if t.bad_tail or not math.isfinite(y):
        bad = "not finite"
    elif t.end > DIVERGED * t.start > 0 and t.end > DIVERGED * t.best:
        bad = "diverged"
    low = FLOOR * typical
    y = min(max(y, low) if logarithmic else y, CEILING * typical)
    score = math.log(y) if logarithmic else y / typical
    # the mean over the last cells carries the noise of the points that fell into them
    points = max(LAST / len(s.grid) * t.n, 1.0)
    spread = t.noise_late / math.sqrt(points) / (max(y, low) if logarithmic else typical)
    infinite = bad == "not finite"
    return Outcome(
        run=case.run.name,
        level=None if infinite else s.logged(last_value(s) if final else t.low),
        score=math.inf if infinite else score,
        curve=s.curve.id,
        bad=bad,
        noise=min(spread, 1.0),
        epochs=_epochs(case),
        params=dict(params),
    )


def _never_finite(case: Case, kind: Kind) -> Curve | None:
    """The curve of this kind (else any loss) that was NaN or infinite from the first point on, if any."""
    losses = [c for c in case.run.curves if c.role.quantity in ("loss", "error", kind[1]) and len(c)]
    same = [c for c in losses if _kind(c) == kind]
    chosen = same or losses
    lost = chosen and not any(np.isfinite(c.values).any() for c in chosen)
    return chosen[0] if lost else None


def _never(case: Case, curve: Curve, params: Mapping[str, ParamValue]) -> Outcome:
    """The outcome of a run without a finite value."""
    return Outcome(case.run.name, None, math.inf, curve.id, "not finite", 0.0, _epochs(case), dict(params))


def _epochs(case: Case) -> float | None:
    """How many epochs the run lasted: points of an epoch curve, else the hyperparameter."""
    for s in (case.train, case.val):
        if s is not None and s.curve.role.granularity == "epoch":
            return s.stats.n
    return case.number("epochs")
