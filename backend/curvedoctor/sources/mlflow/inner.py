"""All that is used of MLflow's client beyond what its documentation promises: where a new version breaks it,
it is mended here.

What is used within an MLflow server stands in `curvedoctor_mlflow.inner`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from curvedoctor.address import real

if TYPE_CHECKING:
    from mlflow.store.artifact.artifact_repo import ArtifactRepository
    from requests import Response


def request(host: str, endpoint: str, method: str, **asked: object) -> Response:
    """Ask a server, with MLflow's own authentication, whatever it answers. Raises `MlflowException` if there
    is no answer, and `ImportError` without MLflow."""
    # nothing that runs here is to be reported to anybody
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request

    credentials = get_default_host_creds(real(host))
    response: Response = http_request(credentials, endpoint, method, raise_on_status=False, **asked)
    return response


def schema() -> str:
    """The schema of databases that the installed MLflow writes."""
    from mlflow.store.db.utils import _get_latest_schema_revision

    return str(_get_latest_schema_revision())


def artifacts(uri: str) -> ArtifactRepository:
    """The artifacts below an address."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    return get_artifact_repository(uri)


def served(uri: str, server: str) -> str:
    """Where a server hands out the artifacts of an address `mlflow-artifacts:/…`."""
    from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository

    return str(MlflowArtifactsRepository.resolve_uri(uri, real(server)))
