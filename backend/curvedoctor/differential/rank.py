"""Findings and odds → ranked prescriptions, verdict.

The order of prescriptions is decided by how probable it is that each helps when tried. Where the
statistical model can judge a run its odds decide; elsewhere a finding's own confidence, shared out
over the actions that treat it, does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from curvedoctor.actions import ACTIONS, NETWORKS_ONLY, OPPOSITES
from curvedoctor.conditions.base import CERTAIN, FIRST, Condition
from curvedoctor.differential.numbers import dose
from curvedoctor.features.case import Case
from curvedoctor.features.rates import decades_below_usual
from curvedoctor.model import Finding, Prescription, Severity, Verdict

#: without a model: how probable the n-th action of a condition helps, given that the condition is true
BY_PLACE = (FIRST, 0.6, 0.45, 0.35)
#: prescriptions below this are not worth a user's time
WORTH_TRYING = 0.2
MOST = 6
#: what a remedy must be more probable by to come before one that takes a single number to change
EFFORT = {
    "train-longer": 0.2,
    "change-optimizer": 0.2,
    "bigger-model": 0.2,
    "more-data": 0.2,
    "decay-lr": 0.1,
}
#: decades from the customary lr from which on the lr comes first, if it is this much less probable at most
FAR, FAR_OFF = 1.5, 0.4
#: what else must be more probable by to come before the repair of an outright defect (a certain finding of severity "error")
DEFECT = 0.3
#: share of the most probable remedy's odds from which another is worth naming beside it
NEARLY = 0.5
_WEIGHT: Mapping[Severity, int] = {"error": 0, "warning": 1, "info": 2}


def order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """By weight: severity, then confidence, then name."""
    return tuple(sorted(findings, key=lambda f: (_WEIGHT[f.severity], -f.confidence, f.condition)))


def led_by(
    first: Prescription | None, findings: Sequence[Finding], known: Mapping[str, Condition]
) -> tuple[Finding, ...]:
    """Within each severity, those that the first prescription is for come first: what leads is what is to be treated."""
    if first is None:
        return tuple(findings)

    def place(found: Finding) -> float:
        usual = found.actions or known[found.condition].actions
        treated = found.condition in first.treats and first.action in usual
        return usual.index(first.action) if treated else math.inf

    return tuple(sorted(findings, key=lambda found: (_WEIGHT[found.severity], place(found))))


def verdict(case: Case, findings: Sequence[Finding], judged: int) -> Verdict:
    """Sick with a finding of weight; undetermined where no curve could be judged; else healthy."""
    if any(f.severity != "info" for f in findings):
        return "sick"
    main = case.main
    if main is None or main.stats.n < 5 or judged == 0:
        return "undetermined"
    return "healthy"


def prescribe(
    case: Case, findings: Sequence[Finding], known: Mapping[str, Condition]
) -> tuple[Prescription, ...]:
    """Ranked prescriptions for the findings of one run; what is merely worth knowing prescribes nothing."""
    chance: dict[str, float] = {}
    repairs: dict[str, float] = {}
    treats: dict[str, list[str]] = {}
    for found in findings:
        if found.severity == "info":
            continue
        for place, action in enumerate(found.actions or known[found.condition].actions):
            if case.boosting and action in NETWORKS_ONLY:
                continue
            rule = found.confidence * BY_PLACE[min(place, len(BY_PLACE) - 1)]
            odds = case.odds.get(action)
            p = rule if odds is None or not ACTIONS[action].training else odds
            if place == 0 and (found.severity == "error" or found.confidence > p):
                p = max(p, rule)
                if found.severity == "error" and found.confidence >= CERTAIN:
                    repairs[action] = -DEFECT
            chance[action] = max(chance.get(action, 0.0), p)
            treats.setdefault(action, []).append(found.condition)
    if case.suspects and treats:
        _add_probable(case, findings[0].condition, chance, treats)
    below = decades_below_usual(case) or 0.0
    plain = {"raise-lr" if below > 0 else "lower-lr": -FAR_OFF} if abs(below) >= FAR else {}
    ranked = sorted(chance, key=lambda a: (repairs.get(a, plain.get(a, EFFORT.get(a, 0.0))) - chance[a], a))
    worth = [a for a in ranked if chance[a] >= WORTH_TRYING] or ranked[:1]
    out = []
    for action in _without_opposites(worth)[:MOST]:
        d = dose(case, action, findings)
        out.append(
            Prescription(
                action=action,
                confidence=round(min(chance[action], 0.99), 3),
                treats=tuple(dict.fromkeys(treats[action])),
                text=d.text,
                parameter=d.parameter,
                current=d.current,
                proposed=d.proposed,
                factor=d.factor,
                step=d.step,
                because=case.because.get(action, ()),
            )
        )
    return tuple(out)


def _without_opposites(actions: Sequence[str]) -> list[str]:
    """Nobody can raise and lower the same thing: the one that comes first stays."""
    kept: list[str] = []
    for action in actions:
        if not any({action, other} in OPPOSITES for other in kept):
            kept.append(action)
    return kept


def _add_probable(case: Case, condition: str, chance: dict[str, float], treats: dict[str, list[str]]) -> None:
    """Remedies that no finding names, though the model thinks them nearly as probable to help as its first."""
    least = max(WORTH_TRYING, NEARLY * max(case.suspects.values()))
    for action, odds in case.odds.items():
        if action in ACTIONS and ACTIONS[action].training and action not in chance and odds >= least:
            chance[action] = odds
            treats[action] = [condition]
