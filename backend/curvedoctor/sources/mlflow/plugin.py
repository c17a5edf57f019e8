"""Stores that only a plug-in of MLflow can open: Databricks, Azure ML, SageMaker, DagsHub and the like.

They are read through MLflow's own client, one request per metric: slower than everything that is read here
directly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import entry_points
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from curvedoctor.address import real
from curvedoctor.errors import SourceError, UsageError
from curvedoctor.model import Origin, Problem, Run
from curvedoctor.sources import files
from curvedoctor.sources.base import Reader, ReadOptions, Traits, Unit
from curvedoctor.sources.mlflow import filter as mlflow_filter
from curvedoctor.sources.mlflow.common import (
    Place,
    Series,
    Stored,
    together,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient, entities

#: scheme → what to install
_INSTALL = {
    "databricks": "mlflow[databricks]", "databricks-uc": "mlflow[databricks]", "uc": "mlflow[databricks]",
    "azureml": "azureml-mlflow", "arn": "sagemaker-mlflow", "dagshub": "dagshub",
}  # fmt: skip
_SCHEME = re.compile(r"([a-z][a-z0-9+.\-]+)(?=:|$)")
#: runs described by one answer
_PAGE = 1000


class MlflowPlugin(Reader):
    """Reader of what MLflow's store plug-ins open."""

    name = "mlflow-plugin"
    traits = Traits(run_ids=True, experiments=True)

    def opens(self, address: str) -> bool:
        """Schemes of installed plug-ins, and of those that are known to exist."""
        match = _SCHEME.match(address)
        if match is None or (match[1] == address and address != "databricks"):
            return False
        return match[1] in _INSTALL or match[1] in plugged()

    def find(self, address: str, options: ReadOptions) -> Iterator[Unit | Problem]:
        """The runs, found by the store's own search. Raises `SourceError` if it can't be opened."""
        client = _client(address)
        deleted = mlflow_filter.asks_deleted(options.filter)
        wanted = mlflow_filter.parse("lifecycle_stage = 'deleted'" if deleted else "")
        try:
            names = _experiments(client, options.experiment)
            plain = ReadOptions(run=options.only)
            runs = [
                _unit(address, run)
                for run in _search(client, names, mlflow_filter.without_lifecycle(options.filter), deleted)
                if run.selected(plain, wanted)
            ]
        except Exception as error:  # plug-ins let exceptions of many libraries through
            if getattr(error, "error_code", "") == "INVALID_PARAMETER_VALUE" and options.filter:
                raise UsageError(f"filter {options.filter!r}: {error}") from error
            raise SourceError(
                f"{address}: {files.reason(error)} (it needs: pip install {_needs(address)})"
            ) from error
        if runs:
            yield Problem(
                address, "read through MLflow's client, which takes a request per metric: this is slow"
            )
        yield from together(runs)

    def load(self, units: Sequence[Unit], options: ReadOptions) -> Iterator[Run | Problem]:
        """Read runs, one after the other."""
        for address, same in groupby(units, key=lambda unit: unit.address):
            client = _client(address)
            for unit in same:
                yield _load_or_say(client, address, unit)


READER = MlflowPlugin()


@cache
def plugged() -> frozenset[str]:
    """Schemes of the installed plug-ins."""
    return frozenset(point.name for point in entry_points(group="mlflow.tracking_store")) - {
        "http",
        "https",
        "file",
        "sqlite",
    }


def _needs(address: str) -> str:
    return _INSTALL.get(address.partition(":")[0], "the plug-in of MLflow that opens it")


def _client(address: str) -> MlflowClient:
    install = _needs(address)
    try:
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=real(address))
    except ImportError as error:
        raise SourceError(
            f"{address}: needs MLflow's client and its plug-in: pip install {install}"
        ) from error
    except Exception as error:
        raise SourceError(
            f"{address}: can't be opened ({files.reason(error)}); is it installed? pip install {install}"
        ) from error


def _experiments(client: MlflowClient, name: str | None) -> dict[str, str]:
    titles: dict[str, str] = {}
    token = None
    while True:
        page = client.search_experiments(page_token=token, max_results=_PAGE)
        titles |= {str(each.experiment_id): str(each.name) for each in page}
        token = page.token
        if not token:
            return {key: title for key, title in titles.items() if name in {None, key, title}}


def _search(client: MlflowClient, names: Mapping[str, str], text: str, deleted: bool) -> Iterator[Stored]:
    from mlflow.entities import ViewType

    view, token = ViewType.DELETED_ONLY if deleted else ViewType.ACTIVE_ONLY, None
    while names:
        page = client.search_runs(list(names), text, view, max_results=_PAGE, page_token=token)
        yield from (_stored(run, names.get(str(run.info.experiment_id), "")) for run in page)
        token = page.token
        if not token:
            return


def _stored(run: entities.Run, experiment: str) -> Stored:
    info, data = run.info, run.data
    return Stored(
        run_id=str(info.run_id), name=str(info.run_name or ""), experiment_id=str(info.experiment_id),
        experiment=experiment,
        status=str(info.status), lifecycle=str(info.lifecycle_stage), start=info.start_time,
        end=info.end_time,
        params=dict(data.params), tags=dict(data.tags), metrics=dict(data.metrics),
    )  # fmt: skip


def _unit(address: str, run: Stored) -> Unit:
    last = repr(sorted(run.metrics.items()))
    return run.unit("mlflow-plugin", address, (run.status, run.end or 0, last), (run.experiment,))


def _load_or_say(client: MlflowClient, address: str, unit: Unit) -> Run | Problem:
    try:
        return _load(client, address, unit)
    except Exception as error:  # as in `find`
        what = f"the run can't be read: {files.reason(error)}"
        return Problem(f"{address}#{unit.key}", what, lost=True, kind="unreachable")


def _load(client: MlflowClient, address: str, unit: Unit) -> Run:
    run_id, (experiment,) = unit.key, unit.facts
    stored = _stored(client.get_run(run_id), experiment)
    series = {key: _series(client.get_metric_history(run_id, key)) for key in stored.metrics}
    source = f"{address}#{run_id}"
    place = Place(address, source, Origin(kind="mlflow-plugin", address=address, key=run_id))
    return stored.run({key: points for key, points in series.items() if len(points.steps)}, place)


def _series(points: Sequence[entities.Metric]) -> Series:
    return Series.of_database(
        np.array([point.step for point in points], dtype=np.int64),
        np.array([point.timestamp for point in points], dtype=np.float64),
        np.array([point.value for point in points], dtype=np.float64),
    )
