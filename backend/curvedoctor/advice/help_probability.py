"""How probable it is that each action helps, by how much, and why: learnt from trainings and siblings.

The model is fitted on real trainings whose remedies were really tried (`examples/clinic`). It
judges runs like those it saw: a loss, error or score with a direction, some points, no values
below zero. It orders and prices what to try; it makes nobody sick.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from curvedoctor.actions import ACTIONS
from curvedoctor.advice.boosted import Boosted
from curvedoctor.advice.familiar import Familiar
from curvedoctor.advice.impute import impute
from curvedoctor.advice.possible import samples, steps_of
from curvedoctor.advice.trial import TRIED_HELPS_NOT, Trial
from curvedoctor.conditions.measures.unfinished import rate_ended
from curvedoctor.features import vector
from curvedoctor.features.case import Case
from curvedoctor.features.sentences import facts, is_ahead
from curvedoctor.model import Floats, ParamValue

Stored = npt.NDArray[np.generic]
Gain = tuple[float, float, float]

#: the outcome "some remedy helps"
SICK = "sick"
#: fewest points the model has seen
MIN_POINTS = 2
#: activations that neither saturate nor die
SMOOTH = frozenset({"gelu", "silu", "mish", "elu", "selu", "celu", "leaky-relu"})
#: samples, and steps where their number is not logged, from which on nothing was learnt of more of them;
#: and how often more data helped on average
BEYOND, LONGEST, ON_AVERAGE = 20_000, 8_192, 0.3
#: units beyond which the clinic has no network; of the wider ones of LCBench a bigger one helped 3 in 100
WIDEST = 64
#: share by which training must end below validation for more data to have a gap to close;
#: in the clinic more data also meant more steps
NARROW = 0.1
#: said of a run that is unlike what was learnt from
UNLIKE = "this run is unlike those that the odds were learnt from: they are near the average"
#: how many reasons are kept per action, and of how many actions
REASONS, EXPLAINED = 3, 6
#: strongest features that reasons are sought among
LOOKED_AT = 10


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is expected of each action for one run."""

    #: probability that the action helps; empty where the model can't judge the run
    probability: Mapping[str, float] = field(default_factory=dict)
    #: the facts about the run that moved a probability most, in plain words
    attributions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: (hyperparameter, its value in a sibling that ended clearly lower, by which share,
    #: and what it changed besides)
    sibling_values: Mapping[str, tuple[str, ParamValue, float, str]] = field(default_factory=dict)
    #: what was fitted; None where it can't judge the run
    model: Model | None = None
    #: what a sibling has tried without success
    in_vain: frozenset[str] = frozenset()

    def gain(self, action: str, chance: float) -> Gain | None:
        """What runs gained by a training action that was about as probable to help."""
        if self.model is None or not ACTIONS[action].training:
            return None
        return self.model.gain(self.model.boosted.outcomes.index(action), chance)

    def with_reason(self, action: str, reason: str) -> Estimate:
        """The same with one more reason for an action, before all others."""
        reasons = (reason, *self.attributions.get(action, ()))[:REASONS]
        return replace(self, attributions={**self.attributions, action: reasons})

    def with_trials(self, trials: Sequence[Trial]) -> Estimate:
        """The same with what siblings have tried worked in."""
        if not trials:
            return self
        chances, attributions = dict(self.probability), dict(self.attributions)
        for trial in trials:
            chances[trial.action] = trial.moved(self.probability)
            attributions[trial.action] = (trial.reason, *attributions.get(trial.action, ()))[:REASONS]
        sibling_values = {
            t.action: (t.parameter, t.value, t.gain, t.along)
            for t in trials
            if t.helped and t.same_task and t.value is not None
        }
        missed = {t.action for t in trials if t.same_task and t.help_probability == TRIED_HELPS_NOT}
        in_vain = frozenset(missed - sibling_values.keys())
        return Estimate(chances, attributions, sibling_values, self.model, in_vain)


@dataclass(frozen=True, eq=False, slots=True)
class Model:
    """What was fitted."""

    boosted: Boosted
    #: how far all this reaches
    familiar: Familiar
    #: upper ends of bins of probability, shape (bins,)
    bins: npt.NDArray[np.float32]
    #: gain's tenth percentile, median, ninetieth by outcome and bin, shape (outcomes, bins, 3); NaN:
    #: not known
    gains: npt.NDArray[np.float32]

    def probabilities(self, rows: Floats) -> Floats:
        """Probability of each outcome, shape (n, outcomes), for rows of features (n, features)."""
        return self.probabilities_and_strange(rows)[0]

    def probabilities_and_strange(self, rows: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Those probabilities, and whether the run is unlike what was learnt from, shape (n,)."""
        distance = self.familiar.distance(rows)
        odds = self.familiar.shrunk(self.boosted.scores(impute(rows)), distance)
        return 1.0 / (1.0 + np.exp(-odds)), self.familiar.strange(distance)

    def gain(self, outcome: int, chance: float) -> Gain | None:
        """What runs gained for which an action was about as probable to help;
        None where too few are known."""
        bin_ = min(int(np.searchsorted(self.bins, chance)), len(self.bins) - 1)
        low, middle, high = (float(g) for g in self.gains[outcome, bin_])
        return None if np.isnan(middle) else (round(low, 3), round(middle, 3), round(high, 3))

    def to_arrays(self) -> dict[str, Stored]:
        """What `from_arrays` reads, by name."""
        held: dict[str, Stored] = {"bins": self.bins, "gains": self.gains}
        for part in (self.boosted, self.familiar):
            held |= {_stored(type(part), f.name): np.array(getattr(part, f.name)) for f in fields(part)}
        return held

    @classmethod
    def from_arrays(cls, held: Mapping[str, Stored]) -> Model:
        """From the arrays of an `.npz`; raises KeyError where one is missing."""
        trees = {f.name: held[_stored(Boosted, f.name)] for f in fields(Boosted)}
        words = {name: tuple(str(s) for s in trees.pop(name)) for name in ("outcomes", "features")}
        return cls(
            Boosted(**words, **trees),  # type: ignore[arg-type]
            Familiar(**{f.name: held[_stored(Familiar, f.name)] for f in fields(Familiar)}),  # type: ignore[arg-type]
            held["bins"].astype(np.float32),
            held["gains"].astype(np.float32),
        )


def _stored(kind: type[Boosted] | type[Familiar], name: str) -> str:
    return f"{kind.__name__.lower()}_{name}"


@cache
def default_model() -> Model | None:
    """The model shipped with the package; None if there is none."""
    path = files("curvedoctor.advice").joinpath("odds.npz")
    if not path.is_file():
        return None
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        return Model.from_arrays({name: arrays[name] for name in arrays.files})


def judgeable(case: Case) -> bool:
    """Whether the run is of the kind the model was fitted on: one network's,
    with a curve that has a direction."""
    s = case.primary
    return (
        s is not None
        and not case.boosting
        and not case.pairs
        and s.stats.n >= MIN_POINTS
        and s.stats.top > 0
        and s.stats.low >= 0
    )


def inputs(cases: Sequence[Case], features: Sequence[str]) -> Floats:
    """Rows for a model that was fitted on these features, by name;
    NaN where this version has none of that name."""
    rows = vector.matrix(list(cases))
    position = {name: i for i, name in enumerate(vector.names())}
    padded = np.hstack([rows, np.full((len(rows), 1), np.nan)])
    return padded[:, [position.get(name, -1) for name in features]]


def estimates(cases: Sequence[Case], model: Model | None = None) -> list[Estimate]:
    """What is expected of each action, per case; nothing where the model can't judge."""
    model = model or default_model()
    out = [Estimate()] * len(cases)
    chosen = [i for i, case in enumerate(cases) if judgeable(case)]
    if model is None or not chosen:
        return out
    rows = inputs([cases[i] for i in chosen], model.boosted.features)
    probabilities, strange = model.probabilities_and_strange(rows)
    outcomes = model.boosted.outcomes
    chances = [
        _chances(cases[i], dict(zip(outcomes, row.tolist(), strict=True)))
        for i, row in zip(chosen, probabilities, strict=True)
    ]
    reasons = _attributions(model.boosted, rows, chances, [rate_ended(cases[i]) for i in chosen])
    for k, i in enumerate(chosen):
        known = reasons[k]
        if strange[k]:
            known = {action: (UNLIKE, *facts_[: REASONS - 1]) for action, facts_ in known.items()}
        out[i] = Estimate(chances[k], known, model=model)
    return out


def _chances(case: Case, chances: dict[str, float]) -> dict[str, float]:
    """Probabilities of actions, corrected by what the clinic does not know."""
    chances.pop(SICK, None)
    if case.word("activation") in SMOOTH:
        chances["fix-activation"] = 0.0  # the clinic has no such network, and there is nothing to repair
    if "more-data" in chances:
        chances["more-data"] = min(chances["more-data"], _most_of_data(case))
    if "bigger-model" in chances and (case.number("width") or 0) > WIDEST:
        chances["bigger-model"] = min(chances["bigger-model"], ON_AVERAGE)
    return chances


def _most_of_data(case: Case) -> float:
    """The highest probability that more data help which what was learnt from can bear."""
    n, steps, train, val = samples(case), steps_of(case), case.coarsest_train, case.val
    if n >= BEYOND if n is not None else (steps or 0.0) > LONGEST:
        return ON_AVERAGE
    narrow = train is not None and val is not None and train.stats.end > (1 - NARROW) * val.stats.end
    return ON_AVERAGE if narrow else 1.0


def _attributions(
    trees: Boosted, rows: Floats, chances: Sequence[Mapping[str, float]], ended: Sequence[bool]
) -> list[dict[str, tuple[str, ...]]]:
    """Of each row the facts that raised the log-odds of its likeliest actions most;
    an action is looked at for all rows at once. Where a schedule has ended, nothing that going on brings."""
    likeliest = [sorted(known, key=lambda action: -known[action])[:EXPLAINED] for known in chances]
    attributions: list[dict[str, tuple[str, ...]]] = [dict.fromkeys(actions, ()) for actions in likeliest]
    filled = impute(rows)
    told = [dict(zip(trees.features, row, strict=True)) for row in rows.tolist()]
    for action in dict.fromkeys(action for actions in likeliest for action in actions):
        which = [k for k, actions in enumerate(likeliest) if action in actions]
        moved = trees.contributions(filled[which], action)
        strongest = np.argsort(-moved, axis=1, kind="stable")[:, :LOOKED_AT].tolist()
        for k, change, places in zip(which, moved, strongest, strict=True):
            raised = ((trees.features[f], float(rows[k, f])) for f in places if change[f] > 0)
            if ended[k]:
                raised = ((feature, value) for feature, value in raised if not is_ahead(feature))
            attributions[k][action] = facts(raised, REASONS, told[k])
    return attributions
