"""A change as it is said: the numbers of one prescription, and the sentence that carries them."""

from __future__ import annotations

from dataclasses import dataclass

from curvedoctor.model import ParamValue


@dataclass(frozen=True, slots=True)
class Change:
    """The numbers of one prescription, and the sentence that carries them."""

    text: str
    parameter: str | None = None
    current: ParamValue | None = None
    proposed: ParamValue | None = None
    factor: float | None = None
    step: float | None = None


def say(value: ParamValue) -> str:
    """A value as people read it."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
