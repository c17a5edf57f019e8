"""Runs without diagnoses, for `clean` and `roles`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from curvedoctor.cli.results import nothing_found, problem_text
from curvedoctor.cli.terminal import print_error
from curvedoctor.errors import SourceError
from curvedoctor.model import Problem, Run
from curvedoctor.sources import find_all, load_units
from curvedoctor.sources.base import ReadOptions, Unit


def read_runs(
    sources: Sequence[str], options: ReadOptions, problems: list[Problem] | None = None
) -> Iterator[Run]:
    """The runs in `sources`; problems go to stderr (and to `problems`).
    Raises `SourceError` if there is no run."""
    problems = [] if problems is None else problems
    units: list[Unit] = []
    for hit in find_all(sources, options):
        if isinstance(hit, Problem):
            problems.append(hit)
        else:
            units.append(hit)
    any_run = False
    for item in load_units(sorted(units, key=lambda unit: (unit.group, unit.run)), options):
        if isinstance(item, Problem):
            problems.append(item)
            continue
        any_run = True
        yield item
    if not any_run:
        raise SourceError(nothing_found(sources, problems))
    for problem, count in Counter(problems).items():
        print_error(problem_text(problem) + (f" ({count} runs)" if count > 1 else ""))
