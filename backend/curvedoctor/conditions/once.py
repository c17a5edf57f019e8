"""Each condition is checked once per run, though twice asked: by the model, what its own rule says, then for the verdict.

What a check makes of a run depends on the model's odds only through what it asks of them. Questions and
answers are noted when the rule alone decides; where the odds answer all of them alike, the outcome stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from curvedoctor.features.case import Case
from curvedoctor.model import Finding, Unjudged

Found = Finding | Unjudged | None
Given = TypeVar("Given")
#: a question to the odds: a function of the case, the actions meant, and what the rule says
Question = Callable[[Case, tuple[str, ...], Any], Any]


class Outcome(NamedTuple):
    """What a check made of a run that no model had judged."""

    found: Found
    #: its questions, and the answers they got; None if it looked at the odds by itself
    asked: tuple[tuple[Question, tuple[str, ...], Any, Any], ...] | None

    def holds(self, case: Case) -> bool:
        """Whether the check would make the same of `case`, the same run with odds."""
        if self.asked is None:
            return not case.odds
        return all(
            question(case, actions, given) == answer for question, actions, given, answer in self.asked
        )


class _Watched(Mapping[str, float]):
    """The odds of a run that no model has judged: none. Notes what is asked of them."""

    def __init__(self) -> None:
        self.looked = False
        self.asked: list[tuple[Question, tuple[str, ...], Any, Any]] = []

    def take(self, found: Found) -> Outcome:
        """What was asked since the last time."""
        taken = Outcome(found, None if self.looked else tuple(self.asked))
        self.looked, self.asked = False, []
        return taken

    def __getitem__(self, action: str) -> float:
        self.looked = True
        raise KeyError(action)

    def __iter__(self) -> Iterator[str]:
        self.looked = True
        return iter(())

    def __len__(self) -> int:
        self.looked = True
        return 0


def ask(
    case: Case,
    question: Callable[[Case, tuple[str, ...], Given], Given],
    actions: tuple[str, ...],
    given: Given,
) -> Given:
    """The answer to a question to the odds of `case`; the same arguments get the same answer from the same odds."""
    watched = case.odds
    if not isinstance(watched, _Watched):
        return question(case, actions, given)
    looked = watched.looked
    answer = question(case, actions, given)
    watched.looked = looked
    watched.asked.append((question, actions, given, answer))
    return answer


def by_rules(case: Case, checks: Mapping[str, Callable[[Case], Found]]) -> Case:
    """`case` without odds, with the outcomes of all checks (by condition)."""
    watched = _Watched()
    bare = case.having(odds=watched, suspects={}, because={})
    outcomes = {condition: watched.take(check(bare)) for condition, check in checks.items()}
    return bare.having(odds={}, outcomes=outcomes)


def judged(case: Case, condition: str, check: Callable[[Case], Found]) -> Found:
    """What `check` makes of `case`."""
    known = case.outcomes.get(condition)
    return known.found if isinstance(known, Outcome) and known.holds(case) else check(case)
