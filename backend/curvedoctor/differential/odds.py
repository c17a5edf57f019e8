"""How probable it is that each action helps: the statistical model, where it can judge."""

from __future__ import annotations

from curvedoctor.features.case import Case


def with_odds(cases: list[Case]) -> list[Case]:
    """The cases with their odds; without a fitted model they stay as they are."""
    return list(cases)
