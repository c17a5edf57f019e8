"""The rules' common form: each looks at a name and may decide; the first that decides wins and says why."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from curvedoctor.roles.tag_words import Name

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rule(Generic[T]):
    """One rule: what it looks for, in plain words, and the framework it was written for (None: general)."""

    decide: Callable[[Name], T | None]
    why: str
    framework: str | None = None


def first(rules: Sequence[Rule[T]], name: Name, without: Collection[str] = ()) -> tuple[T, str] | None:
    """The decision of the first rule that decides, and its reason;
    rules of the frameworks `without` are left out."""
    for rule in rules:
        if rule.framework in without:
            continue
        if (decision := rule.decide(name)) is not None:
            return decision, rule.why
    return None
