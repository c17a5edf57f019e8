"""What a report format must offer.

A format is a module `as_<name>.py` of this package with a function `render`; there is no registry
to edit. `render` takes results as they come and yields the output in chunks, so that a format that
can be streamed is streamed. One that draws says so with `CURVES` ("all", or of "sick" runs only):
without, the curves that it gets are hollow (no points), for then unchanged runs need not be read.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, cast

from curvedoctor.errors import UsageError
from curvedoctor.model import Diagnosis, Problem
from curvedoctor.reports import PREFIX, formats


@dataclass(frozen=True, slots=True)
class OutputStyle:
    """How the output is to look where it is for eyes."""

    #: columns of the terminal
    width: int = 80
    color: bool = False
    #: whether the output can carry more than ASCII
    unicode: bool = True
    #: whether names give way to the width; what goes to no terminal is never cut
    cut: bool = True
    #: shell-style pattern of the curve that matters most to the user; None for the finding's own
    primary: str | None = None
    #: the command line that this is the output of, for formats that are passed on
    command: str | None = None


class Format(Protocol):
    """One `--format`."""

    def render(
        self, results: Iterable[Diagnosis | Problem], style: OutputStyle
    ) -> Iterator[str] | Iterator[bytes]:
        """The whole output, in chunks: text, or bytes where the format is binary."""
        ...


def get(name: str) -> Format:
    """The format called `name`. Raises `UsageError` if there is none."""
    if name not in formats():
        raise UsageError(f"no format is called {name!r}: use one of {', '.join(formats())}")
    return cast(Format, importlib.import_module(f"curvedoctor.reports.{PREFIX}{name}"))


def wanted(name: str) -> Literal["all", "sick", "none"]:
    """Of which runs a format needs the curves' points, as its module's `CURVES` says; none if it doesn't."""
    return cast(Literal["all", "sick", "none"], getattr(get(name), "CURVES", "none"))


def binary(name: str) -> bool:
    """Whether a format is nothing for a terminal, as its module's `BINARY` says."""
    return bool(getattr(get(name), "BINARY", False))


def split(results: Iterable[Diagnosis | Problem]) -> tuple[list[Diagnosis], list[Problem]]:
    """Diagnoses and problems apart, each in order; for formats that need all before they begin."""
    diagnoses: list[Diagnosis] = []
    problems: list[Problem] = []
    for result in results:
        if isinstance(result, Diagnosis):
            diagnoses.append(result)
        else:
            problems.append(result)
    return diagnoses, problems
