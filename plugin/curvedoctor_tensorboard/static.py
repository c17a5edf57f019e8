"""The tab's files: the shared panel's."""

from __future__ import annotations

from curvedoctor_panel.served import PANEL, Served

FILES = Served({"": PANEL})


def complete() -> bool:
    """Whether the chart library was fetched when the package was built."""
    return "vendor/uPlot.esm.js" in FILES.listing
