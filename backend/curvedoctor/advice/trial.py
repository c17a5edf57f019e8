"""A remedy that a sibling has tried, and what that makes of its probability."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from curvedoctor.advice.one_task import FAR, NEAR
from curvedoctor.model import ParamValue

#: odds after such a trial, not 0 or 1: seeds differ
TRIED_HELPS, TRIED_HELPS_NOT = 0.95, 0.06
#: log-odds that a trial moves where it is not known whether the runs are of one task, up to which probability
PERHAPS, UNSURE = 1.5, 0.9
#: the action of what is no remedy: a run of the same settings that ended far lower; `value` is its name
UNLOGGED = ""


#: parameter → (action when the sibling's value is higher, action when it is lower)
NUMBERS: Mapping[str, tuple[str | None, str | None]] = {
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
#: hyperparameter → the remedy when the sibling has another word
WORDS: Mapping[str, str] = {
    "optimizer": "change-optimizer",
    "loss": "change-loss",
    "schedule": "decay-lr",
    "activation": "fix-activation",
    "init": "fix-init",
    "input_scaling": "normalize-input",
    "shuffle": "shuffle",
}


def shifted(chance: float, log_odds: float) -> float:
    """A probability after evidence that adds so much to its log-odds.

    >>> round(shifted(0.5, 1.5), 3), round(shifted(0.9, -1.5), 3)
    (0.818, 0.668)
    """
    return 1 / (1 + (1 / min(max(chance, 1e-6), 1 - 1e-6) - 1) * math.exp(-log_odds))


@dataclass(frozen=True, slots=True)
class Trial:
    """A remedy that a sibling has tried."""

    action: str
    #: probability that it helps, given the trial
    help_probability: float
    reason: str
    #: the hyperparameter that the sibling changed, its value there, and the share by which it ended lower
    parameter: str
    value: ParamValue | None
    gain: float
    #: False where the sibling may be of another task
    same_task: bool = True
    #: what the sibling changed at the same time: the gain is due to one of these, or to `action`
    others: tuple[str, ...] = ()
    #: those changes in words
    along: str = ""

    @property
    def helped(self) -> bool:
        """Whether the sibling ended clearly lower."""
        return self.help_probability == TRIED_HELPS

    def moved(self, chances: Mapping[str, float]) -> float:
        """What the trial makes of the probability that the action helps, given those of all actions.

        Of what was changed at once, each has its share of the credit.
        """
        # of a run that the model can't judge nothing is known beforehand
        own = chances.get(self.action, 0.5)
        if self.others:
            share = self.help_probability * own / (own + sum(chances.get(a, 0.5) for a in self.others))
            return max(own, share) if self.helped else share
        if self.same_task:
            return self.help_probability
        moved = shifted(own, PERHAPS if self.helped else -PERHAPS)
        return max(own, min(moved, UNSURE)) if self.helped else moved


def action_of(name: str, own: ParamValue | None, other: ParamValue | None) -> str | None:
    """The remedy that a change of a hyperparameter from one value to the other is; None if it is none, or too
    small a step."""
    if name == "schedule" and own not in (None, "constant"):
        return None
    if name in WORDS:
        return WORDS[name] if own != other else None
    if not isinstance(own, (int, float)) or not isinstance(other, (int, float)):
        return None
    higher, lower = NUMBERS.get(name, (None, None))
    far = FAR.get(name, NEAR)
    if other > own and (own <= 0 or other / own >= far):
        return higher
    if other < own and (other <= 0 or own / other >= far):
        return lower
    return None
