"""MLflow: folders, databases, servers, addresses of runs, and what MLflow's own store plugins open."""

from __future__ import annotations

from curvedoctor.sources.mlflow import files, http, plugin, sql, uri

READERS = (files.READER, http.READER, plugin.READER, sql.READER, uri.READER)
