"""`--format html`: one self-contained page. The panel package draws it; it is part of the same wheel."""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timezone

from curvedoctor.model import Diagnosis, Problem
from curvedoctor.reports.base import OutputStyle, split

#: every curve is drawn
CURVES = "all"


def render(results: Iterable[Diagnosis | Problem], style: OutputStyle) -> Iterator[str]:
    """The page."""
    diagnoses, problems = split(results)
    yield page(diagnoses, problems, today(), style.command)


def page(
    diagnoses: Sequence[Diagnosis],
    problems: Sequence[Problem] = (),
    date: str | None = None,
    command: str | None = None,
) -> str:
    """The page; without date and command the same diagnoses give the same bytes."""
    # by name: the panel uses the engine, and the engine must not depend on it
    report = importlib.import_module("curvedoctor_panel.report")
    return str(report.many(diagnoses, problems, report.Made(date, command)))


def today() -> str:
    """The day, in UTC; `SOURCE_DATE_EPOCH` sets it, for output that must be the same again."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    moment = float(given) if given else time.time()
    return datetime.fromtimestamp(moment, timezone.utc).date().isoformat()
