"""How probable it is that each action helps: the statistical model, then what siblings have tried.

The model is fitted on real trainings whose remedies were really tried (`examples/clinic`). It
judges runs like those it saw: a loss, error or score with a direction, some points, no values
below zero. Elsewhere the conditions' own rules decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from curvedoctor.differential.boosted import Boosted
from curvedoctor.differential.evidence import in_plain_words, rows, with_rules
from curvedoctor.differential.forest import Forest
from curvedoctor.differential.siblings import Trial
from curvedoctor.features.case import Case
from curvedoctor.model import Floats

Stored = npt.NDArray[np.generic]

#: the outcome "some remedy helps"
SICK = "sick"
#: fewest points the model has seen
FEWEST = 2
#: how many reasons are kept per action
REASONS = 3


@dataclass(frozen=True, eq=False, slots=True)
class Model:
    """What was fitted, and where its odds become suspicions."""

    #: boosted trees and a forest err differently: the mean of their log-odds is better than either
    boosted: Boosted
    forest: Forest
    #: a run is suspected of being sick from this probability on
    gate: float
    #: an action is suspected from this probability on, and from this share of the most probable one's
    least: float
    share: float

    def probabilities(self, rows: Floats) -> Floats:
        """Probability of each outcome, shape (n, outcomes), for rows of evidence (n, features)."""
        score = (self.boosted.calibrated(rows) + self.forest.calibrated(rows)) / 2
        return np.asarray(1.0 / (1.0 + np.exp(-score)))


@cache
def default_model() -> Model | None:
    """The model shipped with the package; None if there is none."""
    path = files("curvedoctor.differential").joinpath("odds.npz")
    if not path.is_file():
        return None
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        held = {name: arrays[name] for name in arrays.files}
    limits = [float(v) for v in held["limits"]]
    return Model(Boosted.from_arrays(_of("boosted", held)), Forest.from_arrays(_of("forest", held)), *limits)


def _of(part: str, held: Mapping[str, Stored]) -> dict[str, Stored]:
    """One part's arrays, beside the names that both share."""
    own = {
        name.removeprefix(f"{part}_"): array for name, array in held.items() if name.startswith(f"{part}_")
    }
    return {**own, "outcomes": held["outcomes"], "features": held["features"]}


def judgeable(case: Case) -> bool:
    """Whether the run is of the kind the model was fitted on: a network's, with a curve that has a direction."""
    s = case.main
    return (
        s is not None
        and not case.boosting
        and s.stats.n >= FEWEST
        and s.stats.low >= 0
        and s.stats.top > s.stats.low
    )


def with_odds(cases: Sequence[Case], model: Model | None = None) -> list[Case]:
    """The cases with the model's odds and suspects; those it can't judge stay as they are."""
    model = model or default_model()
    out = list(cases)
    chosen = [i for i, case in enumerate(cases) if judgeable(case)]
    if model is None or not chosen:
        return out
    ruled = [with_rules(cases[i]) for i in chosen]
    evidence = rows(ruled)
    chances = model.probabilities(evidence)
    for i, case, row, chance in zip(chosen, ruled, evidence, chances, strict=True):
        odds = dict(zip(model.boosted.outcomes, chance.tolist(), strict=True))
        suspects = suspect(odds, model)
        out[i] = case.having(odds=odds, suspects=suspects, because=_because(model.boosted, row, suspects))
    return out


def suspect(odds: Mapping[str, float], model: Model) -> dict[str, float]:
    """The actions to speak of: none where the run is probably healthy."""
    if odds[SICK] < model.gate:
        return {}
    chances = {action: p for action, p in odds.items() if action != SICK}
    top = max(chances.values())
    least = min(max(model.least, model.share * top), top)
    return {action: p for action, p in chances.items() if p >= least}


def told(case: Case, trials: Sequence[Trial], model: Model | None = None) -> Case:
    """One case with what its siblings have tried worked into its odds."""
    model = model or default_model()
    if not trials or model is None or not case.odds:
        return case
    odds = dict(case.odds)
    because = dict(case.because)
    for trial in trials:
        odds[trial.action] = trial.odds
        because[trial.action] = (trial.because, *because.get(trial.action, ()))[:REASONS]
    best = max(p for action, p in odds.items() if action != SICK)
    odds[SICK] = max(odds[SICK], best) if best >= model.least else odds[SICK]
    return case.having(odds=odds, suspects=suspect(odds, model), because=because)


def _because(trees: Boosted, row: Floats, suspects: Mapping[str, float]) -> dict[str, tuple[str, ...]]:
    strongest = trees.strongest(row, list(suspects), REASONS) if suspects else []
    return {
        action: tuple(in_plain_words(trees.features[f], float(row[f])) for f in places)
        for action, places in zip(suspects, strongest, strict=True)
    }
