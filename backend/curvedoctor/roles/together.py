"""Scores that name no split, by the losses that they were logged with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from curvedoctor.model import Curve, Role, Split
from curvedoctor.roles.rules import first
from curvedoctor.roles.split import NAMED
from curvedoctor.roles.tag_words import parse


def together(curves: Sequence[Curve], roles: Sequence[Role]) -> list[Role]:
    """fastai's "accuracy" beside "train_loss" and "valid_loss" is of validation: who names both splits means
    it.

    A score logged at the steps of the training loss alone is of training.
    """
    if not any(_is_open(role) for role in roles):
        return list(roles)
    steps: dict[Split, set[bytes]] = {"train": set(), "val": set()}
    for curve, role in zip(curves, roles, strict=True):
        if role.quantity == "loss" and role.split in steps and len(curve) > 1 and _is_named(curve):
            steps[role.split].add(curve.steps.tobytes())
    if not all(steps.values()):
        return list(roles)
    return [_placed(curve, role, steps) for curve, role in zip(curves, roles, strict=True)]


def _is_open(role: Role) -> bool:
    return role.split == "none" and role.quantity in ("accuracy", "error") and role.better != "none"


def _is_named(curve: Curve) -> bool:
    return first(NAMED, parse(curve.id, curve.tag)) is not None


def _placed(curve: Curve, role: Role, steps: dict[Split, set[bytes]]) -> Role:
    if not _is_open(role):
        return role
    key = curve.steps.tobytes()
    split: Split | None = "val" if key in steps["val"] else "train" if key in steps["train"] else None
    if split is None:
        return role
    why = (
        f"{split}: logged together with the {'held-out' if split == 'val' else 'training'} "
        "loss, which names its split"
    )
    return replace(role, split=split, why=(*role.why, why))
