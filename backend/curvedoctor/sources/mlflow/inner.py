"""All that is used of MLflow's client beyond what its documentation promises: where a new version breaks it, it is mended here.

What is used within an MLflow server stands in `curvedoctor_mlflow.inner`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Protocol, cast

from curvedoctor.address import real


class Response(Protocol):
    """A server's answer."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes
    reason: str


class Entry(Protocol):
    """A file or folder among artifacts."""

    path: str


class Artifacts(Protocol):
    """Where artifacts are kept."""

    def list_artifacts(self, path: str | None = None) -> Sequence[Entry] | None:
        """What is in a folder."""

    def log_artifacts(self, local_dir: str, artifact_path: str) -> None:
        """Write all files of a folder."""

    def delete_artifacts(self, artifact_path: str) -> None:
        """Remove a file, or a folder with all in it."""


def request(host: str, endpoint: str, method: str, **asked: object) -> Response:
    """Ask a server, with MLflow's own authentication, whatever it answers. Raises `MlflowException` if there is no
    answer, and `ImportError` without MLflow."""
    # nothing that runs here is to be reported to anybody
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request

    credentials = get_default_host_creds(real(host))
    return cast("Response", http_request(credentials, endpoint, method, raise_on_status=False, **asked))


def schema() -> str:
    """The schema of databases that the installed MLflow writes."""
    from mlflow.store.db.utils import _get_latest_schema_revision

    return str(_get_latest_schema_revision())


def artifacts(uri: str) -> Artifacts:
    """The artifacts below an address."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    return cast("Artifacts", get_artifact_repository(uri))


def served(uri: str, server: str) -> str:
    """Where a server hands out the artifacts of an address `mlflow-artifacts:/…`."""
    from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository

    return str(MlflowArtifactsRepository.resolve_uri(uri, real(server)))
