"""Opening an MLflow store for writing: through MlflowClient, with limits in seconds, and only where
opening changes nothing by itself."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from curvedoctor.address import hidden, real
from curvedoctor.errors import SinkError, SourceError
from curvedoctor.model import Origin

#: MLflow's own defaults wait for four minutes for a server that is gone
LIMITS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_JITTER": "0.5",
    # nothing that runs here is to be reported to anybody
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
#: runs looked up by one search
LOOKUP = 100


@contextlib.contextmanager
def limits() -> Iterator[None]:
    """MLflow's settings with our limits, where the user has set none."""
    ours = {key: value for key, value in LIMITS.items() if key not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for key in ours:
            os.environ.pop(key, None)


def connect(origin: Origin) -> Any:
    """An MlflowClient. Raises `SinkError` if the store can't or must not be written through it."""
    try:
        from mlflow import MlflowClient
    except ImportError as error:
        raise SinkError(
            f"writing to MLflow needs MLflow's client: pip install 'curvedoctor[mlflow]' ({error})"
        ) from error
    address = origin.address
    if origin.kind == "mlflow-sql":
        check_schema(address)
        from curvedoctor.sources.mlflow_db import resolved

        address = resolved(address)
    had_folder = Path("mlruns").exists()
    try:
        return MlflowClient(tracking_uri=real(address))
    except Exception as error:
        raise SinkError(f"MLflow's client can't open the store: {reason(error)}") from error
    finally:
        # older clients create this folder wherever they are started
        if not had_folder:
            with contextlib.suppress(OSError):
                Path("mlruns").rmdir()


def check_schema(address: str) -> None:
    """Raise `SinkError` where MLflow's client would migrate the database on opening it."""
    import mlflow
    from mlflow.store.db.utils import _get_latest_schema_revision

    from curvedoctor.sources.mlflow_db import connect as connect_read_only

    try:
        with connect_read_only(address) as database:
            rows = (
                database.all("SELECT version_num FROM alembic_version")
                if database.columns("alembic_version")
                else []
            )
    except SourceError as error:
        raise SinkError(str(error)) from error
    found, head = str(rows[0][0]) if rows else "none", str(_get_latest_schema_revision())
    if found != head:
        raise SinkError(
            f"the database was written by another MLflow (schema {found}; the installed MLflow {mlflow.__version__} has "
            f"{head} and would migrate it, after which that MLflow can't open it any more). Give the URI of its server "
            "(http://…) instead, or install the MLflow that it belongs to"
        )


def look_up(client: Any, ids: Sequence[str]) -> dict[str, Any]:
    """run id → run, of those that exist: one search per experiment where the store can, else one by one."""
    found: dict[str, Any] = {}
    for start in range(0, len(ids), LOOKUP):
        missing = list(ids[start : start + LOOKUP])
        while missing:
            run = _get(client, missing.pop(0))
            if run is None:
                continue
            found[run.info.run_id] = run
            if missing:
                found |= _search(client, run.info.experiment_id, missing)
                missing = [run_id for run_id in missing if run_id not in found]
    return found


def _get(client: Any, run_id: str) -> Any:
    from mlflow.exceptions import MlflowException

    try:
        return client.get_run(run_id)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise


def _search(client: Any, experiment: str, ids: Sequence[str]) -> dict[str, Any]:
    from mlflow.entities import ViewType
    from mlflow.exceptions import MlflowException

    text = f"attributes.run_id IN ({', '.join(repr(run_id) for run_id in ids)})"
    try:
        runs = client.search_runs([experiment], text, ViewType.ALL, max_results=len(ids))
    except MlflowException as error:
        if error.error_code == "INVALID_PARAMETER_VALUE":  # a server that does not know IN
            return {}
        raise
    return {run.info.run_id: run for run in runs}


def artifacts(uri: str, tracking_uri: str) -> Any:
    """The repository of a run's artifacts. Raises `SinkError` if it can't be written from here."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    if uri.startswith("mlflow-artifacts:"):
        destination = os.environ.get("_MLFLOW_SERVER_ARTIFACT_DESTINATION", "")
        if destination:  # this is the server's own process
            return get_artifact_repository(f"{destination.rstrip('/')}/{urlsplit(uri).path.lstrip('/')}")
        if not tracking_uri.startswith(("http://", "https://")):
            raise SinkError(
                "the run's artifacts are kept by the database's MLflow server: give the server's URI"
            )
        from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository

        uri = MlflowArtifactsRepository.resolve_uri(uri, real(tracking_uri))
    local = local_path(uri)
    # the run's folder need not exist yet, but its experiment's, or the one above, must: MLflow would
    # otherwise build the folders of another machine here
    if local is not None and not any(
        parent.is_dir() for parent in local.parents[:3] if parent != Path(parent.anchor)
    ):
        raise SinkError(f"the run's artifacts are kept on another machine ({uri})")
    return get_artifact_repository(uri)


def local_path(uri: str) -> Path | None:
    """The folder behind a `file:` URI or a plain path; None for others."""
    if re.match(r"[A-Za-z]:[\\/]", uri):
        return Path(uri)
    split = urlsplit(uri)
    return Path(unquote(split.path)) if split.scheme in {"", "file"} else None


def upload(repository: Any, files: Mapping[str, bytes], folder: str) -> None:
    """Write files below the run's artifacts."""
    with tempfile.TemporaryDirectory(prefix="curvedoctor-") as place:
        for name, content in files.items():
            Path(place, name).write_bytes(content)
        repository.log_artifacts(place, folder)


def remove(repository: Any, names: Sequence[str], folder: str) -> list[str]:
    """Remove our files, and the folder if nothing else is in it; returns what was (or would be) there."""
    present = {str(item.path).rsplit("/", 1)[-1] for item in repository.list_artifacts(folder) or ()}
    ours = sorted(present & set(names))
    if ours and present <= set(names):
        repository.delete_artifacts(folder)
    else:
        for name in ours:
            repository.delete_artifacts(f"{folder}/{name}")
    return ours


def server_version(address: str) -> tuple[int, ...]:
    """Version of the MLflow that shows the runs: the server's, or for a database the installed one."""
    import mlflow

    text = str(mlflow.__version__)
    if address.startswith(("http://", "https://")):
        from mlflow.utils.credentials import get_default_host_creds
        from mlflow.utils.rest_utils import http_request

        response = http_request(
            get_default_host_creds(real(address)), "/version", "GET", raise_on_status=False
        )
        text = str(response.text)
    return tuple(int(part) for part in re.findall(r"\d+", text)[:2])


def reason(error: BaseException) -> str:
    """A failure in one line."""
    text = " ".join(hidden(str(error)).split())
    lower = text.lower()
    if "too many 429" in lower:
        return "the server is too busy (429)"
    busy = re.search(r"too many (5\d\d) error responses|failed with error code (\d+)", lower)
    if busy:
        return (
            f"the server answers {busy.group(1) or busy.group(2)}: {text[-200:]}"
            if busy.group(2)
            else f"the server answers {busy.group(1)}"
        )
    if "timed out" in lower or "timeout" in lower:
        return "the server does not answer in time"
    if any(word in lower for word in ("refused", "reset", "aborted", "disconnected", "max retries")):
        return "the server is gone (connection refused or broken)"
    return text[:300] or type(error).__name__


def is_gone(error: BaseException) -> bool:
    """Whether the next run would meet the same: the server does not answer at all."""
    return any(word in reason(error) for word in ("is gone", "does not answer"))
