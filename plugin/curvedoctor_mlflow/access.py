"""Who may see what: MLflow itself decides, by its own permissions and workspaces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: seconds; a route that nobody may read without a login is still cached by nobody
NO_STORE = {"Cache-Control": "no-store"}


def guard(run_routes: list[str], experiment_routes: list[str], open_routes: list[str]) -> None:
    """Under basic-auth: a run's diagnosis is for those who may read the run, an experiment's likewise.

    MLflow refuses routes that it does not know to everybody but administrators.
    """
    from mlflow.server import auth

    validators = auth.BEFORE_REQUEST_VALIDATORS
    validators.update({(route, "GET"): auth.validate_can_read_run for route in run_routes})
    validators.update({(route, "GET"): auth.validate_can_read_experiment for route in experiment_routes})
    validators.update({(route, "GET"): lambda: True for route in open_routes})


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


def _store() -> Any:
    from mlflow.server.handlers import _get_tracking_store

    return _get_tracking_store()
