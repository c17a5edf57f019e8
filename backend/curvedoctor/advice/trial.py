"""A remedy that a sibling has tried, and what that makes of its probability."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from curvedoctor.model import ParamValue

#: odds after such a trial, not 0 or 1: seeds differ
TRIED_HELPS, TRIED_HELPS_NOT = 0.95, 0.06
#: log-odds that a trial moves where it is not known whether the runs are of one task
PERHAPS = 1.5
#: the action of what is no remedy: a run of the same settings that ended far lower; `value` is its name
UNLOGGED = ""


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
        shift = PERHAPS if self.helped else -PERHAPS
        return 1 / (1 + (1 / min(max(own, 1e-6), 1 - 1e-6) - 1) * math.exp(-shift))
