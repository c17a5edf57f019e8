"""Whether curves have a point per step or per epoch, from how their points compare within the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from curvedoctor.model import Curve, Granularity, Ints, Role

#: curves that many times denser than the evaluations are logged between them
_MANY = 3
_MEASURED = ("loss", "accuracy", "error")
Found = tuple[Granularity, str] | None


@dataclass(frozen=True, slots=True)
class _Pace:
    """What a run's curves say of each other."""

    #: epochs that a logged counter passes through; 0 where none is logged
    epochs: int
    #: most points of a training curve and of a held-out one, losses and scores only
    training: int
    held_out: int
    #: steps of the training and of the held-out curves; steps of curves whose names state a granularity
    steps_of_training: frozenset[bytes]
    steps_of_held_out: frozenset[bytes]
    stated: dict[bytes, Granularity]


def pace(curves: Sequence[Curve], roles: Sequence[Role]) -> list[Role]:
    """The roles with the granularities that follow from the number and spacing of points within the run."""
    if all(role.granularity != "unknown" for role in roles):
        return list(roles)
    distinct = [_distinct(curve.steps) for curve in curves]
    run = _digest(curves, roles, distinct)
    paced = []
    for curve, role, steps in zip(curves, roles, distinct, strict=True):
        timed = None if role.granularity != "unknown" else _granularity(curve, role, steps, run)
        paced.append(
            replace(role, granularity=timed[0], why=(*role.why, f"{timed[0]}: {timed[1]}")) if timed else role
        )
    return paced


def _distinct(steps: Ints) -> Ints:
    """The steps once each, in order; nearly always they are so already."""
    return steps if len(steps) < 2 or bool(np.all(steps[1:] > steps[:-1])) else np.unique(steps)


def _key(steps: Ints) -> bytes:
    """Equal for curves logged at the same steps; their ends tell without comparing millions of them."""
    return b"%d" % len(steps) + steps[:64].tobytes() + steps[-64:].tobytes()


def _digest(curves: Sequence[Curve], roles: Sequence[Role], distinct: Sequence[Ints]) -> _Pace:
    training: dict[bytes, int] = {}
    held_out: dict[bytes, int] = {}
    stated: dict[bytes, Granularity] = {}
    for role, steps in zip(roles, distinct, strict=True):
        if role.quantity in _MEASURED and len(steps) > 1:
            side = held_out if role.split in ("val", "test") else training
            side[_key(steps)] = len(steps)
            if role.granularity != "unknown":
                stated[_key(steps)] = role.granularity
    return _Pace(
        epochs=_epochs(curves),
        training=max(training.values(), default=0),
        held_out=max(held_out.values(), default=0),
        steps_of_training=frozenset(training),
        steps_of_held_out=frozenset(held_out),
        stated=stated,
    )


def _epochs(curves: Sequence[Curve]) -> int:
    """Number of epochs that a logged epoch counter, whole or fractional, passes through."""
    for curve in curves:
        if curve.tag[-6:].rsplit("/", 1)[-1].lower() in ("epoch", "epochs") and len(curve) > 1:
            values = curve.values[np.isfinite(curve.values)]
            if (
                values.size > 1
                and values.min() >= 0
                and values.max() < 1e9
                and np.mean(np.diff(values) >= 0) > 0.9
            ):
                whole = np.all(values == np.floor(values))
                return int(np.unique(values).size if whole else np.ceil(values.max()))
    return 0


def _granularity(curve: Curve, role: Role, steps: Ints, run: _Pace) -> Found:
    if curve.axis == "epoch":
        return "epoch", "its axis counts epochs"
    n, key = len(steps), _key(steps)
    if n < 2:
        return None
    gap = (float(steps[-1]) - float(steps[0])) / (n - 1)
    if run.epochs > 1 and abs(n - run.epochs) <= 1:
        return "epoch", f"it has as many points as the run has epochs ({run.epochs})"
    if run.epochs and n >= _MANY * run.epochs:
        return "step", f"it has many more points than the run has epochs ({run.epochs})"
    if key in run.stated:
        return run.stated[key], "it was logged together with a curve whose name says so"
    if gap == 1 and key in run.steps_of_training and key in run.steps_of_held_out:
        return "epoch", "training and held-out curves have a point at every unit of the same axis"
    return _by_density(role, n, gap, run)


def _by_density(role: Role, n: int, gap: float, run: _Pace) -> Found:
    held_out = role.split in ("val", "test")
    if held_out and gap > 1 and run.training >= _MANY * n:
        return "epoch", "an evaluation between many points of training"
    if not held_out and run.held_out > 1 and n >= _MANY * run.held_out:
        return "step", "it has many points between evaluations"
    return ("step", f"its points are {gap:.4g} steps apart on average") if gap > 1 else None
