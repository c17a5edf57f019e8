"""MLflow: servers and databases through its client, folders as files."""

from __future__ import annotations

from curvedoctor.sinks.mlflow import files, server

SINKS = (files.SINK, server.SINK)
