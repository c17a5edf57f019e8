"""Our two changes to what MLflow serves: one script in its page, and a page of our own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from curvedoctor_mlflow.files import FILES

#: where the script goes; a page without it is served as it is
MARKER = "</body>"
#: relative, hence right behind any prefix; asked for by the page at `/` or `/prefix/`
ROUTES = "ajax-api/3.0/curvedoctor"


def with_script(page: str) -> str:
    """MLflow's page with the badge's script; unchanged if it does not look as expected."""
    before, marker, after = page.rpartition(MARKER)
    if not marker or 'id="root"' not in before:
        return page
    script = f'<script type="module" src="{ROUTES}/static/{FILES.stamp}/mlflow/badge.js"></script>'
    return before + script + marker + after


def serving(stock: Callable[[], Any], index: Path) -> Callable[[], Any]:
    """A view in place of MLflow's own for its page. Whatever goes wrong, MLflow's own answers."""

    def serve() -> Any:
        from flask import Response

        try:
            page = with_script(index.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            return stock()
        return Response(page, mimetype="text/html", headers={"Cache-Control": "no-cache"})

    return serve


def own() -> str:
    """The page in the drawer: what it shows it learns from its address. Without a run or an experiment in it,
    it lists the experiments: the way in where MLflow's own page no longer takes our script.
    """
    # relative to /ajax-api/3.0/curvedoctor/page; nothing in it depends on any log
    base = f"static/{FILES.stamp}"
    return (
        '<!doctype html><html lang="en" class="cd-report"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Diagnosis</title>'
        '<link rel="icon" href="data:,">'
        f'<link rel="stylesheet" href="{base}/panel/vendor/uPlot.min.css">'
        f'<link rel="stylesheet" href="{base}/panel/panel.css">'
        f'</head><body><script type="module" src="{base}/mlflow/page.js"></script></body></html>'
    )
