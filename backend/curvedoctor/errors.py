"""Every exception that curvedoctor raises on purpose.

CurvedoctorError
├── UsageError      what was asked for makes no sense (exit code 2)
├── SourceError     a source can't be read at all (exit code 2 if no other can)
└── SinkError       a diagnosis can't be written back to one run (exit code 3)

The message says what happened, where, and what to do.
"""

from __future__ import annotations

from curvedoctor.address import hidden


class CurvedoctorError(Exception):
    """Base of all. No message holds a secret of an address, whoever's words it repeats."""

    def __init__(self, message: str = "") -> None:
        super().__init__(hidden(message))


class UsageError(CurvedoctorError):
    """What was asked for makes no sense."""


class SourceError(CurvedoctorError):
    """A source can't be read at all."""


class SinkError(CurvedoctorError):
    """A diagnosis can't be written back."""
