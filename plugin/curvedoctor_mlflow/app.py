"""`mlflow server --app-name curvedoctor`: the stock server, plus diagnoses.

Settings, by environment variables:

CURVEDOCTOR_ANNOTATE=1   write the diagnosis back to each run that ends
CURVEDOCTOR_NOTE=1       …with a block in its description
CURVEDOCTOR_NOTIFY=CMD   run this for each finding (warning or error) of a run that ends, as `watch --notify` does
CURVEDOCTOR_INNER_APP    another `mlflow.app` to wrap, e.g. basic-auth
"""

from __future__ import annotations

import fcntl
import importlib
import logging
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curvedoctor_mlflow import access, page, routes
from curvedoctor_mlflow.service import DiagnosisService

if TYPE_CHECKING:
    from flask import Flask

_logger = logging.getLogger(__name__)


def create_app() -> Any:
    """The application for gunicorn (WSGI) or uvicorn (ASGI, MLflow 3's default)."""
    from mlflow.server import app

    try:
        added = _extend(app)
    except Exception:  # how MLflow is extended may change: its server is to start all the same
        _logger.exception("curvedoctor does not fit this MLflow; the server goes on without it")
        added = {"runs": [], "experiments": [], "open": []}
    inner = os.environ.get("CURVEDOCTOR_INNER_APP", "")
    if inner:
        outer = _inner(inner)
        if inner == "basic-auth":
            access.guard(added["runs"], added["experiments"], added["open"])
        return outer
    if os.environ.get("_MLFLOW_SGI_NAME") == "uvicorn":
        from mlflow.server.fastapi_app import create_fastapi_app

        return create_fastapi_app(app)
    return app


def _extend(app: Flask) -> dict[str, list[str]]:
    """Add our routes and our script to MLflow's Flask app; the routes by who may read them."""
    from mlflow.server import BACKEND_STORE_URI_ENV_VAR, handlers

    index = Path(str(app.static_folder)) / "index.html"
    service = DiagnosisService(address(os.environ.get(BACKEND_STORE_URI_ENV_VAR, "")))
    added = routes.add(app, service, handlers._add_static_prefix)
    if "serve" in app.view_functions:
        app.view_functions["serve"] = page.serving(app.view_functions["serve"], index)
    return added


def address(store: str) -> str:
    """The backend store as a source of runs. MLflow's default is a folder or a database beside the server."""
    if store.startswith("file:"):
        from mlflow.utils.file_utils import local_file_uri_to_path

        return str(local_file_uri_to_path(store))
    return store or "mlruns"


def _inner(name: str) -> Any:
    """Another plug-in's application, around the same Flask app."""
    from mlflow.exceptions import MlflowException
    from mlflow.server import _find_app

    try:
        module, _, factory = _find_app(name).partition(":")
    except MlflowException as error:
        raise RuntimeError(f"CURVEDOCTOR_INNER_APP={name!r}: {error.message}") from error
    # all workers start at once, and basic-auth creates its tables and its administrator
    with (Path(tempfile.gettempdir()) / f"curvedoctor-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = getattr(importlib.import_module(module), factory)
        return found() if callable(found) and not hasattr(found, "wsgi_app") else found
