"""What siblings say: a run that differs in one hyperparameter is a remedy that was already tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from curvedoctor.features.summary import Summary
from curvedoctor.model import ParamValue

#: parameters that may differ between siblings without meaning anything
IGNORED = frozenset({"seed"})
#: a sibling that ends this much lower shows that the change helps; below the second it does not
HELPS, HELPS_NOT = 0.10, 0.05
#: odds after such a trial, not 0 or 1: seeds differ
TRIED_HELPS, TRIED_HELPS_NOT = 0.95, 0.06

#: parameter → (action when the sibling's value is higher, action when it is lower)
_NUMBERS: Mapping[str, tuple[str | None, str | None]] = {
    "lr": ("raise-lr", "lower-lr"),
    "batch_size": ("bigger-batch", None),
    "epochs": ("train-longer", None),
    "max_steps": ("train-longer", None),
    "weight_decay": ("regularize", "reduce-regularization"),
    "dropout": ("regularize", "reduce-regularization"),
    "width": ("bigger-model", "smaller-model"),
    "depth": ("bigger-model", "smaller-model"),
    "n_train": ("more-data", None),
    "n_val": ("more-validation-data", None),
    "warmup_ratio": ("add-warmup", None),
    "warmup_steps": ("add-warmup", None),
}
#: how far the other value must be for its trial to answer for the action: lr ×3, others ×1.5
_FAR: Mapping[str, float] = {"lr": 2.5}
_WORDS: Mapping[str, str] = {
    "optimizer": "change-optimizer",
    "loss": "change-loss",
    "schedule": "decay-lr",
    "activation": "fix-activation",
    "init": "fix-init",
    "input_scaling": "normalize-input",
    "shuffle": "shuffle",
}


@dataclass(frozen=True, slots=True)
class Trial:
    """A remedy that a sibling has tried."""

    action: str
    #: probability that it helps, given the trial
    odds: float
    because: str


class Siblings:
    """Runs of one group, indexed by all of their parameters but one."""

    def __init__(self, summaries: Sequence[Summary]) -> None:
        self._rows = [s for s in summaries if s.end is not None and s.params]
        names = {name for s in self._rows for name in s.params} - IGNORED
        self._varied = [n for n in names if len({str(s.params.get(n)) for s in self._rows}) > 1]
        self._varied = sorted(n for n in self._varied if n in _NUMBERS or n in _WORDS)
        buckets: dict[tuple[str, object, str | None], dict[str, list[Summary]]] = {}
        for s in self._rows:
            for name in self._varied:
                tried = buckets.setdefault((name, _rest(s, name), s.curve), {})
                tried.setdefault(str(s.params.get(name)), []).append(s)
        #: per bucket one run per value, the median over its seeds, the lowest end first
        self._index = {key: sorted(map(_median, tried.values()), key=_end) for key, tried in buckets.items()}

    def trials(self, own: Summary) -> list[Trial]:
        """What the siblings of one run have tried, the best trial per action."""
        if own.end is None:
            return []
        found: dict[str, Trial] = {}
        for name in self._varied:
            wanted = {a for a in _NUMBERS.get(name, (_WORDS.get(name),)) if a is not None}
            for other in self._index.get((name, _rest(own, name), own.curve), ()):
                action = _action(name, own.params.get(name), other.params.get(name))
                if action is None or action in found or other is own:
                    continue
                trial = _judge(action, own, other, name)
                if trial.odds < TRIED_HELPS and _too_far(name, own, other):
                    continue
                found[action] = trial
                if wanted <= set(found):
                    break
        return [t for _, t in sorted(found.items()) if t.odds in (TRIED_HELPS, TRIED_HELPS_NOT)]


def _too_far(name: str, own: Summary, other: Summary) -> bool:
    """A learning rate hundreds of times away that did not help says nothing of those between."""
    a, b = own.params.get(name), other.params.get(name)
    if name != "lr" or not isinstance(a, (int, float)) or not isinstance(b, (int, float)) or min(a, b) <= 0:
        return False
    return max(a / b, b / a) > 100


def _end(s: Summary) -> float:
    assert s.end is not None
    return s.end


def _median(same: list[Summary]) -> Summary:
    return sorted(same, key=_end)[len(same) // 2]


def _judge(action: str, own: Summary, other: Summary, name: str) -> Trial:
    gain = _gain(own, other)
    odds = TRIED_HELPS if gain >= HELPS else TRIED_HELPS_NOT if gain < HELPS_NOT else 0.5
    change = f"lower by {100 * gain:.0f} %" if gain > 0 else f"higher by {-100 * gain:.0f} %"
    return Trial(action, odds, f"its sibling {other.run} with {name} {other.params.get(name)} ended {change}")


def _gain(own: Summary, other: Summary) -> float:
    """Share by which the sibling ended lower, less what noise may have given it."""
    assert own.end is not None
    assert other.end is not None
    scale = max(abs(own.end), 1e-300)
    gain = (own.end - other.end) / scale
    slack = (own.noise + other.noise) / scale / 2
    return gain - min(slack, max(gain, 0.0))


def _action(name: str, own: ParamValue | None, other: ParamValue | None) -> str | None:
    if name == "schedule" and own not in (None, "constant"):
        return None
    if name in _WORDS:
        return _WORDS[name] if own != other else None
    if not isinstance(own, (int, float)) or not isinstance(other, (int, float)):
        return None
    higher, lower = _NUMBERS[name]
    far = _FAR.get(name, 1.45)
    if other > own and (own <= 0 or other / own >= far):
        return higher
    if other < own and (other <= 0 or own / other >= far):
        return lower
    return None


def _rest(s: Summary, name: str) -> frozenset[tuple[str, str]]:
    return frozenset((k, str(v)) for k, v in s.params.items() if k != name and k not in IGNORED)
