"""A store plug-in of MLflow, as Azure ML, SageMaker and others have one: `labstore:/path/of/mlflow.db`."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def store(store_uri: str, artifact_uri: str | None = None) -> Any:
    """What MLflow asks the plug-in for."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    path = Path(store_uri.partition(":")[2])
    return SqlAlchemyStore(f"sqlite:///{path}", str(path.parent / "artifacts"))


def install(folder: Path) -> Path:
    """A folder for PYTHONPATH in which the plug-in is installed."""
    info = folder / "labstore-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: labstore\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[mlflow.tracking_store]\nlabstore = mlflow_lab.plugged:store\n")
    return folder
