"""A saved view per experiment: MLflow's runs table with the diagnosis as columns.

MLflow 3.17 and newer keep saved views in experiment tags, which is not documented: best effort, only
for versions where it was tried, never a reason to fail. Older servers can't delete an experiment
tag, so nothing is written there.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from curvedoctor.sinks.mlflow.content import PREFIX

#: the first version whose saved views have this form
SINCE = (3, 17)
KEY = "curvedoctor"
TAG = f"mlflow.sharedViewState.{KEY}"
#: tag → width of its column, in pixels, in the order in which they are shown
COLUMNS = {"verdict": 140, "conditions": 200, "prescription": 420}
#: 2020-01-01, in milliseconds: a constant, so that writing twice changes nothing
CREATED = 1_577_836_800_000

_logger = logging.getLogger(__name__)


def state() -> str:
    """The tag's value: a name, and the columns to show; all else is the page's default."""
    widths = {f"tags.`{PREFIX}{name}`": width for name, width in COLUMNS.items()}
    view = json.dumps({"selectedColumns": list(widths), "columnOrder": list(widths), "columnWidths": widths})
    return json.dumps({"name": "curvedoctor", "createdAt": CREATED, "updatedAt": CREATED, "state": view})


def ensure(client: Any, experiment: str, version: tuple[int, ...], dry_run: bool) -> tuple[str, ...]:
    """Write the view where it is missing; what was done, in words."""
    if version < SINCE:
        return ()
    try:
        if client.get_experiment(experiment).tags.get(TAG) == state():
            return ()
        if not dry_run:
            client.set_experiment_tag(experiment, TAG, state())
    except Exception as error:  # undocumented, hence optional
        _logger.debug("no saved view in experiment %s: %s", experiment, error)
        return ()
    return (f"saved view 'curvedoctor' in experiment {experiment}",)


def remove(client: Any, experiment: str, dry_run: bool, still: frozenset[str]) -> tuple[str, ...]:
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
