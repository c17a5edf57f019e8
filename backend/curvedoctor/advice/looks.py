"""What a look at data and code tells that no log does, before anything is trained again.

Half of the first prescriptions that don't help fail for something that is in no curve: inputs that were not
scaled, missing values, an initialization of one's own. To look takes minutes and no training. It is asked for
where its answer is worth most: how likely the fault is there, times by how much likelier its remedy helps
then than what would be tried first without looking. Counted on trainings whose faults are known and whose
remedies were tried: `python -m clinic.looks`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from curvedoctor.advice.help_probability import Estimate
from curvedoctor.advice.possible import contradicts, possible
from curvedoctor.features.case import Case
from curvedoctor.model import Finding, Prescription


@dataclass(frozen=True, slots=True)
class Look:
    """What to look for: what there is if its remedy is to be tried first."""

    there: str
    #: share of the clinic's runs in which it was there that the remedy helped
    helps: float


#: remedy → what decides on it
LOOKS: Mapping[str, Look] = {
    "normalize-input": Look("inputs or targets far from mean 0 and variance 1", 0.81),
    "clean-data": Look("missing values, values far beyond all others, or wrong labels", 0.72),
    "rebalance-classes": Look("classes of which some are several times rarer than others", 0.7),
    "fix-init": Look("weights that your own code initializes", 0.7),
    "shuffle": Look("training data that keep their order", 0.49),
    "change-loss": Look("output layer, loss function and labels that do not fit each other", 0.79),
}
#: what is less likely to be there is not looked for; at most so many are named
SELDOM_THERE, NAMED = 0.01, 3
#: by how much looking must raise the probability that what is tried first helps
WORTH = 0.02


def look(
    case: Case, findings: Sequence[Finding], first: Prescription | None, expected: Estimate
) -> Mapping[str, object] | None:
    """What to look for before the first prescription is tried, likeliest first; None where that is as good at
    once.

    `there` says what; `probability`: that it is there; `helps`: that its remedy helps then.
    """
    if first is None:
        return None
    likely = {
        action: min(chance / LOOKS[action].helps, 1.0)
        for action, chance in expected.probability.items()
        if action in LOOKS and action != first.action and LOOKS[action].helps > first.confidence
    }
    asked = [
        action
        for action in sorted(likely, key=lambda action: -likely[action])
        if likely[action] >= SELDOM_THERE
        and action not in expected.in_vain
        and possible(case, action)
        and not contradicts(case, findings, action)
    ][:NAMED]
    worth = sum(likely[action] * (LOOKS[action].helps - first.confidence) for action in asked)
    if worth < WORTH:
        return None
    return {
        "for": [
            {
                "there": LOOKS[action].there,
                "action": action,
                "probability": round(likely[action], 3),
                "helps": LOOKS[action].helps,
            }
            for action in asked
        ],
        "raises": round(worth, 3),
    }
