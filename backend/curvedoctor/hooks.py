"""For trainings that log to MLflow: write the diagnosis back from within, at the end or when asked.

>>> curvedoctor.autolog()                      # doctest: +SKIP
>>> with mlflow.start_run():                   # doctest: +SKIP
...     train()
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

from curvedoctor.errors import SinkError, SourceError
from curvedoctor.model import Diagnosis
from curvedoctor.sources.mlflow.active import active_run, mlflow_here

_logger = logging.getLogger("curvedoctor")

#: on what `autolog` put in the place of MLflow's method: that method
_STOCK = "_curvedoctor_stock"


def annotate(run_id: str | None = None, *, note: bool = False, alone: bool = True) -> Diagnosis:
    """Diagnose a run of MLflow's current tracking store, the active one if no id is given, and write that
    back: tags and artifacts, with `note` also a block in the description. Returns the diagnosis.

    Siblings are left out unless `alone` is False: then the whole experiment is read. Raises `UsageError` if
    no run is active, `SourceError` if the run can't be read, `SinkError` if it can't be written.
    """
    address, run = active_run() if run_id is None else (str(mlflow_here().get_tracking_uri()), run_id)
    return _annotated(address, run, note, alone)


def _annotated(address: str, run_id: str, note: bool, alone: bool) -> Diagnosis:
    from curvedoctor.api import diagnose
    from curvedoctor.sinks.base import WriteOptions
    from curvedoctor.sinks.writeback import annotate as write

    experiment = None if alone else mlflow_here().MlflowClient(address).get_run(run_id).info.experiment_id
    diagnoses = diagnose(address, run=run_id, experiment=experiment, alone=alone, on_problem=lambda _: None)
    diagnosis = next((item for item in diagnoses if item.run.run_id == run_id), None)
    if diagnosis is None:
        raise SourceError(f"{address}: there is no run {run_id}, or it can't be read")
    for outcome in write([diagnosis], WriteOptions(note=note)):
        if outcome.status in {"refused", "failed"}:
            raise SinkError(f"run {run_id}: {outcome.status}: {'; '.join(outcome.what)}")
    return diagnosis


def autolog(*, disable: bool = False, note: bool = False) -> None:
    """From now on, annotate every MLflow run that ends in this process, by whatever framework it is logged.

    Like MLflow's own `autolog`, it is called once, before the training. It never breaks a training: whatever
    goes wrong is a warning of the logger `curvedoctor`. Calling it again changes `note`; `disable` undoes it.
    """
    stores = mlflow_here().MlflowClient
    stock = getattr(stores.set_terminated, _STOCK, stores.set_terminated)
    stores.set_terminated = stock if disable else _annotating(stock, note)


def _annotating(stock: Callable[..., Any], note: bool) -> Callable[..., Any]:
    @functools.wraps(stock)
    def set_terminated(self: Any, run_id: str, *args: Any, **kwargs: Any) -> Any:
        result = stock(self, run_id, *args, **kwargs)
        try:
            _annotated(str(self.tracking_uri), run_id, note, alone=True)
        except Exception as error:  # the training comes first
            _logger.warning("run %s was not annotated: %s", run_id, error)
        return result

    setattr(set_terminated, _STOCK, stock)
    return set_terminated
