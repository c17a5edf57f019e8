"""Curves from TensorBoard's own data provider, where its files can't be reached from here.

The provider samples (1000 points per curve unless told otherwise), so the tab says so.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from curvedoctor_panel.plain import Json
from curvedoctor_tensorboard.client import Worker, WorkerFailed

if TYPE_CHECKING:
    from tensorboard.context import RequestContext
    from tensorboard.data.provider import DataProvider

    from curvedoctor.model import Run

logger = logging.getLogger(__name__)

#: points asked for per curve
POINTS = 1_000
#: curves per run that are asked for
CURVES = 200


class Feed:
    """Hands the provider's runs to the worker, again when they have grown."""

    def __init__(self, provider: DataProvider, worker: Worker) -> None:
        self._provider = provider
        self._worker = worker
        #: run → (last step, points) of its curves, as handed over
        self._seen: dict[str, tuple[int, ...]] = {}

    def keep(self, interval: float) -> None:
        """Look again and again; for a thread of its own."""
        while True:
            try:
                self.look()
            except Exception:
                logger.warning("TensorBoard's data could not be read", exc_info=True)
            time.sleep(max(interval, 5.0))

    def look(self) -> None:
        """Hand over what has changed."""
        context = _context()
        listed = self._provider.list_scalars(context, experiment_id="", plugin_name="scalars")
        for run, tags in listed.items():
            stamp = tuple(sorted(int(series.max_step) for series in tags.values()))
            if self._seen.get(run) == stamp or run.split("/")[-1] == "curvedoctor":
                continue
            self._hand_over(context, run, list(tags)[:CURVES])
            self._seen[run] = stamp

    def _hand_over(self, context: RequestContext, run: str, tags: list[str]) -> None:
        from tensorboard.data.provider import RunTagFilter

        read = self._provider.read_scalars(
            context,
            experiment_id="",
            plugin_name="scalars",
            downsample=POINTS,
            run_tag_filter=RunTagFilter([run], tags),
        )
        curves = [
            {
                "tag": tag,
                "steps": [int(point.step) for point in points],
                "values": [_of_json(float(point.value)) for point in points],
                "walls": [float(point.wall_time) for point in points],
            }
            for tag, points in read.get(run, {}).items()
        ]
        try:
            self._worker.ask({"want": "receive", "run": run, "curves": curves})
        except WorkerFailed as error:
            logger.debug("%s", error)


def _context() -> RequestContext:
    from tensorboard import context

    return context.RequestContext()


def _of_json(value: float) -> Json:
    """JSON has no NaN and no infinity: they travel as text."""
    return value if math.isfinite(value) else str(value)


def as_run(sampled: Mapping[str, Json]) -> Run:
    """What `Feed` handed over, as a run with roles."""
    import numpy as np

    from curvedoctor.model import Curve, Run
    from curvedoctor.roles import assign

    curves = [
        Curve(
            item["tag"],
            item["tag"],
            np.array(item["steps"], dtype=np.int64),
            np.array([float(value) for value in item["values"]], dtype=np.float64),
            np.array(item["walls"], dtype=np.float64),
        )
        for item in sampled["curves"]
    ]
    name = str(sampled["run"])
    return Run(name, name, name.rpartition("/")[0], tuple(assign(tuple(curves))))
