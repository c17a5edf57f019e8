"""Which of the ranked changes are named beside each other: enough to try one after the other, and none that
undoes another."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from curvedoctor.actions import OPPOSITES
from curvedoctor.advice.changes import SiblingValues
from curvedoctor.advice.trial import TRIED_HELPS

#: at least so many are named, the next likeliest where fewer are worth trying, and at most
FEWEST, MOST = 3, 6


def filled(chosen: Container[str], ranked: Sequence[str]) -> list[str]:
    """Of the ranked those chosen and, where they are few, the next; none that undoes one of these."""
    kept: list[str] = []
    for action in sorted(ranked, key=lambda action: action not in chosen):
        undone = any({action, other} in OPPOSITES for other in kept)
        if not undone and (action in chosen or len(kept) < FEWEST):
            kept.append(action)
    return [action for action in ranked if action in kept]


def seated(ranked: Sequence[str], seen: Container[str], first: Sequence[str]) -> list[str]:
    """As many as are told: what a finding names first or second takes the place of what none names."""
    kept = list(ranked[:MOST])
    for action in ranked[MOST:]:
        idle = [a for a in kept[1:] if a not in seen]
        if action in first and idle:
            kept.remove(idle[-1])
            kept.append(action)
    return kept


def without_twins(
    actions: Sequence[str], chance: Mapping[str, float], tried: SiblingValues
) -> tuple[list[str], dict[str, float]]:
    """What a sibling changed all at once is one change, and as likely to help as any that a sibling did.

    It stands where the first of its parts did, and is told as the learning rate's, which people change first,
    else as that part's.
    """
    twins = [action for action in actions if action in tried and tried[action][3]]
    told = next((action for action in twins if tried[action][0] == "lr"), next(iter(twins), ""))
    merged = [told if action in twins[:1] else action for action in actions if action not in twins[1:]]
    return merged, {**chance, **({told: max(chance[told], TRIED_HELPS)} if twins else {})}
