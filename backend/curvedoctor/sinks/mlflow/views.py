"""A saved view per experiment: MLflow's runs table with the diagnosis as columns.

MLflow 3.17 and newer keep saved views in experiment tags, which is not documented: best effort, only
for versions where it was tried, never a reason to fail. Older servers can't delete an experiment
tag, so nothing is written there.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection
from typing import TYPE_CHECKING

from curvedoctor.sinks.mlflow.content import PREFIX

if TYPE_CHECKING:
    from mlflow import MlflowClient

#: the first version whose saved views have this form
SINCE = (3, 17)
KEY = "curvedoctor"
TAG = f"mlflow.sharedViewState.{KEY}"
#: tag → width of its column, in pixels, in the order in which they are shown
COLUMNS = {"verdict": 140, "conditions": 200, "prescription": 420}
#: metrics that the view shows beside them
METRICS = 8
#: 2020-01-01, in milliseconds: a constant, so that writing twice changes nothing
CREATED = 1_577_836_800_000

_logger = logging.getLogger(__name__)


def state(metrics: Collection[str] = ()) -> str:
    """The tag's value: a name, and the columns to show, the `metrics` as well;
    all else is the page's default."""
    widths = {f"tags.`{PREFIX}{name}`": width for name, width in COLUMNS.items()}
    shown = [*widths, *(f"metrics.`{name}`" for name in _few(metrics))]
    view = json.dumps({"selectedColumns": shown, "columnOrder": shown, "columnWidths": widths})
    return json.dumps({"name": "curvedoctor", "createdAt": CREATED, "updatedAt": CREATED, "state": view})


def _few(metrics: Collection[str]) -> list[str]:
    """Not those of the machine; losses first."""
    named = sorted(name for name in metrics if not name.startswith("system/") and "`" not in name)
    return sorted(named, key=lambda name: "loss" not in name.lower())[:METRICS]


def ensure(
    client: MlflowClient,
    experiment: str,
    version: tuple[int, ...],
    dry_run: bool,
    metrics: Collection[str] = (),
) -> tuple[str, ...]:
    """Write the view where it is missing; what was done, in words. `metrics` are those of one of the runs:
    what others log as well does not change a view that is there."""
    if version < SINCE:
        return ()
    try:
        there = client.get_experiment(experiment).tags.get(TAG, "")
        if all(f"{PREFIX}{name}`" in there for name in COLUMNS) and "metrics.`" in there:
            return ()
        if not dry_run:
            client.set_experiment_tag(experiment, TAG, state(metrics))
    except Exception as error:  # undocumented, hence optional
        _logger.debug("no saved view in experiment %s: %s", experiment, error)
        return ()
    return (f"saved view 'curvedoctor' in experiment {experiment}",)


def remove(client: MlflowClient, experiment: str, dry_run: bool, still: frozenset[str]) -> tuple[str, ...]:
    """Remove the view once no run of the experiment carries our tags, but for those in `still`, which
    a dry run would have cleaned."""
    if TAG not in client.get_experiment(experiment).tags:
        return ()
    text = f"tags.`{PREFIX}verdict` LIKE '%'"
    annotated = client.search_runs([experiment], text, max_results=len(still) + 1)
    if any(run.info.run_id not in still for run in annotated):
        return ()
    if not dry_run:
        client.delete_experiment_tag(experiment, TAG)
    return (f"saved view 'curvedoctor' of experiment {experiment}",)
