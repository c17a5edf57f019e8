"""All that is used of MLflow's server beyond what its documentation promises:
where a new version breaks it, it is mended here."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask
    from mlflow.store.tracking.abstract_store import AbstractStore


def flask_app() -> Flask:
    """MLflow's own pages and routes."""
    from mlflow.server import app

    found: Flask = app
    return found


def served(app: Flask) -> object:
    """What the server's program runs: gunicorn the Flask app (WSGI),
    uvicorn (MLflow 3's default) what is made of it."""
    if os.environ.get("_MLFLOW_SGI_NAME") != "uvicorn":
        return app
    from mlflow.server.fastapi_app import create_fastapi_app

    return create_fastapi_app(app)


def backend_store() -> str:
    """The address of the server's store."""
    from mlflow.server import BACKEND_STORE_URI_ENV_VAR

    return os.environ.get(BACKEND_STORE_URI_ENV_VAR, "")


def prefixed(path: str) -> str:
    """A path behind the server's `--static-prefix`."""
    from mlflow.server import handlers

    return str(handlers._add_static_prefix(path))


def plugged(name: str) -> object:
    """Another plug-in's application, around the same Flask app."""
    from mlflow.exceptions import MlflowException
    from mlflow.server import _find_app

    try:
        module, _, factory = _find_app(name).partition(":")
    except MlflowException as error:
        raise RuntimeError(f"CURVEDOCTOR_INNER_APP={name!r}: {error.message}") from error
    found = getattr(importlib.import_module(module), factory)
    return found() if callable(found) and not hasattr(found, "wsgi_app") else found


def guard(routes: Mapping[str, Sequence[str]]) -> None:
    """Under basic-auth: a run's diagnosis is for those who may read the run, an experiment's likewise.

    MLflow refuses routes that it does not know to everybody but administrators.
    """
    from mlflow.server import auth

    may = {
        "runs": auth.validate_can_read_run, "experiments": auth.validate_can_read_experiment,
        "open": lambda: True,
    }  # fmt: skip
    auth.BEFORE_REQUEST_VALIDATORS.update(
        {(route, "GET"): may[kind] for kind, some in routes.items() for route in some}
    )


def experiment_of(run_id: str) -> str:
    """The experiment of a run. Raises `MlflowException` if it is not there for who asks: the store
    hides what belongs to other workspaces."""
    return str(_store().get_run(run_id).info.experiment_id)


def see(experiment: str) -> None:
    """Raise `MlflowException` if the experiment is not there for who asks."""
    _store().get_experiment(experiment)


def inside() -> Callable[[], None]:
    """Makes the current request's workspace current in another thread."""
    try:
        from mlflow.utils.workspace_context import get_request_workspace, set_server_request_workspace
    except ImportError:  # MLflow 2 has no workspaces
        return lambda: None
    workspace = get_request_workspace()
    return lambda: set_server_request_workspace(workspace)


def _store() -> AbstractStore:
    from mlflow.server.handlers import _get_tracking_store

    return _get_tracking_store()
