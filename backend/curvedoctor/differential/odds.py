"""How probable it is that each action helps: the statistical model, then what siblings have tried.

The model is fitted on real trainings whose remedies were really tried (`examples/clinic`). It
judges runs like those it saw: a loss, error or score with a direction, some points, no values
below zero. Elsewhere the conditions' own rules decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from curvedoctor.differential.boosted import Boosted
from curvedoctor.differential.complete import complete
from curvedoctor.differential.evidence import in_plain_words, rows, with_rules
from curvedoctor.differential.forest import Forest
from curvedoctor.differential.siblings import Trial
from curvedoctor.features.case import Case
from curvedoctor.model import Floats

Stored = npt.NDArray[np.generic]
Part = TypeVar("Part", Boosted, Forest)

#: what both parts know alike
_SHARED = ("outcomes", "features")

#: the outcome "some remedy helps"
SICK = "sick"
#: fewest points the model has seen
FEWEST = 2
#: activations that neither saturate nor die
SMOOTH = frozenset({"gelu", "silu", "mish", "elu", "selu", "celu", "leaky-relu"})
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
        filled = complete(rows)
        return probability(self.boosted.calibrated(filled), self.forest.calibrated(filled))

    def to_arrays(self) -> dict[str, Stored]:
        """What `from_arrays` reads, by name."""
        held: dict[str, Stored] = {name: np.array(getattr(self.boosted, name)) for name in _SHARED}
        held["limits"] = np.array([self.gate, self.least, self.share])
        for part in (self.boosted, self.forest):
            held |= {_stored(type(part), name): getattr(part, name) for name in _own(type(part))}
        return held

    @classmethod
    def from_arrays(cls, held: Mapping[str, Stored]) -> Model:
        """From the arrays of an `.npz`; raises KeyError where one is missing."""
        gate, least, share = (float(v) for v in held["limits"])
        return cls(_part(Boosted, held), _part(Forest, held), gate, least, share)


def probability(*scores: Floats) -> Floats:
    """The probability to the mean of several log-odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.mean(scores, axis=0))))


def _own(kind: type[Boosted] | type[Forest]) -> list[str]:
    return [field.name for field in fields(kind) if field.name not in _SHARED]


def _stored(kind: type[Boosted] | type[Forest], name: str) -> str:
    return f"{kind.__name__.lower()}_{name}"


def _part(kind: type[Part], held: Mapping[str, Stored]) -> Part:
    shared = {name: tuple(str(s) for s in held[name]) for name in _SHARED}
    return kind(**shared, **{name: held[_stored(kind, name)] for name in _own(kind)})  # type: ignore[arg-type]


@cache
def default_model() -> Model | None:
    """The model shipped with the package; None if there is none."""
    path = files("curvedoctor.differential").joinpath("odds.npz")
    if not path.is_file():
        return None
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        return Model.from_arrays({name: arrays[name] for name in arrays.files})


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
        if case.word("activation") in SMOOTH:
            odds["fix-activation"] = 0.0  # the clinic has no such network, and there is nothing to repair
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
        odds[trial.action] = trial.moved(case.odds)
        because[trial.action] = (trial.because, *because.get(trial.action, ()))[:REASONS]
    best = max(p for action, p in odds.items() if action != SICK)
    if any(trial.others for trial in trials):
        best = max(best, *(trial.odds for trial in trials if trial.others))
    odds[SICK] = max(odds[SICK], best) if best >= model.least else odds[SICK]
    proven = {t.action: (t.parameter, t.value, t.gain) for t in trials if t.helped and t.value is not None}
    return case.having(odds=odds, suspects=suspect(odds, model), because=because, proven=proven)


def _because(trees: Boosted, row: Floats, suspects: Mapping[str, float]) -> dict[str, tuple[str, ...]]:
    strongest = trees.strongest(complete(row), list(suspects), REASONS) if suspects else []
    return {
        action: tuple(in_plain_words(trees.features[f], float(row[f])) for f in places)
        for action, places in zip(suspects, strongest, strict=True)
    }
