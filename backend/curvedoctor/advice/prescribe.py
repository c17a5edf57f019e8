"""Findings, what is expected of each action, what siblings tried → prescriptions, in their order.

What is repaired comes first: the remedy of an error that is certain, of several the one that treats most of
them. Then by worth (`actions.worth`): the probability that a change gains a tenth or more, less the share of
it that the effort takes, and more where it treats a finding. (Multiplied by the expected gain besides, the
first would help in 2 to 4 of a hundred sick runs fewer: the probability already asks for a gain.) Where no
remedy is likely, the experiment that tells which one is comes first. What can't be done for this run, what
contradicts a finding or an earlier prescription, and a last resort that nothing asks for is left out.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace

from curvedoctor.actions import ACTIONS, EXPERIMENTS, SELDOM, TREATS, worth
from curvedoctor.advice.beside import filled, seated, without_twins
from curvedoctor.advice.changes import change, leap
from curvedoctor.advice.experiments import LIKELY, experiment
from curvedoctor.advice.help_probability import Estimate, Gain
from curvedoctor.advice.possible import contradicts, last_resorts, possible, unknown, young
from curvedoctor.advice.shown import FAR_BELOW, SURE, far_below, stopping
from curvedoctor.advice.stopping import sensible
from curvedoctor.advice.trial import shifted
from curvedoctor.conditions.base import Condition
from curvedoctor.features.case import Case
from curvedoctor.model import Basis, Finding, Prescription, Severity

#: how probable the n-th action of a condition helps,
#: given that the condition is true and nothing else is known
BY_PLACE = (0.9, 0.6, 0.45, 0.35)
#: log-odds by which a certain finding raises what it names first, second, and after: fitted to the odds of
#: the clinic's held-out tasks (of others' runs they leave half of the error that a share of the doubt left);
#: the share of the doubt that it takes from what seldom helps anybody
RAISED = (1.5, 0.8, 0.7)
DOUBT = (0.5, 0.1, 0.05)
#: the same of the first remedy where a finding tells the cause more surely: in the clinic shuffling helped
#: 7 of 8 such runs
TELLS = {("uneven-batches", "shuffle"): 0.9}
#: an error this certain is repaired before anything is improved
CERTAIN = 0.7
#: what merely improves is named from this probability on
WORTH_TRYING = 0.2
#: nothing is more certain to help
SUREST = 0.99
#: nor is a change likelier to help than not that no finding asks for, of what is not known to begin with
EVEN = 0.5
#: below this nothing is worth naming, alone or not
LEAST = 0.05
#: probabilities that differ by less are alike: then the error's own order of remedies decides
ALIKE = 0.1
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
    chance = {a: min(p, EVEN if a not in seen and unknown(case, a) else SUREST) for a, p in chance.items()}
    tried, saved = estimate.sibling_values, stopping(case, findings)
    if saved is not None:
        chance["stop-early"] = max(chance.get("stop-early", 0.0), SURE)
    if far_below(case, findings):
        chance["raise-lr"] = max(chance.get("raise-lr", 0.0), FAR_BELOW)
    going_on = {"train-longer"} if young(case) else set()
    # siblings that ended elsewhere don't tell where this one would
    chance |= {a: max(chance[a], EVEN) for a in going_on & chance.keys() & estimate.in_vain}
    fit = [
        a
        for a in chance
        if (possible(case, a) or a in tried)
        and not contradicts(case, findings, a)
        and (a != "stop-early" or a in tried or sensible(case, findings))
        and (a not in estimate.in_vain or a in going_on)
    ]
    certain = [acts for f, acts in asked if f.severity == "error" and f.confidence >= CERTAIN]
    last, named = last_resorts(case, findings), [action for _, actions in asked for action in actions]
    repairs = {_repair(acts, [a for a in fit if a not in last], chance, estimate) for acts in certain}
    causes = [acts[0] for f, acts in asked if f.confidence >= CERTAIN and f.severity == "warning"]
    known_cause = _likelier([a for a in causes if a in fit and a not in last], chance)
    if known_cause and repairs and repairs <= EXPERIMENTS:
        repairs = {known_cause} - EXPERIMENTS or repairs

    def rank(action: str) -> tuple[object, ...]:
        named_at = named.index(action) if action in named else len(named)
        errors = max(1, sum(action in acts[:2] for acts in certain)) if action in repairs else 0
        promised = worth(action, chance[action], treats=action in seen)
        return -errors, action in last, -promised, named_at, action

    ranked = [a for a in sorted(fit, key=rank) if a in seen or a in tried or a not in last]
    proved = [a for a in ranked if a in tried and a not in repairs | last and not leap(case, *tried[a])]
    ranked = _by_gain(ranked, proved, {a: worth(a, tried[a][2], treats=a in seen) for a in proved}, chance)
    chosen = [a for a in ranked if a in seen or chance[a] >= WORTH_TRYING]
    chosen = filled(chosen, [a for a in ranked if a in chosen or chance[a] >= LEAST])
    repaired = any(a in repairs for a in chosen)
    likely = {a: chance[a] + (TREATS if a in seen else 0.0) for a in ranked}
    if not repaired and (asking := experiment(likely, estimate.probability, named)):
        chance[asking.action] = asking.chance
        estimate = estimate.with_reason(asking.action, asking.reason)
        chosen.insert(0, asking.action)
    chosen, chance = without_twins(chosen, chance, tried)
    chosen = seated(chosen, seen, [a for _, actions in asked for a in actions[:2]])
    to = change(case, "lower-lr", findings, tried).proposed if "lower-lr" in chosen else None
    lowered = to if isinstance(to, float) else None
    alone = replace(estimate, sibling_values={})
    made = tuple(
        _prescription(
            change(case, action, findings, tried, lowered),
            action,
            chance[action],
            tuple(dict.fromkeys(f.condition for f, acts in asked if action in acts)),
            estimate if action in tried and not leap(case, *tried[action]) else alone,
        )
        for action in chosen
    )
    shown = None if saved is None else _as_it_was(saved)
    return tuple(replace(p, gain=shown) if shown and p.action == "stop-early" else p for p in made)


def _by_gain(
    ranked: Sequence[str], proved: Sequence[str], gained: Mapping[str, float], chance: Mapping[str, float]
) -> list[str]:
    """Of what siblings proved, about as likely each, what gained more (and takes less effort) comes first: it
    changes places with its like, and with nothing else."""
    surest = max((chance[action] for action in proved), default=0.0)
    alike = [action for action in proved if chance[action] >= surest - ALIKE]
    more = iter(sorted(alike, key=lambda action: -gained[action]))
    return [next(more) if action in alike else action for action in ranked]


def _repair(
    remedies: Sequence[str], fit: Container[str], chance: Mapping[str, float], estimate: Estimate
) -> str:
    """Of an error's remedies that fit the run the one to try first; "" of none.

    Instead of an experiment it is a change of the training that is likely to help trainings like this one.
    """
    learnt = estimate.probability
    first = _likelier([a for a in remedies if a in fit], chance)
    if first not in EXPERIMENTS:
        return first
    changes = [a for a in remedies if a in fit and a in learnt and ACTIONS[a].training]
    best = max(changes, key=lambda action: learnt[action], default=first)
    return best if learnt.get(best, 0.0) > max(LIKELY, learnt.get(first, 0.0)) else first


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
                p = _raised(action, learnt, min(at, 2), finding)
            chance[action] = max(chance.get(action, 0.0), p)
    return chance


def _raised(action: str, learnt: float, place: int, finding: Finding) -> float:
    """What a finding makes of the odds of an action that it names at a place."""
    if action in SELDOM:
        doubt = DOUBT[place] if place else TELLS.get((finding.condition, action), DOUBT[0])
        return learnt + doubt * finding.confidence * (1.0 - learnt)
    return shifted(learnt, RAISED[place] * finding.confidence)


def _prescription(
    made: Prescription, action: str, chance: float, treats: tuple[str, ...], estimate: Estimate
) -> Prescription:
    sibling = estimate.sibling_values.get(action)
    basis: Basis = "siblings" if sibling else "seen" if treats else "odds"
    return replace(
        made,
        action=action,
        confidence=round(chance, 3),
        treats=treats,
        because=estimate.attributions.get(action, ()),
        basis=basis,
        gain=_as_it_was(sibling[2]) if sibling else estimate.gain(action, chance),
    )


def _as_it_was(gain: float) -> Gain | None:
    """What a sibling gained; None of one that was only not lost."""
    known = round(gain, 3)
    return None if gain >= 1 else (known, known, known)
