"""Roles that the user corrects: `--role 'ID=split:quantity:better'`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TypeVar

from curvedoctor.model import BETTERS, GRANULARITIES, QUANTITIES, SPLITS, Curve, Role

T = TypeVar("T", bound=str)


def parse_role(text: str) -> tuple[str, Role]:
    """Read `ID=split:quantity:better`, optionally with `:granularity`; ID may hold * and ?.

    Raises ValueError, stating what is accepted, for anything else. `better` may be left out: it follows from
    the quantity.
    """
    pattern, equals, role = text.rpartition("=")
    fields = role.split(":")
    if not equals or not pattern or not 2 <= len(fields) <= 4:
        raise ValueError(
            f"{text[:200]!r} is no role: write ID=split:quantity:better, e.g. "
            "'head/score=val:accuracy:higher'"
        )
    split = _one_of(fields[0], SPLITS, "split")
    quantity = _one_of(fields[1], QUANTITIES, "quantity")
    usual = {"loss": "lower", "error": "lower", "accuracy": "higher", "reward": "higher"}.get(
        quantity, "none"
    )
    better = _one_of(fields[2] if len(fields) > 2 else usual, BETTERS, "better")
    granularity = _one_of(fields[3] if len(fields) > 3 else "unknown", GRANULARITIES, "granularity")
    return pattern, Role(split, quantity, better, granularity, ("given by the user",))


def _one_of(text: str, known: Sequence[T], what: str) -> T:
    for value in known:
        if text.strip().lower() == value:
            return value
    raise ValueError(f"{text[:60]!r} is no {what}: one of {', '.join(known)}")


def override(curves: Sequence[Curve], roles: Mapping[str, Role]) -> tuple[Curve, ...]:
    """The curves with the given roles where a pattern (or the exact id or tag) matches; the last one wins."""
    return tuple(_overridden(curve, roles) for curve in curves)


def _overridden(curve: Curve, roles: Mapping[str, Role]) -> Curve:
    for pattern, role in reversed(tuple(roles.items())):
        if pattern in (curve.id, curve.tag) or (len(curve.id) <= 1000 and fnmatchcase(curve.id, pattern)):
            granularity = curve.role.granularity if role.granularity == "unknown" else role.granularity
            return replace(curve, role=replace(role, granularity=granularity))
    return curve
