"""What a curve's values say against its name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from curvedoctor.model import Floats, Role
from curvedoctor.roles import vocabulary
from curvedoctor.roles.neighbours import Neighbours
from curvedoctor.roles.tag_words import Name

#: share of a loss's points that must be negative before the loss is thought to be
#: of a kind that goes below zero
_NEGATIVE_SHARE = 0.02


def correct(role: Role, name: Name, values: Floats, around: Neighbours) -> Role:
    """The role, corrected where the values contradict the name."""
    if (
        role.quantity == "accuracy"
        and name.words & vocabulary.PROPORTION
        and not name.words & vocabulary.SCORE
    ):
        return _share(role, values)
    if role.quantity == "loss" and role.better == "lower":
        return _below_zero(role, name, values, around)
    return role


def _share(role: Role, values: Floats) -> Role:
    finite = values[np.isfinite(values)]
    if finite.size and (finite.max() > 100.0 + 1e-6 or (finite.min() < 0 and finite.min() != -1)):
        why = (*role.why, "other: its values lie outside 0..100, so it is no share of right answers")
        return replace(role, quantity="other", better="none", why=why)
    return role


def _below_zero(role: Role, name: Name, values: Floats, around: Neighbours) -> Role:
    if np.count_nonzero(values < 0) <= _NEGATIVE_SHARE * len(values):
        return role
    if "elbo" in name.words and not name.words & {"neg", "negative", "loss"} and _rises(values):
        why = (*role.why, "better higher: negative and rising, so it is the bound itself, not its negative")
        return replace(role, better="higher", why=why)
    if name.words & vocabulary.SIGNED_LOSSES or around.held_out or around.scored:
        return replace(role, why=(*role.why, "goes below zero: ratios of this loss mean nothing"))
    why = (*role.why, "better none: it goes below zero, and nothing says that it is a likelihood")
    return replace(role, better="none", why=why)


def _rises(values: Floats) -> bool:
    """Whether the second half of the finite values lies above the first."""
    finite = values[np.isfinite(values)]
    half = len(finite) // 2
    return half > 0 and bool(np.median(finite[half:]) > np.median(finite[:half]))
