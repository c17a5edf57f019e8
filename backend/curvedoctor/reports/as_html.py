"""`--format html`: one self-contained page. The panel package draws it; it is part of the same wheel."""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone

from curvedoctor.model import Diagnosis, Problem
from curvedoctor.reports.base import OutputStyle, split

#: every curve is drawn
CURVES = "all"


def render(results: Iterable[Diagnosis | Problem], style: OutputStyle) -> Iterator[str]:
    """The page."""
    diagnoses, problems = split(results)
    # by name: the panel uses the engine, and the engine must not depend on it
    report = importlib.import_module("curvedoctor_panel.report")
    yield str(report.many(diagnoses, problems, report.Made(today(), style.command)))


def today() -> str:
    """The day, in UTC; `SOURCE_DATE_EPOCH` sets it, for output that must be the same again."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    moment = float(given) if given else time.time()
    return datetime.fromtimestamp(moment, timezone.utc).date().isoformat()
