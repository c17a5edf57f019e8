"""The run that MLflow is logging to in this very process."""

from __future__ import annotations

from typing import Any

from curvedoctor.errors import UsageError
from curvedoctor.extras import install


def active_run() -> tuple[str, str]:
    """(the store's address, the id) of the run that MLflow is logging to.
    Raises `UsageError` if there is none."""
    mlflow = mlflow_here()
    run = mlflow.active_run()
    if run is None:
        raise UsageError(
            "no MLflow run is active: give a source, a run id, or call this inside mlflow.start_run()"
        )
    return str(mlflow.get_tracking_uri()), str(run.info.run_id)


def mlflow_here() -> Any:
    """The installed MLflow. Raises `UsageError` if there is none."""
    try:
        import mlflow
    except ImportError as error:
        raise UsageError(f"this needs MLflow: {install('mlflow')}") from error
    return mlflow
