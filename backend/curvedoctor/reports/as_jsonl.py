"""`--format jsonl`: one run per line, as soon as it is judged. Problems of sources go to stderr only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from curvedoctor.model import Diagnosis, Problem
from curvedoctor.reports.as_json import dumps, to_dict
from curvedoctor.reports.base import OutputStyle


def render(results: Iterable[Diagnosis | Problem], style: OutputStyle) -> Iterator[str]:
    """One line per run."""
    for result in results:
        if isinstance(result, Diagnosis):
            yield dumps(to_dict(result)) + "\n"
