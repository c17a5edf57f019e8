"""`mlflow server --app-name curvedoctor`: the stock server, plus diagnoses.

Settings, by environment variables:

CURVEDOCTOR_ANNOTATE=1   write the diagnosis back to each run that ends
CURVEDOCTOR_NOTE=1       …with a block in its description
CURVEDOCTOR_NOTIFY=CMD   run this for each finding (warning or error) of a run that ends, as `watch --notify`
does CURVEDOCTOR_INNER_APP    another `mlflow.app` to wrap, e.g. basic-auth
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from curvedoctor.sinks.mlflow.shelf import local_path
from curvedoctor_mlflow import inner, page, routes
from curvedoctor_mlflow.service import DiagnosisService

if TYPE_CHECKING:
    from flask import Flask

_logger = logging.getLogger(__name__)


def create_app() -> object:
    """The application for gunicorn (WSGI) or uvicorn (ASGI, MLflow 3's default)."""
    app = inner.flask_app()
    try:
        added = _extend(app)
    except Exception:  # how MLflow is extended may change: its server is to start all the same
        _logger.exception("curvedoctor does not fit this MLflow; the server goes on without it")
        added = {}
    name = os.environ.get("CURVEDOCTOR_INNER_APP", "")
    if not name:
        return inner.served(app)
    # all workers start at once, and basic-auth creates its tables and its administrator
    with FileLock(Path(tempfile.gettempdir()) / f"curvedoctor-{os.getuid()}.lock"):
        outer = inner.plugged(name)
    if name == "basic-auth":
        inner.guard(added)
    return outer


def _extend(app: Flask) -> Mapping[str, Sequence[str]]:
    """Add our routes and our script to MLflow's Flask app; the routes by who may read them."""
    index = Path(str(app.static_folder)) / "index.html"
    service = DiagnosisService(address(inner.backend_store()))
    added = routes.add(app, service)
    if "serve" in app.view_functions:
        app.view_functions["serve"] = page.serving(app.view_functions["serve"], index)
    return added


def address(store: str) -> str:
    """The backend store as a source of runs. MLflow's default is a folder or a database beside the server."""
    return str(local_path(store)) if store.startswith("file:") else store or "mlruns"
