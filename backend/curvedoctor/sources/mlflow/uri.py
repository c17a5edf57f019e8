"""`runs:/RUN_ID` and `models:/NAME/VERSION`: a run of the store that MLflow itself would ask.

That store is MLFLOW_TRACKING_URI, else `mlflow.db` or `mlruns` in the working directory. Of a model, the run
that it came from is read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from curvedoctor.address import Address
from curvedoctor.errors import SourceError
from curvedoctor.model import Problem, Run
from curvedoctor.sources.base import Reader, ReadOptions, Traits, Unit
from curvedoctor.sources.mlflow.db import Database, connect
from curvedoctor.sources.mlflow.rest import Refused, Server, explain

_RUN = re.compile(r"runs:/+([^/]+)(?:/.*)?")
#: a logged model of MLflow 3, NAME@ALIAS, NAME/VERSION, NAME/STAGE or NAME/latest
_MODEL = re.compile(
    r"models:/+(?:(?P<id>m-[0-9a-f]{32})|(?P<name>[^/@]+)(?:@(?P<alias>[^/]+)|/(?P<version>[^/]+)))(?:/.*)?"
)


class MlflowUri(Reader):
    """Reader of MLflow's own addresses of runs and models; another reader does the reading."""

    name = "mlflow-uri"
    traits = Traits(experiments=True)

    def opens(self, address: str) -> bool:
        """`runs:/…` and `models:/…`."""
        return address.startswith(("runs:/", "models:/"))

    def find(self, address: str, options: ReadOptions) -> Iterator[Unit | Problem]:
        """The one run. Raises `SourceError` if it is not there."""
        from curvedoctor.sources import find_one

        store = default_store()
        if store is None:
            raise SourceError(f"{address}: set MLFLOW_TRACKING_URI to the store that this run is in")
        run_id = _run_id(address, Address(os.environ.get("MLFLOW_REGISTRY_URI") or store))
        items = [
            item
            for item in find_one(store, replace(options, run=run_id))
            if isinstance(item, Problem) or item.run_id == run_id
        ]
        if not any(isinstance(item, Unit) for item in items):
            raise SourceError(f"{address}: there is no run {run_id} in {store}")
        yield from items

    def load(self, units: Sequence[Unit], options: ReadOptions) -> Iterator[Run | Problem]:
        """Nothing: what was found belongs to other readers."""
        return iter(())


READER = MlflowUri()


def named_store() -> Address | None:
    """The store that MLFLOW_TRACKING_URI names."""
    uri = os.environ.get("MLFLOW_TRACKING_URI", "").strip()
    return Address(uri) if uri else None


def default_store() -> Address | None:
    """Where MLflow itself would look."""
    return named_store() or next((Address(uri) for name, uri in _BESIDE.items() if Path(name).exists()), None)


_BESIDE = {"mlflow.db": "sqlite:///mlflow.db", "mlruns": "mlruns"}


def _run_id(address: str, registry: Address) -> str:
    run = _RUN.fullmatch(address)
    if run is not None:
        return run[1]
    model = _MODEL.fullmatch(address)
    if model is None:
        raise SourceError(f"{address}: write models:/NAME/VERSION, models:/NAME@ALIAS or models:/m-ID")
    if registry.startswith(("http://", "https://")):
        run_id = _asked(registry, model)
    elif "://" in registry:
        with connect(registry) as database:
            run_id = _looked_up(database, model)
    else:
        raise SourceError(f"{address}: models are looked up in a server or a database; give runs:/RUN_ID")
    if not run_id:
        raise SourceError(f"{address}: {registry} knows no such model, or not the run that it came from")
    return run_id


def _asked(address: str, model: re.Match[str]) -> str:
    server = Server(address)
    server.find()
    try:
        if model["id"]:
            answer = server.get(f"logged-models/{quote(model['id'])}", [])
            return str(answer.get("model", {}).get("info", {}).get("source_run_id") or "")
        name = ("name", model["name"])
        if model["alias"]:
            answer = server.get("registered-models/alias", [name, ("alias", model["alias"])])
        elif model["version"].isdigit():
            answer = server.get("model-versions/get", [name, ("version", model["version"])])
        else:
            stage = [] if model["version"] == "latest" else [("stages", model["version"])]
            versions = server.get("registered-models/get-latest-versions", [name, *stage]).get(
                "model_versions", []
            )
            answer = {"model_version": max(versions, key=lambda each: int(each["version"]), default={})}
        return str(answer.get("model_version", {}).get("run_id") or "")
    except Refused as error:
        if error.status == 404:
            return ""
        raise SourceError(f"{address}: {explain(error)}") from error


def _looked_up(database: Database, model: re.Match[str]) -> str:
    version = model["version"]
    if model["id"]:
        sql, values = "SELECT source_run_id FROM logged_models WHERE model_id = ?", [model["id"]]
    elif model["alias"]:
        sql = (
            "SELECT v.run_id FROM model_versions v JOIN registered_model_aliases a "
            "ON a.name = v.name AND a.version = v.version WHERE a.name = ? AND a.alias = ?"
        )
        values = [model["name"], model["alias"]]
    elif version.isdigit():
        sql, values = (
            "SELECT run_id FROM model_versions WHERE name = ? AND version = ?",
            [model["name"], int(version)],
        )
    else:
        sql = (
            "SELECT run_id FROM model_versions WHERE name = ? AND (? = 'latest' OR current_stage = "
            "?) ORDER BY version DESC"
        )
        values = [model["name"], version, version]
    table = sql.partition(" FROM ")[2].split()[0]
    rows = database.all(sql, values) if database.columns(table) else []
    return str(rows[0][0] or "") if rows else ""
