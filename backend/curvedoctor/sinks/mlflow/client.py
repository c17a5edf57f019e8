"""Opening an MLflow store for writing: through MlflowClient, with limits in seconds, and only where
opening changes nothing by itself."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from curvedoctor.address import hidden, real
from curvedoctor.errors import SinkError, SourceError
from curvedoctor.extras import install
from curvedoctor.model import Origin
from curvedoctor.sources.mlflow import inner

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

#: MLflow's own defaults wait for four minutes for a server that is gone
LIMITS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_JITTER": "0.5",
    # nothing that runs here is to be reported to anybody
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
#: seconds after which a run that says nothing is taken for dead
LIFE = 86_400
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


def connect(origin: Origin) -> MlflowClient:
    """An MlflowClient. Raises `SinkError` if the store can't or must not be written through it."""
    try:
        from mlflow import MlflowClient
    except ImportError as error:
        raise SinkError(f"writing to MLflow needs MLflow's client: {install('mlflow')} ({error})") from error
    address = origin.address
    if origin.kind == "mlflow-sql":
        check_schema(address)
        from curvedoctor.sources.mlflow.db import resolved

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

    from curvedoctor.sources.mlflow.db import connect as connect_read_only

    try:
        with connect_read_only(address) as database:
            rows = (
                database.all("SELECT version_num FROM alembic_version")
                if database.columns("alembic_version")
                else []
            )
    except SourceError as error:
        raise SinkError(str(error)) from error
    present, head = str(rows[0][0]) if rows else "none", inner.schema()
    if present != head:
        raise SinkError(
            f"the database was written by another MLflow (schema {present}; the installed MLflow "
            f"{mlflow.__version__} has "
            f"{head} and would migrate it, after which that MLflow can't open it any more). Give "
            "the URI of its server (http://…) instead, or install the MLflow that it belongs to"
        )


def look_up(client: MlflowClient, ids: Sequence[str]) -> dict[str, Run]:
    """run id → run, of those that exist: one search per experiment where the store can, else one by one."""
    runs: dict[str, Run] = {}
    for start in range(0, len(ids), LOOKUP):
        missing = list(ids[start : start + LOOKUP])
        while missing:
            run = _get(client, missing.pop(0))
            if run is None:
                continue
            runs[run.info.run_id] = run
            if missing:
                runs |= _search(client, run.info.experiment_id, missing)
                missing = [run_id for run_id in missing if run_id not in runs]
    return runs


def _get(client: MlflowClient, run_id: str) -> Run:
    from mlflow.exceptions import MlflowException

    try:
        return client.get_run(run_id)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise


def _search(client: MlflowClient, experiment: str, ids: Sequence[str]) -> dict[str, Run]:
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


def under_way(run: Run) -> bool:
    """Whether a run may still write: it is not said to have ended, and its last sign of life is not old.

    Runs whose process was killed are RUNNING for ever.
    """
    if run.info.status not in {"RUNNING", "SCHEDULED"}:
        return False
    logged = [int(metric.timestamp) for metric in getattr(run.data, "_metric_objs", ())]
    last = max([int(run.info.start_time or 0), *logged])
    return time.time() - last / 1000 < LIFE


def server_version(origin: Origin) -> tuple[int, ...]:
    """Version of the MLflow that shows the runs: the server's, else the installed one; () if unknown."""
    if origin.kind == "mlflow-plugin":
        return ()
    import mlflow

    address = origin.address

    text = str(mlflow.__version__)
    if address.startswith(("http://", "https://")):
        text = inner.request(address, "/version", "GET").content.decode("ascii", "replace")
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
