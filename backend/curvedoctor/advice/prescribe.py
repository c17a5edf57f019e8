"""Findings, what is expected of each action, what siblings tried → prescriptions, in their order.

What is repaired comes first: the remedy of an error that is certain, of several the one that treats most of
them. Then what is likely to help, against the effort; where no remedy is, the experiment that tells which one
does. What can't be done for this run, and what contradicts a finding or an earlier prescription, is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from curvedoctor.actions import ACTIONS, OPPOSITES, Cost
from curvedoctor.advice.changes import change
from curvedoctor.advice.experiments import experiment
from curvedoctor.advice.help_probability import Estimate
from curvedoctor.advice.possible import contradicts, last_resorts, possible
from curvedoctor.conditions.base import Condition
from curvedoctor.features.case import Case
from curvedoctor.model import Basis, Finding, Prescription, Severity

#: how probable the n-th action of a condition helps,
#: given that the condition is true and nothing else is known
BY_PLACE = (0.9, 0.6, 0.45, 0.35)
#: by what share of the doubt a certain finding raises what it names first, second, and after
RAISED = (0.6, 0.2, 0.0)
#: an error this certain is repaired before anything is improved
CERTAIN = 0.7
#: what merely improves is named from this probability on, and at least one such action
WORTH_TRYING = 0.2
MOST = 6
#: below this nothing is worth naming, alone or not
LEAST = 0.05
#: what a change that merely improves must be more probable by to come before one that treats a finding
TREATS = 0.2
#: probabilities that differ by less are alike: then the order of the findings decides
ALIKE = 0.05
#: by how much likelier it must be than an action that takes a number to change
EFFORT: Mapping[Cost, float] = {"number": 0.0, "code": 0.03, "machines": 0.06, "data": 0.15}
_WEIGHT: Mapping[Severity, int] = {"error": 0, "warning": 1, "info": 2}


def order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """By weight: severity, then confidence, then name."""
    return tuple(sorted(findings, key=lambda f: (_WEIGHT[f.severity], -f.confidence, f.condition)))


def led_by(
    first: Prescription | None, findings: Sequence[Finding], known: Mapping[str, Condition]
) -> tuple[Finding, ...]:
    """Within each severity, those that the first prescription is for come first:
    what leads is what is to be treated."""
    if first is None:
        return tuple(findings)

    def rank(finding: Finding) -> int:
        usual = finding.actions or known[finding.condition].actions
        treated = finding.condition in first.treats and first.action in usual
        return usual.index(first.action) if treated else len(ACTIONS)

    return tuple(sorted(findings, key=lambda finding: (_WEIGHT[finding.severity], rank(finding))))


def prescribe(
    case: Case, findings: Sequence[Finding], estimate: Estimate, known: Mapping[str, Condition]
) -> tuple[Prescription, ...]:
    """Ranked prescriptions of one run: for its findings of weight, and what else is likely to help."""
    asked = [(f, f.actions or known[f.condition].actions) for f in findings if f.severity != "info"]
    seen = _by_findings(asked, estimate)
    chance = {a: p for a, p in estimate.probability.items() if ACTIONS[a].training} | seen
    fit = [
        a
        for a in chance
        if possible(case, a) and not contradicts(case, findings, a) and a not in estimate.in_vain
    ]
    certain = [acts for f, acts in asked if f.severity == "error" and f.confidence >= CERTAIN]
    tried = estimate.sibling_values
    repairs = {
        _likelier([a for a in acts if a in fit and (a in acts[:2] or a in tried)], chance) for acts in certain
    }
    last = last_resorts(case, findings)

    named = [action for _, actions in asked for action in actions]

    def rank(action: str) -> tuple[object, ...]:
        worth = chance[action] - EFFORT[ACTIONS[action].cost] + (TREATS if action in seen else 0.0)
        named_at = named.index(action) if action in named else len(named)
        errors = max(1, sum(action in acts[:2] for acts in certain)) if action in repairs else 0
        return -errors, action in last, -round(worth / ALIKE), named_at, -worth, action

    ranked = sorted(fit, key=rank)
    worth = [a for a in ranked if a in seen or chance[a] >= WORTH_TRYING] or [
        a for a in ranked[:1] if chance[a] >= LEAST
    ]
    treated = {a: chance[a] + (TREATS if a in seen else 0.0) for a in fit}
    repaired = any(a in repairs for a in worth)
    if not repaired and (asking := experiment(treated, estimate.probability, named)):
        chance[asking.action] = asking.chance
        estimate = estimate.with_reason(asking.action, asking.reason)
        worth.insert(0, asking.action)
    treats = {a: tuple(dict.fromkeys(f.condition for f, acts in asked if a in acts)) for a in worth}
    return tuple(
        _prescription(
            change(case, action, findings, estimate.sibling_values),
            action,
            chance[action],
            treats[action],
            estimate,
        )
        for action in _without_opposites(worth)[:MOST]
    )


def _likelier(actions: Sequence[str], chance: Mapping[str, float]) -> str:
    """The first, unless the second is clearly likelier to help; "" of none."""
    return next((a for a in actions if chance[a] >= max(chance[b] for b in actions) - ALIKE), "")


def _by_findings(asked: Sequence[tuple[Finding, Sequence[str]]], estimate: Estimate) -> dict[str, float]:
    """Probability that each action helps which a finding names.

    What was learnt from trainings, raised for what a finding names first; the finding's own confidence where
    nothing was learnt: for changes of a measurement, and runs that the model can't judge.
    """
    chance: dict[str, float] = {}
    for finding, actions in asked:
        for at, action in enumerate(actions):
            learnt = estimate.probability.get(action) if ACTIONS[action].training else None
            share = BY_PLACE[min(at, len(BY_PLACE) - 1)]
            if learnt is None:
                p = max(finding.confidence * share, estimate.probability.get(action, 0.0))
            else:
                p = learnt + RAISED[min(at, 2)] * finding.confidence * (1.0 - learnt)
            chance[action] = max(chance.get(action, 0.0), p)
    return chance


def _prescription(
    made: Prescription, action: str, chance: float, treats: tuple[str, ...], estimate: Estimate
) -> Prescription:
    basis: Basis = "siblings" if action in estimate.sibling_values else "seen" if treats else "odds"
    return replace(
        made,
        action=action,
        confidence=round(min(chance, 0.99), 3),
        treats=treats,
        because=estimate.attributions.get(action, ()),
        basis=basis,
        gain=estimate.gain(action, chance),
    )


def _without_opposites(actions: Sequence[str]) -> list[str]:
    """Nobody can raise and lower the same thing: the one that comes first stays."""
    kept: list[str] = []
    for action in actions:
        if not any({action, other} in OPPOSITES for other in kept):
            kept.append(action)
    return kept
