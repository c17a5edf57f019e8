"""A kind of training that is judged: how it is done soundly and wrongly, and how what is prescribed is
carried out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from curvedoctor.model import ParamValue, Prescription
from real_runs.generative.dense import Logged

Draw = Callable[[np.random.Generator], Any]


@dataclass(frozen=True)
class Fault:
    """How runs are broken, and the conditions that name it."""

    name: str
    draw: Draw
    named: frozenset[str]


@dataclass(frozen=True)
class Kind:
    """What is trained, how soundly and how wrongly, and how a prescription is carried out."""

    name: str
    train: Callable[[Any, int], tuple[Logged, float]]
    sound: Draw
    faults: tuple[Fault, ...]
    params: Callable[[Any], Mapping[str, ParamValue]]
    remedied: Callable[[Any, Prescription], Any]
    #: the curve that tells what stopping earlier would have given
    outcome: str
    #: what an ideal model would still end at
    floor: float = 0.0


def pick(rng: np.random.Generator, *values: Any) -> Any:
    """One of some values."""
    return values[int(rng.integers(len(values)))]
