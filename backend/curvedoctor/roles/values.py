"""What a curve's values say against its name, and how its points compare with the other curves' of the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from curvedoctor.model import Curve, Floats, Granularity, Role
from curvedoctor.roles import vocabulary
from curvedoctor.roles.neighbours import Neighbours
from curvedoctor.roles.words import Name

#: share of a loss's points that must be negative before the loss is thought to be of a kind that goes below zero
_NEGATIVE_SHARE = 0.02
#: a curve has a point per epoch when another of the run has so many times its points
_MANY = 3


def correct(role: Role, name: Name, values: Floats, around: Neighbours) -> Role:
    """The role, corrected where the values contradict the name."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return role
    share = name.words & vocabulary.PROPORTION and not name.words & vocabulary.SCORE
    beyond = finite.max() > 100.0 + 1e-6 or (finite.min() < 0 and finite.min() != -1)
    if role.quantity == "accuracy" and share and beyond:
        why = (*role.why, "other: its values lie outside 0..100, so it is no share of right answers")
        return replace(role, quantity="other", better="none", why=why)
    if role.quantity == "loss" and role.better == "lower" and np.mean(finite < 0) > _NEGATIVE_SHARE:
        if name.words & vocabulary.SIGNED_LOSSES or role.split in ("val", "test") or around.splits:
            return replace(role, why=(*role.why, "goes below zero: ratios of this loss mean nothing"))
        why = (*role.why, "better none: it goes below zero, and nothing says that it is a likelihood")
        return replace(role, better="none", why=why)
    return role


def pace(curves: Sequence[Curve], roles: Sequence[Role]) -> list[Role]:
    """The roles with the granularities that follow from the number and spacing of points within the run."""
    longest = max((len(np.unique(c.steps)) for c in curves), default=0)
    epochs = _epochs(curves)
    return [_paced(curve, role, longest, epochs) for curve, role in zip(curves, roles, strict=True)]


def _epochs(curves: Sequence[Curve]) -> int:
    """Number of epochs that a logged epoch counter passes through; 0 where none is logged."""
    for curve in curves:
        if curve.tag.rsplit("/", 1)[-1].lower() == "epoch" and len(curve) > 1:
            finite = curve.values[np.isfinite(curve.values)]
            if finite.size and np.all(finite == np.floor(finite)):
                return int(np.unique(finite).size)
    return 0


def _paced(curve: Curve, role: Role, longest: int, epochs: int) -> Role:
    if role.granularity != "unknown":
        return role
    found = _granularity(curve, longest, epochs)
    return replace(role, granularity=found[0], why=(*role.why, f"{found[0]}: {found[1]}")) if found else role


def _granularity(curve: Curve, longest: int, epochs: int) -> tuple[Granularity, str] | None:
    if curve.axis == "epoch":
        return "epoch", "its axis counts epochs"
    n = len(np.unique(curve.steps))
    if n < 2:
        return None
    if epochs > 1 and abs(n - epochs) <= 1:
        return "epoch", f"it has as many points as the run has epochs ({epochs})"
    gaps = np.diff(np.sort(curve.steps.astype(np.float64)))
    gap = float(np.median(gaps[gaps > 0]))
    if longest >= _MANY * n and role_is_sparse(gap):
        return "epoch", "it has few points beside the run's densest curve"
    if longest >= _MANY * n:
        return None
    if epochs > 1 and n >= _MANY * epochs:
        return "step", f"it has many more points than the run has epochs ({epochs})"
    if gap > 1:
        return "step", f"its points are {gap:g} steps apart"
    return None


def role_is_sparse(gap: float) -> bool:
    """Points further apart than one step, in a run whose other curves are denser."""
    return gap > 1
