"""The comparison as strict JSON."""

from __future__ import annotations

from dataclasses import asdict

from curvedoctor.compare.types import Comparison
from curvedoctor.reports.as_json import Json, dumps, plain
from curvedoctor.version import __version__

SCHEMA = "curvedoctor.comparison/1"


def document(comparison: Comparison) -> dict[str, Json]:
    """The whole object; an infinite ratio (a value that does not converge) is null."""
    data = plain(asdict(comparison))
    assert isinstance(data, dict)
    return {"schema": SCHEMA, "version": __version__, **data}


def render(comparison: Comparison) -> str:
    """One indented object."""
    return dumps(document(comparison), indent=2) + "\n"
